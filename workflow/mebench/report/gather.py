"""Everything that the report shows, read from the results and the cards."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mebench import cards, tables, tasks
from mebench.errors import UserError, did_you_mean
from mebench.files import read_csv, read_json
from mebench.papers import paper
from mebench.plots import samples
from mebench.protocols.tasks import task as definition_of
from mebench.report.faces import ROOM, faces_part
from mebench.report.gaps import Gaps
from mebench.report.markdown import sections, to_html
from mebench.tables import formats
from mebench.tables.absent import sentences
from mebench.tables.default import overview
from mebench.tables.scores import Score
from mebench.tables.table import Row, Table

# how the lines of report.md begin that name an accepted deviation, and that say that the data are synthetic
ACCEPTED, MARK = "**Accepted deviation", "**SYNTHETIC DATA"


@dataclass(frozen=True)
class Run:
    """A pooled run: its folder and its record."""

    folder: Path
    about: dict[str, Any]


@dataclass(frozen=True)
class LeftOut:
    """The clips that a model could neither be trained on nor predict, and why: (clip_id, reason)."""

    title: str
    seeds: tuple[int, ...]
    predicted: int
    clips: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TaskPart:
    """One task of the report: its own small table, its best row, its plots as data URIs."""

    name: str
    title: str
    synthetic: bool
    origin: str
    clips: int
    subjects: int
    best: Row | None
    majority: Row | None
    table: Table
    plots: tuple[dict[str, str], ...]
    runs: tuple[Run, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...] = ()


def task_part(results: Path, name: str, plots: Sequence[str] | None = None, gaps: Gaps | None = None) -> TaskPart:
    """Read the scores, runs and ``plots`` of one task; what ``gaps`` names is left out, and said."""
    gaps, card = gaps or Gaps(), tasks.card(definition_of(name))
    path, absent = results / "scores" / f"{name}.csv", gaps.of_task(name)
    scores = tables.read_scores(path) if path.is_file() or not absent else []
    runs = tuple(_runs(results, name, scores))
    title = runs[0].about.get("task_title") or name if runs else definition_of(name)["title"]
    table = tables.build(overview(name, title), scores, absent)
    whole = [score for score in scores if score.part == "all"]
    return TaskPart(
        name=name,
        title=title,
        synthetic=table.synthetic,
        origin=_origin_of(table),
        clips=max((score.n + score.without_input for score in whole), default=0),
        subjects=max((score.folds_expected for score in whole), default=0),
        best=next((row for row in table.rows if row.rank == 1), None),
        majority=next((row for row in table.rows if row.model == "majority"), None),
        table=table,
        plots=tuple(
            _plot(results, name, plot, card)
            for plot in (plots or card["plots"])
            if runs and f"{name}/{plot}" not in gaps.plots
        ),
        runs=runs,
        left_out=tuple(_left_out(runs)),
        missing=tuple(_missing(name, gaps)),
    )


def _origin_of(table: Table) -> str:
    measured = [row.origin for row in table.rows if row.origin]
    return "synthetic" if table.synthetic else min(measured, default="nothing")


def _missing(task: str, gaps: Gaps) -> list[str]:
    """What a task lacks, one sentence each."""
    partial = [f"{run}: {reason}" for run, reason in gaps.partial.items() if run.startswith(f"{task}/")]
    plots = [f"plot {name}: {reason}" for name, reason in gaps.plots.items() if name.startswith(f"{task}/")]
    return [*sentences(gaps.of_task(task)), *partial, *plots]


def _left_out(runs: Sequence[Run]) -> list[LeftOut]:
    """One entry per model and set of clips; seeds that lack the same clips share one."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        clips = tuple(sorted(run.about.get("without_input", {}).items()))
        if clips:
            groups.setdefault((run.about["title"], clips), []).append(run)
    return [
        LeftOut(title, tuple(sorted(run.about["seed"] for run in own)), min(run.about["clips"] for run in own), clips)
        for (title, clips), own in groups.items()
    ]


def _runs(results: Path, task: str, scores: Sequence[Score]) -> list[Run]:
    folders = sorted({(score.model, score.seed) for score in scores})
    paths = [results / "runs" / task / model / f"seed{seed}" for model, seed in folders]
    return [Run(path, read_json(path / "run.json")) for path in paths]


def _plot(results: Path, task: str, name: str, card: dict[str, Any]) -> dict[str, str]:
    sampled = name.startswith("input-")
    if not sampled and name not in card["plots"]:
        raise UserError(f"unknown plot '{name}'{did_you_mean(name, card['plots'])}")
    title, caption = samples.words(name.removeprefix("input-")) if sampled else card["plots"][name]
    uri = _svg(results / "plots" / task / f"{name}.svg")
    return {"kind": name, "title": title, "caption": caption, "uri": uri}


def _svg(path: Path) -> str:
    """A plot as data URI."""
    if not path.is_file():
        raise UserError(f"there is no plot {path}; make it first: snakemake {path}")
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"


def table_part(results: Path, name: str, gaps: Gaps, shown: Path) -> dict[str, Any]:
    """A named table: its HTML and the commands that make it again; ``shown`` is the results folder that they name."""
    description = tables.describe(name)
    scores = results / "scores" / f"{description.task}.csv"
    table = tables.build(
        description, tables.read_scores(scores) if scores.is_file() or not gaps.runs else [], gaps.runs
    )
    stem, scores = shown / "tables" / table.name, shown / "scores" / scores.name
    return {
        "name": table.name,
        "task": table.task,
        "title": table.title,
        "html": formats.fragment(table),
        "files": [f"tables/{table.name}.{suffix}" for suffix in tables.FORMATS],
        "commands": [f"snakemake {stem}.csv", f"mebench tables {name} --scores {scores} --out {stem}"],
    }


def dataset_part(results: Path, name: str, sheet_room: int = ROOM, drawn: bool = True) -> dict[str, Any]:
    """A dataset: its card, its clips counted by emotion and subject, its index report, its figure and its faces.

    ``sheet_room``: bytes that its contact sheet may add to the page. ``drawn``: whether it has a figure.
    """
    card = cards.card("datasets", name)
    folder = results / "datasets" / name
    clips = read_csv(folder / "clips.csv", ("clip_id", "dataset", "subject", "emotion", "repairs"))
    if not clips:
        raise UserError(f"{folder / 'clips.csv'} lists no clips; run `mebench index {name}` again")
    emotions = sorted({clip["emotion"] for clip in clips})
    cells = Counter((clip["subject"], clip["emotion"]) for clip in clips)
    subjects = sorted({clip["subject"] for clip in clips})
    head, rest = sections(_text(folder / "report.md"))
    return {
        "name": name,
        "card": card,
        "paper": paper(card.get("paper")),
        "synthetic": MARK in head or _origin(results / "sources" / name / "source.json") == "synthetic",
        "clips": len(clips),
        "repaired": sum(bool(clip["repairs"].strip()) for clip in clips),
        "emotions": _emotions(clips, emotions),
        "by_subject": [(s, [cells[s, e] for e in emotions], sum(cells[s, e] for e in emotions)) for s in subjects],
        "emotion_names": emotions,
        "accepted": [to_html(line) for line in head.splitlines() if line.startswith(ACCEPTED)],
        "found": to_html("\n".join(line for line in head.splitlines() if not line.startswith(ACCEPTED))),
        "report": [(title, to_html(text)) for title, text in rest],
        "figure": _svg(results / "plots" / "datasets" / f"{name}.svg") if drawn else None,
        "frames": card["delivers"] != "pictures",
        "faces": faces_part(results, name, sheet_room),
        "path": folder / "clips.csv",
    }


def _origin(path: Path) -> str:
    """Where a dataset came from; empty for one that was indexed by hand, without ``mebench fetch``."""
    return read_json(path)["origin"] if path.exists() else ""


def _emotions(clips: list[dict[str, str]], emotions: list[str]) -> list[dict[str, Any]]:
    counts = Counter(clip["emotion"] for clip in clips)
    people = {e: len({clip["subject"] for clip in clips if clip["emotion"] == e}) for e in emotions}
    most = max(counts.values())
    order = sorted(emotions, key=lambda emotion: (-counts[emotion], emotion))
    return [
        {"name": e, "clips": counts[e], "subjects": people[e], "share": round(100 * counts[e] / most)} for e in order
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; run `mebench index` again") from error


def model_part(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """A model: its card, and the recipe of each entry that ran it beside the one of the card."""
    card = cards.card("models", name)
    entries: dict[str, dict[str, Any]] = {}
    for run in runs:
        spec = run.about.get("spec", {})
        if spec.get("model") == name:
            entries[run.about["model"]] = {**spec.get("options", {}), **spec.get("recipe", {})}
    recipe = card.get("recipe", {})
    keys = list(dict.fromkeys([*recipe, *(key for entry in entries.values() for key in entry)]))
    rows = [(key, recipe.get(key, ""), [entry.get(key, "") for entry in entries.values()]) for key in keys]
    cited = paper(card.get("paper"))
    return {"name": card["name"], "card": card, "paper": cited, "entries": list(entries), "recipe": rows}


def bibliography(parts: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Numbers of the papers behind models and datasets, by title, in the order in which they first appear."""
    titles = dict.fromkeys(part["paper"].title for part in parts if part["paper"])
    return {title: number for number, title in enumerate(titles, 1)}
