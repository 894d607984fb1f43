"""One dataset of the configuration looked at: where it is, what a reader finds in it, and what deviates."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from mebench import cards
from mebench.acquisition import archives, fetch, programs, unpacking
from mebench.acquisition.origin import complete_copy
from mebench.clips.reading import Reading
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.indexing import checks, decisions

# good: as the card says, or accepted. waiting: nothing is wrong, but it has to be fetched first. The others stop a run.
STATES = ("good", "waiting", "deviates", "unusable")


def look(name: str, entry: dict[str, Any], results: Path) -> tuple[dict[str, Any], Reading | None]:
    """What there is to say about one dataset, JSON-able, and what was read of it.

    Never raises: what cannot be read is ``problem``, one sentence, with the state 'unusable'.
    """
    card = cards.card("datasets", name)
    about = {
        "dataset": name,
        "title": card["title"],
        "source": _shown(entry["source"]),
        "state": "unusable",
        "problem": "",
        "kind": "",
        **{key: card[key] for key in ("layout", "licence", "homepage")},
    }
    try:
        root, words = _root(name, entry, results)
        about["kind"] = words
        if root is None:
            return about | {"state": "waiting"}, None
        about["root"] = root.as_posix()
        reading = cards.load("datasets", name).read(root)
        if not reading.clips:
            raise UserError(f"no clips were found in {root}")
        described = _described(name, card, entry, root, reading)
        kept, _ = decisions.apply(card, reading, root, entry)
        return about | described | _faces(name, results), kept
    except UserError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename or entry['source']} cannot be read: {error.strerror}; check its permissions"
    except Exception as error:  # a doctor that falls over one dataset says nothing about the others
        problem = (
            f"its reader stops with {type(error).__name__} ({error}), which is a fault of mebench; please report it"
        )
    return about | {"problem": " ".join(problem.split())}, None


# --- where it is ------------------------------------------------------------------------------------------


def _shown(source: str) -> str:
    from mebench.acquisition.connection import shown

    return shown(source) if fetch.kind_of(source) == "url" else source


def _root(name: str, entry: dict[str, Any], results: Path) -> tuple[Path | None, str]:
    """(the folder to read, or None where it has to be fetched first; what the source is, in words)."""
    source, record = entry["source"], results / "sources" / name / "source.json"
    kind, made = fetch.kind_of(source), _fetched(source, record)
    if kind == "synthetic":
        return made, "generated" if made else "nothing is needed"
    if kind == "url":
        return made, "a download" if made else f"not downloaded yet, {_token(name, source)}"
    if kind == "archive":
        return made, "an archive, unpacked" if made else f"an archive, not unpacked yet: {_opened(Path(source))}"
    if kind != "folder":
        what = "is no folder or archive" if Path(source).exists() else "does not exist"
        raise UserError(f"the source {source} {what}")
    folder = Path(source)
    packed = unpacking.archives_of(folder)
    if not packed or fetch.is_readable(name, folder):
        return folder, "a folder"
    if made:
        return made, "a folder of archives, unpacked"
    opened = "; ".join(_opened(archive) for archive in packed)
    return None, f"a folder of archives, not unpacked yet: {opened}"


def _fetched(source: str, record: Path) -> Path | None:
    """The folder that ``fetch`` made of this very source, where it has run."""
    if not record.is_file():
        return None
    found = read_json(record)
    root = Path(found["root"])
    return root if found.get("source", source) == _shown(source) and root.is_dir() else None


def _token(name: str, source: str) -> str:
    from mebench.acquisition import connection

    _, variable = connection.token(name, connection.checked(source, name))
    return f"with the token of {variable}" if variable else f"without a token ({connection.variable(name)} is not set)"


def _opened(archive: Path) -> str:
    """Size and kind of an archive that can be unpacked here; a UserError where it cannot."""
    kind = archives.kind_of(archive)
    if not kind:
        raise UserError(f"{archive} is no zip, tar, 7z or rar archive; get a fresh copy")
    if kind not in ("zip", "tar") and not programs.installed(kind):
        raise UserError(programs.missing_program(kind))
    if kind == "zip":
        try:
            zipfile.ZipFile(archive).close()
        except zipfile.BadZipFile as error:
            raise UserError(f"{archive} is damaged or cut short ({error}); get a fresh copy") from error
    size = sum(file.stat().st_size for file in unpacking.volumes(archive))
    return f"{archive.name}, {size / 2**20:,.0f} MiB"


# --- what is in it ----------------------------------------------------------------------------------------


def _described(name: str, card: dict[str, Any], entry: dict[str, Any], root: Path, reading: Reading) -> dict[str, Any]:
    whole, clips = complete_copy(root), reading.clips
    if checks.takes_crops_for_granted(card, entry):
        checks.refuse_raw_frames(name, root, reading)
    found = checks.deviations(card, reading) if whole else {}
    accepted = entry.get("accept", [])
    open_kinds = [kind for kind in found if kind not in accepted]
    repairs = [(clip["clip_id"], text) for clip in clips for text in clip["repairs"].split(";") if text]
    return {
        "state": "deviates" if open_kinds else "good",
        "whole": whole,
        "workbooks": checks.workbooks(card, reading),
        "notes": reading.notes,
        "counts": [{"name": c.name, "expected": c.expected if whole else None, "found": c.found,
                    "differs": whole and c.differs} for c in checks.counts(card, reading)],
        "apex": dict(sorted(Counter(str(clip["apex_source"]) for clip in clips if clip["apex_source"]).items())),
        "repaired": len({clip for clip, _ in repairs}),
        "repairs": dict(sorted(Counter(kind_of_repair(text) for _, text in repairs).items())),
        "repaired_clips": repairs,
        "dropped": [list(row) for row in reading.dropped],
        "deviations": [
            {"kind": kind, "sentence": sentence, "accepted": kind in accepted,
             "accept_line": accept_line(name, entry, [*accepted, *open_kinds])}
            for kind, sentence in found.items()
        ],
    }  # fmt: skip


def kind_of_repair(text: str) -> str:
    """A repair without what is of one clip: "apex 1143 outside [1071, 1134]: ..." -> 'apex outside'."""
    plain = re.sub(r"\(.*?\)|\[.*?\]|'[^']*'|\b\d+\b", " ", text.partition(":")[0])
    return " ".join(plain.split())


def accept_line(name: str, entry: dict[str, Any], kinds: list[str]) -> str:
    """The line of the configuration that accepts these deviations, with all that the entry says already."""
    words = [f"{key}: {_yaml(value)}" for key, value in entry.items() if key != "accept"]
    words.append(f"accept: [{', '.join(dict.fromkeys(kinds))}]")
    return f"{name}: {{{', '.join(words)}}}"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[\w./][\w./-]*", value) else json.dumps(value)


def _faces(name: str, results: Path) -> dict[str, Any]:
    path = results / "faces" / name / "faces.csv"
    if not path.is_file():
        return {}
    rows = read_csv(path, ("clip_id", "status", "reason"))
    none = [[row["clip_id"], row["reason"]] for row in rows if row["status"] != "ok"]
    doubtful = [[row["clip_id"], row["doubt"]] for row in rows if row["status"] == "ok" and row.get("doubt")]
    return {"faces": {"file": path.as_posix(), "clips": len(rows), "without": none, "doubtful": doubtful}}
