"""What `mebench models` makes of the cards: the table, the page of models and the bibliography."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mebench import cards, cli, papers
from mebench.catalogue import facts, listing, page
from mebench.config import recipes

DOCS = Path(__file__).parents[2] / "docs"
EVERY = facts.every_card()
MODELS = [card for card in EVERY if card["kind"] == "model"]


def test_the_committed_page_is_what_the_cards_say(capsys):
    assert cli.main(["models", "--page"]) == 0
    made, committed = capsys.readouterr().out, DOCS / "models.md"
    same = committed.is_file() and committed.read_text(encoding="utf-8") == made
    assert same, "docs/models.md is not what the cards say; run: mebench models --page > docs/models.md"


def test_the_table_has_a_line_per_model_with_its_numbers(capsys):
    assert cli.main(["models"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == list(listing.HEADER)
    assert sorted(line.split()[0] for line in lines) == cards.names("models")
    (ststnet,) = (line for line in lines if line.startswith("ststnet "))
    assert re.split(r"  +", ststnet)[1:7] == ["STSTNet", "model", "apex_flow 3x28x28", "1,683", "0.000680",
                                              "paper, plain, small"]  # fmt: skip
    assert ststnet.endswith("Liong et al., IEEE FG 2019")


def test_the_forms_of_the_list_exclude_each_other():
    with pytest.raises(SystemExit):
        cli.main(["models", "--json", "--page"])


def test_json_is_the_cards_with_their_papers_written_out(capsys):
    assert cli.main(["models", "--json"]) == 0
    said = {card["name"]: card for card in json.loads(capsys.readouterr().out)}
    assert [card | {"paper": None} for card in said.values()] == [card | {"paper": None} for card in EVERY]
    assert said["majority"]["paper"] is None
    assert said["capsulenet"]["paper"] == {
        "key": "quang2019capsulenet", "title": "CapsuleNet for Micro-Expression Recognition",
        "authors": "Quang, Chun, Tokuyama", "venue": "IEEE FG", "year": 2019, "doi": "10.1109/FG.2019.8756544",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"kind": "apex_flow", "size": 28, "channels": ["u", "v"]}, "apex_flow 2x28x28"),
        ({"kind": "long_flow", "size": 384, "channels": ["r", "g", "b"]}, "long_flow 11x3x384x384"),
        ({"kind": "long_flow", "size": 64, "channels": ["u"], "options": {"length": "t5"}}, "long_flow 5x1x64x64"),
        ({"kind": "frames", "size": 224, "frames": 6, "channels": ["r", "g", "b"]}, "frames (6+2)x3x224x224"),
        ({"kind": "frames", "size": 224, "channels": ["r", "g", "b"]}, "frames 2x3x224x224"),
        ({"kind": "roi_flow", "size": 10, "channels": ["a", "b"]}, "roi_flow 10xk"),
        ({"kind": "lbp_top", "size": 142, "channels": ["lbp_top"]}, "lbp_top (vector)"),
    ],
)
def test_the_shape_of_an_input_in_words(wanted, words):
    assert facts.shape(wanted) == words


@pytest.mark.parametrize(
    ("flops", "words"),
    [(0, "0"), (679776, "0.000680"), (88379000000, "88.4"), (2**40, "1,100"), (99.96e9, "100"), (123.4e9, "123")],
)
def test_operations_have_three_digits(flops, words):
    assert facts.gflop({"flops": flops}) == words


@pytest.mark.parametrize("card", EVERY, ids=lambda card: card["name"])
def test_a_section_shows_the_whole_recipe_of_the_paper_and_every_option(card):
    text = page.section(card)
    for key, value in recipes.resolve(card["name"])["recipe"].items():
        assert re.search(rf"^\| {key} \| .|\b{key} {re.escape(facts.plain(value))}\b", text, re.MULTILINE), key
    for option, values in card.get("options", {}).items():
        assert f"| `{option}` | {', '.join(map(facts.written, values))} |" in text
    assert all(f" {preset} |" in text for preset in card.get("presets", {}))
    assert card["notes"] in text
    assert card["licence"] in text
    cited = papers.paper(card["paper"])
    if cited:
        assert cited.title in text
        assert not cited.arxiv or f"https://arxiv.org/abs/{cited.arxiv}" in text


def test_presets_stand_side_by_side_with_the_options_that_they_choose():
    presets, rows, defaults = facts.recipe_table(cards.card("models", "htnet"))
    assert presets == ["paper", "by_class", "small"]
    assert ["size", "paper", "paper", "small"] in rows
    assert ["order", "shuffled", "by_class", "shuffled"] in rows
    assert ["lr", "5e-05", "5e-05", "0.001"] in rows
    assert "momentum 0.9" in defaults


def test_what_an_option_changes():
    assert facts.effects(cards.card("models", "ststnet")) == [
        ("variant", "paper, port",
         "port: inputs (channels strain, v, u; center none), recipe (epochs 800; weight_decay 0; weight_decay_on all; "
         "order by_class; last_batch keep; batch_norm running)"),
        ("scale", "byte, unit", "unit: inputs (range unit)"),
        ("init", "auto, narrow, torch", ""),
    ]  # fmt: skip
    card = {"options": {"pretrained": ["none", "FILE"], "deep": [True, False]}}
    assert facts.effects(card) == [("pretrained", "none, a file of weights", ""), ("deep", "true, false", "")]


def test_published_figures_are_joined_with_task_source_and_peeking():
    """HTNet's code keeps the best epoch on the test subject; figures as its authors' table has them."""
    full, *parts = facts.published("htnet")
    assert (full.task, full.part, full.peeked) == ("megc2019", "Full", "yes")
    assert full.values == {"uf1": "0.8603", "uar": "0.8475"}
    assert full.sources[0].startswith("HTNet repository")
    assert [part.part for part in parts] == ["SMIC", "CASME II", "SAMM"]
    peeked = {figure.method: figure.peeked for figure in facts.published("ststnet")}
    assert peeked["STSTNet (true UAR)"] == "no"
    assert peeked["STSTNet in MEB, best test epoch"] == "yes"
    rerun = [figure for figure in facts.published("off_apexnet") if figure.method.startswith("OFF-ApexNet (re-run")]
    assert {figure.peeked for figure in rerun} == {"unknown"}


def test_a_figure_stands_once_although_two_tables_show_it():
    """megc2019-flow repeats the rows of megc2019."""
    figures = facts.published("dual_inception")
    assert {figure.task for figure in figures} == {"megc2019"}
    assert len({(figure.method, figure.part) for figure in figures}) == len(figures) == 4


def test_a_measured_fold_is_shown():
    record = {"options": {}, "device": "NVIDIA H200", "seconds": 12.5, "peak_memory_mb": 4096,
              "share_of_peak": 0.123, "clips": 430, "epochs": 100}  # fmt: skip
    other = record | {"options": {"variant": "port"}}
    text = page.section(cards.card("models", "ststnet") | {"measured": [record, other]})
    # 435 of 430 clips, and 500 or 800 epochs for 100
    assert "| default | NVIDIA H200 | 430 x 100 |   |   | 12.5 | 63.2 | 4,096 | 12 % |" in text
    assert "| variant: port | NVIDIA H200 | 430 x 100 |   |   | 12.5 | 101 | 4,096 | 12 % |" in text


def test_links_of_the_overview_lead_to_sections():
    text = page.render(EVERY)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert headings == [card["title"] for card in EVERY]
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == anchors
