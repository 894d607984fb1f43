"""Which files of a benchmark an archive holds: predictions, histories, scores, tables, and what says how they came
about. No clip, face, input or weight is among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.archive import shared_configuration
from mebench.archive.rebuild import made_of_table
from mebench.checkout import LOCK
from mebench.config import recipes
from mebench.errors import UserError
from mebench.files import canonical_json, file_digest, read_json, readable_json
from mebench.plan import Plan, Run
from mebench.plan.shown_tables import absent_runs
from mebench.plan.tables import is_file
from mebench.runs import fold_summary, kept_audit, run_record
from mebench.runs.paths import AUDIT, HELD, HISTORY, PEEKED, PREDICTIONS
from mebench.runs.predicted_files import array_file
from mebench.runs.run_record import RunRecord
from mebench.tables import table_file
from mebench.tables.absent import AbsentRun

PROVENANCE = "provenance.json"
PROJECT = Path(__file__).parents[3]  # a checkout, where the package is not installed without one
CITATION, LICENCE, LOCKED = "CITATION.cff", "LICENSE", "requirements.lock"
Content = Path | str  # a file, or a text
NOT_MADE = "it was not made"


@dataclass(frozen=True)
class State:
    """The runs of a plan that are there, with their records, and those that are not."""

    there: Mapping[str, tuple[Run, RunRecord]]
    absent: tuple[AbsentRun, ...]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Ids of the runs that lack folds."""
        return tuple(name for name, (_, record) in self.there.items() if record.folds_done < record.folds_expected)


def state(plan: Plan) -> State:
    """Look which runs of a plan are there, as its configuration has them now."""
    there: dict[str, tuple[Run, RunRecord]] = {}
    absent = {(run.task, run.model, run.seed): run for run in absent_runs(plan)}
    for run in plan.runs:
        folder = Path(plan.paths.folder(run))
        record = run_record.read(folder) if (folder / run_record.FILE).is_file() else None
        if record is not None and canonical_json(record.spec) == run.parameter:
            there[run.id] = (run, record)
            continue
        reason = NOT_MADE if record is None else "it was made with another configuration"
        if (run.task, run.model, run.seed) not in absent:
            about = recipes.about(run.spec)
            lost = AbsentRun(run.task, run.model, about["title"], about["kind"], run.seed, reason)
            absent[run.task, run.model, run.seed] = lost
    return State(there, tuple(absent.values()))


def predictions_of(folder: Path) -> list[Path]:
    """The files of predictions in the folder of a run, with their arrays."""
    files = [folder / name for name in (PREDICTIONS, PEEKED, HELD)]
    return [path for file in files for path in (file, array_file(file)) if path.is_file()]


def of_runs(plan: Plan, found: State, labels: bool) -> Iterator[tuple[str, Content]]:
    """The record, the history and the times of each run, and with ``labels`` its predictions and its audit.
    Predictions are labels too: those of an oracle are the truth, and names of clips tell the class in some datasets."""
    for name, (run, _) in found.there.items():
        folder = Path(plan.paths.folder(run))
        own = [
            folder / run_record.FILE,
            folder / fold_summary.FILE,
            folder / HISTORY,
            *(predictions_of(folder) if labels else ()),
        ]
        for path in own:
            if path.is_file():
                yield f"runs/{name}/{path.name}", path
        scores = Path(plan.paths.model_scores(run.task, run.model))
        if labels and scores.is_file() and (found_by_audit := kept_audit.text(read_json(scores), run.seed)):
            yield f"runs/{name}/{AUDIT}", found_by_audit


def of_results(plan: Plan) -> Iterator[tuple[str, Content]]:
    """The scores, audits and tables of a complete benchmark, as they are."""
    names = [f"scores/{task}/{model}.json" for task in plan.tasks for model in plan.paths.models_of(task)]
    names += [f"scores/{task}.{suffix}" for task in plan.tasks for suffix in ("csv", "json")]
    names += [f"audit/{task}.json" for task in plan.tasks]
    names += [f"tables/{name}" for table in plan.tables for name in made_of_table(table)]
    for name in names:
        yield name, Path(plan.results) / name


def of_configuration(plan: Plan, absent: Sequence[AbsentRun]) -> Iterator[tuple[str, Content]]:
    """The configuration, the owner's own tables and kinds of task, and what the environment was."""
    yield shared_configuration.FILE, readable_json(shared_configuration.document(plan, absent))
    for name, table in plan.tables.items():
        if is_file(table):
            yield shared_configuration.packed_table(name), json.dumps(table_file.keys(table), indent=1)
    for code in sorted({definition.get("kind", "") for definition in plan.tasks.values()}):
        if code.endswith(".py"):
            yield f"{shared_configuration.OWN_KINDS}/{Path(code).name}", Path(code)
    archived = Path(plan.results) if plan.config.get("archived") else None
    yield CITATION, citation(archived or PROJECT)
    for file, path in ((LICENCE, PROJECT / LICENCE), (LOCKED, LOCK)):
        kept = archived / file if archived else path
        if kept.is_file():
            yield file, kept


def citation(project: Path = PROJECT) -> Content:
    """How to cite mebench: the file in ``project``, or one made of what the installed package says of itself."""
    if (project / CITATION).is_file():
        return project / CITATION
    from importlib.metadata import metadata

    about = metadata("mebench")
    fields = {
        "cff-version": "1.2.0", "message": "If you use mebench, please cite it as below.", "type": "software",
        "title": f"mebench: {about['Summary']}", "authors": [{"name": "the mebench authors"}],
        "version": about["Version"], "license": "MIT",
    }  # fmt: skip
    return json.dumps(fields, indent=1) + "\n"  # which is YAML too


def provenance_of(plan: Plan, found: State) -> Path:
    """provenance.json, after a look that it is of these predictions."""
    path = Path(plan.results) / PROVENANCE
    said = {(run["task"], run["model"], run["seed"]): run["digests"] for run in read_json(path)["runs"]}
    for name, (run, _) in found.there.items():
        digests = said.get((run.task, run.model, run.seed), {})
        file = Path(plan.paths.folder(run)) / PREDICTIONS
        if digests.get(PREDICTIONS) != file_digest(file):
            raise UserError(f"{path} was not made with the predictions of {name} that are there now; run snakemake, "
                            "which makes it again")  # fmt: skip
    return path
