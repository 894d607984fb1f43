"""Corruptions of texts that people or stages hand on: a clips.csv, a manifest of pictures, a configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from mebench.clips.clip import Clip, read_clips
from mebench.config.loading import load
from mebench.errors import UserError
from mebench.files import canonical_json, write_csv
from mebench.formats import CLIPS

CONFIG = """datasets:
  {dataset}: {{source: synthetic, subjects: 2, clips: 1}}
tasks: [{task}]
models:
  - {{name: quick, model: ststnet, preset: small, epochs: 2}}
  - majority
seeds: [0, 1]
selection: last
"""
PIECES = ("", " ", ",", ";", '"', "\t", "\n", "\x00", ": ", "- ", "{", "}", "~", "no", "010", "1:30", "表情", "é",
          "#", "&a", "*a", "!!python/object:os.system", "seeds: [0]", "9" * 20, "-1", "nan", "=", "%")  # fmt: skip


def clips_csv(chance: Random, dataset: str, clips: list[Clip], place: Path) -> str | tuple[str, str]:
    """One line of a clips.csv."""
    path = place / "clips.csv"
    write_csv(path, CLIPS.names, (clip.row() for clip in clips))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at] = _edited(chance, lines[at])
    path.write_text("".join(lines), encoding="utf-8", newline="")
    try:
        after = {clip.clip_id: clip for clip in read_clips(path)}
    except UserError as refusal:
        return ("clips.csv", f"two lines: {refusal}") if "\n" in str(refusal) else "refused"
    spared = clips if at == 0 else clips[: at - 1] + clips[at:]
    # a quote or a line break may join a line with the next
    same = [clip for clip in spared if after.get(clip.clip_id) == clip]
    if at and len(same) < len(spared) - 1:
        return f"clips.csv line {at + 1}: {lines[at]!r}", "clips of other lines are others"
    return "the same" if len(same) == len(spared) and len(after) == len(clips) else "changed"


def configuration(chance: Random, dataset: str, clips: list[Clip], place: Path) -> str | tuple[str, str]:
    """A configuration."""
    path = place / "config.yaml"
    path.parent.mkdir(exist_ok=True)
    task = {"casme2": "casme2-5", "samm": "samm-5", "smic": "smic-3"}.get(dataset, "megc2019-flow")
    text = CONFIG.format(dataset="flow_images" if task == "megc2019-flow" else dataset, task=task)
    path.write_text(text, encoding="utf-8")
    whole = canonical_json(load(path).document())
    path.write_text(_edited(chance, text, 3), encoding="utf-8", newline="")
    try:
        after = canonical_json(load(path).document())
    except UserError as refusal:
        return ("config.yaml", f"two lines: {refusal}") if "\n" in str(refusal) else "refused"
    return "the same" if after == whole else "changed"


def _edited(chance: Random, text: str, most: int = 2) -> str:
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(text) + 1)
        way = chance.choice(("insert", "delete", "replace", "double", "cut"))
        if way == "insert":
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif way == "delete":
            text = text[:at] + text[at + chance.randint(1, 9) :]
        elif way == "replace":
            text = text[:at] + chance.choice(PIECES) + text[at + 1 :]
        elif way == "double":
            text = text[:at] + text[max(0, at - 12) : at] + text[at:]
        elif chance.random() < 0.3:
            text = text[:at]
    return text


TEXTS: dict[str, Callable[[Random, str, list[Clip], Path], str | tuple[str, str]]] = {
    "clips.csv": clips_csv,
    "configurations": configuration,
}
