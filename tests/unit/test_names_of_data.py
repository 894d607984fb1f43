"""Spellings of datasets, subjects and clips: known ones are one name everywhere, others are refused; one person is one
subject."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench import cards
from mebench.clips.card import dataset_card
from mebench.clips.clip import Clip
from mebench.clips.clip_names import clip_name, known_clip
from mebench.clips.dataset_names import SPELLINGS, dataset_name, known_dataset, one_each, part_name
from mebench.clips.persons import SAME_PEOPLE, person, refuse_one_person_twice
from mebench.clips.reading import Reading
from mebench.clips.spelling import SUBJECTS, subject_name
from mebench.errors import UserError
from mebench.files import read_csv, write_csv
from mebench.indexing import decisions
from mebench.indexing import read as indexing
from mebench.metrics.given import read_given
from mebench.plan import Plan
from mebench.spotting import interval_file
from mebench.synthetic import generate
from mebench.tables import table_file
from mebench.training.rows import run_rows

# as papers, releases, public lists and repositories write them
WRITTEN = {
    "CASME": "casme", "CASME I": "casme", "Casme1": "casme", "CASME II": "casme2", "CASMEII": "casme2",
    "casme 2": "casme2", "CASME-II": "casme2", "CASME_2": "casme2", "Casme2": "casme2", " CASME\u00a0II ": "casme2",
    "ＣＡＳＭＥ２": "casme2", "CASME Ⅱ": "casme2", "CAS(ME)^2": "casme_sq", "CAS(ME)²": "casme_sq",
    "CAS(ME)2": "casme_sq",
    "CASME^2": "casme_sq", "CASME²": "casme_sq", "casme_sq": "casme_sq", "CASME squared": "casme_sq",
    "CAS(ME)^3": "casme3", "CAS(ME)3": "casme3", "CAS(ME)³": "casme3", "CASME3": "casme3", "CASME III": "casme3",
    "CASME^3": "casme3", "casme3_long": "casme3_long", "CAS(ME)^3 long videos": "casme3_long", "SAMM": "samm",
    "samm ": "samm", "SAMM Long": "samm_long", "SAMM Long Videos": "samm_long", "SAMM-LV": "samm_long",
    "SAMMLV": "samm_long", "SMIC": "smic", "SMIC-HS": "smic", "SMIC HS": "smic", "smic_hs": "smic",
    "SMIC-VIS": "smic_vis",
    "SMIC-NIR": "smic_nir", "SMIC-E": "smic_long", "SMIC-E-HS": "smic_long", "SMIC long": "smic_long", "MMEW": "mmew",
}  # fmt: skip
UNKNOWN = ["4DME", "CASME4", "CAS(ME)", "CAS(ME)II", "SMIC-X", "casme22", "", "?", "CK+", "casme2;samm"]


@pytest.mark.parametrize("text", WRITTEN)
def test_known_spellings(text):
    assert dataset_name(text, "here") == WRITTEN[text]


@pytest.mark.parametrize("text", UNKNOWN)
def test_other_names_are_refused_with_their_place(text):
    with pytest.raises(UserError, match=r"m.csv line 7 names the dataset '.*', which is not known"):
        dataset_name(text, "m.csv line 7")


def test_every_dataset_of_the_package_is_known_by_its_name_and_its_title():
    names = [name for name in cards.names("datasets") if name != "flow_images"]
    assert set(SPELLINGS) == set(names), "say how people spell a new dataset"
    for name in names:
        assert known_dataset(name) == known_dataset(name.upper()) == name
        assert known_dataset(cards.card("datasets", name)["title"]) == name


def test_a_dataset_of_ones_own_is_known_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert known_dataset("garden") is None
    Path("datasets").mkdir()
    Path("datasets/garden.py").write_text("CARD = {'title': 'Garden'}\n")
    assert known_dataset(" Garden ") == "garden"


# --- every place where people name a dataset


def manifest(tmp_path: Path, name: str) -> set[str]:
    (tmp_path / "a.png").touch()
    (tmp_path / "manifest.csv").write_text(f"dataset,subject,clip,emotion,image\n{name},1,a,negative,a.png\n")
    reading = indexing.read("flow_images", tmp_path)
    return {clip.dataset for clip in reading.clips} | {clip.clip_id.split("/")[0] for clip in reading.clips}


def predictions(tmp_path: Path, name: str) -> set[str]:
    (tmp_path / "p.csv").write_text(f"dataset,truth,prediction\n{name},a,a\n")
    return {row["dataset"] for row in read_given(tmp_path / "p.csv")}


def intervals(tmp_path: Path, name: str) -> set[str]:
    (tmp_path / "p.csv").write_text(f"dataset,subject,video,onset,offset\n{name},1,v,1,2\n")
    return {video.dataset for video in interval_file.read(tmp_path / "p.csv").videos}


def clip_id(tmp_path: Path, name: str) -> set[str]:
    return {clip_name(f"{name}/1/a").split("/")[0]}


def configuration(tmp_path: Path, name: str) -> set[str]:
    config = {"datasets": {name: {"source": "synthetic"}}, "tasks": [own(name)], "models": ["majority"]}
    return set(Plan(config).datasets)


def task(tmp_path: Path, name: str) -> set[str]:
    config = {"datasets": {"casme2": {"source": "synthetic"}}, "tasks": [own(name)], "models": ["majority"]}
    definition = Plan(config).tasks["mine"]
    return {*definition["datasets"], *definition["labels"]}


def own(name: str) -> dict[str, object]:
    labels = {"disgust": "negative", "happiness": "positive", "surprise": "surprise"}
    return {
        "name": "mine",
        "datasets": [name],
        "classes": ["negative", "positive", "surprise"],
        "labels": {name: labels},
    }


def table(tmp_path: Path, name: str) -> set[str]:
    (tmp_path / "t.yaml").write_text(
        f"title: T\ntask: casme2-3\nparts: {{'{name}': A}}\ncolumns: [['{name}', uf1, UF1]]\n"
    )
    description = table_file.read(str(tmp_path / "t.yaml"))
    return {*description.parts, *(column.part for column in description.columns)}


def excluded(tmp_path: Path, name: str) -> set[str]:
    clip = Clip("casme2/sub01/a", "casme2", "casme2/sub01")
    wanted = decisions.choices({"exclude": {f"{name}/Sub 1/a": "blurred"}})
    other = Clip("casme2/sub02/b", "casme2", "casme2/sub02")
    _, decided = decisions.apply(dataset_card("casme2"), Reading([clip, other]), tmp_path, wanted)
    return {name.split("/")[0] for name in decided.excluded}


PLACES = {"excluded": excluded, "manifest": manifest, "predictions": predictions, "intervals": intervals,
          "clip_id": clip_id, "configuration": configuration, "task": task, "table": table}  # fmt: skip


@pytest.mark.parametrize("name", ["casme2", "CASME II", "CASME-2", " casme II "])
@pytest.mark.parametrize("place", PLACES)
def test_every_place_knows_the_spellings(tmp_path, place, name):
    assert PLACES[place](tmp_path, name) == {"casme2"}


@pytest.mark.parametrize("place", ["manifest", "configuration", "task"])
def test_an_unknown_dataset_is_refused(tmp_path, place):
    with pytest.raises(UserError, match="CASME IX"):
        PLACES[place](tmp_path, "CASME IX")


def test_one_dataset_in_two_spellings_is_refused_in_a_configuration():
    with pytest.raises(UserError, match="has the dataset casme2 twice, as 'CASME II' and as 'casme2'"):
        one_each(["CASME II", "casme2"], "c.yaml")
    config = {"datasets": {name: {"source": "synthetic"} for name in ("CASME II", "casme2")}}
    with pytest.raises(UserError, match="the configuration has the dataset casme2 twice"):
        Plan(config)


def test_parts_of_other_data_keep_their_names():
    assert part_name(" My data ") == "My data"
    assert part_name("all") == "all"


@pytest.mark.parametrize("verb", ["fetch", "index", "faces", "inputs"])
def test_verbs_take_the_spellings(verb):
    parser = argparse.ArgumentParser()
    importlib.import_module(f"mebench.verbs.{verb}").arguments(parser)
    action = next(action for action in parser._actions if action.dest == "dataset")
    assert action.type is not None
    assert action.type("CASME II") == "casme2"


# --- clips


@pytest.mark.parametrize("dataset", sorted({*generate.NAMES, *generate.LONG, *generate.PICTURES}))
def test_clip_ids_of_this_benchmark_are_their_own_names(dataset):
    for row in generate.announced(dataset, {"subjects": 3, "clips": 2, "seed": 1}):
        assert clip_name(row["clip_id"]) == row["clip_id"]


def test_clip_ids_in_other_spellings():
    known = {"casme2/sub01/EP02_01f", "samm/006/006_1_2"}
    assert known_clip("CASME II/Sub 1/EP02_01f", known) == "casme2/sub01/EP02_01f"
    assert known_clip("samm\\6.0\\006_1_2 ", known) == "samm/006/006_1_2"
    assert known_clip("mine/1/a", known) == "mine/1/a"


# --- persons

PREFIXES, SIGNS = ["", "s", "sub", "Sub", "SUBJECT", "subj", "No"], ["", " ", "-", "_", "."]
AFTER = ["", ".0", " ", "\u00a0", "\u200b"]
SPELLED = st.tuples(
    st.sampled_from(PREFIXES), st.sampled_from(SIGNS), st.integers(1, 40), st.integers(1, 4), st.sampled_from(AFTER)
)


def spelled(parts: tuple[str, str, int, int, str]) -> str:
    prefix, sign, number, width, after = parts
    return f"{prefix}{sign if prefix else ''}{number:0{width}d}{after}"


@given(SPELLED, SPELLED)
@settings(max_examples=100, deadline=None)
def test_two_subjects_are_one_person_if_their_numbers_are_equal(one, two):
    assert (person(f"x/{spelled(one)}") == person(f"x/{spelled(two)}")) == (one[2] == two[2])


@pytest.mark.parametrize("dataset", SUBJECTS)
def test_names_of_subjects_are_fixed_points(dataset):
    name = subject_name(dataset, " 7.0 ")
    assert subject_name(dataset, name) == subject_name(dataset, name.upper()) == subject_name(dataset, "０７") == name
    with pytest.raises(UserError, match=r"^m.csv line 3: 'bob' is not a subject"):
        subject_name(dataset, "bob", "m.csv line 3")


def test_other_people_are_other_people():
    refuse_one_person_twice(
        ["x/a1", "x/b1", "x/anna", "x/1", "x/2", "y/1", "casme2/sub01", "samm/001", "x/s1a"], "here"
    )


@pytest.mark.parametrize(
    "pair",
    [("x/Anna", "x/anna "), ("x/01", "x/1"), ("x/sub1", "x/1.0"), ("x/１", "x/1"), ("x/a\u00a0b", "x/A b"),
     *((f"{one}/7", f"{other}/7") for one, other in SAME_PEOPLE.items())],
)  # fmt: skip
def test_one_person_under_two_names_is_refused(pair):
    with pytest.raises(UserError, match="are one person under two names"):
        refuse_one_person_twice(pair, "clips.csv")


def test_a_reader_of_ones_own_cannot_split_a_person(tmp_path, monkeypatch):
    clips = [Clip(f"x/{name}/a", "x", f"x/{name}") for name in ("01", "1")]

    class Reader:
        @staticmethod
        def read(root: Path) -> Reading:
            return Reading(clips)

    monkeypatch.setattr(cards, "load", lambda kind, name: Reader)
    with pytest.raises(UserError, match="x in .*: the subjects x/01 and x/1 are one person"):
        indexing.read("x", tmp_path)


def test_a_clips_table_cannot_split_a_person(toy):
    rows = read_csv(toy.clips)
    rows[0]["subject"] = "casme2/0"
    write_csv(toy.clips, rows[0], rows)
    with pytest.raises(UserError, match="clips.csv: the subjects casme2/0 and casme2/s00 are one person"):
        run_rows(toy.spec("majority"), [toy.clips], [toy.inputs])


def test_a_task_of_two_datasets_with_the_same_people_is_refused():
    definition = {**own("smic"), "datasets": ["smic", "SMIC-VIS"]}
    config = {"datasets": {n: {"source": "synthetic"} for n in ("smic", "smic_vis")}, "tasks": [definition]}
    with pytest.raises(UserError, match="the task mine: the subjects smic/1 and smic_vis/1 are one person"):
        Plan(config)


def test_the_manifest_of_two_persons_has_two_subjects(tmp_path):
    names = ["01", "1", "1.0", "sub1", " Sub-01 ", "02", "2", "２"]
    lines = [f"CASME II,{name},c{i},negative,a.png" for i, name in enumerate(names)]
    (tmp_path / "a.png").touch()
    (tmp_path / "manifest.csv").write_text("dataset,subject,clip,emotion,image\n" + "\n".join(lines) + "\n")
    reading = indexing.read("flow_images", tmp_path)
    assert {clip.subject for clip in reading.clips} == {"casme2/sub01", "casme2/sub02"}
    assert len(reading.clips) == len(names)
