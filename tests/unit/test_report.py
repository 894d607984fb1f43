"""The report: one page without network that shows everything, and provenance.json beside it."""

from __future__ import annotations

import argparse
import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import fake_results as fake
import pytest

from mebench import cards
from mebench.errors import UserError
from mebench.files import file_digest, read_json
from mebench.report import faces, pictures
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
    fake.drawings(root)
    fake.faces(root, "casme2")
    return root


@pytest.fixture(scope="module")
def html(results):
    return write(results)


def test_the_page_is_whole_and_self_contained(html):
    page = Page(html)
    assert len(page.pictures) == len(fake.RUN_PLOTS) + 2 + 1  # two datasets, one contact sheet
    assert sum(picture.startswith("data:image/svg+xml;charset=utf-8,") for picture in page.pictures) == (
        len(fake.RUN_PLOTS) + 2
    )
    assert sum(picture.startswith("data:image/png;base64,") for picture in page.pictures) == 1
    assert not re.search(r"<link|@import|<script src", html)
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_it_shows_tables_models_papers_datasets_and_commands(html):
    assert 'class="mb-table"' in html
    assert "addEventListener" in html
    assert "STSTNet (true UAR)" not in html, "no published figure stands beside generated data"
    for text in ("Shallow Triple Stream", "arxiv.org/abs/1902.03634", "CASME II",
                 "apex</strong> missing", "mebench tables megc2019 --config", "1,683"):  # fmt: skip
        assert text in html
    assert html.count('id="ref-') >= 3  # two models and a dataset at least


def section(html, ident):
    """The part of the page with this id."""
    return html[html.index(f'id="{ident}"') :].partition("</section>")[0]


def test_a_dataset_shows_its_deviation_edition_repairs_figure_and_faces(html):
    shown = section(html, "dataset-casme2")
    warning = shown[shown.index('<div class="warn">') :].partition("</div>")[0]
    assert "<strong>Accepted deviation (counts)</strong>: the counts differ: clips 12 instead of 255." in warning
    assert '<td class="num">255</td>' in shown
    assert "edition 20140508" in shown
    assert "<summary>Repairs (1)</summary>" in shown
    assert 'alt="Clips of CASME II"' in shown
    assert "12 clips: 11 with a face, 1 without, 0 with several faces in the frame, 1 doubtful" in shown
    assert "<li><code>casme2/sub01/c0</code>: no face is found in the onset frame 11</li>" in shown
    assert "<li><code>casme2/sub01/c1</code>: weak detection (0.10)</li>" in shown
    assert "faces/casme2/sheet-2.png" in shown
    assert "Nobody has looked for faces yet" in section(html, "dataset-smic")


def test_a_page_with_faces_of_participants_says_so_and_one_with_made_ones_does_not(html, tmp_path):
    real = fake.fill(tmp_path / "results", origin="licensed")
    fake.drawings(real)
    fake.faces(real, "casme2")
    assert "It shows participants: the licence" in write(real)
    assert "It shows participants" not in html


def test_contact_sheets_fit_into_their_room_or_are_only_linked(tmp_path):
    folder = fake.faces(tmp_path, "casme2", side=1000)  # noise: 3 MB
    assert (folder / "sheet-1.png").stat().st_size > 2_500_000
    for room in (1_500_000, 700_000):
        uri = faces.picture(folder / "sheet-1.png", room)
        assert uri.startswith("data:image/jpeg;base64,")
        assert room / 4 < len(uri) < room + 30
    part = faces.faces_part(tmp_path, "casme2", 1000)
    assert part.first is None
    assert part.sheets == ("faces/casme2/sheet-1.png", "faces/casme2/sheet-2.png")


def test_a_model_without_input_for_some_clips_says_so_beside_its_task(tmp_path):
    results = fake.fill(tmp_path / "results")
    lost = ("smic/s01/c1", "smic/s01/c2")
    for seed in (0, 1):
        fake.run(results, "off_apexnet", seed, wrong=5, origin="synthetic", without=lost)
    fake.write_scores(sorted((results / "runs" / fake.TASK).glob("*/seed*")), results / "scores" / f"{fake.TASK}.csv")
    fake.drawings(results)
    html = write(results)
    Page(html)
    shown = section(html, "plots-megc2019")
    assert "OFF-ApexNet (seeds 0, 1): 2 left out, 18 predicted" in shown
    assert "<li><code>smic/s01/c2</code>: no face is found</li>" in shown
    assert "STSTNet (seed" not in shown
    assert "18 of 20 clips: 2 clips left out" in html  # the table's footnote
    assert "20 clips, 5 subjects, 6 runs" in html
    assert 'href="#left-out-megc2019"' in html
    run = next(r for r in read_json(results / "provenance.json")["runs"] if r["model"] == "off_apexnet")
    assert run["without_input"] == 2


def test_the_headline_is_the_best_ranked_model(html):
    card = html[html.index('<div class="card">') : html.index('id="tables"')]
    assert "STSTNet, best of the ranked models (last epoch selection, 2 seeds)" in card
    assert "20 clips, 5 subjects, 6 runs" in card


def test_the_recipe_that_ran_stands_beside_the_one_of_the_card(html):
    row = re.search(r"<tr><td>epochs</td>(.*?)</tr>", html).group(1)
    assert row == "<td>500</td><td><b>3</b></td>"


def test_where_a_model_differs_from_its_source_is_a_list(html):
    shown = section(html, "model-ststnet")
    deviations = cards.card("models", "ststnet")["deviations"]
    assert shown.count("<li>") == len(deviations) > 1
    for deviation in deviations:
        assert f"<i>({deviation['source']})</i>" in unescape(shown)


def test_synthetic_data_are_marked(html, tmp_path):
    assert "(SYNTHETIC DATA)</title>" in html
    assert '<p class="banner">SYNTHETIC DATA, not a result on the real dataset' in html
    real = fake.fill(tmp_path / "results", origin="licensed")
    fake.drawings(real)
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
    assert to_html(text).replace("\n", "") == (
        '<h4>A &amp; b</h4><table class="plain"><thead><tr><th>x</th><th class="num">n</th></tr></thead><tbody>'
        '<tr><td><code>c</code></td><td class="num">1</td></tr></tbody></table>'
        "<ul><li>one</li><li><strong>two</strong></li></ul><p>plain &lt;i&gt;text</p>"
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
    missing = results / "plots" / fake.TASK / "seeds.svg"
    missing.rename(tmp_path / "seeds.svg")
    with pytest.raises(UserError, match="there is no plot .*seeds.svg"):
        write(results, "--out", str(tmp_path / "x.html"))
    (tmp_path / "seeds.svg").rename(missing)
    drawn = results / "plots" / "datasets" / "smic.svg"
    drawn.rename(tmp_path / "smic.svg")
    with pytest.raises(UserError, match="there is no plot .*datasets/smic.svg; make it first"):
        write(results, "--out", str(tmp_path / "x.html"))
    (tmp_path / "smic.svg").rename(drawn)
    (tmp_path / "sheet.png").write_bytes(b"no picture" * 1000)
    with pytest.raises(UserError, match=r"sheet.png is not a picture; run `mebench faces` again"):
        faces.picture(tmp_path / "sheet.png", 1000)
    assert not (tmp_path / "x.html").exists()


def test_each_sample_picture_has_its_own_title_and_caption(results, tmp_path):
    drawn = results / "plots" / fake.TASK / "input-long_flow-384.png"
    drawn.with_suffix(".svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    out = ("--out", str(tmp_path / "x.html"))
    write(results, "--plots", f'{{"{fake.TASK}": ["confusion", "input-long_flow-384"]}}', *out)
    shown = section((tmp_path / "x.html").read_text(encoding="utf-8"), f"plots-{fake.TASK}")
    assert "<b>Flow from the onset to each frame (long_flow-384).</b> The models see a strip of pictures" in shown
    assert "Learning curves" not in shown
    with pytest.raises(UserError, match="--plots is not valid JSON"):
        write(results, "--plots", "{", *out)
    with pytest.raises(UserError, match="unknown plot 'confusions'.*did you mean 'confusion'"):
        write(results, "--plots", f'{{"{fake.TASK}": ["confusions"]}}', *out)
    drawn.with_suffix(".svg").unlink()


def test_drawings_lose_what_nobody_sees():
    drawing = """<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink">
 <!-- a -->
 <g id="axes_1">
  <path id="DejaVuSans-13" d="M 1.23456 0.123456
L 100 200
z
" style="fill: #ffffff; stroke: none"/>
  <use xlink:href="#DejaVuSans-13" transform="translate(63.625 0)"/>
  <g clip-path="url(#p0)"/>
  <clipPath id="p0"/>
  <text>two words </text>
 </g>
</svg>"""
    assert pictures.compact(drawing).strip() == (
        '<svg><g><path id="a" d="M1.23 0.123456L100 200z" style="fill:#ffffff;stroke:none"/>'
        '<use href="#a" x="63.62"/><g clip-path="url(#b)"/><clipPath id="b"/><text>two words </text></g></svg>'
    )


def test_an_svg_in_an_attribute_is_what_it_was():
    drawing = '<svg><path d="M0 0" style="fill:#fff"/>50 % &amp; more</svg>'
    uri = pictures.drawing_uri(drawing)
    assert '"' not in uri
    assert unquote(unescape(uri).partition(",")[2]).replace("'", '"') == drawing
