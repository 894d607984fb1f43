"""Results of a small configured benchmark, with predictions that nobody trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from mebench.archive.rebuild import rebuild
from mebench.config import recipes
from mebench.files import digest, write_csv, write_json
from mebench.plan import Plan, Run
from mebench.report.provenance import provenance
from mebench.report.runs import PooledRun
from mebench.runs import run_record
from mebench.runs.run_record import RunRecord

CLASSES = ("negative", "positive", "surprise")
TASK = "smic-3"
SUBJECTS = tuple(f"smic/s{number:02d}" for number in range(1, 9))
CLIPS = {f"{subject}/c{k}": CLASSES[k % 3] for subject in SUBJECTS for k in range(6)}
CONFIG = {
    "datasets": {"smic": {"source": "synthetic"}},
    "tasks": [TASK],
    "models": ["ststnet", "off_apexnet", "majority"],
    "seeds": [0, 1],
}


def write(root: Path, clips: Mapping[str, str] = CLIPS, **config: object) -> Path:
    """The finished benchmark of a configuration below ``root``; returns its config.yaml."""
    plan = configure(root, **config)
    for run in plan.runs:
        pooled(plan, run, clips)
    finish(plan)
    return root / "config.yaml"


def configure(root: Path, **config: object) -> Plan:
    """A configuration without results."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / "config.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, "results": str(root / "results"), **config}))
    return Plan.load(path)


def pooled(plan: Plan, run: Run, clips: Mapping[str, str] = CLIPS, **record: object) -> Path:
    """The files of a run, as pooling leaves them."""
    folder = Path(plan.paths.folder(run))
    rows = predictions(run, clips)
    write_csv(folder / "predictions.csv", rows[0], rows)
    if run.spec["selection"] == "test_peek":
        peeked = [{**row, "prediction": row["truth"] if k % 4 else row["prediction"]} for k, row in enumerate(rows)]
        write_csv(folder / "predictions.test_peek.csv", rows[0], peeked)
    write_csv(folder / "history.csv", ["fold", "epoch", "train_loss"], [
        {"fold": subject, "epoch": 1, "train_loss": "0.500000"} for subject in sorted({row["subject"] for row in rows})
    ])  # fmt: skip
    write_json(folder / "folds.json", {"made": "", "spec": "", "folds": []})
    folds = len({row["subject"] for row in rows})
    about = {
        "task": run.task, "model": run.model, "seed": run.seed, "selection": run.spec["selection"],
        "origin": "synthetic", "spec": run.spec, "clips": len(rows), "rows": len(rows), "folds_expected": folds,
        "folds_done": folds, "own": {"classes": list(CLASSES)}, **recipes.about(run.spec),
    }  # fmt: skip
    run_record.write(folder, RunRecord(**{**about, **record}))
    return folder


def predictions(run: Run, clips: Mapping[str, str]) -> list[dict[str, object]]:
    """Rows of predictions.csv; which are wrong depends on model, seed and clip alone."""
    rows = []
    for clip, truth in sorted(clips.items()):
        subject = clip.rpartition("/")[0]
        drawn = int(digest(run.model, str(run.seed), clip)[:4], 16) % 10
        called = CLASSES[(CLASSES.index(truth) + (drawn < 4)) % 3] if run.model != "majority" else CLASSES[0]
        row = {"clip_id": clip, "dataset": clip.partition("/")[0], "subject": subject, "fold": subject}
        rows.append({**row, "seed": run.seed, "truth": truth, "prediction": called})
    return rows


def finish(plan: Plan) -> None:
    """Scores, tables and provenance of the runs that are there."""
    rebuild(plan)
    runs = [Path(plan.paths.folder(run)) for run in plan.runs]
    made = [PooledRun(folder, run_record.read(folder)) for folder in runs if (folder / run_record.FILE).is_file()]
    write_json(Path(plan.results) / "provenance.json", provenance(plan.config_json, {}, made).as_json())


def texts(folder: Path, parts: Sequence[str] = ("audit", "scores", "tables")) -> dict[str, bytes]:
    """The bytes of audits, scores and tables."""
    files = [path for part in parts for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}
