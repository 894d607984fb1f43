"""The report as a reader uses it, in headless Chromium: with the mouse, the keyboard, a screen reader, a narrow screen,
and without scripts."""

from __future__ import annotations

import argparse
import re

import chromium
import fake_results as fake
import pytest

from mebench.files import read_json, write_json
from mebench.verbs import report as verb

pytestmark = chromium.needed
TASKS = '{"megc2019": ["confusion", "seeds"]}'

# one visit for everything that a wide screen shows: to start Chromium takes longer than to ask
VISIT = """
const seen = element => element.getClientRects().length > 0;
const figures = () => [...document.querySelectorAll("#plots-megc2019 figure")].filter(seen).map(one => one.id);
const rows = () => [...document.querySelectorAll("#table-megc2019 tbody tr[data-model]")].filter(seen)
  .map(row => row.dataset.model);
const key = (element, name) => element.dispatchEvent(new window.KeyboardEvent("keydown", {key: name, bubbles: true}));
const answer = {};
answer.violations = (await axe.run(document)).violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
answer.first = figures();
const tabs = [...document.querySelectorAll('#plots-megc2019 [role=tab]')];
tabs[1].click();
answer.second = figures();
tabs[1].focus();
key(tabs[1], "ArrowRight");
answer.after_key = figures();
answer.focused = document.activeElement.textContent;
answer.nested = document.querySelectorAll("figure[role=tabpanel]").length;
const input = document.querySelector("#table-megc2019 input[type=search]");
answer.all_rows = rows();
input.value = "ststnet last";
input.dispatchEvent(new window.Event("input"));
answer.filtered = rows();
answer.counted = document.querySelector("#table-megc2019 [role=status]").textContent;
input.value = "";
input.dispatchEvent(new window.Event("input"));
const columns = () => [...document.querySelectorAll("#table-megc2019 thead tr:last-child th")].filter(seen).length;
answer.columns = columns();
document.querySelectorAll("#table-megc2019 .tools input[type=checkbox]")[1].click();
answer.fewer_columns = columns();
const heading = [...document.querySelectorAll("#table-megc2019 thead button")].find(one => one.textContent === "Seeds");
heading.click();
answer.sorted = heading.closest("th").getAttribute("aria-sort");
const link = document.querySelector('#table-megc2019 tr[data-model=ststnet] a.figure');
answer.link = link.getAttribute("aria-label");
link.focus();
link.click();
const panel = document.getElementById("run-panel");
answer.panel = [panel.open, panel.textContent];
answer.figure = document.getElementById("run-panel-figure").textContent;
const lines_of = element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return range.getClientRects().length;
};
answer.heading_lines = [...panel.querySelectorAll("th.num")].filter(one => one.textContent === "seed").map(lines_of);
answer.violations_of_the_panel = (await axe.run(panel)).violations.map(one => one.id);
document.getElementById("run-panel-close").click();
answer.closed = !panel.open;
answer.back = document.activeElement === link;
answer.too_wide = document.documentElement.scrollWidth > window.innerWidth;
answer.fetched = performance.getEntriesByType("resource").map(one => one.name).filter(name => !/^data:/.test(name));
answer.broken = [...document.images].filter(one => !one.naturalWidth).map(one => one.alt);
return answer;
"""
NARROW = """
const scrolls = element => {
  for (let one = element; one; one = one.parentElement) {
    if (["auto", "scroll"].includes(window.getComputedStyle(one).overflowX)) return true;
  }
  return false;
};
const out = [...document.querySelectorAll("main *")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width && (box.right > window.innerWidth + 1 || box.left < -1) && !scrolls(element);
});
const cards = [...document.querySelectorAll(".card")].filter(one => one.scrollWidth > one.clientWidth + 1).length;
return {out: out.slice(0, 5).map(one => one.outerHTML.slice(0, 120)), cards, wide: document.documentElement.scrollWidth,
  inner: window.innerWidth};
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = fake.fill(tmp_path_factory.mktemp("page") / "results")
    fake.drawings(root)
    fake.statistics(root, as_scored=True)
    fake.faces(root, "casme2")
    return root


@pytest.fixture(scope="module")
def page(results):
    return write(results)


def write(results):
    parser = argparse.ArgumentParser()
    verb.arguments(parser)
    words = ["--out", str(results / "report.html"), "--results", str(results), "--tables", "megc2019",
             "--tasks", "megc2019", "--datasets", "casme2", "smic", "--models", "ststnet", "off_apexnet",
             "--plots", TASKS, "--config-json", '{"seeds": [0, 1]}']  # fmt: skip
    verb.main(parser.parse_args(words))
    return results / "report.html"


@pytest.fixture(scope="module")
def visit(page):
    return chromium.ask(page, VISIT, with_axe=True)


def test_axe_finds_nothing_to_mend(visit):
    assert visit["violations"] == []
    assert visit["violations_of_the_panel"] == []


def test_one_plot_is_shown_and_each_is_one_choice_away(visit):
    assert visit["first"] == ["plot-megc2019-confusion"]
    assert visit["second"] == ["plot-megc2019-seeds"]
    assert visit["after_key"] == ["plot-megc2019-confusion"], "an arrow goes round"
    assert visit["focused"] == "Confusion matrices"


def test_tables_are_filtered_folded_and_sorted(visit):
    assert visit["filtered"] == ["ststnet"]
    assert len(visit["all_rows"]) > 2
    assert visit["counted"].startswith("1 of ") or visit["counted"].startswith("2 of ")
    assert visit["fewer_columns"] < visit["columns"]
    assert visit["sorted"] == "descending"


def test_a_figure_opens_what_stands_behind_it_and_gives_the_focus_back(visit):
    opened, text = visit["panel"]
    assert opened
    assert "runs of STSTNet" in visit["link"]
    for part in ("STSTNet on MEGC2019 composite", "Seeds and folds", "5/5", "Confusion, all seeds", "epochs 3",
                 "ststnet/seed0/predictions.csv", "mebench train --run megc2019/ststnet/seed0"):  # fmt: skip
        assert part in text
    assert re.fullmatch(r"UF1, Full: 0\.\d{4} \[0\.\d\d, \d\.\d\d\] ± 0\.\d{4}", visit["figure"])
    assert visit["heading_lines"] == [1], "a word is not broken in the middle"
    assert visit["closed"]
    assert visit["back"]


def test_nothing_is_fetched_and_every_picture_is_one(visit):
    assert visit["fetched"] == []
    assert visit["broken"] == []
    assert not visit["too_wide"]


def test_on_a_narrow_screen_nothing_is_cut(page):
    narrow = chromium.ask(page, NARROW, width=420)
    assert narrow == {"out": [], "cards": 0, "wide": 420, "inner": 420}


def test_without_scripts_everything_is_there(page):
    shown = """
    const seen = which => [...document.querySelectorAll(which)].filter(one => one.getClientRects().length);
    const runs = seen(".run").map(one => one.id);
    return {runs, figures: seen("figure").length, tabs: seen("[role=tab]").length};"""
    there = chromium.ask(page, shown, with_scripts=False)
    assert there == {"figures": 2 + 2 + 1, "tabs": 0,  # plots, datasets, a contact sheet
                     "runs": [f"run-megc2019-{model}" for model in ("ststnet", "off_apexnet", "majority")]}  # fmt: skip


def test_the_clock_is_no_part_of_the_page(results, page):
    before = page.read_bytes()
    for path in (results / "runs").rglob("run.json"):
        write_json(path, read_json(path) | {"seconds": 999.0, "devices": ["another"]})
    assert write(results).read_bytes() == before
