"""Tables that people hand in: the same result, or an error that names file and row; never another result."""

from __future__ import annotations

import ast
import csv
import io
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench import given_table
from mebench.clips.spelling import subject_name
from mebench.datasets import flow_images
from mebench.errors import UserError
from mebench.faces import landmarks
from mebench.given_values import clean, key, number
from mebench.metrics.given import read_given
from mebench.metrics.recognition import score
from mebench.statistics import reading, source
from mebench.tasks.recognition import predicted

PACKAGE = Path(given_table.__file__).parent
CLASSES = ["negative", "positive", "surprise"]
CLIPS = ["casme2/sub01/a", "casme2/sub02/b", "smic/s03/c", "samm/006/d"]
Table = list[dict[str, str]]

TRUTH = ["negative", "positive", "surprise", "negative"]
PREDICTIONS: Table = [
    {"clip_id": clip, "dataset": clip.split("/")[0], "truth": truth, "prediction": guess}
    for clip, truth, guess in zip(CLIPS, TRUTH, ["negative", "surprise", "surprise", "positive"], strict=True)
]
GIVEN: Table = [{"clip_id": row["clip_id"], "prediction": row["prediction"],
                 **dict(zip([f"p_{name}" for name in CLASSES], ("0.5", "0.25", "0.25"), strict=True))}
                for row in PREDICTIONS]  # fmt: skip
LANDMARKS: Table = [
    {"clip_id": clip, **{name: f"{i}.5" for i, name in enumerate(landmarks.COLUMNS[1:])}} for clip in CLIPS
]
MANIFEST: Table = [{"dataset": clip.split("/")[0], "subject": clip.split("/")[1], "clip": clip.split("/")[2],
                    "emotion": truth, "image": f"{i}.png"}
                   for i, (clip, truth) in enumerate(zip(CLIPS, TRUTH, strict=True))]  # fmt: skip
RESULT: Table = [{**row, "subject": row["clip_id"].split("/")[1], "seed": "0"} for row in PREDICTIONS]
COUNTS: Table = [{"dataset": row["dataset"], "subject": row["subject"], "truth": row["truth"],
                  **{name: str(int(name == row["prediction"])) for name in CLASSES}} for row in RESULT]  # fmt: skip


# --- the readers: what is read of a file, in one form that can be compared


def scored(path: Path) -> object:
    return score(read_given(path))


def scored_with_classes(path: Path) -> object:
    return score(read_given(path, CLASSES), CLASSES)


def adopted(path: Path) -> object:
    """What adopt takes of each row; test_adopt.py has the rest."""
    from mebench.clips.clip_names import known_clip

    rows = given_table.read(path, ("clip_id", "prediction"), [f"p_{name}" for name in CLASSES])
    clips = [known_clip(row["clip_id"], CLIPS) for row in rows]
    if set(clips) - set(CLIPS):
        raise UserError(f"{path} line 0: no clip of this run")
    given_table.once(rows, ("clip_id",), clips)
    return {clip: predicted(row.cells, CLASSES, row.where) for clip, row in zip(clips, rows, strict=True)}


def landmarked(path: Path) -> object:
    return {clip: points.tolist() for clip, points in landmarks.read(path, CLIPS).items()}


def indexed(path: Path) -> object:
    for i in range(len(CLIPS)):
        path.with_name(f"{i}.png").touch()
    path.rename(path.with_name("manifest.csv"))
    return flow_images.read(path.parent).clips


def counted(path: Path) -> object:
    found = reading.read(source.parse(str(path)), CLASSES)
    names = (found.clips.names, found.clips.truth) if found.clips else None
    return found.subjects, found.strata, found.table.tolist(), names


READERS: dict[str, tuple[Table, Callable[[Path], object]]] = {
    "score": (PREDICTIONS, scored), "score --classes": (PREDICTIONS, scored_with_classes), "adopt": (GIVEN, adopted),
    "landmarks": (LANDMARKS, landmarked), "manifest": (MANIFEST, indexed), "result": (RESULT, counted),
    "counts": (COUNTS, counted),
}  # fmt: skip


def text_of(rows: Sequence[Mapping[str, str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def cells(rows: Table, change: Callable[[str], str]) -> Table:
    return [{name: change(cell) for name, cell in row.items()} for row in rows]


def read(tmp_path: Path, reader: str, content: str | bytes) -> object:
    path = tmp_path / "given.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return READERS[reader][1](path)


def expected(tmp_path_factory, reader: str) -> object:
    return read(tmp_path_factory.mktemp("tidy"), reader, text_of(READERS[reader][0]))


# --- untidiness that changes nothing

UNTIDY: dict[str, Callable[[Table], str | bytes]] = {
    "BOM": lambda rows: b"\xef\xbb\xbf" + text_of(rows).encode(),
    "UTF-16": lambda rows: text_of(rows).encode("utf-16"),
    "UTF-32": lambda rows: text_of(rows).encode("utf-32"),
    "CRLF": lambda rows: text_of(rows).replace("\n", "\r\n"),
    "CR": lambda rows: text_of(rows).replace("\n", "\r"),
    "semicolons": lambda rows: text_of(rows, ";"),
    "tabs": lambda rows: text_of(rows, "\t"),
    "bars": lambda rows: text_of(rows, "|"),
    "sep=": lambda rows: "sep=;\n" + text_of(rows, ";"),
    "quotes": lambda rows: text_of(rows, quoting=csv.QUOTE_ALL),
    "single quotes": lambda rows: text_of(cells(rows, lambda cell: f"'{cell}'")),
    "blanks after": lambda rows: text_of(cells(rows, lambda cell: f"{cell}  ")),
    "blanks before": lambda rows: text_of(cells(rows, lambda cell: f" {cell}")),
    "NBSP": lambda rows: text_of(cells(rows, lambda cell: f"\u00a0{cell}\u00a0")),
    "ideographic space": lambda rows: text_of(cells(rows, lambda cell: f"{cell}\u3000")),
    "zero width": lambda rows: text_of(cells(rows, lambda cell: f"\u200b{cell[:1]}\u200d{cell[1:]}\ufeff")),
    "blanks in the header": lambda rows: text_of([{f" {name} ": cell for name, cell in row.items()} for row in rows]),
    "upper case header": lambda rows: text_of([{name.upper(): cell for name, cell in row.items()} for row in rows]),
    "index of pandas": lambda rows: text_of([{"": str(i), **row} for i, row in enumerate(rows)]),
    "read again by pandas": lambda rows: text_of([{"Unnamed: 0": str(i), **row} for i, row in enumerate(rows)]),
    "empty lines": lambda rows: text_of(rows).replace("\n", "\n\n"),
    "lines of delimiters": lambda rows: text_of(rows) + ",,\n" * 3,
    "delimiter at each end": lambda rows: text_of(rows).replace("\n", ",\n"),
    "comment above": lambda rows: "# made by me\n\n" + text_of(rows),
    "no newline at the end": lambda rows: text_of(rows).rstrip("\n"),
    "other order of rows": lambda rows: text_of(rows[::-1]),
    "other order of columns": lambda rows: text_of([dict(reversed(row.items())) for row in rows]),
}


@pytest.mark.parametrize("untidy", UNTIDY)
@pytest.mark.parametrize("reader", READERS)
def test_untidiness_changes_nothing(tmp_path, tmp_path_factory, reader, untidy):
    assert read(tmp_path, reader, UNTIDY[untidy](READERS[reader][0])) == expected(tmp_path_factory, reader)


# --- what cannot be understood is an error that names file and row


def replaced(rows: Table, column: str, cell: str) -> Table:
    return [row | {column: cell} if i == 1 else row for i, row in enumerate(rows)]


def first(rows: Table, *names: str) -> str:
    return next(name for name in names if name in rows[0])


def label(rows: Table) -> str:
    return first(rows, "prediction", "emotion", "x3", "surprise")


FAULTS: dict[str, tuple[Callable[[Table], str | bytes], str]] = {
    "empty file": (lambda rows: "", "is empty"),
    "blank file": (lambda rows: "\n \n", "is empty"),
    "header alone": (lambda rows: text_of(rows).splitlines()[0], "no rows"),
    "no header": (lambda rows: text_of(rows).partition("\n")[2], "lacks the column"),
    "workbook": (lambda rows: b"PK\x03\x04rest", "is an Excel workbook"),
    "old workbook": (lambda rows: b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
    "UTF-16 without a mark": (lambda rows: text_of(rows).encode("utf-16-le"), "line 1 holds a NUL byte"),
    "cp1252": (lambda rows: text_of(replaced(rows, label(rows), "surpris\xe9")).encode("cp1252"), "line 3 .*UTF-8"),
    "GBK": (lambda rows: text_of(replaced(rows, label(rows), "惊讶")).encode("gbk"), "line 3 .*UTF-8"),
    "fewer fields": (lambda rows: text_of(rows) + "casme2/sub01/a\n", "line 6 has 1 fields"),
    "more fields": (lambda rows: text_of(rows).replace("\n", ",1\n").replace(",1\n", "\n", 1), "line 2 has"),
    "remark below": (lambda rows: text_of(rows) + "made on a Monday\n", "line 6 has 1 fields"),
    "row behind a comment sign": (lambda rows: "\n#".join(text_of(rows).split("\n", 1)), "line 2 begins with '#'"),
    "open quote": (lambda rows: text_of(rows) + '"casme2', r"line \d+ is not as CSV has it"),
    "column twice": (lambda rows: "".join(f"{line},{line.split(',')[0]}\n" for line in text_of(rows).splitlines()),
                     "has the column .* twice"),
    "row twice": (lambda rows: text_of([*rows, rows[0]]), "twice|more than once"),
    "row twice, with another value": (lambda rows: text_of([*rows, rows[0] | {label(rows): rows[2][label(rows)]}]),
                                      "twice|more than once"),
    "row twice, spelled otherwise": (lambda rows: text_of([*rows, spelled(rows[0])]), "twice|more than once"),
    "empty cell": (lambda rows: text_of(replaced(rows, label(rows), "")), "line 3"),
    "nan": (lambda rows: text_of(replaced(rows, label(rows), "NaN")), "line 3"),
    "NA": (lambda rows: text_of(replaced(rows, label(rows), "NA")), "line 3"),
    "None": (lambda rows: text_of(replaced(rows, label(rows), "None")), "line 3"),
    "thousands": (lambda rows: text_of(replaced(rows, label(rows), "1,234")), "line 3|only predicted"),
}  # fmt: skip


def spelled(row: Mapping[str, str]) -> dict[str, str]:
    if "subject" in row:
        return {**row, "dataset": "CASME II", "subject": " Sub1 "}
    return {**row, "clip_id": "CASME-II/1.0/a"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("reader", READERS)
def test_faults_are_one_sentence_with_file_and_row(tmp_path, caplog, reader, fault):
    if (reader, fault) == ("score", "thousands"):
        pytest.skip("without --classes any text may be a class; it is said that it is only predicted")
    damage, sentence = FAULTS[fault]
    with pytest.raises(UserError, match=sentence) as caught:
        read(tmp_path, reader, damage(READERS[reader][0]))
    said = str(caught.value)
    assert "given.csv" in said or "manifest.csv" in said
    assert "\n" not in said


# --- classes


@pytest.mark.parametrize(
    ("truth", "prediction"),
    [(["1", "2", "1"], ["1.0", "2.0", "2"]), (["01", "02", "01"], ["1", "2", "2"]),
     (["0", "1", "0"], ["0,0", "1", "1"]), (["A", "b", "a"], ["a", "B", "b "]), (["１", "２", "１"], ["1", "2", "2"]),
     (["x y", "z", "x\u00a0y"], ["X  y", "z", "z"])],
)  # fmt: skip
def test_one_class_in_several_spellings_is_one(tmp_path, truth, prediction):
    rows = [{"truth": a, "prediction": b} for a, b in zip(truth, prediction, strict=True)]
    (tmp_path / "p.csv").write_text(text_of(rows, ";"))
    found = score(read_given(tmp_path / "p.csv"))
    assert len(found["classes"]) == 2
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_a_trailing_blank_gives_the_score_of_the_tidy_file(tmp_path):
    rows = [("a", "a "), ("a", "b "), ("b", "b "), ("c", "c "), ("c", "a ")]
    (tmp_path / "p.csv").write_text("truth,prediction\n" + "".join(f"{a},{b}\n" for a, b in rows))
    # F1 of a is 2/(2 + 1 + 1), of b and c 2/(2 + 1)
    assert score(read_given(tmp_path / "p.csv"))["uf1"] == pytest.approx((1 / 2 + 2 / 3 + 2 / 3) / 3)


def test_names_of_classes_that_look_like_no_value(tmp_path):
    (tmp_path / "p.csv").write_text("truth,prediction\nNA,NA\nhappy,happy\n")
    with pytest.raises(
        UserError, match=r"line 2 has no truth .'NA'.; if that is the name of a class, say so with --classes"
    ):
        read_given(tmp_path / "p.csv")
    assert score(read_given(tmp_path / "p.csv", ["NA", "happy"]), ["NA", "happy"])["uf1"] == 1


def test_what_is_only_predicted_is_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("mebench.log.log.propagate", True)
    caplog.set_level("INFO", "mebench")
    (tmp_path / "p.csv").write_text("truth,prediction\na,a\na,b\n")
    assert score(read_given(tmp_path / "p.csv"))["classes"] == ["a", "b"]
    assert "only predicted, never true, and so with an F1 of 0: b" in caplog.text


def test_two_words_for_one_emotion_are_refused(tmp_path):
    (tmp_path / "p.csv").write_text("truth,prediction\nhappiness,happy\nsad,sad\n")
    with pytest.raises(UserError, match="line 2 says happy, and another row says happiness"):
        read_given(tmp_path / "p.csv")


@pytest.mark.parametrize("classes", [["a", "A "], ["a", ""]])
def test_classes_of_the_command_line_that_make_no_sense(tmp_path, classes):
    (tmp_path / "p.csv").write_text("truth,prediction\na,a\n")
    with pytest.raises(UserError, match="are one; keep one|has no name"):
        read_given(tmp_path / "p.csv", classes)


def test_other_spellings_of_classes_and_probabilities_are_adopted(tmp_path):
    row = {"clip_id": "CASME II/Sub-1/a", "prediction": " Positive", "P_Negative": "0,25", "p_positive ": "7.5e-1",
           "p_surprise": "0"}  # fmt: skip
    taken = read(tmp_path, "adopt", text_of([row], ";"))
    assert taken == {"casme2/sub01/a": {"prediction": "positive", "p_negative": "0.250000", "p_positive": "0.750000",
                                        "p_surprise": "0.000000"}}  # fmt: skip


# --- random untidiness

INVISIBLE = ["", " ", "\u00a0", "\u200b", "\t ", "\u3000", "\ufeff"]


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=12),
)
@settings(max_examples=80, deadline=None)
def test_predictions_give_the_same_score_or_an_error(tmp_path_factory, seed, pairs):
    rng = random.Random(seed)
    tidy = [
        {"clip_id": f"casme2/sub{i:02d}/c{i}", "dataset": "casme2", "truth": a, "prediction": b}
        for i, (a, b) in enumerate(pairs)
    ]
    changes: list[Callable[[str], str]] = [
        str, str.upper, str.title, lambda cell: f"'{cell}'", lambda cell: cell[:1] + "\u200d" + cell[1:],
        lambda cell: rng.choice(INVISIBLE) + cell + rng.choice(INVISIBLE),
        lambda cell: rng.choice(["", "NaN", "None", cell]),
    ]  # fmt: skip
    rows = cells(tidy, lambda cell: rng.choice(changes)(cell) if rng.random() < 0.3 else cell)
    if rng.random() < 0.2:
        rows.append(rng.choice(rows))
    text = text_of(rows, rng.choice(",;\t|"), rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    content = text.replace("\n", rng.choice(["\n", "\r\n", "\r"])).encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))
    path = tmp_path_factory.getbasetemp() / "random.csv"
    path.write_bytes(content)
    found, said = None, ""
    try:
        found = score(read_given(path))
    except UserError as error:
        said = str(error)
    if found is None:
        assert "random.csv" in said
        return
    right = score(tidy[: found["n"]])
    figures = ("uf1", "uar", "accuracy")
    assert [found[name] for name in figures] == pytest.approx([right[name] for name in figures], abs=1e-12)
    assert list(found["parts"]) == ["casme2"]


DAMAGE = [
    b" ",
    b"\xc2\xa0",
    b",",
    b";",
    b"\t",
    b'"',
    b"'",
    b"\n",
    b"\r",
    b"#",
    b"\x00",
    b"\xff",
    b"|",
    b"\\",
    b"9" * 5000,
]


@pytest.mark.parametrize("reader", READERS)
def test_random_damage_is_read_or_a_sentence(tmp_path, reader):
    rng, said = random.Random(reader), []
    for i in range(40):
        content = bytearray(text_of(READERS[reader][0]).encode())
        for _ in range(rng.randint(1, 2)):
            at = rng.randrange(len(content))
            content[at : at + rng.choice([0, 0, 1, 4])] = rng.choice(DAMAGE)
        (tmp_path / str(i)).mkdir()
        try:
            read(tmp_path / str(i), reader, bytes(content))
        except UserError as error:
            said.append(str(error))
    assert said
    assert not [text for text in said if "\n" in text or ("given.csv" not in text and "manifest.csv" not in text)]


# --- cells


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-0.5", -0.5), ("1e-3", 0.001), (".5", 0.5), ("0,75", 0.75), ("12,5", 12.5), ("１.5", 1.5),
     ("1,234", None), ("1.234,5", None), ("1_0", None), ("nan", None), ("inf", None), ("", None), ("0x1", None),
     ("1 2", None), ("high", None)],
)  # fmt: skip
def test_a_number_is_surely_one_or_none(text, value):
    assert number(text) == value


def test_what_is_kept_of_a_text():
    assert clean(" \u200ba b\u00a0") == "a b"
    assert key("Ａ  B") == key("a b")
    assert [key(text) for text in ("1", "01", "1.0", "1,0", "１")] == ["1"] * 5
    assert key("1.5") != key("1")


@pytest.mark.parametrize(
    "text", ["sub01", "sub1", "01", "1", "1.0", " SUB1 ", "０１", "Sub-01", "sub_1", "1,0", "\u00a0sub01\u200b"]
)
def test_spellings_of_one_subject(text):
    assert subject_name("casme2", text) == "sub01"


# --- every place that reads a table says whether people hand it in

MACHINE_MADE = {
    "audit/inflation.py", "runs/audited.py", "runs/outside_rows.py", "plots/known_events.py", "plan/rehearsed.py",
    "runs/predicted_files.py",
    "plots/dataset.py", "plots/runs.py", "plots/samples/choose.py", "doctor/copies.py", "tables/scores.py",
    "training/rows.py", "clips/clip.py", "report/datasets.py", "report/faces.py", "plan/estimate.py", "inputs/store.py",
    "runs/pool.py", "runs/expectation.py", "runs/handout.py", "runs/scores.py", "runs/tallies.py", "faces/store.py",
}  # fmt: skip
GIVEN_BY_PEOPLE = {
    "audit/reading.py",
    "spotting/hand_table.py",
    "statistics/reading.py",
    "metrics/given.py",
    "runs/adopt.py",
    "faces/landmarks.py",
    "datasets/_flow_manifest.py",
}
LIBRARIES = {
    "files.py",
    "given_table.py",
    "watch/gpus.py",
    "plan/rehearsed.py",
    "tables/as_csv.py",
    "tables/statistics_csv.py",
    "plots/runs.py",
}  # csv itself: readers, nvidia-smi, benchmark files of Snakemake, writers


def calls(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            names.add(called.id if isinstance(called, ast.Name) else getattr(called, "attr", ""))
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                names.add(f"{called.value.id}.{called.attr}")
    return names


def test_no_reader_of_tables_is_missing_above():
    found = {path.relative_to(PACKAGE).as_posix(): calls(path) for path in PACKAGE.rglob("*.py")}
    given = {name for name, called in found.items() if called & {"given_table.read", "given_table.opened"}}
    machine = {name for name, called in found.items() if "read_csv" in called and "pd.read_csv" not in called}
    machine |= {name for name, called in found.items() if "pd.read_csv" in called}
    direct = {name for name, called in found.items() if called & {"csv.reader", "csv.DictReader", "csv.writer"}}
    assert given == GIVEN_BY_PEOPLE
    assert len(READERS) >= len(GIVEN_BY_PEOPLE)
    assert machine <= MACHINE_MADE, "a table that people hand in is read by given_table.read and has its row in READERS"
    assert direct <= LIBRARIES
    assert np.isfinite(number("1") or np.nan)
