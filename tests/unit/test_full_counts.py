"""The short-clip datasets at full counts: readers, label sets, the composite, and what `mebench index` refuses.

Golden numbers: the annotation files of the datasets (CASME II 20140508, SAMM v2, SMIC) and the official list of
MEGC2019, as docs/protocols.md has them.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict

import pytest

from mebench import cards, cli, tasks
from mebench.clips.card import dataset_card
from mebench.files import read_csv
from mebench.indexing import checks
from mebench.inputs import long_flow
from mebench.protocols.tasks import TASKS, task
from mebench.synthetic import generate

WORKBOOKS = {  # another name for each, which no edition is known by
    "casme2": ("CASME2-coding-20140508.xlsx", "CASME2-coding-20991231.xlsx"),
    "samm": ("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM_Micro_FACS_2099.xlsx"),
    "smic_long": ("SMIC-HS-E_annotation.xlsx", "SMIC-HS-E-2099_annotation.xlsx"),
}
COUNTS = {"casme2": (255, 26), "samm": (159, 29), "smic": (164, 16), "smic_vis": (71, 8), "smic_nir": (71, 8),
          "smic_long": (161, 16)}  # fmt: skip
# emotion -> (clips, subjects)
LABELS = {
    "casme2": {"others": (99, 24), "disgust": (63, 16), "happiness": (32, 14), "repression": (27, 8),
               "surprise": (25, 10), "sadness": (7, 4), "fear": (2, 2)},
    "samm": {"anger": (57, 19), "happiness": (26, 8), "others": (26, 11), "surprise": (15, 11), "contempt": (12, 8),
             "disgust": (9, 5), "fear": (8, 6), "sadness": (6, 6)},
    "smic": {"negative": (70, 11), "positive": (51, 13), "surprise": (43, 14)},
}  # fmt: skip
OBJECTIVE = {
    "casme2": {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69},
    "samm": {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84},
}
# negative, positive and surprise of each subject on the official list of MEGC2019
MEGC2019 = {
    "smic/s": "01 3,2,1; 02 0,1,5; 03 22,11,6; 04 10,4,5; 05 1,0,1; 06 2,0,2; 08 9,4,0; 09 0,1,3; 11 3,3,1; 12 0,8,1; "
    "13 0,10,0; 14 3,2,5; 15 1,1,2; 18 2,0,5; 19 0,1,1; 20 14,3,5",
    "casme2/sub": "01 2,1,0; 02 5,1,3; 03 4,0,1; 04 2,0,0; 05 0,1,5; 06 1,1,2; 07 5,0,0; 08 1,0,0; 09 5,5,0; "
    "11 4,0,0; 12 5,2,4; 13 0,2,0; 14 0,3,0; 15 1,1,1; 16 1,2,0; 17 23,7,1; 19 3,3,5; 20 2,0,0; 21 1,0,0; 22 2,0,0; "
    "23 7,1,0; 24 2,0,1; 25 3,0,2; 26 9,2,0",
    "samm/": "006 9,0,2; 007 1,5,2; 009 3,0,1; 010 4,0,0; 011 13,7,0; 012 2,0,1; 013 6,0,0; 014 2,7,1; 015 2,0,1; "
    "016 2,1,2; 017 3,0,1; 018 2,0,1; 019 0,1,0; 020 2,2,0; 021 2,0,0; 022 3,2,0; 023 1,0,0; 024 1,0,0; 026 9,0,0; "
    "028 1,0,2; 030 3,0,0; 031 1,0,0; 032 4,0,0; 033 4,1,0; 034 3,0,0; 035 7,0,1; 036 1,0,0; 037 1,0,0",
}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """One full-size root per dataset."""
    folder = tmp_path_factory.mktemp("full")
    for name in COUNTS:
        generate.write(name, folder / name, folder / f"{name}_truth", size="full")
    return folder


@pytest.fixture(scope="module")
def readings(roots):
    return {name: cards.load("datasets", name).read(roots / name) for name in COUNTS}


@pytest.fixture(scope="module")
def clips(readings):
    return [clip for name in ("casme2", "samm", "smic") for clip in readings[name].clips]


# ------------------------------------------------------------------------------------------------ long-term flow


def test_slstt_finds_eleven_frames_in_each_of_its_577_clips(clips):
    """docs/protocols.md#eleven-frames-around-the-apex, with the one clip whose apex is mended here."""
    mended = [clip.clip_id for clip in clips if "dead apex" in ";".join(clip.repairs) and "sub05" in clip.clip_id]
    assert mended == ["casme2/sub05/EP09_05f"]
    assert len(clips) - len(mended) == 577
    for clip in clips:
        onset, apex, offset = (clip.frame(name) for name in ("onset", "apex", "offset"))
        places = long_flow.fill(long_flow.window(onset, apex, offset, 11), 11)
        assert len(places) == 11, clip.clip_id
        assert places == sorted(places)
        assert onset < places[0] <= places[-1] <= offset, clip.clip_id


# ------------------------------------------------------------------------------------------------ readers


@pytest.mark.parametrize("dataset", COUNTS)
def test_readers_find_the_full_counts(readings, dataset):
    reading, card = readings[dataset], dataset_card(dataset)
    assert (len(reading.clips), len({clip.subject for clip in reading.clips})) == COUNTS[dataset]
    assert checks.deviations(card, reading) == {}
    assert len({clip.clip_id for clip in reading.clips}) == len(reading.clips)
    assert {clip.expression for clip in reading.clips} == {"micro"}
    assert all(clip.onset < clip.apex <= clip.offset for clip in reading.clips)


@pytest.mark.parametrize("dataset", LABELS)
def test_clips_and_subjects_of_each_label(readings, dataset):
    found = defaultdict(list)
    for clip in readings[dataset].clips:
        found[clip.emotion].append(clip.subject)
    assert {emotion: (len(who), len(set(who))) for emotion, who in found.items()} == LABELS[dataset]


@pytest.mark.parametrize("dataset", OBJECTIVE)
def test_objective_classes(readings, dataset):
    assert Counter(clip.objective for clip in readings[dataset].clips) == OBJECTIVE[dataset]


@pytest.mark.parametrize("dataset", ["smic_vis", "smic_nir"])
def test_the_slow_cameras_film_eight_of_the_subjects(readings, dataset):
    clips = readings[dataset].clips
    assert {clip.subject.split("/")[1] for clip in clips} == {f"s{n}" for n in (11, 12, 13, 14, 15, 18, 19, 20)}
    assert Counter(clip.emotion for clip in clips) == {"positive": 28, "negative": 23, "surprise": 20}
    assert {clip.fps for clip in clips} == {25}


def test_the_long_clips_of_smic_hold_more_micro_expressions_than_videos(readings):
    reading = readings["smic_long"]
    per_video = Counter(clip.frames for clip in reading.clips)
    assert len(reading.videos) == len(per_video) == 157
    assert {clip.video: per_video[clip.frames] for clip in reading.clips if per_video[clip.frames] > 1} == {
        "s3_ne_02": 2,
        "s4_ne_04": 3,
        "s9_sur_01": 2,
    }
    first_ones = Counter(clip.emotion for clip in reading.clips if clip.clip_id.endswith(clip.video))
    assert first_ones == {"negative": 65, "positive": 51, "surprise": 41}


def test_shares_of_frames_are_those_of_the_real_datasets(readings):
    """Mean duration in frames, and where the apex lies between onset and offset."""
    wanted = {"casme2": (67.2, 0.51), "samm": (74.3, 0.46), "smic": (33.7, 0.5)}
    for dataset, (duration, apex) in wanted.items():
        lengths = [clip.offset - clip.onset for clip in readings[dataset].clips]
        shares = [(clip.apex - clip.onset) / n for clip, n in zip(readings[dataset].clips, lengths, strict=True)]
        assert sum(lengths) / len(lengths) + 1 == pytest.approx(duration, rel=0.08)
        assert sum(shares) / len(shares) == pytest.approx(apex, abs=0.04)


# ------------------------------------------------------------------------------------------------ label sets

SHORT = [name for name, known in TASKS.items() if set(known["datasets"]) <= {"casme2", "samm", "smic"}]


@pytest.mark.parametrize("name", SHORT)
def test_tasks_give_what_they_expect(clips, name):
    rows = tasks.kind_of(task(name)).samples([clip.row() for clip in clips])
    expected = task(name)["expected"]
    assert (len(rows), len({row["subject"] for row in rows})) == (expected["clips"], expected["subjects"])
    assert Counter(row["label"] for row in rows) == expected["classes"]


def test_counts_of_the_label_sets():
    """The literature's numbers, so that neither a task nor its expectation moves unseen."""
    assert {name: (TASKS[name]["expected"]["clips"], TASKS[name]["expected"]["subjects"]) for name in SHORT} == {
        "megc2019": (442, 68),
        "casme2-3": (145, 24),
        "samm-3": (133, 28),
        "casme2-5": (246, 26),
        "casme2-7": (255, 26),
        "casme2-objective": (185, 26),
        "samm-5": (136, 27),
        "samm-8": (159, 29),
        "samm-objective": (68, 21),
        "smic-3": (164, 16),
    }
    assert TASKS["megc2019"]["expected"]["classes"] == {"negative": 250, "positive": 109, "surprise": 83}


def test_the_composite_is_the_official_list_subject_by_subject(clips):
    found = defaultdict(Counter)
    for row in tasks.kind_of(task("megc2019")).samples([clip.row() for clip in clips]):
        found[row["subject"]][row["label"]] += 1
    official = {
        start + subject.split()[0]: [int(count) for count in subject.split()[1].split(",")]
        for start, subjects in MEGC2019.items()
        for subject in subjects.split("; ")
    }
    classes = ("negative", "positive", "surprise")
    assert {subject: [counts[c] for c in classes] for subject, counts in found.items()} == official


def test_the_composite_takes_its_parts_and_leaves_out_two_clips(clips):
    rows = tasks.kind_of(task("megc2019")).samples([clip.row() for clip in clips])
    subjects = {name: {row["subject"] for row in rows if row["dataset"] == name} for name in ("casme2", "samm", "smic")}
    assert Counter(row["dataset"] for row in rows) == {"casme2": 145, "samm": 133, "smic": 164}
    assert {name: len(who) for name, who in subjects.items()} == {"casme2": 24, "samm": 28, "smic": 16}
    everything = tasks.kind_of(task("megc2019") | {"drop": {}}).samples([clip.row() for clip in clips])
    left_out = {row["clip_id"] for row in everything} - {row["clip_id"] for row in rows}
    assert left_out == {"casme2/sub04/EP12_01f", "casme2/sub05/EP09_05f"}
    assert "casme2/sub05/EP12_03f" in {row["clip_id"] for row in rows}


# ------------------------------------------------------------------------------------------------ index


@contextlib.contextmanager
def renamed(path, name):
    """``path`` under another name for a while; also out of its folder."""
    other = path.with_name(name)
    path.rename(other)
    try:
        yield other
    finally:
        other.rename(path)


def index(dataset, root, out, *more):
    return cli.main(["index", dataset, "--root", str(root), "--out", str(out / "clips.csv"), *more])


def refused(capsys, dataset, root, out):
    """The one sentence that index ends with; nothing is written."""
    capsys.readouterr()
    assert index(dataset, root, out) == 2
    sentences = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mebench ")]
    assert len(sentences) == 1
    assert not out.exists()
    return sentences[0]


@pytest.mark.parametrize("dataset", COUNTS)
def test_a_complete_copy_is_accepted_as_it_is(roots, tmp_path, dataset):
    assert index(dataset, roots / dataset, tmp_path) == 0
    report = (tmp_path / "report.md").read_text()
    assert f"| clips | {COUNTS[dataset][0]} | {COUNTS[dataset][0]} | equal |" in report
    assert "differs" not in report
    assert "Accepted deviation" not in report
    assert len(read_csv(tmp_path / "clips.csv")) == COUNTS[dataset][0]


@pytest.mark.parametrize("dataset", COUNTS)
def test_a_copy_that_lacks_a_clip_is_refused_until_that_is_accepted(roots, readings, tmp_path, capsys, dataset):
    lost, total = readings[dataset].clips[0], COUNTS[dataset][0]
    folder = roots / dataset / lost.frames
    with renamed(folder, f".{folder.name}"):
        sentence = refused(capsys, dataset, roots / dataset, tmp_path / "out")
        assert f"clips {total - 1} instead of {total}" in sentence
        count = cards.card("datasets", dataset)["expected_emotions"][lost.emotion]
        assert f"{lost.emotion} {count - 1} instead of {count}" in sentence
        assert "accept: [counts]" in sentence
        assert index(dataset, roots / dataset, tmp_path / "out", "--accept", "counts") == 0
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"**Accepted deviation (counts)**: the counts differ from those of the card: clips {total - 1}" in report
    assert len(read_csv(tmp_path / "out" / "clips.csv")) == total - 1


@pytest.mark.parametrize("dataset", WORKBOOKS)
def test_a_workbook_of_an_unknown_edition_is_refused_until_that_is_accepted(roots, tmp_path, capsys, dataset):
    name, unknown = WORKBOOKS[dataset]
    with renamed(roots / dataset / name, unknown):
        sentence = refused(capsys, dataset, roots / dataset, tmp_path / "out")
        assert f"the workbook {unknown} is of no edition that is known" in sentence
        assert "accept: [edition]" in sentence
        # what is accepted is said, nothing else
        assert index(dataset, roots / dataset, tmp_path / "out", "--accept", "counts") == 2
        assert not (tmp_path / "out").exists()
        assert index(dataset, roots / dataset, tmp_path / "out", "--accept", "edition") == 0
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"**Accepted deviation (edition)**: the workbook {unknown}" in report
    assert f"Labels: `{unknown}`, edition unknown" in report


def test_another_seed_keeps_every_count(tmp_path):
    for dataset in ("casme2", "samm"):
        generate.write(dataset, tmp_path / dataset, tmp_path / "truth", size="full", seed=7)
        reading = cards.load("datasets", dataset).read(tmp_path / dataset)
        assert checks.deviations(dataset_card(dataset), reading) == {}
        assert Counter(clip.objective for clip in reading.clips) == OBJECTIVE[dataset]
