"""A small results folder as a finished benchmark leaves it, written without training anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from toy import write_store

from mebench import formats
from mebench.files import write_csv, write_json
from mebench.runs.scores import write_scores
from mebench.statistics import table_statistics
from mebench.statistics.table_statistics import Difference, Figure, Inflation, TableFamily, TableStatistics
from mebench.tables.scores import read_scores

CLASSES = ["negative", "positive", "surprise"]
SUBJECTS = ["casme2/sub01", "casme2/sub02", "casme2/sub03", "smic/s01", "smic/s02"]
TASK, TITLE = "megc2019", "MEGC2019 composite"
CLIPS = [(f"{subject}/c{k}", subject, CLASSES[k % 3]) for subject in SUBJECTS for k in range(4)]
COLUMNS = ["clip_id", "dataset", "subject", "video", "onset", "apex", "offset", "apex_source", "emotion"]
COLUMNS += ["objective", "expression", "aus", "fps", "frames", "repairs"]
TIMING = {"onset": "11", "apex": "30", "offset": "60", "apex_source": "labelled", "expression": "micro", "fps": "200"}
NATIVE = {"negative": "disgust", "positive": "happiness", "surprise": "surprise"}
# those that need no statistics, in the order of the card
RUN_PLOTS = ("confusion", "subjects", "curves", "classes", "calibration", "difficulty", "agreement", "seeds")


def fill(root: Path, origin: str = "synthetic") -> Path:
    """Runs, scores, clips and inputs of one task below ``root``."""
    for seed in (0, 1):
        run(root, "ststnet", seed, wrong=3 + seed, origin=origin, selection="test_peek")
        run(root, "off_apexnet", seed, wrong=5, origin=origin, done=4 if seed else 5)
        run(root, "majority", seed, wrong=None, origin=origin, kind="control", epochs=0)
    write_scores(sorted((root / "runs" / TASK).glob("*/seed*")), root / "scores" / f"{TASK}.csv")
    for dataset in ("casme2", "smic"):
        clips(root, dataset, origin)
    return root


def run(root, model, seed, wrong, origin, kind="model", selection="last", epochs=3, done=5, without=()) -> Path:
    """One pooled run: every ``wrong``-th prediction is wrong, ``None`` predicts the first class always. Of the clips in
    ``without`` no input could be made."""
    folder = root / "runs" / TASK / model / f"seed{seed}"
    subjects = SUBJECTS[:done]
    rows = [row for row in predictions(seed, wrong, subjects) if row["clip_id"] not in without]
    write_csv(folder / "predictions.csv", rows[0], rows)
    if selection == "test_peek":
        peeked = predictions(seed, 10, subjects)
        write_csv(folder / "predictions.test_peek.csv", peeked[0], peeked)
    history = [
        {"fold": s, "epoch": e, "train_loss": f"{1 / e:.6f}"}
        | ({"test_accuracy": "0.500000"} if selection == "test_peek" else {})
        for s in subjects for e in range(1, epochs + 1)
    ]  # fmt: skip
    write_csv(folder / "history.csv", history[0] if history else ["fold", "epoch", "train_loss"], history)
    title = {"ststnet": "STSTNet", "off_apexnet": "OFF-ApexNet", "majority": "Majority class",
             "htnet": "HTNet"}[model]  # fmt: skip
    write_json(folder / "run.json", {
        "task": TASK, "task_title": TITLE, "model": model, "title": title, "kind": kind, "seed": seed,
        "selection": selection, "classes": CLASSES, "origin": origin, "folds_expected": len(SUBJECTS),
        "clips": len(rows), "folds_done": done, "without_input": dict.fromkeys(without, "no face is found"),
        "failed": [], "parameters": 1683, "seconds": 1.0,
        "versions": {"torch": ["2.13.0"]},
        "spec": {"model": model, "options": {}, "recipe": {"epochs": epochs},
                 "task": {"name": TASK, "classes": CLASSES, "labels": {}, "drop": {}}}, "note": "",
    })  # fmt: skip
    return folder


def predictions(seed: int, wrong: int | None, subjects: list[str]) -> list[dict]:
    """Prediction rows of the clips of ``subjects``."""
    rows = []
    for k, (clip, subject, truth) in enumerate(clip for clip in CLIPS if clip[1] in subjects):
        at = CLASSES.index(truth)
        called = CLASSES[0] if wrong is None else CLASSES[(at + (k % wrong == 0)) % 3]
        row = {"clip_id": clip, "dataset": subject.split("/")[0], "subject": subject, "fold": subject, "seed": seed}
        sure = {f"p_{name}": "0.700000" if name == called else "0.150000" for name in CLASSES}
        rows.append(row | {"truth": truth, "prediction": called} | sure)
    return rows


def clips(root: Path, dataset: str, origin: str) -> None:
    """clips.csv, videos.csv, report.md, source.json and the apex_flow-28 store of one dataset."""
    rows = [
        dict.fromkeys(COLUMNS, "") | TIMING | {"clip_id": clip, "dataset": dataset, "subject": subject, "repairs": "",
                                       "emotion": NATIVE[label] if dataset == "casme2" else label}
        for clip, subject, label in CLIPS if subject.startswith(dataset)
    ]  # fmt: skip
    rows[0]["repairs"] = "apex missing"
    write_csv(root / "datasets" / dataset / "clips.csv", COLUMNS, rows)
    write_csv(root / "datasets" / dataset / "videos.csv", formats.VIDEOS.names, [])
    counts = "| | expected |\n| --- | ---: |\n| clips | 255 |"
    mark = "**SYNTHETIC DATA, not the real dataset**.\n\n" if origin == "synthetic" else ""
    accepted = "**Accepted deviation (counts)**: the counts differ: clips 12 instead of 255.\n\n"
    edition = "Labels: `codes.xlsx`, edition 20140508, SHA-256 `abc`."
    repairs = "## Repairs (1)\n\n- `c0`: **apex** missing"
    report = f"# {dataset}: clips\n\n{mark}{accepted}{counts}\n\n{edition}\n\n{repairs}\n"
    (root / "datasets" / dataset / "report.md").write_text(report)
    kind = "synthetic" if origin == "synthetic" else "folder"
    write_json(root / "sources" / dataset / "source.json", {"dataset": dataset, "origin": kind, "root": "x"})
    x = np.random.default_rng(0).normal(size=(len(rows), 3, 28, 28)).astype(np.float32)
    write_store(root / "inputs" / dataset / "apex_flow-28", [row["clip_id"] for row in rows], x, kind)


def drawings(root: Path) -> None:
    """A stand-in for every plot that the report takes as it is."""
    names = [f"{TASK}/{kind}" for kind in RUN_PLOTS] + ["datasets/casme2", "datasets/smic"]
    for name in names:
        path = root / "plots" / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><title>{name}</title></svg>')


def statistics(root: Path, task: str = TASK, metric: str = "uf1", models=("ststnet", "off_apexnet"),
               as_scored=False) -> Path:  # fmt: skip
    """The statistics of a table, made up: the first model is at 0.8 (0.7 to 0.9), others 0.1 below; all ties. With
    ``as_scored`` the figures are those of the scores, which a table compares with them."""
    names = [*models, "majority"] if task == TASK else list(models)
    figures = [
        Figure(name, "last", task, "all", metric, 0.8 - 0.1 * k, 0.7 - 0.1 * k, 0.9 - 0.1 * k, 0.05, 0.01, 2)
        for k, name in enumerate(names)
    ]
    pairs = tuple(Difference(models[0], name, 0.1 * k, -0.1, 0.1 + 0.1 * k, 0.2, 0.4, None, 0.6)
                  for k, name in enumerate(models) if k)  # fmt: skip
    family = TableFamily(task, "all", metric, tuple(models), ("a",) * len(models), pairs, "Some results have 2 seeds.")
    peeked = [Figure(models[0], "test_peek", task, "all", metric, 0.95, 0.9, 0.99, 0.05, 0.01, 2)]
    inflation = (Inflation(models[0], task, "all", metric, 0.15, 0.05, 0.25),)
    own = TableStatistics(task, task, metric, 0.95, 9999, "subject", 0.02, (*figures, *peeked), (family,), inflation)
    return table_statistics.write(replace(own, figures=tuple(_as_scored(root, one) for one in own.figures))
                                  if as_scored else own, root / "tables" / task)  # fmt: skip


def _as_scored(root: Path, one: Figure) -> Figure:
    """A figure moved to the mean of its scores."""
    found = [score.metrics[one.metric] for score in read_scores(root / "scores" / f"{one.task}.csv")
             if (score.model, score.selection, score.part) == (one.model, one.selection, one.part)]  # fmt: skip
    mean = sum(found) / len(found)
    return replace(one, value=mean, low=mean - 0.1, high=mean + 0.1)


def faces(root: Path, dataset: str, side: int = 40, pages: int = 2) -> Path:
    """The faces of one dataset: a clip without a face, a doubtful one, and contact sheets of noise."""
    import cv2

    folder = root / "faces" / dataset
    folder.mkdir(parents=True)
    clips = [clip for clip, subject, _ in CLIPS if subject.startswith(dataset)]
    rows = [{"clip_id": clip, "status": "ok", "reason": "", "doubt": ""} for clip in clips]
    rows[0] |= {"status": "no_face", "reason": "no face is found in the onset frame 11"}
    rows[1]["doubt"] = "weak detection (0.10)"
    write_csv(folder / "faces.csv", rows[0], rows)
    rng = np.random.default_rng(1)
    sheets = [f"sheet-{i + 1}.png" for i in range(pages)]
    for name in sheets:
        cv2.imwrite(str(folder / name), rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    counts = {"clips": len(rows), "detected": len(rows) - 1, "file": 0, "no_face": 1, "several": 0, "doubtful": 1}
    write_json(folder / "meta.json", {"dataset": dataset, "counts": counts, "sheets": sheets})
    return folder
