"""What the report shows of the data, as an archive holds it.

Counts of each dataset are packed as the page has them: clips of each subject and emotion, faces that were found.
Pictures of clips are packed where the data are generated, and then the restored page is the same as the packed one.
Pictures of real data stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.config.kinds import card
from mebench.files import read_json, readable_json
from mebench.papers import paper
from mebench.plan import Plan
from mebench.report import faces
from mebench.report.datasets import DatasetPart, EmotionCount, IndexReport, SubjectCount, dataset_part
from mebench.report.faces import FacesPart
from mebench.report.pictures import Picture

FOLDER = "shown"
SAMPLE = "input-"  # how the names of sample pictures begin
LEFT_OUT = (
    "This page was made from an archive, which holds no pictures of real clips. Sample pictures, the flow beside the "
    "hardest clips, contact sheets, figures of datasets and lists of single clips are left out; the page of those who "
    "made the results has them."
)


def members(plan: Plan) -> Iterator[tuple[str, str | Path]]:
    """What is packed, by its name: the part of each dataset, and of generated data the pictures that the page shows or
    links to."""
    results = Path(plan.results)
    for dataset in _there(plan):
        name = f"{FOLDER}/{dataset}.json"
        part = kept(results, dataset) if plan.config.get("archived") else _read(plan, dataset)
        yield name, results / name if plan.config.get("archived") else _text(part)
        for sheet in part.faces.sheets if part.faces else ():
            yield sheet, results / sheet
    for task in plan.tasks:
        yield from ((path.relative_to(results).as_posix(), path) for path in _packed_plots(plan, task))


def parts(plan: Plan) -> list[DatasetPart]:
    """The datasets of unpacked results, as far as they were packed."""
    return [kept(Path(plan.results), dataset) for dataset in _there(plan)]


def left_out(plan: Plan) -> str:
    """What the page says where pictures of real data are absent; nothing where all that it shows was packed."""
    return "" if all(_whole(plan, task) for task in plan.tasks) else LEFT_OUT


def packed(plan: Plan, task: str) -> list[str]:
    """The plots of a task that are packed and not drawn again, because they show clips."""
    folder = Path(plan.results) / "plots" / task
    return [plot for plot in _of_clips(plan, task) if _whole(plan, task) and (folder / f"{plot}.svg").is_file()]


def _there(plan: Plan) -> list[str]:
    """The datasets that the page shows."""
    results, archived = Path(plan.results), plan.config.get("archived")
    asked = [f"{FOLDER}/{name}.json" if archived else f"datasets/{name}/report.md" for name in plan.datasets]
    return [name for name, file in zip(plan.datasets, asked, strict=True) if (results / file).is_file()]


def _whole(plan: Plan, task: str) -> bool:
    """Whether all that the page shows of a task is packed: its data are generated."""
    names = plan.tasks[task]["datasets"]
    return set(names) <= set(_there(plan)) and all(generated(plan, name) for name in names)


def generated(plan: Plan, dataset: str) -> bool:
    """Whether a dataset is a stand-in, which shows nobody's face."""
    return plan.datasets[dataset]["source"] == "synthetic"


def _of_clips(plan: Plan, task: str) -> list[str]:
    """The plots of a task that show clips or what happens in them."""
    named = card(plan.tasks[task]).get("plots_of_clips", [])
    return [*named, *(plot for plot in plan.paths.plots(task) if plot.startswith(SAMPLE))]


def _packed_plots(plan: Plan, task: str) -> Iterator[Path]:
    folder = Path(plan.results) / "plots" / task
    for plot in packed(plan, task):
        yield from (path for end in ("svg", "png") if (path := folder / f"{plot}.{end}").is_file())


def _read(plan: Plan, dataset: str) -> DatasetPart:
    """The part of a dataset as the page has it; of real data without pictures and without single clips."""
    part = dataset_part(Path(plan.results), dataset, faces.ROOM // len(plan.datasets))
    if generated(plan, dataset):
        return part
    seen = part.faces and replace(part.faces, look=(), sheets=(), first=None)
    return replace(part, report=replace(part.report, sections=()), figure=None, letters_note="", faces=seen)


def _text(part: DatasetPart) -> str:
    """A part as JSON, without what the card says and where it lies on this machine."""
    return readable_json({key: value for key, value in asdict(part).items() if key not in ("paper", "path")})


def kept(results: Path, dataset: str) -> DatasetPart:
    """A part that was packed."""
    values = read_json(results / FOLDER / f"{dataset}.json")
    report, seen, figure = values["report"], values["faces"], values["figure"]
    return DatasetPart(**{
        **values,
        "paper": paper(dataset_card(dataset).paper),
        "emotions": tuple(EmotionCount(**one) for one in values["emotions"]),
        "emotion_names": tuple(values["emotion_names"]),
        "by_subject": tuple(SubjectCount(one["subject"], tuple(one["of_each"]), one["total"])
                            for one in values["by_subject"]),
        "report": IndexReport(tuple(report["accepted"]), report["counts"], _pairs(report["sections"])),
        "figure": figure and Picture(**figure),
        "faces": seen and FacesPart(seen["counts"], _pairs(seen["look"]), tuple(seen["sheets"]), seen["first"]),
        "path": results / "datasets" / dataset / "clips.csv",
    })  # fmt: skip


def _pairs(listed: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one, other) for one, other in listed)
