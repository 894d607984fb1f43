"""Why the result of a fold does not count any more: what it was made from, compared with what it would be made from."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from mebench import cards
from mebench.files import canonical_json, digest, file_digest
from mebench.training import code_of_fold

NOTHING = "(none)"
LONGEST = 60  # characters of a value that is shown
NOT_KEPT = "its record keeps no parts of the fingerprint, as records did not before"


def fingerprint_parts(spec: dict[str, Any], data_digest: str, fold: str) -> dict[str, Any]:
    """The parts of :func:`mebench.training.records.fingerprint` besides the spec: ``fold``, and digests of the
    ``data``, of the source of the ``model`` and of the ``engine``, and of each file of ``weights``."""
    return {
        "fold": fold,
        "data": data_digest,
        "model": code_of_fold.of_model(spec["model"]),
        "engine": code_of_fold.of_engine(spec),
        "weights": [_file_digest(path, Path(path).stat().st_mtime_ns) for path in cards.weights_files(spec)],
    }


@lru_cache(maxsize=16)
def _file_digest(path: str, _modified: int) -> str:
    return file_digest(path)


def fingerprint_of(spec: str, parts: dict[str, Any]) -> str:
    """The fingerprint that :func:`mebench.training.records.fingerprint` makes of the same parts and of the spec whose
    canonical JSON this is."""
    return digest(spec, *(parts[key] for key in ("data", "fold", "model", "engine")), *parts["weights"])


def changes(record: dict[str, Any], spec: dict[str, Any], parts: dict[str, Any]) -> list[str]:
    """What differs between the ``record`` of a fold and a ``spec`` with its ``parts``, as sentences; empty where the
    fingerprint holds."""
    if record["fingerprint"] == fingerprint_of(canonical_json(spec), parts):
        return []
    found = [f"{key}: {old} -> {new}" for key, old, new in differences(record.get("spec", {}), spec)]
    made_from = record.get("made_from")
    if made_from is None:
        also = "too" if found else "or the weights"
        return [*found, f"{NOT_KEPT}, so it cannot say whether the data, the source of the model or engine {also} "
                        "changed"]  # fmt: skip
    found += [sentence for key, sentence in _sentences(spec).items() if made_from.get(key) != parts[key]]
    return found or ["its fingerprint was made in another way, by another version of mebench"]


def _sentences(spec: dict[str, Any]) -> dict[str, str]:
    return {
        "data": "the data changed: clips, their labels, or the arrays of the inputs",
        "model": f"what the code of the model {spec['model']} does changed",
        "engine": "what the code of training, protocol, metrics or the kind of task does changed",
        "weights": "the files of weights that the model begins with changed",
    }


def differences(old: Any, new: Any, at: str = "") -> list[tuple[str, str, str]]:
    """(key, old value, new value) of all that differs between two nested mappings; the keys of levels are joined by
    dots."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [(at, shown(old), shown(new))]
    found = []
    for key in [*old, *(key for key in new if key not in old)]:
        place = f"{at}.{key}" if at else str(key)
        if key in old and key in new:
            found += differences(old[key], new[key], place)
        else:
            found.append((place, *(shown(side[key]) if key in side else NOTHING for side in (old, new))))
    return found


def shown(value: Any) -> str:
    """A value as a configuration would have it, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
