"""docs/spotting.md, followed as it stands: its files are written, its commands run, and what it shows is printed."""

from __future__ import annotations

import argparse
import json
import re
import runpy
import shlex
from pathlib import Path

import pytest

from mebench import cli
from mebench.metrics.matchers import MATCHERS
from mebench.plan import Plan
from mebench.tasks.spotting import CARD
from mebench.verbs import decode, spotting_score

PAGE = (Path(__file__).parents[2] / "docs/spotting.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^mebench (?:decode|spotting-score) .*$", PAGE, re.MULTILINE)
YAML = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CHOICES, FIGURES = (re.findall(r"^\| .* \|$", PAGE.split(heading)[1].split("\n## ")[0], re.MULTILINE)
                    for heading in ("## The choices of a task", "## What the figures"))  # fmt: skip
SHOWN = [block.rstrip("\n") for block in re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys) -> list[str]:
    """What each command of the page prints, where its example was made."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    runpy.run_path("example.py")
    texts = []
    for line in COMMANDS:
        words, _, file = line.partition(" > ")
        assert cli.main(shlex.split(words)[1:]) == 0
        texts.append(capsys.readouterr().out)
        if file:
            Path(file).write_text(texts[-1])
    runpy.run_path("sweep.py")
    return [*texts, capsys.readouterr().out]


def test_the_page_shows_what_its_commands_print(printed):
    score, table, area = SHOWN
    decoded, second, third, _, every, sweep = (
        "\n".join(line.rstrip() for line in text.splitlines()) for text in printed
    )
    assert len(COMMANDS) == 5
    assert decoded == "intervals.csv: 38 intervals in 20 videos"
    assert second == score
    assert third.splitlines()[-1].split()[1] == "0.5333"
    assert set(table.splitlines()) <= set(every.splitlines())
    assert sweep == area
    assert json.loads(Path("score.json").read_text())["convention"]["matcher"] == "greedy"


def test_the_page_says_how_far_conventions_move_the_example(printed):
    every = sorted(float(line.split()[-1]) for line in printed[4].splitlines()[1:])
    least, most = re.search(r"From ([\d.]+) to ([\d.]+), and no interval has moved", PAGE).groups()
    assert (f"{every[0]:.2f}", f"{every[-1]:.2f}") == (least, most)


def test_the_page_names_every_option_and_value():
    for verb in (decode, spotting_score):
        parser = argparse.ArgumentParser()
        verb.arguments(parser)
        for action in parser._actions:
            for option in set(action.option_strings[-1:]) - {"--help"}:
                assert re.search(rf"[ `]{option}[ `\n]", PAGE), option
            for value in action.choices or ():
                assert re.search(rf"\b{value}\b", PAGE), (action.dest, value)
    assert all(f"`{name}`" in PAGE for name in MATCHERS)


def test_the_configuration_of_samm_lv_makes_the_table(tmp_path):
    (tmp_path / "sammlv.yaml").write_text(YAML[0].replace("/data/SAMMLV", "synthetic"))
    plan = Plan.load(tmp_path / "sammlv.yaml")
    assert plan.tables == {"sammlv-strs": "sammlv-strs"}
    assert {run.model for run in plan.runs} >= {"me_tst", "mdmd", "spotting_oracle"}
    assert "results/scores/sammlv-spotting.csv" in plan.paths.plotted("sammlv-spotting")  # intervals come with scores
    assert plan.paths.page_files("sammlv-spotting") == ["results/plots/sammlv-spotting/all_recordings.pdf"]
    assert plan.paths.events("sammlv-spotting") == ["results/sources/samm_long/data/synthetic-events.csv"]
    (tmp_path / "as-2024.yaml").write_text(
        YAML[0].replace("/data/SAMMLV", "synthetic").replace("tasks: [sammlv-spotting]\n", YAML[1])
    )
    stage = Plan.load(tmp_path / "as-2024.yaml").arguments.stage_parameters("sammlv-spotting", "mdmd")
    assert (stage["unit"], stage["empty"], stage["recognised"]) == (
        "positions", "first_frame", ["negative", "positive", "surprise"])  # fmt: skip


def test_the_page_has_every_choice_of_the_stage_with_its_values_and_default():
    rows, key = {}, ""
    for line in CHOICES[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        key = cells[0].strip("`") or key
        rows.setdefault(key, []).append(cells[1])
    assert list(rows) == list(CARD["stage"])
    shown = {"None": "null", "True": "true", "False": "false"}
    for key, values in CARD["stage_values"].items():
        cell = "; ".join(rows[key])
        words = {"<count>": "a number", "<share>": "a number", "<classes>": "a list of classes"}
        for value in values:
            assert words.get(value, f"`{shown.get(str(value), value)}`") in cell, (key, value)
        default = CARD["stage"][key]
        assert f"`{shown.get(str(default), default)}`, the default" in cell or f"a number, {default}" in cell, key


def test_the_page_says_what_each_figure_is():
    named = set(re.findall(r"`(\w+)`", "\n".join(FIGURES)))
    assert set(CARD["metrics"]) <= named
    headings = {name.strip() for line in FIGURES[2:] for name in line.split("|")[1].split(", ")}
    table = {heading for _, heading in CARD["columns"]["all"]}
    assert table - {"F1, peeked p"} <= headings
    assert "| F1, peeked p |" in PAGE
