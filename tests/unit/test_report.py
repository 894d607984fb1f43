"""The report: one page without network that shows everything, and provenance.json beside it."""

from __future__ import annotations

import argparse
import re
from html.parser import HTMLParser

import fake_results as fake
import pytest

from mebench.errors import UserError
from mebench.files import file_digest, read_json
from mebench.plots import KINDS
from mebench.report.markdown import to_html
from mebench.verbs import report as verb

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Checks that tags nest, and collects ids, links and pictures."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.pictures = [], [], [], []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"]] if "href" in attrs else []
        self.pictures += [attrs["src"]] if "src" in attrs else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another tag"


def write(results, *more):
    parser = argparse.ArgumentParser()
    verb.arguments(parser)
    words = ["--out", str(results / "report.html"), "--results", str(results), "--tables", "megc2019",
             "--tasks", "megc2019", "--datasets", "casme2", "smic", "--models", "ststnet", "off_apexnet", "majority",
             "--config-json", '{"seeds": [0, 1], "tasks": ["megc2019"]}', *more]  # fmt: skip
    verb.main(parser.parse_args(words))
    return (results / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = fake.fill(tmp_path_factory.mktemp("report") / "results")
    for kind in KINDS:  # the report takes plots as they are
        path = root / "plots" / fake.TASK / f"{kind}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><title>{kind}</title></svg>')
    return root


@pytest.fixture(scope="module")
def html(results):
    return write(results)


def test_the_page_is_whole_and_self_contained(html):
    page = Page(html)
    assert len(page.pictures) == len(KINDS)
    assert all(picture.startswith("data:image/svg+xml;base64,") for picture in page.pictures)
    assert not re.search(r"<link|@import|<script src", html)
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_it_shows_tables_models_papers_datasets_and_commands(html):
    assert 'class="mb-table"' in html
    assert "addEventListener" in html
    for text in ("STSTNet (true UAR)", "Shallow Triple Stream", "arxiv.org/abs/1902.03634", "CASME II",
                 "apex</b> missing", "mebench tables megc2019 --scores", "1,683"):  # fmt: skip
        assert text in html
    assert html.count('id="ref-') >= 3  # two models and a dataset at least


def test_the_headline_is_the_best_ranked_model(html):
    card = html[html.index('<div class="card">') : html.index('id="tables"')]
    assert "STSTNet, best of the ranked models (last epoch selection, 2 seeds)" in card
    assert "20 clips, 5 subjects, 6 runs" in card


def test_the_recipe_that_ran_stands_beside_the_one_of_the_card(html):
    row = re.search(r"<tr><td>epochs</td>(.*?)</tr>", html).group(1)
    assert row == "<td>500</td><td><b>3</b></td>"


def test_synthetic_data_are_marked(html, tmp_path):
    assert "(SYNTHETIC DATA)</title>" in html
    assert '<p class="banner">SYNTHETIC DATA, not a result on the real dataset' in html
    real = fake.fill(tmp_path / "results", origin="licensed")
    for kind in KINDS:
        (real / "plots" / fake.TASK).mkdir(parents=True, exist_ok=True)
        (real / "plots" / fake.TASK / f"{kind}.svg").write_text("<svg/>")
    assert "SYNTHETIC" not in write(real)


def test_provenance_holds_versions_configuration_and_digests(results, html):
    record = read_json(results / "provenance.json")
    assert set(record["versions"]) == {"python", "mebench", "torch", "opencv", "numpy", "snakemake"}
    assert record["versions"]["opencv"].startswith("4.")
    assert record["config"] == {"seeds": [0, 1], "tasks": ["megc2019"]}
    assert record["config_digest"] in html
    run = next(r for r in record["runs"] if (r["model"], r["seed"]) == ("ststnet", 1))
    path = results / "runs" / fake.TASK / "ststnet" / "seed1" / "predictions.csv"
    assert run["digests"]["predictions.csv"] == file_digest(path)
    assert set(run["digests"]) == {"predictions.csv", "predictions.test_peek.csv"}
    assert str(results) not in (results / "provenance.json").read_text()


def test_same_bytes_twice(results, html):
    before = (results / "provenance.json").read_bytes()
    assert write(results) == html
    assert (results / "provenance.json").read_bytes() == before


def test_a_task_without_a_named_table_is_shown_too(results, html):
    without = write(results, "--tables")
    assert 'id="table-megc2019"' in without
    assert "STSTNet (true UAR)" not in without
    write(results)


def test_a_model_of_ones_own_needs_only_a_title(results, tmp_path):
    (tmp_path / "mine.py").write_text('CARD = {"title": "Mine & yours", "module": "Mine"}\n')
    write(results, "--models", str(tmp_path / "mine.py"), "--out", str(tmp_path / "mine.html"))
    mine = (tmp_path / "mine.html").read_text()
    Page(mine)
    assert 'id="model-mine"' in mine
    assert "Mine &amp; yours" in mine


def test_our_markdown():
    text = "# T\n\n## A & b\n\n| x | n |\n| --- | ---: |\n| `c` | 1 |\n\n- one\n- **two**\n\nplain <i>\ntext"
    assert to_html(text) == (
        '<h4>A &amp; b</h4>\n<table class="plain"><thead><tr><th>x</th><th>n</th></tr></thead><tbody>'
        "<tr><td><code>c</code></td><td>1</td></tr></tbody></table>\n<ul><li>one</li><li><b>two</b></li></ul>\n"
        "<p>plain &lt;i&gt; text</p>"
    )


def test_bad_input_is_one_clear_sentence_and_writes_nothing(results, tmp_path):
    with pytest.raises(UserError, match="--config-json is not valid JSON"):
        write(results, "--config-json", "{", "--out", str(tmp_path / "x.html"))
    with pytest.raises(UserError, match="unknown table 'megc'"):
        write(results, "--tables", "megc", "--out", str(tmp_path / "x.html"))
    with pytest.raises(UserError, match="unknown model 'ststnett'.*did you mean 'ststnet'"):
        write(results, "--models", "ststnett", "--out", str(tmp_path / "x.html"))
    with pytest.raises(UserError, match="cannot read .*scores"):
        write(results, "--tasks", "casme2-5", "--out", str(tmp_path / "x.html"))
    missing = results / "plots" / fake.TASK / "flow.svg"
    missing.rename(tmp_path / "flow.svg")
    with pytest.raises(UserError, match="there is no plot .*flow.svg"):
        write(results, "--out", str(tmp_path / "x.html"))
    (tmp_path / "flow.svg").rename(missing)
    assert not (tmp_path / "x.html").exists()
