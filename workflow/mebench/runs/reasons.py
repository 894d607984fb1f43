"""Why the result of a fold is no longer valid: what it was made from, compared with what it would be made from now."""

from __future__ import annotations

import json

from mebench.config.spec import RunSpec
from mebench.files import canonical_json
from mebench.runs.fingerprint import Parts
from mebench.runs.records import FoldRecord

NOTHING = "(none)"
LONGEST = 60  # characters of a value that is shown
NOT_KEPT = "its record keeps no parts of the fingerprint, as records did not before"


def changes(record: FoldRecord, spec: RunSpec, parts: Parts) -> list[str]:
    """What differs between the ``record`` of a fold and a ``spec`` with its ``parts``, as sentences. Empty where the
    fingerprint holds."""
    if record.fingerprint == parts.fingerprint(canonical_json(spec)):
        return []
    sentences = [f"{key}: {old} -> {new}" for key, old, new in differences(record.spec, spec)]
    if record.made_from is None:
        also = "too" if sentences else "or the weights"
        return [*sentences, f"{NOT_KEPT}, so it cannot say whether the data, the source of the model or engine {also} "
                            "changed"]  # fmt: skip
    told = _sentences(spec)
    sentences += [told[name] for name in parts.different(record.made_from) if name in told]
    return sentences or ["its fingerprint was made in another way, by another version of mebench"]


def _sentences(spec: RunSpec) -> dict[str, str]:
    return {
        "data": "the data changed: clips, their labels, or the arrays of the inputs",
        "model": f"what the code of the model {spec['model']} does changed",
        "engine": "what the code of training, protocol, metrics or the kind of task does changed",
        "weights": "the files of weights that the model begins with changed",
    }


def differences(old: object, new: object, at: str = "") -> list[tuple[str, str, str]]:
    """(key, old value, new value) of all differences between two nested mappings. Keys of several levels are joined by
    dots."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [(at, shown(old), shown(new))]
    different = []
    for key in [*old, *(key for key in new if key not in old)]:
        place = f"{at}.{key}" if at else str(key)
        if key in old and key in new:
            different += differences(old[key], new[key], place)
        else:
            before, now = (shown(side[key]) if key in side else NOTHING for side in (old, new))
            different.append((place, before, now))
    return different


def shown(value: object) -> str:
    """A value as in a configuration; a long one is cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
