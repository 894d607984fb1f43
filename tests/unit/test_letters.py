"""Letters of any script in plots, sheets and the report: drawn by a font of the machine, or written out and said."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import fake_results as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from test_report import write as write_report

from mebench import letters
from mebench.faces import sheet
from mebench.files import read_json, write_json
from mebench.plots import runs, style, together
from mebench.plots.samples import drawing

CHINESE = "我的模型"


@pytest.fixture(autouse=True)
def _strict():
    """A letter that is drawn as an empty box is a warning of matplotlib, and an error here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=r"Glyph \d+")
        yield
    plt.close("all")


def make_font(path: Path, text: str, share: float) -> Path:
    """A font in which each letter of ``text`` is a black bar that is ``share`` of its square high."""
    names = {ord(letter): f"u{ord(letter):04X}" for letter in text}
    pen = TTGlyphPen(None)
    for number, corner in enumerate(((0, 0), (0, round(1000 * share)), (1000, round(1000 * share)), (1000, 0))):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    bar, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": empty, **dict.fromkeys(names.values(), bar)})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, usWinAscent=900, usWinDescent=100)
    builder.setupPost()
    builder.save(path)
    return path


def with_fonts(monkeypatch, *files):
    letters.fonts_with.cache_clear()
    monkeypatch.setattr(letters, "font_files", lambda: files)


@pytest.fixture(params=["a font", "two fonts", "no font"])
def machine(request, monkeypatch, tmp_path):
    """A machine on which the letters are in one font, in two, or in none."""
    if request.param == "no font":
        with_fonts(monkeypatch)
    elif request.param == "a font":
        with_fonts(monkeypatch, make_font(tmp_path / "one.ttf", CHINESE, 0.8))
    else:
        halves = (make_font(tmp_path / f"{part}.ttf", part, 0.8) for part in (CHINESE[:2], CHINESE[2:]))
        with_fonts(monkeypatch, *halves)
    yield request.param
    letters.fonts_with.cache_clear()


@pytest.fixture
def results(tmp_path):
    """Runs of a model, and a task, whose names are Chinese."""
    folder = fake.fill(tmp_path / "results")
    for path in (folder / "runs").rglob("run.json"):
        record = read_json(path)
        if record["model"] == "ststnet":
            write_json(path, record | {"title": CHINESE, "task_title": CHINESE})
    return folder


def run_folders(results):
    return [results / "runs" / fake.TASK / m / f"seed{s}" for m in ("ststnet", "majority") for s in (0, 1)]


def figures(results):
    """Every kind of plot, by name."""
    task = runs.load(run_folders(results))
    clips = [results / "datasets" / name / "clips.csv" for name in ("casme2", "smic")]
    return {
        **{plot: together.draw_task(plot, task) for plot in together.plot_names(task)},
        "dataset": together.draw_dataset(clips[0]),
        "input": drawing.draw(sorted((results / "inputs").glob("*/apex_flow-28")), clips),
        "message": style.message(f"No clip of {CHINESE} has this input."),
    }


def test_every_plot_draws_every_letter(results, machine, tmp_path):
    for name, figure in figures(results).items():
        style.title(figure, f"{CHINESE}: {name}", mark="")
        svg, png = style.save(figure, tmp_path / "plots" / name)
        text = svg.read_text(encoding="utf-8")
        assert (letters.NOTE in text) == (machine == "no font"), name
        assert Image.open(png).size[0] > 100
        if machine == "no font":
            assert r"\u6211\u7684\u6a21" in text
            assert CHINESE not in text


def test_letters_of_ticks_and_legends_are_drawn_too(machine, tmp_path):
    figure = style.figure(4, 3)
    axes = figure.subplots()
    axes.plot([0, 1], label=CHINESE)
    axes.set_xticks([0, 1], [CHINESE[:2], CHINESE[2:]])
    axes.set_ylabel(CHINESE[0])
    axes.legend()
    svg, _ = style.save(figure, tmp_path / "x")
    shown = re.findall(r"<!-- (.*?) -->", svg.read_text(encoding="utf-8"))
    if machine == "no font":
        assert {r"\u6211\u7684", r"\u6a21\u578b", r"\u6211"} <= set(shown)
    else:
        assert {CHINESE, CHINESE[:2], CHINESE[2:], CHINESE[0]} <= set(shown)


def test_the_letters_are_those_of_the_font_that_has_them(monkeypatch, tmp_path):
    """Seen in the pixels: bars, as high as the font has them, and no empty boxes."""
    high = {}
    for share in (0.3, 0.9):
        with_fonts(monkeypatch, make_font(tmp_path / f"bars{share}.ttf", CHINESE, share))
        figure = style.figure(3, 1)
        figure.text(0.1, 0.3, CHINESE, fontsize=30, color="black")
        _, png = style.save(figure, tmp_path / f"bars{share}")
        black = np.asarray(Image.open(png).convert("L")) < 100
        rows, columns = black.any(1).nonzero()[0], black.any(0).nonzero()[0]
        high[share] = np.ptp(rows) + 1
        assert black[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.95  # four bars side by side
        assert np.ptp(columns) + 1 == pytest.approx(4 * 30 / 72 * 120, abs=4)  # four squares of 30 points at 120 dpi
    assert high[0.9] == pytest.approx(3 * high[0.3], abs=3)


def test_figures_without_such_letters_look_for_no_font_and_keep_their_bytes(monkeypatch, tmp_path):
    def nothing():
        raise AssertionError("fonts are looked for")

    monkeypatch.setattr(letters, "font_files", nothing)
    figure = style.figure(3, 2)
    figure.subplots().set_title("Grüße, Ω, café, → and ∑ are in DejaVu Sans")
    svg, _ = style.save(figure, tmp_path / "x")
    assert letters.NOTE not in svg.read_text(encoding="utf-8")


def test_the_report_says_so_below_each_plot(results, machine):
    fake.drawings(results)
    for name, figure in figures(results).items():
        if name not in ("dataset", "input", "message"):
            style.save(figure, results / "plots" / fake.TASK / name)
    page = write_report(results)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, flags=re.DOTALL)
    told = [caption for caption in captions if "no font of this machine" in caption]
    assert bool(told) == (machine == "no font")


def test_contact_sheets_draw_every_letter(machine):
    shown = letters.pieces(f"sub01/{CHINESE} (file)")
    if machine == "no font":
        assert shown == [(r"sub01/\u6211\u7684\u6a21\u578b (file)", None)]
    else:
        names = [path and path.stem for _, path in shown]
        assert names == [None, "one", None] if machine == "a font" else [None, CHINESE[:2], CHINESE[2:], None]
        assert "".join(part for part, _ in shown) == f"sub01/{CHINESE} (file)"
    for anchor in (None, "ma"):
        plain, strange = (Image.new("L", (400, 40), "white") for _ in range(2))
        sheet._write(ImageDraw.Draw(plain), (150, 2), "sub01/ (file)", "black", 12, anchor=anchor)
        sheet._write(ImageDraw.Draw(strange), (150, 2), f"sub01/{CHINESE} (file)", "black", 12, anchor=anchor)
        wide = [np.ptp((np.asarray(image) < 128).any(0).nonzero()[0]) for image in (plain, strange)]
        more = sheet.font(12).getlength(r"\u6211\u7684\u6a21\u578b") if machine == "no font" else 4 * 12
        assert wide[1] - wide[0] == pytest.approx(more, abs=2)
    assert letters.pieces("sub01/EP02_01f") == [("sub01/EP02_01f", None)]
    assert len(sheet._shortened(CHINESE * 9, 150)) < len(CHINESE * 9)


def test_fonts_that_look_best_come_first(monkeypatch, tmp_path):
    names = ("zzz.ttf", "NotoColorEmoji.ttf", "wqy-microhei.ttc", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc",
             "LastResort.otf", "NotoSerifCJK-Regular.ttc")  # fmt: skip
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: [str(tmp_path / name) for name in names])
    letters.font_files.cache_clear()
    ranked = [path.name for path in letters.font_files() if path.parent == tmp_path]
    letters.font_files.cache_clear()
    assert ranked == ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "wqy-microhei.ttc",
                      "NotoSerifCJK-Regular.ttc", "zzz.ttf"]  # fmt: skip


def test_a_font_that_cannot_be_read_has_no_letters(monkeypatch, tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with_fonts(monkeypatch, broken, tmp_path / "gone.ttf")
    assert letters.fonts_with(frozenset(CHINESE)) == ((), frozenset(CHINESE))
    letters.fonts_with.cache_clear()


@given(st.text(max_size=30))
def test_written_out_text_has_no_letter_that_the_font_lacks(text):
    left = letters.written_out(text, letters.lacking(text))
    assert not letters.lacking(left)
    assert letters.written_out(text, ()) == text.encode("utf-8", "ignore").decode() or "\\" in left
