"""Leave one subject out: no subject and no clip on both sides, whatever the clips are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mebench import tasks
from mebench.errors import UserError
from mebench.protocols import loso
from mebench.protocols.tasks import TASKS, task

subjects = st.lists(
    st.sampled_from([f"{d}/{i:02d}" for d in ("casme2", "samm", "smic") for i in range(6)]), min_size=2, max_size=80
)
subjects = subjects.filter(lambda names: len(set(names)) > 1)


@given(subjects)
def test_train_and_test_share_no_subject_and_no_clip_and_cover_everything(names):
    folds = loso.folds(names)
    assert list(folds) == sorted(set(names))
    tested = []
    for fold, (train, test) in folds.items():
        assert not set(train) & set(test)
        assert sorted(train + test) == list(range(len(names)))
        assert {names[i] for i in test} == {fold}
        assert fold not in {names[i] for i in train}
        tested += test
    assert sorted(tested) == list(range(len(names)))


@given(subjects, st.integers(1, 9))
def test_shards_deal_out_every_fold_exactly_once(names, count):
    folds = sorted(set(names))
    dealt = [fold for index in range(1, count + 1) for fold in loso.shard(folds, index, count)]
    assert sorted(dealt) == folds


@given(subjects, st.integers(0, 2**31), st.randoms())
def test_the_inner_split_is_disjoint_in_subjects_and_never_sees_the_test_subject(names, seed, random):
    train, _ = loso.folds(names)[names[0]]
    if len({names[i] for i in train}) < 2:
        return
    fit, held = loso.inner_split(names, train, seed)
    assert sorted(fit + held) == sorted(train)
    assert fit
    assert held
    assert not {names[i] for i in fit} & {names[i] for i in held}
    assert names[0] not in {names[i] for i in held}
    again = loso.inner_split(names, random.sample(train, len(train)), seed)
    assert set(again[1]) == set(held), "the order of the rows decides nothing"


def test_subjects_of_the_same_number_in_two_datasets_are_two_folds():
    assert list(loso.folds(["casme2/01", "samm/01", "casme2/01"])) == ["casme2/01", "samm/01"]


def test_one_subject_is_an_error():
    with pytest.raises(UserError, match="at least two subjects"):
        loso.folds(["smic/s01", "smic/s01"])


def clip(i: int, emotion: str, dataset: str = "smic") -> dict[str, str]:
    return {"clip_id": f"{dataset}/s{i}/c", "dataset": dataset, "subject": f"{dataset}/s{i}", "emotion": emotion}


ALL = [clip(1, "negative"), clip(2, "positive"), clip(3, "surprise")]


def test_samples_are_sorted_labelled_and_limited_to_the_task():
    definition = task("megc2019")
    more = [clip(4, "others", "casme2"), clip(5, "repression", "casme2"), clip(6, "fear", "samm")]
    rows = tasks.kind_of(definition).samples([*reversed(ALL), *more])
    assert [row["label"] for row in rows] == ["negative", "negative", "negative", "positive", "surprise"]
    assert [row["clip_id"] for row in rows] == sorted(row["clip_id"] for row in rows)


def test_the_clips_that_the_official_list_leaves_out_are_left_out():
    out = {"clip_id": "casme2/sub05/EP09_05f", "dataset": "casme2", "subject": "casme2/sub05", "emotion": "disgust"}
    assert out["clip_id"] not in {row["clip_id"] for row in tasks.kind_of(task("megc2019")).samples([*ALL, out])}


def test_a_class_without_a_clip_and_a_clip_listed_twice_are_errors():
    with pytest.raises(UserError, match="no clip of the class surprise"):
        tasks.kind_of(task("smic-3")).samples(ALL[:2])
    with pytest.raises(UserError, match="listed twice"):
        tasks.kind_of(task("smic-3")).samples([*ALL, ALL[0]])


@pytest.mark.parametrize("name", TASKS)
def test_every_label_of_a_task_is_one_of_its_classes(name: str):
    definition = task(name)
    used = {label for mapping in definition["labels"].values() for label in mapping.values()}
    assert used == set(definition["classes"])
