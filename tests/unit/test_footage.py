"""Footage of one's own: frames of files and folders, what a network says of them, and what is wrong in one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mebench import cli, models, tasks
from mebench.config import input_names
from mebench.datasets import casme2
from mebench.files import read_csv
from mebench.footage import frames, recognised
from mebench.footage.made import input_of
from mebench.inputs import build, store
from mebench.log import show
from mebench.plan import Plan
from mebench.runs import code_of_fold, final_card, final_files
from mebench.runs.final_files import FinalRecord, Learned
from mebench.runs.paths import RunFiles
from mebench.runs.records import FoldRecord
from mebench.training.batches import OnDisk
from mebench.training.network import Network, tensors_of
from mebench.training.reading import one_input

TASKS = {"smic-3": "smic", "sammlv-spotting": "samm_long"}


def network(folder: Path, model: str | dict, task: str = "smic-3", origin: str = "synthetic") -> Path:
    """The weights and the card of an untrained network, as a training on everyone leaves them."""
    plan = Plan({"datasets": {TASKS[task]: {"source": "synthetic"}}, "tasks": [task], "models": [model]})
    spec, kind = plan.runs[0].spec, tasks.kind_of(plan.tasks[task])
    torch.manual_seed(0)
    net = models.build(spec["model"], num_classes=kind.outputs, **spec["options"])
    labels = {"expressions": {}, "train_mean": "10.5", "train_median": "11"} if task != "smic-3" else {}
    record = FinalRecord(
        plan.runs[0].id,
        FoldRecord(
            "everyone", "f", "done", "", spec=spec, made_from={"model": code_of_fold.model_digest(spec["model"])}
        ),
        Learned(origin, {TASKS[task]: {"subjects": 2, "clips": 9}}, ["a", "b"], {TASKS[task]: "apex_flow-28"}, labels),
    )
    files = RunFiles(folder / "run", spec, [], [])
    final_files.write_weights(files.run / "final/weights.safetensors", tensors_of(net.state_dict(), {}), record)
    final_card.write(files, folder / "none.json", plan.arguments.stage_parameters(task, files.spec["label"]))
    return files.run / "final/weights.safetensors"


@pytest.fixture(scope="session")
def clip(generated_casme2):
    """A generated clip, and the folder of its frames."""
    one = max(casme2.read(generated_casme2).clips, key=lambda clip: clip.offset - clip.onset)
    return one, generated_casme2 / one.frames


@pytest.fixture(scope="session")
def spotter(tmp_path_factory) -> Path:
    return network(tmp_path_factory.mktemp("spotter"), {"model": "me_tst", "preset": "small"}, "sammlv-spotting")


@pytest.fixture(scope="session")
def recogniser(tmp_path_factory) -> Path:
    return network(tmp_path_factory.mktemp("recogniser"), {"model": "ststnet", "preset": "small"})


def times(one) -> list[str]:
    return ["--onset", str(one.onset), "--apex", str(one.apex), "--offset", str(one.offset)]


# --- recognition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["ststnet", "slstt", "hsta", "msmmt", "me_tst", "lbp_top_svm"])
def test_a_clip_of_a_dataset_gets_the_numbers_that_the_benchmark_gives_it(tmp_path, clip, generated_casme2, model):
    one, folder = clip
    entry = model if model == "lbp_top_svm" else {"model": model, "preset": "small"}
    weights = network(tmp_path, entry)
    command = ["recognise", str(folder), "--weights", str(weights), "--out", str(tmp_path / "out"), "--fps", "200"]
    assert cli.main([*command, "--crop", "provided", *times(one)]) == 0

    spec = final_files.read(weights).spec
    wanted = input_of(spec["inputs"], "provided")
    if wanted.base:
        make_input(input_names.parse(wanted.base), one, generated_casme2, tmp_path / "base")
    make_input(wanted, one, generated_casme2, tmp_path / "input", tmp_path / "base")
    kept, kind = store.load(tmp_path / "input"), tasks.kind_of(spec["task"])
    x = OnDisk(1, lambda row, draw: one_input(kind, {"clip_id": one.clip_id}, kept, spec["inputs"]))
    (shares,) = Network(spec, load_file(weights), x.dim()).predict(x)
    (row,) = read_csv(tmp_path / "out/prediction.csv")
    assert [row[f"p_{name}"] for name in kind.classes] == [f"{share:.6f}" for share in shares.tolist()]
    assert row["prediction"] == kind.classes[int(shares.argmax())]
    assert (tmp_path / "out/input.png").stat().st_size > 5000
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["input.png", "input.svg", "prediction.csv"]


def make_input(spec, one, root: Path, out: Path, base: Path | None = None) -> None:
    job = build.InputJob(spec, root, "synthetic", base=base if spec.base else None)
    build.make(job, [one], out)
    build.finish(job, [one], out)


def test_it_says_what_was_trained_on_whose_licence_applies_and_that_nobody_scored_it(tmp_path, clip, capsys):
    one, folder = clip
    weights = network(tmp_path, {"model": "ststnet", "preset": "small"}, origin="licensed")
    command = ["recognise", str(folder), "--weights", str(weights), "--out", str(tmp_path / "out"), *times(one)]
    assert cli.main([*command, "--crop", "provided"]) == 0
    said = capsys.readouterr().out
    assert (
        "network: STSTNet (small), trained for SMIC-HS, 3 classes, LOSO, on everyone of smic (9 clips, 2 subjects)"
        in said
    )
    assert "benchmark: not scored: nobody knows how good the answers are" in said
    assert "licence: that of the data (free for research on request, signed agreement; do not redistribute)" in said


def test_faces_are_looked_for_where_frames_are_no_crops(tmp_path, clip, recogniser, capsys):
    one, folder = clip
    command = ["recognise", str(folder), "--weights", str(recogniser), *times(one), "--out"]
    assert cli.main([*command, str(tmp_path / "detected")]) == 0
    assert "was trained on apex_flow-28, but your footage is read as apex_flow-28.eyes" in capsys.readouterr().err
    assert cli.main([*command, str(tmp_path / "provided"), "--crop", "provided"]) == 0
    detected, provided = (read_csv(tmp_path / name / "prediction.csv") for name in ("detected", "provided"))
    assert detected != provided


# --- spotting --------------------------------------------------------------------------------------------------------


def test_a_video_shorter_than_a_window_is_one_window(tmp_path, clip, spotter, capsys):
    _, folder = clip
    assert cli.main(["spot", str(folder), "--weights", str(spotter), "--out", str(tmp_path), "--fps", "200"]) == 0
    numbers = sorted(frames.read(folder, 200, tmp_path).numbers)
    with open(tmp_path / "scores.csv") as handle:
        rows = list(csv.DictReader(handle))
    assert [int(row["frame"]) for row in rows] == list(range(numbers[0], numbers[-1] + 1, 7))
    assert list(rows[0]) == ["dataset", "subject", "video", "frame", "score", "e_negative", "e_others", "e_positive",
                             "e_surprise", "e_neutral"]  # fmt: skip
    assert "threshold 0.55, half width 5 positions, one every 7 frames" in capsys.readouterr().out


def test_the_score_file_decodes_to_the_same_intervals(tmp_path, clip, spotter):
    _, folder = clip
    assert cli.main(["spot", str(folder), "--weights", str(spotter), "--out", str(tmp_path), "--fps", "30",
                     "--half-width", "2", "--threshold", "0.1"]) == 0  # fmt: skip
    assert cli.main(["decode", str(tmp_path / "scores.csv"), "--half-width", "2", "--threshold", "0.1",
                     "--out", str(tmp_path / "again.csv")]) == 0  # fmt: skip
    intervals = read_csv(tmp_path / "intervals.csv")
    assert intervals == read_csv(tmp_path / "again.csv")
    assert intervals
    assert {"curve.png", "curve.svg"} < {path.name for path in tmp_path.iterdir()}


def test_a_video_file_is_its_frames_numbered_from_1(tmp_path, clip, spotter, capsys):
    _, folder = clip
    files = list(frames.read(folder, None, tmp_path).folder.glob("*.jpg"))
    pictures = [
        cv2.imread(str(path)) for path in sorted(files, key=lambda path: int(path.stem.removeprefix("reg_img")))
    ]
    height, width = pictures[0].shape[:2]
    film = tmp_path / "my film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"FFV1"), 25, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    own = frames.read(film, None, tmp_path)
    assert (own.name, own.fps, list(own.numbers)) == ("my film", 25, list(range(1, len(pictures) + 1)))
    assert np.abs(cv2.imread(str(own.folder / "000003.png")).astype(int) - pictures[2]).max() <= 4  # YUV, then no loss
    assert frames.read(film, 200, tmp_path).fps == 200
    cut = tmp_path / "cut.avi"
    show()
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert len(frames.read(cut, 25, tmp_path / "cut").numbers) < len(pictures)
    assert f"cut.avi announces {len(pictures)} frames, of which" in capsys.readouterr().err
    assert cli.main(["spot", str(film), "--weights", str(spotter), "--out", str(tmp_path / "out")]) == 0
    assert len(read_csv(tmp_path / "out/scores.csv")) == len(pictures)


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.fixture
def black(tmp_path) -> Path:
    """Ten frames without a face, numbered from 5."""
    folder = tmp_path / "black"
    folder.mkdir()
    for number in range(5, 15):
        cv2.imwrite(str(folder / f"img{number}.png"), np.full((120, 120), number, np.uint8))
    return folder


def refused(capsys, *command: str) -> str:
    """The one sentence of a command that fails."""
    capsys.readouterr()
    assert cli.main([*map(str, command)]) == 2
    sentences = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mebench ")]
    assert len(sentences) == 1, sentences
    return sentences[0]


def test_what_is_wrong_with_footage_to_spot_in(tmp_path, black, spotter, recogniser, capsys):
    ends = ["--weights", spotter, "--out", tmp_path / "out"]
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty").mkdir()
    for footage, sentence in (
        (black, "nobody says how many frames per second"),
        (tmp_path / "text.mp4", "text.mp4 cannot be read as a video; it is damaged"),
        (black / "img5.png", "img5.png is one picture; give a video file, or a folder of frames"),
        (tmp_path / "empty", "empty holds no frames: pictures whose names end in their numbers"),
        (tmp_path / "gone.mp4", "there is no video and no folder"),
    ):
        assert sentence in refused(capsys, "spot", footage, *ends)
    assert "no face is found in 10 frames" in refused(capsys, "spot", black, *ends, "--fps", 30)
    assert "--fps is -3; write the frames per second" in refused(capsys, "spot", black, *ends, "--fps", -3)
    assert "--threshold is 2; it is a number from 0 to 1" in refused(capsys, "spot", black, *ends, "--threshold", 2)
    assert "--half-width is 0; it is a whole number from 1" in refused(capsys, "spot", black, *ends, "--half-width", 0)
    assert "was trained for recognition, not for spotting; give it to `mebench recognise`" in refused(
        capsys, "spot", black, "--weights", recogniser, "--out", tmp_path / "out")  # fmt: skip
    (tmp_path / "file").touch()
    assert "file cannot be written (" in refused(
        capsys, "spot", black, "--weights", spotter, "--out", tmp_path / "file"
    )
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_wrong_with_a_clip_to_recognise(tmp_path, black, spotter, recogniser, capsys):
    def said(*more, weights=recogniser):
        return refused(capsys, "recognise", black, "--weights", weights, "--out", tmp_path / "out", *more)

    assert "--onset is 4, but there is no such frame; they are 5 to 14" in said("--onset", 4, "--apex", 9)
    assert "--apex is 99, but there is no such frame" in said("--onset", 5, "--apex", 99)
    assert "--onset 9 is not before --apex 9" in said("--onset", 9, "--apex", 9)
    assert "--offset 8 is before --apex 9" in said("--onset", 5, "--apex", 9, "--offset", 8)
    assert "no face is found in the onset frame 5 (120x120) of black" in said("--onset", 5, "--apex", 9)
    assert "give it to `mebench spot`" in said("--onset", 5, "--apex", 9, weights=spotter)
    (black / "img9.png").unlink()
    assert "5 to 14, without 1 that are missing" in said("--onset", 5, "--apex", 9)
    (black / "img8.png").write_bytes((black / "img7.png").read_bytes())
    sentence = said("--onset", 7, "--apex", 8, "--crop", "provided")
    assert "both frames are the same picture" in sentence
    assert "exclude" not in sentence


def test_the_most_probable_class_is_the_first_of_equals(clip):
    found = recognised.Recognised(clip[0], None, {"negative": 0.4, "positive": 0.4, "surprise": 0.2})
    assert found.prediction == "negative"


def test_another_code_of_the_model_is_said(tmp_path, clip, spotter, capsys, monkeypatch):
    monkeypatch.setattr(code_of_fold, "model_digest", lambda name: "another")
    _, folder = clip
    assert cli.main(["spot", str(folder), "--weights", str(spotter), "--out", str(tmp_path), "--fps", "200"]) == 0
    assert "the code of the model me_tst is not that which" in capsys.readouterr().err
