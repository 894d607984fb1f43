"""Sample pictures: one drawer for each kind of input, and clips that have no array."""

from __future__ import annotations

import fake_results as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mebench import sources
from mebench.config import input_names
from mebench.errors import UserError
from mebench.files import write_csv
from mebench.inputs import store
from mebench.inputs.roi_regions import names
from mebench.origins import MARKS
from mebench.plan import Plan
from mebench.plan.code import CodeDigests
from mebench.plots import samples, style
from mebench.plots.samples import choose, drawing, frames, long_flow, roi_flow
from mebench.plots.samples.choose import Sample

RNG = np.random.default_rng(0)
FRAMES = {"onset_row": 1, "apex_row": 0, "frames": 11}
POSITIONS = {"windows": 40, "step": 3, "first": 1, "length": 1}
# kind -> an array, the extra columns of its index, and what meta.json says
STORED = {
    "apex_flow": (RNG.normal(size=(3, 28, 28)), {}, {"scale": "pixels"}),
    **{name: (RNG.normal(size=(2, 40, 30)), {}, {"scale": "pixels"}) for name in input_names.FLOWS},
    "long_flow": (RNG.integers(0, 256, (11, 3, 16, 16)).astype(np.uint8), {"blended": 2}, {"scale": "picture"}),
    "frames": (RNG.integers(0, 256, (12, 3, 16, 16)).astype(np.uint8), FRAMES, {"scale": "byte"}),
    "texture_motion": (RNG.normal(size=(6, 16, 16)), {},
                       {"scale": "pixels", "channels": ["texture_r", "texture_g", "texture_b", "u", "v", "strain"]}),
    "lbp_top": (np.full(1125, 1 / 15), {}, {"scale": "share"}),
    "roi_flow": (RNG.normal(size=(2, 10, 30)), {"windows": 2, "step": 3, "first": 1},
                 {"scale": "pixels", "channels": names(10)}),
    "pair_flow": (RNG.integers(0, 256, (40, 3, 16, 16)).astype(np.uint8), POSITIONS, {"scale": "picture"}),
    "mdmd_feature": (np.where(np.arange(40) < 6, np.nan, RNG.normal(size=40))[:, None], POSITIONS, {"scale": "pixels"}),
}  # fmt: skip
CLASSES = ("negative", "positive", "surprise")
TIMES = {"onset": "10", "apex": "60", "offset": "90"}


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    plt.close("all")


def texts(figure):
    return [t.get_text() for t in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def stored(folder, kind, ok=("negative", "positive"), origin="synthetic", x=None):
    """A store of one clip per class in ``folder``/in, and its clips.csv; only classes in ``ok`` have an array."""
    array, extras, meta = STORED[kind]
    array = array if x is None else x
    array = array if array.dtype == np.uint8 else array.astype(np.float32)
    rows, clips = [], []
    with store.part_writer(folder / "in", "p") as part:
        for name in CLASSES:
            clip = f"smic/s01/{name}"
            clips.append(dict.fromkeys(fake.COLUMNS, "") | TIMES | {"clip_id": clip, "dataset": "smic", "subject": "",
                                                                     "emotion": name})  # fmt: skip
            row = {"clip_id": clip, "status": "no_face", "reason": "no face is found", "part": "", "start": "",
                   "shape": ""} | dict.fromkeys(extras, "")  # fmt: skip
            if name in ok:
                row |= {"status": "ok", "reason": "", "part": "p", "start": part.append(array),
                        "shape": "x".join(map(str, array.shape))} | extras  # fmt: skip
            rows.append(row)
        part.finish()
    store.finish(folder / "in", rows, tuple(extras), {"kind": kind, "origin": origin, **meta})
    write_csv(folder / "clips.csv", fake.COLUMNS, clips)
    return [folder / "in"], [folder / "clips.csv"]


def test_every_kind_of_input_has_a_picture_and_words_of_its_own():
    drawers, worded = set(drawing.DRAWERS), set(samples.TITLES)
    lacking = sorted(set(input_names.KINDS) - (drawers & worded))
    assert not lacking, (
        f"the input kinds {lacking} have no sample picture: add a file to plots/samples/, name it in DRAWERS of "
        "plots/samples/drawing.py, and say in TITLES of plots/samples/__init__.py what a model sees"
    )
    assert drawers == worded == set(STORED) == set(input_names.KINDS)


@pytest.mark.parametrize("kind", STORED)
def test_a_picture_shows_its_classes_and_says_none_where_no_clip_has_an_array(kind, tmp_path):
    figure = drawing.draw(*stored(tmp_path, kind), "smic-3")
    shown = texts(figure)
    assert set(CLASSES) <= set(shown)
    assert shown.count("none") == 1
    assert sum("smic/s01/negative" in text for text in shown) == 1
    assert any(MARKS["synthetic"] in text for text in shown)
    assert any(samples.TITLES[kind][0] in text for text in shown)
    paths = style.save(figure, tmp_path / "out")
    assert all(path.stat().st_size > 5000 for path in paths)


@pytest.mark.parametrize("kind", STORED)
def test_without_any_array_the_picture_says_why(kind, tmp_path):
    shown = texts(drawing.draw(*stored(tmp_path, kind, ok=()), "smic-3"))
    assert any("has this input (no_face: no face is found)" in text for text in shown)


def test_flow_in_pixels_is_drawn_as_a_strip_of_one_scale(tmp_path):
    x = np.zeros((5, 2, 8, 8), dtype=np.float32)
    x[1, 0], x[4, 0] = 1.0, 2.0
    strip = long_flow.pictures(Sample({}, x, {}, {}))
    assert strip.shape == (5, 8, 8, 3)
    np.testing.assert_allclose(strip[0], 1)  # still is white
    np.testing.assert_allclose(strip[4, 0, 0], (1, 0, 0))  # to the right, the longest
    np.testing.assert_allclose(strip[1, 0, 0], (1, 0.5, 0.5))  # half as long
    stored(tmp_path, "long_flow", x=x)
    assert drawing.draw([tmp_path / "in"], [tmp_path / "clips.csv"])


def test_frames_are_in_order_and_hold_the_apex():
    x = np.zeros((30, 3, 4, 4), dtype=np.uint8)
    inside = Sample({}, x, {"onset_row": "0", "apex_row": "11"}, {})
    assert frames.chosen_rows(inside) == [0, 4, 8, 11, 12, 17, 21, 25, 29]
    beyond = Sample({}, x[:4], {"onset_row": "1", "apex_row": "0"}, {})
    assert frames.chosen_rows(beyond) == [1, 2, 3, 0]


def test_the_window_of_a_recording_is_the_one_around_the_apex():
    x = np.zeros((6, 10, 30), dtype=np.float32)
    row = {"first": "1", "step": "7"}
    assert roi_flow.window(Sample({"apex": "1"}, x, row, {})) == 0
    assert roi_flow.window(Sample({"apex": str(1 + 7 * 60)}, x, row, {})) == 3  # positions 45 to 74
    assert roi_flow.window(Sample({"apex": ""}, x, row, {})) == 0


def test_every_curve_of_a_region_is_in_the_key(tmp_path, monkeypatch):
    """Single landmarks are parts of 36 channels, and not of 10."""
    for count in (10, 36):
        meta = {"scale": "pixels", "channels": names(count)}
        monkeypatch.setitem(STORED, "roi_flow", (RNG.normal(size=(2, count, 30)), STORED["roi_flow"][1], meta))
        figure = drawing.draw(*stored(tmp_path / str(count), "roi_flow"))
        panel = next(ax for ax in figure.axes if ax.get_legend())
        key = {line.get_color() for line in panel.get_legend().get_lines()}
        curves = {line.get_color() for line in panel.lines if len(line.get_xdata()) > 2}
        assert curves == key
        assert ("landmarks" in texts(figure)) == (count == 36)


def test_the_words_at_onset_apex_and_offset_do_not_lie_on_each_other(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "TIMES", {"onset": "1", "apex": "4", "offset": "7"})  # positions 0, 1 and 2 of 30
    figure = drawing.draw(*stored(tmp_path, "roi_flow"))
    figure.draw_without_rendering()
    panel = next(ax for ax in figure.axes if ax.get_legend())
    boxes = {t.get_text(): t.get_window_extent() for t in panel.texts}
    assert boxes["on"].x1 < boxes["apex"].x0
    assert boxes["apex"].x1 < boxes["off"].x0


def test_a_clip_of_a_long_video_is_found_by_its_video(tmp_path):
    _, (clips,) = stored(tmp_path, "roi_flow")
    columns = ("clip_id", "dataset", "subject", "emotion", "onset", "apex", "offset", "frames")
    row = TIMES | {"clip_id": "smic/s01/a_10", "dataset": "smic", "subject": "s01", "emotion": "negative",
                   "frames": "videos/a"}  # fmt: skip
    write_csv(clips, columns, [row])
    video = {"video_id": "smic/s01/negative", "dataset": "smic", "frames": "videos/a"}
    write_csv(tmp_path / "videos.csv", video, [video])
    assert any("smic/s01/a_10" in text for text in texts(drawing.draw([tmp_path / "in"], [clips])))


def test_a_task_of_recordings_shows_a_clip_of_each_class(tmp_path):
    x = np.random.default_rng(0).normal(size=(1, 3, 10, 30)).astype(np.float32)
    fake.write_store(tmp_path / "in", ["samm_long/006/006_1"], x, "folder", kind="roi_flow")
    base = dict.fromkeys(fake.COLUMNS, "") | TIMES
    base |= {"dataset": "samm_long", "subject": "samm_long/006", "frames": "v/006_1", "expression": "micro"}
    rows = [base | {"clip_id": f"samm_long/006/c{i}", "emotion": emotion}
            for i, emotion in enumerate(["anger", "surprise", "surprise"])]  # fmt: skip
    rows[2]["expression"] = "macro"
    write_csv(tmp_path / "clips.csv", fake.COLUMNS, rows)
    video = {"video_id": "samm_long/006/006_1", "dataset": "samm_long", "frames": "v/006_1"}
    write_csv(tmp_path / "videos.csv", video, [video])
    shown = choose.choose("roi_flow", [store.load(tmp_path / "in")], [tmp_path / "clips.csv"], "sammlv-spotting",
                          roi_flow.weight)  # fmt: skip
    assert shown.classes == ["negative", "others", "positive", "surprise"]
    found = {name: sample.name for (_, name), sample in shown.chosen.items() if sample}
    assert found == {"negative": "samm_long/006/c0", "surprise": "samm_long/006/c1"}


def test_inputs_of_two_kinds_are_refused(tmp_path):
    one, clips = stored(tmp_path / "a", "frames")
    two, _ = stored(tmp_path / "b", "lbp_top")
    with pytest.raises(UserError, match="shows one kind of input, but --inputs names frames, lbp_top"):
        drawing.draw([*one, *two], clips)


# --- which pictures a task has -------------------------------------------------------------------------------------


def plan(*models, **samm) -> Plan:
    datasets = {name: {"source": "synthetic"} for name in ("casme2", "samm", "smic")}
    datasets["samm"] |= samm
    return Plan({"datasets": datasets, "tasks": ["megc2019"], "models": list(models), "seeds": [0, 1]})


def test_each_input_is_shown_once_whatever_the_order_of_models():
    one = plan("slstt", "ststnet", "off_apexnet", "hsta", "lbp_top_svm")
    two = plan("lbp_top_svm", "hsta", "off_apexnet", "ststnet", "slstt")
    names = list(one.paths.samples["megc2019"])
    assert names == list(two.paths.samples["megc2019"])
    assert [input_names.parse(name).kind for name in names] == ["apex_flow", "frames", "lbp_top", "long_flow"]
    assert one.paths.plots("megc2019")[-len(names) :] == [f"input-{name}" for name in names]
    assert one.paths.samples["megc2019"]["apex_flow-28"] == [
        f"results/inputs/{name}/apex_flow-28" for name in ("casme2", "samm", "smic")
    ]


def test_an_input_that_is_cropped_in_one_dataset_alone_is_one_picture():
    made = plan("ststnet", "off_apexnet", crop="detected")
    assert made.paths.samples["megc2019"] == {
        "apex_flow-28.eyes": [
            "results/inputs/casme2/apex_flow-28",
            "results/inputs/samm/apex_flow-28.eyes",
            "results/inputs/smic/apex_flow-28",
        ]
    }


def test_every_input_has_a_title_and_a_sentence():
    title, caption = samples.title_and_caption("long_flow-384.tvl1.nose")
    assert title == "Flow from the onset to each frame (long_flow-384.tvl1.nose)"
    assert caption.startswith("The models see a strip of pictures")


def test_a_changed_drawer_draws_its_pictures_again(monkeypatch):
    before = sources.fingerprint("verbs/plots.py")
    read = sources._content
    for name in {module.__name__.rsplit(".", 1)[1] for module in drawing.DRAWERS.values()}:
        changed = f"plots/samples/{name}.py"
        monkeypatch.setattr(
            sources, "_content", lambda path, at, c=changed: read(path, at) + b"#" * path.match(f"*/{c}")
        )
        assert CodeDigests().area("plots") != before, changed
