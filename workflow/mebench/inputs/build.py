"""Making an input: part by part, in processes or cluster jobs, resumable, with a record of what has no array."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mebench import parallel
from mebench.clips.reading import COLUMNS, VIDEO_COLUMNS
from mebench.config.input_names import InputSpec
from mebench.errors import UserError, bad_clips
from mebench.files import canonical_json, digest, read_csv, read_json, write_json
from mebench.inputs import store
from mebench.inputs.maker import Maker
from mebench.media.unavailable import Unavailable


@dataclass(frozen=True)
class Source:
    """What an input is made from: the dataset's folder, its faces and the base input where the kind needs them."""

    spec: InputSpec
    root: Path
    origin: str
    faces: Path | None = None
    base: Path | None = None
    pictures: bool = False  # whether the dataset delivers flow pictures, published or generated ones

    def maker(self) -> Maker:
        """The kind's maker; published pictures have one of their own."""
        return maker_class(self.spec, self.pictures)(self.spec, self.root, self.faces, self.base)


def maker_class(spec: InputSpec, pictures: bool) -> type[Maker]:
    """The class behind a kind. Datasets that deliver flow pictures only have ``apex_flow``, as published."""
    if pictures:
        from mebench.inputs.pictures import Input

        if spec.kind != "apex_flow":
            raise UserError(f"flow_images holds flow already, not frames; ask for apex_flow-28 instead of {spec.name}")
        return Input
    return importlib.import_module(f"mebench.inputs.{spec.kind}").Input


def make(
    source: Source, clips: Sequence[Mapping[str, str]], out: Path, *, jobs: int = 1, shard: tuple[int, int] = (1, 1)
) -> int:
    """Write the parts of every ``shard[1]``-th subject from the ``shard[0]``-th; returns how many subjects those are.

    A part whose fingerprint (kind, options, settings, versions, all frames and landmarks it depends on) still holds is
    not made again.
    """
    subjects = sorted(by_subject(clips).items())[shard[0] - 1 :: shard[1]]
    mine = parts([clip for _, group in subjects for clip in group], maker_class(source.spec, source.pictures).PART)
    # full parts first, so that the processes end together
    work = sorted(((source, part, group, Path(out)) for part, group in mine.items()), key=lambda item: -len(item[2]))
    bad = [clip for _, found in parallel.each(_make_part, work, jobs, f"{source.spec.name}, parts") for clip in found]
    if len({sentence for _, sentence in bad}) == 1 < len(bad) == sum(map(len, mine.values())):
        raise UserError(bad[0][1])  # what strikes every clip alike is a fault of the whole
    if bad:
        raise bad_clips(bad)
    return len(subjects)


def finish(source: Source, clips: Sequence[Mapping[str, str]], out: Path) -> dict[str, dict[str, str]]:
    """Join the parts: index.csv and meta.json. Parts that nobody asks for any more are removed. Returns what has no
    array, by clip_id."""
    out, kind = Path(out), maker_class(source.spec, source.pictures)
    groups = parts(clips, kind.PART)
    records = {part: _record(out, part) for part in sorted(groups)}
    for part, group in groups.items():
        if records[part] is None or {row["clip_id"] for row in records[part]["clips"]} != {c["clip_id"] for c in group}:
            raise UserError(
                f"{out} lacks the part of the subject {part.split('+')[0]}, or holds one of an older index; "
                f"run `mebench inputs` for all shards again"
            )
    for path in (out / "parts").glob("*.*"):
        if path.stem not in groups:
            path.unlink()
    rows = [row for part in sorted(groups) for row in records[part]["clips"]]
    meta = {
        "kind": source.spec.kind,
        "name": source.spec.name,
        "size": source.spec.size,
        "options": source.spec.options,
        "channels": kind.channels(source.spec),
        "scale": kind.scale(source.spec),
        "origin": source.origin,
        "settings": _common_settings(out, records),
        "parts": {part: records[part]["digest"] for part in sorted(groups)},
    }
    store.finish(out, rows, kind.EXTRAS, meta)
    return {row["clip_id"]: row for row in rows if row["status"] != "ok"}


def _common_settings(out: Path, records: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings that all parts were made with. They name a GPU where one computed, so they are taken from the parts
    and not from the machine that joins them."""
    (first, record), *others = records.items()
    for part, other in others:
        for name in sorted(record["settings"].keys() | other["settings"].keys()):
            one, two = (settings.get(name) for settings in (record["settings"], other["settings"]))
            if one != two:
                raise UserError(
                    f"{out} holds parts with different settings: {name} is {one} for {first} and {two} for {part}; "
                    "make all of them on machines of one kind"
                )
    return record["settings"]


def recordings(clips: Path, spec: InputSpec, pictures: bool = False) -> list[dict[str, str]]:
    """The rows that an input has arrays of: those of ``clips``, a clips.csv.

    A kind that declares ``PER = "video"`` has one array per long video where the videos.csv beside it lists any:
    ``clip_id`` is then the video_id, and onset and offset are the first and last frame. A dataset of clips has no
    videos, and each of its clips is a recording of its own.
    """
    rows = read_csv(clips, required=COLUMNS)
    if not rows:
        raise UserError(f"{clips} lists no clips; see report.md beside it for why rows were dropped")
    if maker_class(spec, pictures).PER != "video":
        return rows
    path = Path(clips).with_name("videos.csv")
    if not path.is_file():
        raise UserError(f"{spec.name} is made of recordings, but there is no {path}; index the dataset again")
    videos = read_csv(path, required=VIDEO_COLUMNS)
    return [row | {"clip_id": row["video_id"], "onset": row["first"], "offset": row["last"]} for row in videos] or rows


def by_subject(clips: Sequence[Mapping[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Clips of each subject, sorted by clip_id; the key is a name for files, 'casme2-sub01'."""
    groups: dict[str, list[dict[str, str]]] = {}
    for clip in sorted(clips, key=lambda clip: clip["clip_id"]):
        groups.setdefault(clip["subject"].replace("/", "-"), []).append(dict(clip))
    return groups


def parts(clips: Sequence[Mapping[str, str]], size: int) -> dict[str, list[dict[str, str]]]:
    """Clips in parts of at most ``size``, all of one subject: 'casme2-sub01', 'casme2-sub01+2', ...

    Whole subjects would not do: one subject of SMIC-HS has 39 of the 164 clips, and every other process would wait for
    its.
    """
    return {
        f"{subject}+{i // size + 1}" if i else subject: group[i : i + size]
        for subject, group in sorted(by_subject(clips).items())
        for i in range(0, len(group), size)
    }


def _record(out: Path, part: str) -> dict[str, Any] | None:
    path = out / "parts" / f"{part}.json"
    if not path.is_file() or not path.with_suffix(".npy").is_file():
        return None
    record = read_json(path)
    return record if "settings" in record else None


def _make_part(work: tuple[Source, str, list[dict[str, str]], Path]) -> list[tuple[str, str]]:
    """Make one part, or keep it; returns (clip_id, sentence) of its bad clips, with which it is not written."""
    import cv2

    source, part, clips, out = work
    cv2.setNumThreads(1)  # one process per core is faster than threads in each, and the bits are the same
    maker = source.maker()
    bad = _bad(maker.sources, clips)
    if bad:
        return [*bad, *_bad(maker.make, [clip for clip in clips if clip["clip_id"] not in dict(bad)])]
    mark = _fingerprint(source, maker, clips)
    record = _record(out, part)
    if record is not None and record["fingerprint"] == mark:
        return []
    (out / "parts" / f"{part}.json").unlink(missing_ok=True)
    rows = []
    try:
        with store.part_writer(out, part) as writer:
            for clip_id, made in maker.make_all(clips):
                rows.append(_row(clip_id, part, made, writer, maker.EXTRAS))
            numbers = writer.finish()
    except UserError:
        bad = _bad(maker.make, clips)  # each alone: the others of the part may be bad as well
        if bad:
            return bad
        raise
    settings = dict(maker.settings(source.spec))
    record = {"fingerprint": mark, "settings": settings, "digest": numbers, "clips": rows}
    write_json(out / "parts" / f"{part}.json", record)
    return []


def _bad(function: Callable[[Mapping[str, str]], Any], clips: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """(clip_id, sentence) of the clips that ``function`` refuses."""
    found = []
    for clip in clips:
        try:
            function(clip)
        except Unavailable:
            pass
        except UserError as error:
            found.append((clip["clip_id"], str(error)))
    return found


def _fingerprint(source: Source, maker: Maker, clips: Sequence[Mapping[str, str]]) -> str:
    import cv2

    versions = [cv2.__version__, platform.machine()]
    about = [source.spec.name, source.origin, type(maker).VERSION, dict(maker.settings(source.spec)), versions]
    return digest(canonical_json([about, [[clip["clip_id"], *_sources(maker, clip)] for clip in clips]]))


def _sources(maker: Maker, clip: Mapping[str, str]) -> list[Any]:
    try:
        return maker.sources(clip)
    except Unavailable as reason:
        return [reason.status]


def _row(clip_id: str, part: str, made: Any, writer: store.PartWriter, extras: Sequence[str]) -> dict[str, Any]:
    if isinstance(made, Unavailable):
        empty = dict.fromkeys((*store.INDEX, *extras), "")
        return empty | {"clip_id": clip_id, "status": made.status, "reason": made.reason, "part": part}
    shape = "x".join(map(str, made.array.shape))
    start = writer.append(made.array)
    row = {"clip_id": clip_id, "status": "ok", "reason": "", "part": part, "start": start, "shape": shape}
    return row | {name: made.extras[name] for name in extras}
