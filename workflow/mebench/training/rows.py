"""The samples of a run, from the clips of its datasets and the index of its inputs. It reads no array and imports no
torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench import formats, tasks
from mebench.clips.persons import refuse_one_person_twice
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_csv, read_json
from mebench.tasks import Row


@dataclass(frozen=True)
class Rows:
    """The samples of a run that have an input. ``rows`` are tested in turn; ``extra`` are for training only.
    ``without`` maps each clip without an input to the reason. ``digest`` is that of labels and input arrays."""

    rows: list[Row]
    extra: list[Row]
    without: dict[str, str]
    digest: str

    @property
    def folds(self) -> list[str]:
        """The subjects that are left out in turn, sorted."""
        return sorted({row["subject"] for row in self.rows})


def run_rows(spec: RunSpec, clips: Sequence[Path], inputs: Sequence[Path]) -> Rows:
    """The samples of a run's datasets."""
    required = ("clip_id", "dataset", "subject", "emotion")
    every = [row for path in clips for row in read_csv(path, required)]
    kind = tasks.kind_of(spec["task"])
    recordings = recorded(clips, inputs) if tasks.made_of_recordings(spec["task"]) else []
    rows, without = usable(kind.samples(every, recordings), inputs)
    wanted = spec["recipe"].get("extra_clips", "none")
    more = kind.extra_samples(wanted, every)
    if wanted != "none" and not more:
        raise UserError(
            f"the run asks for extra_clips: {wanted}, but none of the clips is a {wanted}-expression with a label "
            f"of the task {spec['task']['name']}; leave the key out, choose a task by emotions, or for objective "
            "classes add the workbook CAS(ME)3_part_A_v2, which alone has those of macro-expressions"
        )
    extra, lost = usable(more, inputs)
    refuse_one_person_twice([row["subject"] for row in (*rows, *extra)], ", ".join(map(str, clips)))
    return Rows(rows, extra, without | lost, data_digest([*rows, *extra], inputs))


def recorded(clips: Sequence[Path], inputs: Sequence[Path]) -> list[Row]:
    """The recordings beside each clips.csv, with the columns of the index of the inputs (such as its windows)."""
    index = {row["clip_id"]: row for folder in inputs for row in read_csv(folder / "index.csv", ("clip_id",))}
    rows = [row for path in clips for row in read_csv(path.with_name("videos.csv"), ("video_id", "dataset", "subject"))]
    return [row | index.get(row["video_id"], {}) for row in rows]


def usable(rows: list[Row], inputs: Sequence[Path]) -> tuple[list[Row], dict[str, str]]:
    """(rows whose input exists, the reason for each clip_id without an input). A clip without a face has no input and
    is neither trained on nor predicted. A clip that is missing in the index is a :class:`UserError`."""
    status = {
        row["clip_id"]: (row["status"], row["reason"])
        for folder in inputs
        for row in read_csv(folder / "index.csv", formats.INDEX.names)
    }
    unknown = [row["clip_id"] for row in rows if row["clip_id"] not in status]
    if unknown:
        raise UserError(
            f"{len(unknown)} of {len(rows)} clips have no input in {', '.join(map(str, inputs))}, the first is "
            f"{unknown[0]}; make the inputs again (mebench inputs)"
        )
    without = {row["clip_id"]: status[row["clip_id"]] for row in rows if status[row["clip_id"]][0] != "ok"}
    return [row for row in rows if row["clip_id"] not in without], {clip: why for clip, (_, why) in without.items()}


# what an input is, but for its clips: keys of its meta.json
ABOUT = ("kind", "name", "size", "options", "channels", "scale", "origin", "settings")


def data_digest(rows: list[Row], inputs: Sequence[Path]) -> str:
    """Digest of the data that decide a fold's result: each clip with its label and its array. A clip that is not among
    the rows does not count."""
    mine, parts = {row["clip_id"] for row in rows}, []
    for folder in sorted(inputs):
        meta = read_json(folder / "meta.json")
        arrays = {clip: one for clip, one in meta["arrays"].items() if clip in mine} if "arrays" in meta else None
        about = {key: meta.get(key) for key in ABOUT}
        parts.append(meta.get("digest", "") if arrays is None else canonical_json([about, arrays]))
    return digest(canonical_json(rows), *parts)
