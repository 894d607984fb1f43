"""One dataset of the configuration looked at: where it is, what a reader finds in it, and what deviates."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mebench.acquisition import archives, fetch, programs, state, unpacking
from mebench.acquisition.announced import card_of
from mebench.acquisition.origin import complete_copy
from mebench.clips.card import DatasetCard, dataset_card, takes_crops_for_granted
from mebench.clips.entry import DatasetEntry
from mebench.clips.reading import Reading
from mebench.doctor.findings import Contents, Copy, Deviation, FacesFound
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.indexing import checks, decisions
from mebench.indexing.read import read


def look(name: str, entry: DatasetEntry, results: Path) -> tuple[Copy, Reading | None]:
    """What there is to say about one dataset, and what was read of it.

    Never raises: what cannot be read is ``problem``, one sentence, with the state 'unusable'.
    """
    card = dataset_card(name)
    copy = Copy(name, card.title, _shown(entry["source"]), card.layout, card.licence, card.homepage)
    try:
        root, kind = _root(name, entry, results)
        copy = replace(copy, kind=kind)
        if root is None:
            return replace(copy, state="waiting"), None
        copy = replace(copy, root=root.as_posix())
        reading = read(name, root)
        if not reading.clips:
            raise UserError(f"no clips were found in {root}")
        kept, _ = decisions.apply(card, reading, root, decisions.choices(entry))
        depth = checks.doubtful_depth(card, kept.clips, root)
        contents = _contents(card, entry, root, reading, depth)
        deviates = any(not deviation.accepted for deviation in contents.deviations)
        state = "deviates" if deviates else "good"
        return replace(copy, state=state, contents=contents, faces=_faces(name, results)), kept
    except UserError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename or entry['source']} cannot be read: {error.strerror}; check its permissions"
    except Exception as error:  # a doctor that falls over one dataset says nothing about the others
        problem = (
            f"its reader stops with {type(error).__name__} ({error}), which is a fault of mebench; please report it"
        )
    return replace(copy, problem=" ".join(problem.split())), None


def changed(name: str, entry: DatasetEntry, results: Path, full: bool) -> str:
    """A sentence on what changed since results were made from a copy; empty where nothing did, or nothing was made.
    With ``full`` all contents are read, and the sentence says so."""
    looking = state.Looking.entry(name, entry, results)
    try:
        if full and state.recorded(looking):
            return state.verify(looking).sentence
        return state.look(looking, keep_times=False).sentence if state.recorded(looking) else ""
    except UserError as error:
        return str(error)


# --- where it is ------------------------------------------------------------------------------------------


def _shown(source: str) -> str:
    from mebench.acquisition.connection import shown

    return shown(source) if fetch.source_kind(source) == "url" else source


def _root(name: str, entry: DatasetEntry, results: Path) -> tuple[Path | None, str]:
    """(the folder to read, or None where it has to be fetched first; what the source is, in words)."""
    source, record = entry["source"], results / "sources" / name / "source.json"
    kind, made = fetch.source_kind(source), _fetched(source, record)
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
    packed = unpacking.packed_archives(folder)
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
    fetched = read_json(record)
    root = Path(fetched["root"])
    return root if fetched.get("source", source) == _shown(source) and root.is_dir() else None


def _token(name: str, source: str) -> str:
    from mebench.acquisition import connection

    _, variable = connection.token(name, connection.checked(source, name))
    return f"with the token of {variable}" if variable else f"without a token ({connection.variable(name)} is not set)"


def _opened(archive: Path) -> str:
    """Size and kind of an archive that can be unpacked here; a UserError where it cannot."""
    kind = archives.archive_kind(archive)
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


def _contents(
    card: DatasetCard, entry: DatasetEntry, root: Path, reading: Reading, depth: Mapping[str, str]
) -> Contents:  # fmt: skip
    whole, clips = complete_copy(root), reading.clips
    if takes_crops_for_granted(card, entry):
        checks.refuse_raw_frames(card.name, root, reading)
    sentences = {**_deviations(card, root, reading, whole), **depth}
    accepted = entry.get("accept", [])
    line = accept_line(card.name, entry, [*accepted, *(kind for kind in sentences if kind not in accepted)])
    repairs = [(clip.clip_id, text) for clip in clips for text in clip.repairs]
    return Contents(
        whole=whole,
        workbooks=checks.workbooks(card, reading),
        notes=reading.notes,
        counts=checks.counts(card_of(card, root), reading),
        apex=dict(sorted(Counter(clip.apex_source for clip in clips if clip.apex_source).items())),
        repaired=len({clip for clip, _ in repairs}),
        repairs=dict(sorted(Counter(repair_kind(text) for _, text in repairs).items())),
        repaired_clips=repairs,
        dropped=reading.dropped,
        deviations=[Deviation(kind, text, kind in accepted, line) for kind, text in sentences.items()],
    )


def _deviations(card: DatasetCard, root: Path, reading: Reading, whole: bool) -> dict[str, str]:
    """Of a small generated copy only counts are compared, with what its generator announced."""
    sentences = checks.deviations(card_of(card, root), reading)
    return {kind: text for kind, text in sentences.items() if whole or kind == "counts"}


def repair_kind(text: str) -> str:
    """A repair without what is of one clip: "apex 1143 outside [1071, 1134]: ..." -> 'apex outside'."""
    plain = re.sub(r"\(.*?\)|\[.*?\]|'[^']*'|\b\d+\b", " ", text.partition(":")[0])
    return " ".join(plain.split())


def accept_line(name: str, entry: DatasetEntry, kinds: Sequence[str]) -> str:
    """The line of the configuration that accepts these deviations, with all that the entry says already."""
    keys = [f"{key}: {_yaml(value)}" for key, value in entry.items() if key != "accept"]
    keys.append(f"accept: [{', '.join(dict.fromkeys(kinds))}]")
    return f"{name}: {{{', '.join(keys)}}}"


def _yaml(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[\w./][\w./-]*", value) else json.dumps(value)


def _faces(name: str, results: Path) -> FacesFound | None:
    path = results / "faces" / name / "faces.csv"
    if not path.is_file():
        return None
    rows = read_csv(path, ("clip_id", "status", "reason"))
    without = [(row["clip_id"], row["reason"]) for row in rows if row["status"] != "ok"]
    doubtful = [(row["clip_id"], row["doubt"]) for row in rows if row["status"] == "ok" and row.get("doubt")]
    return FacesFound(path.as_posix(), len(rows), without, doubtful)
