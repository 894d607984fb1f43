"""A small results folder of spotting: two models and a control on four recordings, scored, without any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mebench.files import write_csv, write_json
from mebench.runs.scores import write_scores
from mebench.spotting.recording import from_text
from mebench.tasks.spotting import CARD

TASK = {"name": "tiny-spotting", "kind": "spotting", "expression": "micro", "classes": ["negative", "positive"],
        "datasets": ["samm_long"], "labels": {"samm_long": {"anger": "negative", "happiness": "positive"}}}  # fmt: skip
FRAMES = 60
# recording -> its labels: sharp finds the first of a, both of b; c has no label
TRUTH = {"006/a": "22..30 negative;40..48 positive", "006/b": "10..18 negative;30..38 negative", "007/c": "",
         "007/d": "20..28 positive"}  # fmt: skip
SHARP = {"006/a": [(26, 0)], "006/b": [(14, 0), (34, 1)], "007/c": [(12, 0), (40, 1)], "007/d": [(28, 1)]}
FLAT: dict[str, list[tuple[int, int]]] = {name: [] for name in TRUTH}
FIXED = {"006/a": "22..30 negative;24..32 negative", "006/b": "", "007/c": "", "007/d": ""}
STAGE = CARD["stage"]


def fill(root: Path, **stage: object) -> list[Path]:
    """The folders of the runs, after scoring."""
    folders = [run(root, "sharp", "Sharp", SHARP), run(root, "flat", "Flat", FLAT), control(root)]
    score(root, folders, **stage)
    return folders


def score(root: Path, folders: list[Path], **stage: object) -> Path:
    write_scores(folders, root / "scores" / "tiny-spotting.csv", STAGE | stage)
    return root / "scores" / "tiny-spotting.csv"


def run(root: Path, model: str, title: str, middles: dict[str, list[tuple[int, int]]], seed: int = 0) -> Path:
    """A run whose scores have a bump of the emotion with the given number around each of the ``middles``."""
    numbers = np.concatenate([scores(middles[name]) for name in TRUTH])
    return written(root, model, title, "model", seed, [row(name, number) for number, name in enumerate(TRUTH)], numbers)


def control(root: Path) -> Path:
    """A run that predicts intervals: a hit, and a second prediction for the same label."""
    rows = [row(name, 0, intervals=FIXED[name], count="0") for name in TRUTH]
    return written(root, "fixed", "Fixed", "control", 0, rows, np.zeros((0, 4), dtype=np.float32))


def scores(middles: list[tuple[int, int]]) -> np.ndarray:
    numbers = np.zeros((FRAMES, 4), dtype=np.float32)
    numbers[:, 3] = 1  # neutral, which is no class of a frame under strategy 2
    for middle, emotion in middles:
        bump = np.maximum(0, 1 - np.abs(np.arange(1, FRAMES + 1) - middle) / 8)
        numbers[:, 0] += bump
        numbers[:, 1 + emotion] += 2 * (bump > 0)
    return numbers


def row(name: str, number: int, **other: str) -> dict[str, str]:
    subject, video = name.split("/")
    types = ";".join("micro" for _ in from_text(TRUTH[name]))
    return {"clip_id": f"samm_long/{name}", "dataset": "samm_long", "subject": f"samm_long/{subject}",
            "fold": f"samm_long/{subject}", "seed": "0", "video": video, "first": "1", "step": "1",
            "frames": str(FRAMES), "windows": "1", "truth": TRUTH[name], "types": types, "train_mean": "8.0",
            "train_median": "8.0", "intervals": "", "start": str(FRAMES * number), "count": str(FRAMES),
            **other}  # fmt: skip


def written(root: Path, model: str, title: str, kind: str, seed: int, rows: list[dict[str, str]], numbers) -> Path:
    folder = root / "runs" / "tiny-spotting" / model / f"seed{seed}"
    write_csv(folder / "predictions.csv", rows[0], rows)
    np.save(folder / "predictions.npy", numbers)
    write_csv(folder / "history.csv", ["fold", "epoch", "train_loss", "train_frames_right"], [])
    write_json(folder / "run.json", {
        "task": "tiny-spotting", "task_title": "Tiny", "model": model, "title": title, "kind": kind, "seed": seed,
        "selection": "last", "classes": TASK["classes"], "origin": "synthetic", "folds_expected": 2, "folds_done": 2,
        "clips": 5, "rows": len(rows), "failed": [], "without_input": {}, "versions": {},
        "spec": {"model": model, "options": {}, "recipe": {}, "task": TASK}, "note": "",
    })  # fmt: skip
    return folder


def datasets(root: Path) -> tuple[Path, Path]:
    """The clips.csv of the recordings, with a macro-expression and videos.csv beside it, and a list of events."""
    folder = root / "datasets" / "samm_long"
    clips = [{"frames": f"v/{name}", "onset": label.onset, "offset": label.offset, "expression": "micro"}
             for name, text in TRUTH.items() for label in from_text(text)]  # fmt: skip
    clips.append({"frames": "v/007/c", "onset": 5, "offset": 25, "expression": "macro"})
    write_csv(folder / "clips.csv", clips[0], clips)
    videos = [{"dataset": "samm_long", "subject": f"samm_long/{name[:3]}", "video": name[4:], "frames": f"v/{name}"}
              for name in TRUTH]  # fmt: skip
    write_csv(folder / "videos.csv", videos[0], videos)
    events = [("micro", "006", "a", 22, 30), ("macro", "007", "c", 5, 25), ("blink", "007", "c", 39, 42)]
    write_csv(root / "events.csv", ("dataset", "subject", "video", "kind", "first", "last"), [
        {"dataset": "samm_long", "subject": f"samm_long/{subject}", "video": video, "kind": kind, "first": first,
         "last": last} for kind, subject, video, first, last in events
    ])  # fmt: skip
    return folder / "clips.csv", root / "events.csv"
