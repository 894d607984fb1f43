"""`mebench decode` and `mebench spotting-score`: names, options, columns and keys that others script against, and what
they say of wrong, odd and legal files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mebench import cli
from mebench.metrics.spotting import ORDER

KEYS = {"tp", "fp", "fn", "precision", "recall", "f1_spotting", "precision_recognition", "recall_recognition",
        "f1_recognition", "uf1", "uar", "strs"}  # fmt: skip
TRUTH = """dataset,subject,video,onset,offset,emotion
samm,006,006_1,100,133,others
samm,006,006_2,10,40,happiness
samm,007,007_1,5,30,repression
casme3,spNO.1,b,50,90,happiness
casme3,spNO.1,b,200,240,others
"""
PREDICTIONS = """dataset,subject,video,onset,offset,emotion
samm,006,006_1,90,124,others
samm,006,006_2,10,39,repression
samm,006,006_2,60,80,others
casme3,spNO.1,b,52,92,repression
casme3,spNO.1,b,150,160,others
"""


@pytest.fixture
def score(tmp_path, capsys):
    """Score texts; gives (exit code, parsed JSON or None, messages)."""

    def run(predictions=PREDICTIONS, truth=TRUTH, *options, videos=None):
        for name, text in (("p.csv", predictions), ("t.csv", truth), ("v.csv", videos)):
            if text is not None:
                (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        more = ["--video-list", str(tmp_path / "v.csv")] if videos is not None else []
        capsys.readouterr()
        code = cli.main(["spotting-score", "--predictions", str(tmp_path / "p.csv"), "--truth", str(tmp_path / "t.csv"),
                         "--json", *options, *more])  # fmt: skip
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err.replace(f"{tmp_path}/", "")

    return run


@pytest.fixture
def decode(tmp_path, capsys):
    """Decode a text; gives (exit code, the rows that were written, messages)."""

    def run(scores, *options, width="3", threshold="0.55"):
        (tmp_path / "s.csv").write_bytes(scores if isinstance(scores, bytes) else scores.encode())
        out = tmp_path / "out.csv"
        out.unlink(missing_ok=True)
        capsys.readouterr()
        code = cli.main(["decode", str(tmp_path / "s.csv"), "--half-width", width, "--threshold", threshold, "--out",
                         str(out), *options])  # fmt: skip
        rows = list(csv.DictReader(out.open())) if out.exists() else None
        return code, rows, capsys.readouterr().err.replace(f"{tmp_path}/", "")

    return run


def numbers(found, *keys):
    return tuple(found[key] for key in keys or ("tp", "fp", "fn"))


# --- spotting-score --------------------------------------------------------------------------------------------------


def test_the_keys_overall_per_dataset_and_per_type(score):
    """Five predictions, three with IoU >= .5, pairs others/others and twice happiness/repression: STRS 0.2."""
    code, found, err = score()
    assert (code, err) == (0, "")
    assert found.keys() >= KEYS
    assert found.keys() - KEYS == {"parts", "convention", "notes"}
    assert numbers(found) == (3, 2, 2)
    assert found["f1_spotting"] == 0.6
    assert found["f1_recognition"] == pytest.approx(1 / 3)
    assert found["strs"] == pytest.approx(0.2)
    assert {name: numbers(part) for name, part in found["parts"].items()} == {"samm": (2, 1, 1), "casme3": (1, 1, 1)}
    assert all(part.keys() == KEYS for part in found["parts"].values())
    assert found["convention"] == {"matcher": "greedy", "iou": 0.5, "strict": False, "videos": "all", "classes": None,
                                   "absent": "zero", "neutral": "count"}  # fmt: skip


def test_the_text_has_the_same_keys(score, tmp_path, capsys):
    score()
    assert (
        cli.main(["spotting-score", "--predictions", str(tmp_path / "p.csv"), "--truth", str(tmp_path / "t.csv")]) == 0
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["all", "casme3", "samm"]
    assert [line[0] for line in lines[1:]] == list(ORDER)
    assert {line[0]: line[1] for line in lines[1:]} | {"tp": "3", "f1_spotting": "0.6000", "strs": "0.2000"} == {
        line[0]: line[1] for line in lines[1:]
    }


def test_every_option_moves_what_it_names(score):
    truth = "video,onset,offset,emotion\nv,10,19,a\nv,100,119,b\nv,120,139,b\nw,10,19,others\n"
    given_rows = "video,onset,offset,emotion\nv,0,19,a\nv,100,139,a\nx,1,9,a\nw,10,19,a\n"
    assert numbers(score(given_rows, truth)[1]) == (3, 1, 1)
    assert numbers(score(given_rows, truth, "--strict")[1]) == (1, 3, 3)
    assert numbers(score(given_rows, truth, "--iou", "0.4", "--strict")[1]) == (3, 1, 1)
    assert numbers(score(given_rows, truth, "--matcher", "megc2020")[1]) == (4, 0, 0)
    assert numbers(score(given_rows, truth, "--matcher", "strs")[1]) == (4, 1, 0)
    assert numbers(score(given_rows, truth, "--videos", "with_me")[1]) == (3, 0, 1)
    names = ("uar", "uf1")
    assert numbers(score(given_rows, truth)[1], *names) == pytest.approx((1 / 3, 1 / 6))
    assert numbers(score(given_rows, truth, "--classes", "a,b")[1], *names) == pytest.approx((1 / 2, 1 / 3))
    assert numbers(score(given_rows, truth, "--classes", "a,c")[1], *names) == pytest.approx((1 / 2, 1 / 2))
    assert numbers(score(given_rows, truth, "--classes", "a,c", "--absent", "skip")[1], *names) == (1, 1)


def test_neutral_predictions_are_deleted_on_demand(score):
    truth, predictions = "video,onset,offset,emotion\nv,10,19,a\n", "video,onset,offset,emotion\nv,10,19,neutral\n"
    counted = {way: numbers(score(predictions, truth, "--neutral", way)[1])
               for way in ("count", "delete_then_match", "match_then_delete")}  # fmt: skip
    assert counted == {"count": (1, 0, 0), "delete_then_match": (0, 0, 1), "match_then_delete": (0, 0, 1)}


def test_all_conventions_are_every_combination(score, tmp_path, capsys):
    code, found, _ = score(PREDICTIONS, TRUTH, "--all-conventions")
    rows = found["conventions"]
    assert code == 0
    assert [(row["matcher"], row["strict"], row["videos"], row["absent"]) for row in rows] == list(
        product(("greedy", "megc2020", "strs", "optimal", "reuse"), (False, True), ("all", "with_me"), ("zero", "skip"))
    )
    assert all(row.keys() >= KEYS for row in rows)
    for row in rows[::7]:
        strict = ["--strict"] if row["strict"] else []
        one = score(PREDICTIONS, TRUTH, "--matcher", row["matcher"], "--videos", row["videos"], "--absent",
                    row["absent"], *strict)[1]  # fmt: skip
        assert {key: row[key] for key in KEYS} == {key: one[key] for key in KEYS}
    cli.main(["spotting-score", "--predictions", str(tmp_path / "p.csv"), "--truth", str(tmp_path / "t.csv"),
              "--all-conventions"])  # fmt: skip
    assert len(capsys.readouterr().out.splitlines()) == 41


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("vid,pred_onset,pred_offset,type", "v,10,19,micro"),  # MEGC2022
        ("vid,onset,offset,type", "v,10,19,1"),  # MEGC2023
        ("vid,onset,offset,type", "v,10,19,mE"),
        ("vid,onset,offset,type", "v,10,19,Micro-expression"),
        ("subject,video,onset,offset,emotion", "s,v,10,19,a"),  # MEGC2024, 2025
        (",Dataset,Subject,Video,Onset,Offset", "0,d,s,v,10.0,19.0"),  # an index that pandas has written
        ("offset, onset ,video,score", "19,10,v,0.9"),
    ],
)
def test_column_names_of_challenges(score, header, row):
    code, found, err = score(f"{header}\n{row}\n", f"{header}\n{row}\n")
    assert (code, err) == (0, "")
    assert numbers(found, "tp", "fp", "fn", "f1_spotting") == (1, 0, 0, 1)


def test_mebenchs_own_clips_are_a_truth(score):
    """Subjects are qualified by their dataset there, and the type is called expression."""
    truth = ("clip_id,dataset,subject,video,onset,apex,offset,emotion,expression\n"
             "x,samm_long,samm_long/006,006_1,10,12,19,others,micro\n")  # fmt: skip
    videos = "video_id,dataset,subject,video,first,last\nx,samm_long,samm_long/006,006_1,1,99\n"
    code, found, err = score("dataset,subject,video,onset,offset\nsamm_long,006,006_1,10,19\n", truth, videos=videos)
    assert (code, err) == (0, "")
    assert numbers(found["types"]["micro"]) == (1, 0, 0)


def test_a_dataset_a_type_or_a_subject_that_one_file_leaves_out(score):
    bare = "video,onset,offset\nv,10,19\n"
    full = "dataset,subject,video,onset,offset,type\nd,s,v,10,19,micro\n"
    for predictions, truth in ((bare, full), (full, bare)):
        found = score(predictions, truth)[1]
        assert numbers(found) == numbers(found["parts"]["d"]) == numbers(found["types"]["micro"]) == (1, 0, 0)
    two = "dataset,subject,video,onset,offset,type\nd,s,v,10,19,micro\ne,s,v,10,19,macro\n"
    code, _, err = score(bare, two)
    assert (code, "p.csv has no column dataset, and t.csv has d, e there; add the column" in err) == (2, True)
    same = "subject,video,onset,offset\ns,v,10,19\nt,v,30,39\n"
    code, _, err = score(bare, same)
    assert (code, "t.csv has the video v of the subjects s and t, and p.csv has no column subject" in err) == (2, True)


# --- legal, and mentioned --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predictions", "truth", "options", "counts", "sentence"),
    [
        pytest.param("", None, [], (0, 0, 5), "p.csv predicts nothing", id="no prediction"),
        pytest.param(None, "", [], (0, 5, 0), "t.csv has no label, so every prediction is a false",
                     id="no label"),
        pytest.param("samm,006,006_9,1,9,others", None, [], (0, 1, 5),
                     "p.csv has 1 video that t.csv does not have: samm/006/006_9; 1 prediction there counted as false "
                     "alarms", id="an unknown video"),
        pytest.param("samm,006,006_9,1,9,others", None, ["--videos", "with_me"], (0, 0, 5),
                     "samm/006/006_9; 1 prediction there left out (--videos with_me)", id="an unknown video, with_me"),
        pytest.param("samm,006,6_2,10,40,happiness", None, [], (0, 1, 5),
                     "samm/006/6_2 (did you mean 'samm/006/006_2'?)", id="zeros that a program took away"),
        pytest.param("samm,006,006_2,-3,40,happiness", None, [], (1, 0, 4),
                     "1 predicted interval of p.csv reaches below frame 0, such as -3 to 40 in samm/006/006_2; counted "
                     "as written", id="a negative onset"),
        pytest.param(None, "samm,006,v,10,40,a\nsamm,006,v,40,60,a", [], (0, 5, 2),
                     "1 label of t.csv begin before an earlier one ends, such as 40 to 60 in samm/006/v",
                     id="labels that overlap"),
        pytest.param("samm,006,006_2,10,40,hapiness", None, [], (1, 0, 4),
                     "p.csv has 1 emotion that no label has: hapiness (did you mean 'happiness'?); 1 prediction",
                     id="an unknown emotion"),
        pytest.param("samm,006,006_2,10,40,nan\nsamm,006,006_1,100,133,none", None, [], (2, 0, 3),
                     "p.csv has 2 predictions without an emotion", id="no emotion, as programs write it"),
        pytest.param("samm,006,006_2,10,40,others\nsamm,006,006_2,10,40,happiness", None, [], (1, 1, 4),
                     "p.csv has 1 interval with several emotions, such as 10 to 40 in samm/006/006_2; 2 rows are",
                     id="one interval with two emotions"),
        pytest.param("samm,006,006_2,10,40,", None, [], (1, 0, 4), "p.csv has 1 prediction without an emotion",
                     id="no emotion"),
        pytest.param(None, None, ["--classes", "others,anger"], (3, 2, 2), "no label has the class anger",
                     id="a class that no label has"),
        pytest.param(None, None, ["--classes", "others"], (3, 2, 2),
                     "labels that are happiness, repression are left out of recognition", id="labels of other classes"),
        pytest.param("samm,006,006_1,14,19,others\nsamm,006,006_2,1,6,others", None, [], (0, 2, 5),
                     "the frame numbers of t.csv are about 7 times those of p.csv, and so are the lengths of its "
                     "intervals: does p.csv count frames of a slower rate?", id="another frame rate"),
        pytest.param("samm,006,006_1,700,938,others\nsamm,006,006_2,70,287,others", None, [], (0, 2, 5),
                     "the frame numbers of p.csv are about 7 times those of t.csv", id="a slower rate of labels"),
        pytest.param("samm,006,006_1,99,132,others\nsamm,006,006_2,9,39,happiness", None, [], (2, 0, 3),
                     "2 predictions would be a label exactly if they were moved by one frame: does p.csv number frames "
                     "from 0 and t.csv from 1?", id="from 0 and from 1"),
        pytest.param("samm,006,006_2,0,38,happiness", None, [], (1, 0, 4),
                     "an interval of p.csv begins at frame 0, and none of t.csv does", id="a frame 0"),
    ],
)  # fmt: skip
def test_what_is_odd_is_counted_and_mentioned(score, predictions, truth, options, counts, sentence):
    texts = [whole if rows is None else whole.splitlines()[0] + "\n" + rows + "\n"
             for rows, whole in ((predictions, PREDICTIONS), (truth, TRUTH))]  # fmt: skip
    code, found, err = score(*texts, *options)
    assert code == 0
    assert numbers(found) == counts
    assert sentence in err
    assert len(found["notes"]) == err.count("\n")


def test_a_number_that_a_program_made_of_a_name_is_the_subject_or_named(score):
    rows = "dataset,subject,video,onset,offset\n{},{},{},10,19\n"
    assert numbers(score(rows.format("SAMM", "6.0", "a"), rows.format("samm", "006", "a"))[1]) == (1, 0, 0)
    code, found, err = score(rows.format("own", "s", "1.0"), rows.format("own", "s", "01"))
    assert (code, numbers(found)) == (0, (0, 1, 1))
    assert "own/s/1.0 (did you mean 'own/s/01'?)" in err


def test_an_emotion_is_one_whatever_its_capitals_and_blanks(score):
    rows = "video,onset,offset,emotion\nv,10,19,{}\nv,30,39,{}\nv,50,59,{}\n"
    truth = rows.format("Happiness", "happiness", "Anger")
    code, found, err = score(
        rows.format("HAPPINESS", "\u00a0happiness", "anger "), truth, "--classes", "ANGER,happiness"
    )
    assert (code, err) == (0, "")
    assert numbers(found, "tp", "strs") == (3, 1)
    assert found["convention"]["classes"] == ["Anger", "Happiness"]
    deleted = score(rows.format("Neutral", "NEUTRAL", "anger"), truth, "--neutral", "delete_then_match")[1]
    assert numbers(deleted) == (1, 0, 2)
    code, _, err = score(rows.format("happy", "happy", "anger"), truth)
    assert (code, "p.csv has the emotion 'happy', and labels 'Happiness'; write one of them" in err) == (2, True)


def test_nothing_is_said_of_good_files(score):
    assert score(TRUTH, TRUTH)[2] == ""


def test_a_class_in_no_true_positive_scores_0_and_is_no_error(score):
    found = score("dataset,subject,video,onset,offset,emotion\nsamm,006,006_2,10,40,happiness\n")[1]
    assert numbers(found, "uar", "strs") == pytest.approx((1 / 3, 2 / 6 * 1 / 3))


def test_a_list_of_videos_has_the_parts_of_names_that_the_files_have(score):
    full = "dataset,subject,video,onset,offset\nd,s,v,10,19\n"
    bare = "video,onset,offset\nv,10,19\n"
    whole_list = "dataset,subject,video\nd,s,v\n"
    for predictions, truth, videos in ((bare, bare, whole_list), (bare, full, whole_list), (full, bare, whole_list),
                                       (full, full, whole_list), (bare, bare, "video\nv\n")):  # fmt: skip
        assert score(predictions, truth, videos=videos)[::2] == (0, "")
    code, _, err = score(full, full, videos="video\nv\n")
    assert (code, "v.csv lacks the column subject, which p.csv and t.csv have; add it" in err) == (2, True)
    assert score(full.replace("s,", ",").replace(",subject", ""), full, videos="dataset,video\nd,v\n")[0] == 2


def test_a_list_of_videos_names_those_that_are_known_and_where_they_end(score):
    predictions = "video,onset,offset\nv,10,19\nw,10,120\nx,1,2\n"
    videos = "video,last\nv,100\nw,100\n"
    code, found, err = score(predictions, "video,onset,offset\nv,10,19\n", videos=videos)
    assert (code, numbers(found)) == (0, (1, 2, 0))
    assert "p.csv has 1 video that neither t.csv nor v.csv has: x" in err
    assert "1 predicted interval of p.csv reaches past the last frame of the video, such as 10 to 120 in w" in err
    code, _, err = score(predictions, "video,onset,offset\nu,10,19\n", videos=videos)
    assert (code, err.count("\n")) == (2, 1)
    assert "v.csv lacks the video u, which has a label in t.csv" in err


# --- wrong -----------------------------------------------------------------------------------------------------------

HEADER = "dataset,subject,video,onset,offset,emotion\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "p.csv is empty; give a CSV with a line of column names"),
        (b"\n \n", "p.csv is empty"),
        ("video,onset\nv,1\n", "p.csv lacks the column offset (or pred_offset); its columns are video, onset"),
        ("subject,onset,offset\nv,1,2\n", "p.csv lacks the column video (or vid)"),
        ("video,onset,pred_onset,offset\nv,1,1,2\n", "has the column onset twice, as 'onset' and 'pred_onset'"),
        (HEADER + "d,s,v,10,19,a\nd,s,v,20,11,a\n", "p.csv line 3 ends at frame 11, before its onset 20"),
        (HEADER + "d,s,v,10,19,a\n\nd,s,v,20,31,a\nd,s,v,10,19,a\n", "p.csv line 5 repeats line 2"),
        (HEADER + "d,s,v,ten,19,a\n", "p.csv line 2 has 'ten' under onset, which is no whole number"),
        (HEADER + "d,s,v,10,nan,a\n", "p.csv line 2 has 'nan' under offset"),
        (HEADER + "d,s,v,10.5,19,a\n", "p.csv line 2 has '10.5' under onset, which is no whole number"),
        (HEADER + "d,s,v,1_0,19,a\n", "p.csv line 2 has '1_0' under onset, which is no whole number"),
        (HEADER + f"d,s,v,10,{10**30},a\n", f"p.csv line 2 has '{10**30}' under offset, which is no whole number"),
        (HEADER + "d,s,v,,19,a\n", "p.csv line 2 has no onset"),
        (HEADER + "d,s,,10,19,a\n", "p.csv line 2 has no video"),
        (HEADER + ",s,v,10,19,a\n", "p.csv line 2 has no dataset"),
        (HEADER + "d,s,v,10,19\n", "p.csv line 2 has 5 fields, and the header has 6"),
        ("video,onset,offset,emotions\nv,1,2,a\n", "p.csv has the column emotions, and none that is called emotion"),
        ("Subjects,video,onset,offset\ns,v,1,2\n", "p.csv has the column Subjects, and none that is called subject"),
        ("video,onset,offset,type\nv,1,2,mirco\n", "p.csv line 2 has the type 'mirco'; write micro or macro"),
        ("video,onset,offset,type\nv,1,2,\n", "p.csv line 2 has no type"),
        ("video,onset,offset\nv\xe9,1,2\n".encode("latin-1"), "p.csv line 2 is not a text in UTF-8"),
        ('video,onset,offset\n"v,1,2\n', "p.csv line 3 is not as CSV has it"),
    ],
)
def test_a_wrong_file_is_one_sentence(score, text, sentence):
    for files in ((text, TRUTH), (TRUTH, text)):
        code, found, err = score(*files)
        assert (code, found, err.count("\n")) == (2, None, 1)
        assert sentence in err.replace("t.csv", "p.csv")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--iou", "0"], "--iou is 0; give a number above 0, and 1 at most"),
        (["--iou", "50"], "--iou is 50"),
        (["--classes", "others,,a"], "name each class once"),
        (["--classes", "a,a"], "name each class once"),
        (["--classes", "oters"], "none of --classes oters is an emotion of t.csv (did you mean 'others'?)"),
    ],
)
def test_a_wrong_option_is_one_sentence(score, options, sentence):
    code, found, err = score(PREDICTIONS, TRUTH, *options)
    assert (code, found, err.count("\n")) == (2, None, 1)
    assert sentence in err


def test_classes_without_emotions_and_types_by_number_beside_names_are_errors(score):
    code, _, err = score("video,onset,offset,emotion\nv,1,2,a\n", "video,onset,offset\nv,1,2\n", "--classes", "a")
    assert (code, "--classes needs emotions, and t.csv has none" in err) == (2, True)
    code, _, err = score("video,onset,offset,type\nv,1,2,1\n", "video,onset,offset,type\nv,1,2,macro\n")
    assert (code, "p.csv has the types 1 or 2, and t.csv macro; challenges differ in which is which" in err) == (
        2,
        True,
    )


def test_a_missing_file_is_one_sentence(tmp_path, capsys):
    assert cli.main(["spotting-score", "--predictions", str(tmp_path / "no.csv"), "--truth", "t.csv"]) == 2
    assert "no.csv: No such file" in capsys.readouterr().err


SPELLINGS = {
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "semicolons": lambda text: text.replace(",", ";").encode(),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "old Macintosh": lambda text: text.replace("\n", "\r").encode(),
    "blank lines": lambda text: text.replace("\n", "\n,,,,,\n\n").encode(),
    "quotes": lambda text: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.split("\n"))
    .removesuffix('""').encode(),
    "blanks": lambda text: text.replace(",", " ,  ").encode(),
    "capitals": lambda text: (text.split("\n", 1)[0].upper() + "\n" + text.split("\n", 1)[1]).encode(),
    "sep=": lambda text: b"sep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n").encode(),
    "no last line end": lambda text: text.rstrip("\n").encode(),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_untidy_files_have_the_same_score(score, spelling):
    expected = score()[1]
    code, found, _ = score(SPELLINGS[spelling](PREDICTIONS), SPELLINGS[spelling](TRUTH))
    assert (code, found) == (0, expected)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_order_of_rows_and_columns_changes_no_score(score, data):
    def shuffled(text):
        rows = [line.split(",") for line in text.splitlines()]
        columns = data.draw(st.permutations(range(len(rows[0]))))
        body = data.draw(st.permutations(rows[1:]))
        return "".join(",".join(row[column] for column in columns) + "\n" for row in [rows[0], *body])

    assert score(shuffled(PREDICTIONS), shuffled(TRUTH))[1] == score()[1]


UNSEEN = ("", " ", "\u00a0", "\u200b", "\u3000")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_cells_as_programs_and_people_write_them_have_the_same_score(score, draw):
    def untidy(cell):
        changes = [str.upper, str.title, lambda text: draw.choice(UNSEEN) + text + draw.choice(UNSEEN),
                   lambda text: f"'{text}'", lambda text: f"{text}.0" if text.isdigit() else text]  # fmt: skip
        return draw.choice(changes)(cell) if draw.random() < 0.3 else cell

    def text(tidy):
        head, *lines = tidy.splitlines()
        rows = [line.split(",") for line in lines]
        # a video has the name that its file gives it
        return "\n".join(
            [head, *(",".join([*map(untidy, row[:2]), row[2], *map(untidy, row[3:])]) for row in rows), ""]
        )

    expected = score()[1]
    code, found, err = score(text(PREDICTIONS), text(TRUTH))
    assert (code, err) == (0, "")
    assert found == expected


def test_it_starts_quickly_because_it_imports_neither_torch_nor_pandas_nor_scipy():
    for verb in ("decode", "spotting_score"):
        code = f"""
import sys
from mebench import cli
cli.parser()
import mebench.verbs.{verb}, mebench.spotting.doubts, mebench.spotting.conventions, mebench.spotting.score_file
print([name for name in ("torch", "pandas", "scipy", "cv2", "matplotlib", "sklearn") if name in sys.modules])
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"


# --- decode ----------------------------------------------------------------------------------------------------------


def scores(video="v", first=1, step=1, values=(0, 0, 0, 0, 1, 2, 3, 2, 1, 0, 0, 0, 0, 0), head=True) -> str:
    rows = (f"d,s,{video},{first + step * i},{value}\n" for i, value in enumerate(values))
    return ("dataset,subject,video,frame,score\n" if head else "") + "".join(rows)


def test_decode_writes_what_spotting_score_reads(decode, score):
    code, rows, err = decode(scores() + scores("w", values=[0] * 14, head=False))
    assert code == 0
    assert rows == [{"dataset": "d", "subject": "s", "video": "v", "onset": "4", "offset": "10"}]
    assert "1 video with one score for all frames: d/s/w" in err
    text = "dataset,subject,video,onset,offset\nd,s,v,4,10\n"
    assert numbers(score(text, text)[1]) == (1, 0, 0)


def test_half_a_width_counts_rows_of_the_file_and_the_step_makes_frames_of_them(decode):
    assert [(row["onset"], row["offset"]) for row in decode(scores(step=7))[1]] == [("22", "64")]


def test_the_order_of_rows_changes_nothing(decode):
    head, *rows = scores().splitlines()
    assert decode("\n".join([head, *rows[::-1], ""]))[1] == decode(scores())[1]


def test_emotions_are_decoded_from_logits(decode):
    head, *rows = scores().splitlines()
    text = "\n".join([f"{head},E_Happy,e_Neutral", *(f"{row},{i % 3 > 0},2" for i, row in enumerate(rows))])
    text = text.replace("True", "1").replace("False", "0")
    assert [row["emotion"] for row in decode(text)[1]] == ["Happy"]
    assert [row["emotion"] for row in decode(text, "--synergy", "0")[1]] == ["neutral"]
    assert decode(text, "--synergy", "1")[1] == []
    assert [row["emotion"] for row in decode(text, "--synergy", "1", "--neutral-logit", "zero")[1]] == ["Happy"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [(0, 6)]),
        (["--clip"], [(1, 6)]),
        (["--edges", "valid"], []),
        (["--edges", "valid", "--empty", "first_frame"], [(1, 1)]),
    ],
)
def test_the_options_of_edges_empty_videos_and_clipping(decode, options, expected):
    values = [0, 3, 3, 2, *[0] * 12]
    code, rows, err = decode(scores(values=values), *options, threshold="0.9")
    assert code == 0
    assert [(int(row["onset"]), int(row["offset"])) for row in rows] == expected
    assert ("1 of 1 intervals begin before the first frame" in err) == (expected == [(0, 6)])


def test_distance_and_lengths(decode):
    values = [0, 0, 0, 4, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0]
    assert len(decode(scores(values=values), width="1")[1]) == 2
    assert len(decode(scores(values=values), "--distance", "6", width="1")[1]) == 1
    assert len(decode(scores(values=values), "--lengths", "variable", width="2")[1]) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "s.csv is empty"),
        ("dataset,subject,video,frame,score\n", "s.csv has no scores; give a row for each frame"),
        ("video,frame\nv,1\n", "s.csv lacks the column score; its columns are video, frame"),
        (scores().replace("d,s,v,7,3", "d,s,v,7,nan"), "s.csv line 8 has 'nan' under score, which is no finite number"),
        (scores().replace("d,s,v,7,3", "d,s,v,7,"), "s.csv line 8 has '' under score"),
        (scores().replace("d,s,v,7,3", "d,s,v,7,inf"), "s.csv line 8 has 'inf' under score"),
        (scores().replace("d,s,v,7,3", f"d,s,v,{10**30},3"), "s.csv line 8 has '1000000000000"),
        (scores().replace("d,s,v,7,3", "d,s,v,7,1_0"), "s.csv line 8 has '1_0' under score"),
        (scores().replace("d,s,v,7,3", "d,s,v,7,high"), "s.csv line 8 has 'high' under score"),
        (scores().replace("d,s,v,7,3\n", ""),
         "s.csv line 8: frame 8 of the video d/s/v comes after frame 6, and frames are 1 apart elsewhere"),
        (scores().replace("d,s,v,7,3", "d,s,v,6,3"), "s.csv line 8 has frame 6 of the video d/s/v again, after line 7"),
        (scores().replace("d,s,v,7,3", "d,s,v,img7,3"), "s.csv line 8 has 'img7' under frame, which is no whole"),
        ("video,frame,score,e_a\nv,1,0,nan\nv,2,0,nan\n", "line 2 has 'nan' under e_a, which is no finite number, and"),
    ],
)  # fmt: skip
def test_wrong_scores_are_one_sentence_and_nothing_is_written(decode, text, sentence):
    code, rows, err = decode(text)
    assert (code, rows, err.count("\n")) == (2, None, 1)
    assert sentence in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"width": "0"}, "--half-width is 0; give a number of rows, 1 or more"),
        ({"threshold": "55"}, "--threshold is 55; give a number from 0 (the mean) to 1 (the maximum)"),
        ({"threshold": "nan"}, "--threshold is nan"),
    ],
)
def test_wrong_options_of_decode_are_one_sentence(decode, options, sentence):
    code, rows, err = decode(scores(), **options)
    assert (code, rows, err.count("\n")) == (2, None, 1)
    assert sentence in err


def test_a_distance_of_0_is_one_sentence(decode):
    code, _, err = decode(scores(), "--distance", "0")
    assert (code, "--distance is 0" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (scores(values=[1, 2, 1]), [], "1 video shorter than the smoothing box of 6 rows: d/s/v; zeros count"),
        (scores(values=[1, 2, 1]), ["--edges", "valid"], "d/s/v; it has no interval"),
        (scores() + scores("w", first=0, head=False), [],
         "frames are numbered from 0 in 1 video (d/s/w) and from 1 in 1 (d/s/v); is that so in the recordings?"),
        (scores() + scores("w", step=7, head=False), [], "frames are 1, 7 apart in different videos in d; is that so"),
    ],
)  # fmt: skip
def test_odd_scores_are_decoded_and_mentioned(decode, text, options, sentence):
    code, rows, err = decode(text, *options)
    assert (code, rows is not None) == (0, True)
    assert sentence in err


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_untidy_scores_are_decoded_to_the_same(decode, spelling):
    expected = decode(scores(values=[0.5, 0.25, 0, 0, 1, 2, 3, 2, 1, 0, 0, 0, 0]))[1]
    text = SPELLINGS[spelling](scores(values=[0.5, 0.25, 0, 0, 1, 2, 3, 2, 1, 0, 0, 0, 0]))
    if spelling == "semicolons":
        text = text.replace(b".", b",")  # as a spreadsheet writes it where 0.5 is 0,5
    assert expected
    assert decode(text)[1] == expected
