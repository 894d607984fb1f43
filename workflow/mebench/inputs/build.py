"""Makes an input part by part, in processes or cluster jobs, and records which clips have no array.

A finished part is not made again. Where one clip of it changed, the arrays of the others are kept.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench import parallel
from mebench.clips.clip import Clip, read_clips, read_recordings
from mebench.config.input_names import InputSpec
from mebench.errors import UserError, bad_clips
from mebench.files import canonical_json, digest
from mebench.inputs import kept, store
from mebench.inputs.kept import PartRecord, Row
from mebench.inputs.maker import Made, Maker
from mebench.media.clip_reader import frames_below, noted
from mebench.media.unavailable import Unavailable

Clips = Sequence[Clip]


@dataclass(frozen=True)
class InputJob:
    """What an input is made from: the dataset's folder, its faces and the base input where the kind needs them."""

    spec: InputSpec
    root: Path
    origin: str
    faces: Path | None = None
    base: Path | None = None
    pictures: bool = False  # whether the dataset delivers flow pictures, published or generated ones

    @property
    def kind(self) -> type[Maker]:
        """The class that makes arrays; published pictures have one of their own."""
        return maker_class(self.spec, self.pictures)

    def maker(self) -> Maker:
        """A maker for this dataset."""
        return self.kind(self.spec, self.root, self.faces, self.base)


def maker_class(spec: InputSpec, pictures: bool) -> type[Maker]:
    """The class behind a kind. Datasets that deliver flow pictures only have ``apex_flow``, as published."""
    if pictures:
        from mebench.inputs.pictures import Input

        if spec.kind != "apex_flow":
            raise UserError(f"flow_images holds flow already, not frames; ask for apex_flow-28 instead of {spec.name}")
        return Input
    return importlib.import_module(f"mebench.inputs.{spec.kind}").Input


def make(job: InputJob, clips: Clips, out: Path, *, jobs: int = 1, shard: tuple[int, int] = (1, 1)) -> int:
    """Write the parts of every ``shard[1]``-th subject from the ``shard[0]``-th; returns how many subjects those are.

    A part whose fingerprint (kind, options, settings, versions, all frames and landmarks it depends on) still holds is
    not made again.
    """
    subjects = sorted(by_subject(clips).items())[shard[0] - 1 :: shard[1]]
    mine = parts([clip for _, group in subjects for clip in group], job.kind.PART)
    kept.set_aside(Path(out) / "parts", mine)
    # full parts first, so that the processes end together
    work = sorted(((job, part, group, Path(out)) for part, group in mine.items()), key=lambda item: -len(item[2]))
    bad = [clip for _, part in parallel.each(_make_part, work, jobs, f"{job.spec.name}, parts") for clip in part]
    if len({sentence for _, sentence in bad}) == 1 < len(bad) == sum(map(len, mine.values())):
        raise UserError(bad[0][1])  # what strikes every clip alike is a fault of the whole
    if bad:
        raise bad_clips(bad)
    return len(subjects)


def finish(job: InputJob, clips: Clips, out: Path) -> dict[str, str]:
    """Join the parts: index.csv and meta.json. Parts that nobody asks for any more are removed. Returns the reason of
    each clip that has no array, by clip_id."""
    out, kind = Path(out), job.kind
    groups = parts(clips, kind.PART)
    records = {part: _whole_record(out, part, groups[part]) for part in sorted(groups)}
    for path in (out / "parts").glob("*.*"):
        if path.stem not in groups:
            path.unlink()
    kept.forget(out / "parts")
    rows = [row for record in records.values() for row in record["clips"]]
    meta: store.Described = {
        "kind": job.spec.kind,
        "name": job.spec.name,
        "size": job.spec.size,
        "options": job.spec.options,
        "channels": kind.channels(job.spec),
        "scale": kind.scale(job.spec),
        "origin": job.origin,
        "settings": _common_settings(out, records),
        "parts": {part: record["digest"] for part, record in records.items()},
    }
    arrays = {clip_id: one for record in records.values() for clip_id, one in record["arrays"].items()}
    store.finish(out, rows, kind.EXTRAS, meta, arrays)
    return {str(row["clip_id"]): str(row["reason"]) for row in rows if row["status"] != "ok"}


def _whole_record(out: Path, part: str, clips: Clips) -> PartRecord:
    record = kept.record_of(out / "parts", part)
    if record is None or {row["clip_id"] for row in record["clips"]} != {clip.clip_id for clip in clips}:
        raise UserError(
            f"{out} lacks the part of the subject {part.split('+')[0]}, or holds one of an older index; "
            f"run `mebench inputs` for all shards again"
        )
    return record


def _common_settings(out: Path, records: Mapping[str, PartRecord]) -> dict[str, object]:
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


def recordings(path: Path, spec: InputSpec, pictures: bool = False) -> tuple[list[Clip], str]:
    """What an input has arrays of: the clips of ``path``, a clips.csv, and the word 'clips' or 'videos' for them.

    A kind that declares ``PER = "video"`` has one array per long video where the videos.csv beside it lists any: each
    is then one clip from its first to its last frame. A dataset of clips has no videos, and each of its clips is a
    recording of its own.
    """
    clips = read_clips(path)
    if not clips:
        raise UserError(f"{path} lists no clips; see report.md beside it for why rows were dropped")
    if maker_class(spec, pictures).PER != "video":
        return clips, "clips"
    videos = Path(path).with_name("videos.csv")
    if not videos.is_file():
        raise UserError(f"{spec.name} is made of recordings, but there is no {videos}; index the dataset again")
    whole = [recording.whole() for recording in read_recordings(videos)]
    return (whole, "videos") if whole else (clips, "clips")


def by_subject(clips: Clips) -> dict[str, list[Clip]]:
    """Clips of each subject, sorted by clip_id; the key is a name for files, 'casme2-sub01'."""
    groups: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        groups.setdefault(clip.subject.replace("/", "-"), []).append(clip)
    return groups


def parts(clips: Clips, size: int) -> dict[str, list[Clip]]:
    """Clips in parts of at most ``size``, all of one subject: 'casme2-sub01', 'casme2-sub01+2', ...

    Whole subjects would not do: one subject of SMIC-HS has 39 of the 164 clips, and every other process would wait for
    its.
    """
    return {
        f"{subject}+{i // size + 1}" if i else subject: group[i : i + size]
        for subject, group in sorted(by_subject(clips).items())
        for i in range(0, len(group), size)
    }


def _make_part(work: tuple[InputJob, str, list[Clip], Path]) -> list[tuple[str, str]]:
    """Make one part, or keep it; returns (clip_id, sentence) of its bad clips, with which it is not written."""
    import cv2

    job, part, clips, out = work
    cv2.setNumThreads(1)  # one process per core is faster than threads in each, and the bits are the same
    maker, folder = job.maker(), out / "parts"
    with noted() as read:
        bad = _bad(maker.made_from, clips)
        if bad:
            return [*bad, *_bad(maker.make, [clip for clip in clips if clip.clip_id not in dict(bad)])]
        fingerprint, made_from = _fingerprints(job, maker, clips)
    record, frames = kept.record_of(folder, part), frames_below(job.root, read)
    if record is not None and record["fingerprint"] == fingerprint:
        if (record["made_from"], record["frames"]) != (made_from, frames) or not record["arrays"]:
            arrays = kept.array_digests(folder, part, record["clips"])
            kept.write_record(folder, part, {**record, "made_from": made_from, "arrays": arrays, "frames": frames})
        return []
    before = kept.kept(folder, part, made_from)
    (folder / f"{part}.json").unlink(missing_ok=True)
    try:
        with store.part_writer(out, part) as writer:
            rows, arrays = [], {}
            for clip_id, made in kept.with_made(maker, clips, before):
                rows.append(_row(clip_id, part, made, writer, maker.EXTRAS))
                arrays[clip_id] = kept.array_digest(made)
            numbers = writer.finish()
    except UserError:
        bad = _bad(maker.make, clips)  # each alone: the others of the part may be bad as well
        if bad:
            return bad
        raise
    record = PartRecord(
        fingerprint=fingerprint, settings=dict(maker.settings(job.spec)), digest=numbers, clips=rows,
        made_from=made_from, arrays=arrays, frames=frames,
    )  # fmt: skip
    kept.write_record(folder, part, record)
    return []


def _bad(function: Callable[[Clip], object], clips: Clips) -> list[tuple[str, str]]:
    """(clip_id, sentence) of the clips that ``function`` refuses."""
    bad = []
    for clip in clips:
        try:
            function(clip)
        except Unavailable:
            pass
        except UserError as error:
            bad.append((clip.clip_id, str(error)))
    return bad


def _fingerprints(job: InputJob, maker: Maker, clips: Clips) -> tuple[str, dict[str, str]]:
    """The fingerprint of a part, and a digest for each of its clips of what its array is made from."""
    import cv2

    versions = [cv2.__version__, platform.machine()]
    about = [job.spec.name, job.origin, type(maker).VERSION, dict(maker.settings(job.spec)), versions]
    each = [[clip.clip_id, *_made_from(maker, clip)] for clip in clips]
    alone = {clip.clip_id: digest(canonical_json([about, one]))[:32] for clip, one in zip(clips, each, strict=True)}
    return digest(canonical_json([about, each])), alone


def _made_from(maker: Maker, clip: Clip) -> list[object]:
    try:
        return maker.made_from(clip)
    except Unavailable as reason:
        return [reason.status]


def _row(
    clip_id: str, part: str, made: Made | Unavailable, writer: store.PartWriter, extras: Sequence[str]
) -> Row:  # fmt: skip
    if isinstance(made, Unavailable):
        empty: Row = dict.fromkeys((*store.INDEX, *extras), "")
        return empty | {"clip_id": clip_id, "status": made.status, "reason": made.reason, "part": part}
    shape = "x".join(map(str, made.array.shape))
    start = writer.append(made.array)
    row: Row = {"clip_id": clip_id, "status": "ok", "reason": "", "part": part, "start": start, "shape": shape}
    return row | {name: made.extras[name] for name in extras}
