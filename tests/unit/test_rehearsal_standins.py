"""Stand-ins of a rehearsal: as many clips as the real datasets, on small faces that are found and move as is known."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from mebench import cards, cli
from mebench.acquisition.origin import complete_copy
from mebench.clips.card import dataset_card
from mebench.faces import detect
from mebench.files import read_json
from mebench.indexing import checks
from mebench.inputs import tvl1
from mebench.media.pictures import decode
from mebench.protocols.tasks import TASKS
from mebench.synthetic import faces, flow_pictures, generate, motion, rehearsal, rehearsal_scene
from mebench.synthetic.cast import random_stream
from mebench.synthetic.shown import Expression, Take

INNER = (slice(6, -6), slice(6, -6))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """(root, truth, reading) of the stand-in of SMIC-VIS, the smallest."""
    folder = tmp_path_factory.mktemp("rehearsal")
    generate.write("smic_vis", folder / "data", folder / "truth", size="rehearsal")
    return folder / "data", folder / "truth", cards.load("datasets", "smic_vis").read(folder / "data")


def test_it_is_read_as_a_complete_copy(drawn):
    root, _, reading = drawn
    assert complete_copy(root)
    assert checks.deviations(dataset_card("smic_vis"), reading) == {}
    assert read_json(root / "SYNTHETIC.json")["size"] == "rehearsal"


def test_tvl1_finds_the_known_flow_of_each_clip(drawn):
    root, truth, reading = drawn
    errors, lengths = [], []
    for clip in reading.clips[::12]:
        paths = [root / clip.frames / f"image{clip.frame(name):06d}.bmp" for name in ("onset", "apex")]
        onset, apex = (decode(path, grey=True) for path in paths)
        with np.load(truth / clip.subject.split("/")[1] / f"{clip.clip_id.split('/')[2]}.npz") as known:
            assert int(known["apex"]) == clip.frame("apex")
            error = tvl1.flow(onset, apex) - known["flow"]
        errors.append(np.sqrt((error**2).sum(0))[INNER].mean())
        lengths.append(np.sqrt((known_flow(truth, clip) ** 2).sum(0))[INNER].max())
    assert np.mean(errors) < 0.2
    assert min(lengths) > 0.8


def known_flow(truth, clip):
    with np.load(truth / clip.subject.split("/")[1] / f"{clip.clip_id.split('/')[2]}.npz") as known:
        return known["flow"]


def test_each_clip_has_all_its_frames_in_few_files(drawn):
    root, _, reading = drawn
    for clip in reading.clips:
        files = [root / clip.frames / f"image{number:06d}.bmp" for number in range(clip.onset, clip.offset + 1)]
        assert len({file.stat().st_ino for file in files}) <= rehearsal_scene.PICTURES + 2


def test_every_face_is_found_though_the_head_is_never_still():
    for number in [number for number in range(rehearsal.FACES) if number not in rehearsal.HARD][::19]:
        face = faces.make(random_stream(0, "rehearsal", str(number)))
        points = motion.Drift(0.01, 1.2, -1.2).inverse(motion.grid())
        picture = np.clip(np.rint(face.look_up(points)), 0, 255).astype(np.uint8)
        assert detect.find(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) is not None, number


def test_people_of_two_datasets_have_faces_of_their_own_and_one_in_both_parts_of_a_dataset():
    of = lambda dataset, names: {rehearsal.face_number(dataset, name) for name in names}  # noqa: E731
    casme2, samm, smic = (
        of("casme2", [f"sub{n:02d}" for n in range(1, 27)]), of("samm", [f"{n:03d}" for n in range(6, 38)]),
        of("smic", [f"s{n}" for n in range(1, 21)]),
    )  # fmt: skip
    assert len(casme2 | samm | smic) == 26 + 32 + 20
    assert rehearsal.face_number("casme3", "spNO.12") == rehearsal.face_number("casme3_long", "spNO.12")


# ------------------------------------------------------------------------------------------------ a recording


TAKE = Take("x", (
    Expression(10, 18, 25, "happy", clip="a"),
    Expression(14, 22, 30, "", kind="macro", clip="b"),  # begins before the first is over
    Expression(40, 45, 45, "surprise", clip="c"),  # whole at its offset
))  # fmt: skip


@pytest.mark.parametrize("shown", TAKE.expressions, ids=lambda shown: shown.clip)
def test_the_apex_shows_the_onset_moved_by_the_flow(shown):
    face = faces.make(random_stream(0, "rehearsal", "0"))
    scene = rehearsal_scene.Scene(face, TAKE, range(1, 51), 30, np.random.default_rng(1))
    frames = {number + 1: picture for places, picture in scene.pictures(grey=True) for number in places}
    onset, apex = (frames[number].astype(np.float32) for number in (shown.onset, shown.apex))
    place = (motion.grid() + scene.flow(shown)).astype(np.float32)
    left = np.abs(cv2.remap(apex, place[0], place[1], cv2.INTER_CUBIC) - onset)[INNER].mean()
    assert left < 0.8 * np.abs(apex - onset)[INNER].mean()
    off = cv2.remap(apex, place[0] + 0.5, place[1] + 0.5, cv2.INTER_CUBIC)
    assert np.abs(off - onset)[INNER].mean() > 1.2 * left


def test_a_picture_holds_until_the_next_and_onset_and_apex_are_drawn():
    face = faces.make(random_stream(0, "rehearsal", "0"))
    scene = rehearsal_scene.Scene(face, TAKE, range(1, 51), 30, np.random.default_rng(1))
    starts = [places[0] + 1 for places, _ in scene.pictures(grey=True)]
    assert {10, 18, 14, 22, 40, 45} <= set(starts)
    assert len(starts) < 50 / 2


# ------------------------------------------------------------------------------------------------ all datasets


@pytest.mark.parametrize("dataset", ["casme", "casme3", "casme_sq", "smic_long"])
def test_counts_and_names_are_those_that_the_reader_finds(dataset, tmp_path, monkeypatch):
    """Frames are only named, as readers look at names alone."""
    jobs = []

    def named(work):
        for job in work[3]:
            jobs.append(job)
            for name in job.names:
                (job.folder / name).touch()

    monkeypatch.setattr(rehearsal, "_draw_subject", named)
    generate.write(dataset, tmp_path / "data", tmp_path / "truth", size="rehearsal")
    reading, card = cards.load("datasets", dataset).read(tmp_path / "data"), dataset_card(dataset)
    assert checks.deviations(card, reading) == {}
    assert len(reading.clips) == card.expected["clips"]
    known = {shown.clip: shown for job in jobs for shown in job.take.expressions if shown.kind == "micro"}
    found = {clip.clip_id.split("/")[2]: clip for clip in reading.clips if clip.expression != "macro"}
    assert known.keys() == found.keys()
    assert all(shown.apex in (found[name].frame("apex"), found[name].apex) for name, shown in known.items())


def test_flow_pictures_are_those_of_the_composite(tmp_path, monkeypatch):
    blank = np.zeros((28, 28, 3), dtype=np.uint8)
    monkeypatch.setattr(flow_pictures, "_picture", lambda units, face, rng: blank)
    monkeypatch.setattr(faces, "make", lambda rng: None)
    generate.write("flow_images", tmp_path / "data", tmp_path / "truth", size="rehearsal")
    reading = cards.load("datasets", "flow_images").read(tmp_path / "data")
    expected = TASKS["megc2019-flow"]["expected"]
    assert Counter(clip.emotion for clip in reading.clips) == expected["classes"]
    assert len({clip.subject for clip in reading.clips}) == expected["subjects"]


def test_its_counts_are_the_real_ones_and_no_others(tmp_path, capsys):
    options = '{"size": "rehearsal", "subjects": 3}'
    asked = ["fetch", "smic", "--source", "synthetic", "--options", options, "--out", str(tmp_path / "source.json")]
    assert cli.main(asked) == 2
    assert "of rehearsal size has the real one's subjects and clips" in capsys.readouterr().err
