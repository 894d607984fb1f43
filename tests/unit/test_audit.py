"""The audit finds each planted fault of a prediction file, and passes the benchmark's own runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from runs_on_disk import TASK, Bench
from toy import CLASSES, write_store

from mebench import cli
from mebench.audit.checks import audit
from mebench.audit.evidence import Annotation, Evidence, Prediction, Split
from mebench.audit.inflation import measured
from mebench.audit.look import alike, looks_of
from mebench.files import read_csv, read_json, write_csv
from mebench.report import model_runs

PROJECT = Path(__file__).parents[2]
SUBJECTS = ["smic/s01", "smic/s02", "smic/s03", "smic/s04"]
Rows = list[dict[str, str]]


class Handed:
    """What somebody hands in: predictions, clips.csv and folds.csv of 24 clips of 4 subjects, and their pictures."""

    def __init__(self, root: Path):
        self.root = root
        clips = [(f"{who}/c{k}", who, CLASSES[k % 3]) for who in SUBJECTS for k in range(6)]
        self.clips: Rows = [{"clip_id": clip, "dataset": "smic", "subject": who, "emotion": label}
                            for clip, who, label in clips]  # fmt: skip
        self.predictions: Rows = [
            {"clip_id": clip, "subject": who, "fold": who, "truth": label,
             "prediction": label if place % 4 else CLASSES[0]} for place, (clip, who, label) in enumerate(clips)
        ]  # fmt: skip
        self.folds: Rows = [{"fold": fold, "clip_id": clip, "part": "test" if who == fold else "train"}
                            for fold in SUBJECTS for clip, who, _ in clips]  # fmt: skip
        self.pictures = np.random.default_rng(1).normal(size=(len(clips), 3, 28, 28)).astype(np.float32)
        self.options: list[str] = []

    def said(self, capsys, *names: str) -> tuple[int, str, dict[str, tuple[str, str]]]:
        """(exit code, verdict, name of a check -> its verdict and detail) with these of the files."""
        words = ["audit", str(self.root / "predictions.csv"), "--json", *self.options]
        write_csv(self.root / "predictions.csv", self.predictions[0], self.predictions)
        for name in names:
            if name == "inputs":
                write_store(self.root / "inputs", [row["clip_id"] for row in self.clips], self.pictures)
                words += ["--inputs", str(self.root / "inputs")]
            else:
                rows = getattr(self, name)
                write_csv(self.root / f"{name}.csv", rows[0], rows)
                words += [f"--{name}", str(self.root / f"{name}.csv")]
        code = cli.main(words)
        found = json.loads(capsys.readouterr().out)
        assert set(found) == {"verdict", "checks"}
        assert (code == 1) == (found["verdict"] == "fail")
        return code, found["verdict"], {one["name"]: (one["verdict"], one["detail"]) for one in found["checks"]}


@pytest.fixture
def handed(tmp_path) -> Handed:
    return Handed(tmp_path)


def test_good_predictions_pass(handed, capsys):
    code, verdict, checks = handed.said(capsys, "clips", "folds", "inputs")
    assert (code, verdict) == (0, "pass")
    passed = {name for name, (one, _) in checks.items() if one == "pass"}
    assert passed == {"clips_once", "truth", "subjects_disjoint", "clips_disjoint", "near_duplicates", "order"}


def test_alone_nothing_can_be_checked(handed, capsys):
    code, verdict, checks = handed.said(capsys)
    assert (code, verdict) == (0, "incomplete")
    assert checks["order"][0] == "pass"  # which says nothing of how the predictions were made
    assert "0.06 to 0.17 above the honest UF1" in checks["selection"][1]


def test_another_order_is_no_fault(handed, capsys):
    order = np.random.default_rng(4).permutation(len(handed.predictions))
    before = handed.said(capsys, "clips", "folds")
    handed.predictions = [handed.predictions[place] for place in order]
    handed.folds.reverse()
    handed.clips = [handed.clips[place] for place in order[::-1]]
    assert handed.said(capsys, "clips", "folds") == before


def fails(handed: Handed, capsys, name: str, *files: str) -> str:
    """The detail of the only check that fails."""
    code, verdict, checks = handed.said(capsys, *files)
    assert (code, verdict) == (1, "fail")
    assert [one for one, (said, _) in checks.items() if said == "fail"] == [name]
    return checks[name][1]


def test_a_clip_that_is_there_twice(handed, capsys):
    handed.predictions.append(dict(handed.predictions[3]))
    assert fails(handed, capsys, "clips_once").endswith("more than once: smic/s01/c3")


def test_a_missing_clip(handed, capsys):
    del handed.predictions[7]
    assert "not predicted: smic/s02/c1" in fails(handed, capsys, "clips_once", "clips")


def test_a_clip_that_nobody_annotated(handed, capsys):
    handed.predictions.append(handed.predictions[0] | {"clip_id": "smic/s01/c9"})
    assert "not annotated: smic/s01/c9" in fails(handed, capsys, "clips_once", "clips")


def test_a_changed_truth(handed, capsys):
    handed.predictions[4]["truth"] = "negative"
    assert "smic/s01/c4" in (detail := fails(handed, capsys, "truth", "clips"))
    assert detail.endswith("is positive, not negative")


def test_a_clip_of_another_subject(handed, capsys):
    handed.predictions[4]["subject"] = "smic/s02"
    assert "is of smic/s01, not of smic/s02" in fails(handed, capsys, "truth", "clips")


def test_a_subject_in_train_and_test(handed, capsys):
    moved = {"fold": "smic/s02", "clip_id": "smic/s02/c0", "part": "train"}
    handed.folds = [moved if row | {"part": "train"} == moved else row for row in handed.folds]
    handed.folds.append({"fold": "smic/s01", "clip_id": "smic/s02/c0", "part": "test"})
    handed.folds.remove({"fold": "smic/s01", "clip_id": "smic/s02/c0", "part": "train"})
    handed.predictions[6]["fold"] = "smic/s01"
    assert "smic/s02 is trained on" in fails(handed, capsys, "subjects_disjoint", "clips", "folds")
    # the column fold of the predictions tells it too
    assert "(smic/s02)" in fails(handed, capsys, "subjects_disjoint")


def test_a_person_under_two_names_is_one_subject(handed, capsys):
    for row in (*handed.clips, *handed.predictions, *handed.folds):
        row["clip_id"] = row["clip_id"].replace("smic/s04", "smic_vis/s01")
        for column in ("subject", "fold"):
            if column in row:
                row[column] = row[column].replace("smic/s04", "smic_vis/s01")
        if "dataset" in row:
            row["dataset"] = row["clip_id"].partition("/")[0]
    said = fails(handed, capsys, "subjects_disjoint", "folds")
    assert "smic_vis/s01, the same person as smic/s01, is trained on" in said


def test_a_clip_in_train_and_test(handed, capsys):
    handed.folds.append({"fold": "smic/s01", "clip_id": "smic/s01/c0", "part": "train"})
    code, _, checks = handed.said(capsys, "folds")
    assert code == 1
    assert checks["clips_disjoint"] == ("fail", "1 clip in train and test of the fold smic/s01: smic/s01/c0")


def test_a_copied_clip_under_another_name(handed, capsys):
    noise = np.random.default_rng(2).normal(0, 0.02, (3, 28, 28))
    handed.pictures[20] = 0.9 * handed.pictures[1] + noise  # of another subject, brighter and compressed again
    assert "smic/s01/c1 and smic/s04/c2 look alike" in fails(handed, capsys, "near_duplicates", "clips", "inputs")
    handed.pictures[20] = np.random.default_rng(3).normal(size=(3, 28, 28))
    handed.pictures[2] = handed.pictures[1]  # of the same subject: on one side of the split
    assert handed.said(capsys, "clips", "folds", "inputs")[1] == "pass"


def test_the_same_frames_under_another_name(handed, capsys):
    for place, row in enumerate(handed.clips):
        row |= {"frames": f"v{place}", "onset": "5", "offset": "25"}
    handed.clips[20] |= {"frames": "v1", "onset": "6"}
    assert "smic/s01/c1 and smic/s04/c2 are the same frames" in fails(handed, capsys, "near_duplicates", "clips")


def test_frames_on_disk(handed, capsys):
    import cv2

    for place, row in enumerate(handed.clips):
        folder = handed.root / "faces" / f"v{place}"
        folder.mkdir(parents=True)
        row |= {"frames": f"v{place}", "onset": "1", "offset": "3"}
        for number in (1, 2, 3):
            picture = np.random.default_rng(1 if place in (1, 20) else place + 9).integers(
                0, 255, (8, 8), dtype=np.uint8
            )
            cv2.imwrite(str(folder / f"img{number}.png"), np.kron(picture, np.ones((5, 5), dtype=np.uint8)))
    handed.options = ["--frames", str(handed.root / "faces")]
    assert "smic/s01/c1 and smic/s04/c2 look alike" in fails(handed, capsys, "near_duplicates", "clips")


def test_nothing_is_seen_in_what_does_not_move():
    looks = looks_of({"a": np.zeros((3, 28, 28)), "b": np.zeros((3, 28, 28)), "c": np.ones(9), "d": np.ones(9)})
    assert looks == {}
    histograms = looks_of({name: np.arange(9.0) + (name == "z") for name in "xyz"})
    assert alike(histograms) == [("x", "y")]


def history(handed: Handed, best: float, last: float) -> None:
    rows = [{"fold": who, "epoch": epoch, "test_accuracy": f"{accuracy:.6f}"} for who in SUBJECTS
            for epoch, accuracy in ((1, 0.2), (2, best), (3, last))]  # fmt: skip
    write_csv(handed.root / "history.csv", rows[0], rows)
    handed.options = ["--selection", "last", "--history", str(handed.root / "history.csv")]


def test_a_peeked_run_that_is_declared_last(handed, capsys):
    for row in handed.predictions:
        row["prediction"] = row["truth"]
    history(handed, best=1.0, last=0.5)
    detail = fails(handed, capsys, "history", "clips")
    assert "the epoch was chosen on the test subjects: the accuracy of 4 folds is that of the best epoch" in detail
    history(handed, best=0.5, last=1.0)
    assert handed.said(capsys, "clips")[2]["history"][0] == "pass"
    history(handed, best=0.9, last=0.5)
    assert "4 folds with another accuracy than the last epoch" in fails(handed, capsys, "history", "clips")


def test_a_run_that_says_it_was_peeked(handed, capsys):
    handed.options = ["--selection", "test_peek", "--model", "htnet"]
    assert "expect it 0.17 above the honest UF1" in fails(handed, capsys, "selection")


def test_the_printed_uar_of_ststnet_is_the_precision_of_its_log(handed, capsys):
    counts = [row for row in read_csv(PROJECT / "tests/unit/published_logs.csv") if row["run"] == "ststnet"]
    handed.predictions = [
        {"clip_id": f"{row['subject']}/{row['truth']}-{name}-{k}", "subject": row["subject"], "truth": row["truth"],
         "prediction": name} for row in counts for name in CLASSES for k in range(int(row[name]))
    ]  # fmt: skip
    handed.options = ["--figures", "uf1=.7353", "uar=.7605"]
    detail = fails(handed, capsys, "figures")
    assert detail == "the uar of the predictions is 0.7186, not .7605, which is their macro precision"
    handed.options = ["--figures", "uf1=.7353", "uar=.7186", "accuracy=76.92%"]
    assert handed.said(capsys)[2]["figures"][0] == "pass"


def test_emotions_become_classes_as_the_task_says(handed, capsys):
    native = {"negative": "disgust", "positive": "happiness", "surprise": "surprise"}
    for row in (*handed.clips, *handed.predictions):
        row["clip_id"] = row["clip_id"].replace("smic/s", "casme2/sub")
        row["subject"] = row["subject"].replace("smic/s", "casme2/sub")
        if "emotion" in row:
            row |= {"dataset": "casme2", "emotion": native[row["emotion"]]}
    handed.clips.append(handed.clips[0] | {"clip_id": "casme2/sub01/other", "emotion": "others"})
    assert handed.said(capsys, "clips")[1] == "pass"
    handed.clips.append(handed.clips[0] | {"clip_id": "casme2/sub01/more"})
    assert "casme2/sub01/more" in fails(handed, capsys, "clips_once", "clips")


@pytest.mark.parametrize(("options", "what"), [
    (["--folds", "bad.csv"], "has the part 'both'"),
    (["--history", "bad.csv"], "lacks the column epoch, test_accuracy"),
    (["--frames", "."], "--frames needs --clips"),
])  # fmt: skip
def test_a_bad_file_is_one_sentence(handed, options, what, capsys, monkeypatch):
    monkeypatch.chdir(handed.root)
    Path("bad.csv").write_text("fold,clip_id,part\nsmic/s01,smic/s01/c0,both\n")
    write_csv(Path("predictions.csv"), handed.predictions[0], handed.predictions)
    assert cli.main(["audit", "predictions.csv", *options]) == 2
    assert what in capsys.readouterr().err


def test_the_inflation_is_that_of_the_page():
    page = (PROJECT / "docs/megc2019-flow.md").read_text()
    for one in measured():
        rows = [line for line in page.splitlines() if line.startswith(f"| {one.title} | ") and "| +0." in line]
        assert any(f"| {one.last:.4f} | {one.peeked:.4f} | +{one.added:.3f} |" in line for line in rows), one
    assert len(measured()) == 7


def test_rows_within_a_clip_are_each_predicted_once():
    rows = [Prediction("a/b/c", "a/b", "", "", "a/b", "0", f"line {place}", str(place)) for place in range(3)]
    once = Annotation({one.key: "" for one in rows}, {"a/b/c": "a/b"})
    known = Evidence(rows, once, splits=[Split("a/b", (), ("a/b/c",))], scored=False)
    assert {one.name: one.verdict for one in audit(known).checks if one.verdict != "not checked"} == dict.fromkeys(
        ("clips_once", "subjects_disjoint", "clips_disjoint"), "pass"
    )
    twice = replace(known, predictions=[*rows, rows[0]])
    assert audit(twice).failed[0].detail == "1 clip predicted more than once: a/b/c 0"


# --- the project's own runs


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """STSTNet, its shuffled control and the majority class on four subjects, with epochs chosen on the test subject
    beside."""
    root = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        bench = Bench(root)
        bench.data()
        (root / "results/datasets/flow_images/videos.csv").write_text("video_id,dataset,subject\n")
        config = yaml.safe_load((root / "config.yaml").read_text())
        short = {"epochs": 6, "lr": 0.01}
        config |= {"models": [{"model": "ststnet", **short}, {"model": "shuffled_labels", **short}, "majority"],
                   "seeds": [0], "selection": "test_peek"}  # fmt: skip
        (root / "config.yaml").write_text(yaml.safe_dump(config))
        for model in ("ststnet", "shuffled_labels"):
            assert cli.main(["train", "--run", f"{TASK}/{model}", "--seeds", "0", "--config", "config.yaml"]) == 0
            assert cli.main(["score", "--run", f"{TASK}/{model}", "--seeds", "0", "--config", "config.yaml"]) == 0
        words = ["together", "--task", TASK, "--seeds", "0", "--config", "config.yaml", "--models", "majority"]
        assert cli.main(words) == 0
    return root


@pytest.fixture
def in_own(own, monkeypatch):
    monkeypatch.chdir(own)
    return own


def verdicts(capsys, result: str) -> tuple[str, dict[str, str]]:
    cli.main(["audit", result, "--json"])
    found = json.loads(capsys.readouterr().out)
    return found["verdict"], {one["name"]: one["verdict"] for one in found["checks"]}


def test_own_runs_pass(in_own, capsys):
    verdict, checks = verdicts(capsys, f"{TASK}/ststnet")
    assert verdict == "pass"
    assert {name for name, one in checks.items() if one == "not checked"} == {"figures"}
    assert verdicts(capsys, f"{TASK}/majority/seed0")[0] == "pass"
    assert verdicts(capsys, f"{TASK}/shuffled_labels")[1]["shuffled_labels"] == "pass"


def test_peeked_predictions_of_an_own_run_fail(in_own, capsys):
    verdict, checks = verdicts(capsys, f"{TASK}/ststnet::selection=test_peek")
    assert (verdict, checks["selection"]) == ("fail", "fail")
    run = Path(f"results/runs/{TASK}/ststnet/seed0")
    words = [
        "audit",
        str(run / "predictions.test_peek.csv"),
        "--selection",
        "last",
        "--history",
        str(run / "history.csv"),
    ]
    assert cli.main([*words, "--json"]) == 1
    checks = {one["name"]: one["verdict"] for one in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["history"] == "fail"


def test_scores_carry_the_verdict(in_own):
    scores = read_json(Path(f"results/scores/{TASK}/ststnet.json"))
    said = {(one["selection"], one["part"]): one["audit"] for one in scores}
    assert said["last", "all"] == said["last", "smic"] == "pass"
    assert said["test_peek", "all"] == "fail"
    peeked = next(one for one in scores if one["selection"] == "test_peek")
    assert peeked["audit_failed"] == "selection"
    assert len(peeked["audit_checks"]) == 11


def test_the_task_has_a_file_of_audits_and_every_row_its_verdict(in_own, tmp_path):
    words = ["--config", "config.yaml", "--out"]
    assert cli.main(["score", "--task", TASK, "--join", *words, f"results/scores/{TASK}.csv"]) == 0
    audits = read_json(Path(f"results/audit/{TASK}.json"))
    verdicts = {(one["model"], one["selection"]): one["verdict"] for one in audits}
    assert verdicts["majority", "last"] == verdicts["ststnet", "last"] == "pass"
    assert verdicts["ststnet", "test_peek"] == "fail"
    shuffled = {one["model"]: check["detail"] for one in audits for check in one["checks"]
                if check["name"] == "shuffled_labels" and one["selection"] == "last"}  # fmt: skip
    assert shuffled["majority"] == shuffled["ststnet"] == shuffled["shuffled_labels"]
    assert "audit" not in read_csv(Path(f"results/scores/{TASK}.csv"))[0]
    on_page = model_runs.audits(Path(f"results/audit/{TASK}.json"))
    assert [(one.selection, one.verdict) for one in on_page["ststnet"]] == [("last", "pass"), ("test_peek", "fail")]
    assert ("truth", "pass", "12 truths as annotated") in on_page["majority"][0].checks
    assert cli.main(["tables", TASK, *words, str(tmp_path / "table")]) == 0
    rows = {(row["model"], row["selection"]): row for row in read_csv(tmp_path / "table.csv")}
    assert rows["ststnet", "last"]["audit"] == "pass"
    peeked = rows["ststnet", "test_peek"]
    assert (peeked["audit"], peeked["audit_failed"]) == ("fail", "selection")


def test_a_fold_that_trained_on_other_clips_fails(in_own, capsys, monkeypatch):
    from mebench.audit.evidence import FoldFacts
    from mebench.runs import audited

    facts = [FoldFacts("smic/s01", train=12, test=3, train_expected=9, test_expected=3, epoch=6, last_epoch=6)]
    monkeypatch.setattr(audited, "_facts", lambda *_: facts)
    assert verdicts(capsys, f"{TASK}/ststnet")[1]["fitted"] == "fail"


def test_labels_that_leak_into_shuffled_training_are_seen(in_own, capsys):
    path = Path(f"results/runs/{TASK}/shuffled_labels/seed0/predictions.csv")
    before = path.read_text()
    rows = read_csv(path)
    write_csv(path, rows[0], [row | {"prediction": row["truth"]} for row in rows])
    assert verdicts(capsys, f"{TASK}/ststnet")[1]["shuffled_labels"] == "fail"
    path.write_text(before)
