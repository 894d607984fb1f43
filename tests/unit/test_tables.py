"""Tables from scores: arithmetic, ranks, marks, published figures, and the four formats."""

from __future__ import annotations

import csv
import io
import re
import statistics
from pathlib import Path

import fake_results as fake
import pytest
from slstt_matrices import SLSTT_MATRICES

from mebench import cards, tables, tasks
from mebench.errors import UserError
from mebench.files import read_json, write_csv, write_json
from mebench.plan.code import AREAS
from mebench.runs.scores import write_scores
from mebench.tables import formats
from mebench.tables.scores import COLUMNS, read_scores


def line(model="net", seed=0, uf1=0.7, part="all", **other):
    """One line of a score file."""
    base = {
        "task": "smic-3", "model": model, "title": model.title(), "kind": "model", "seed": seed, "selection": "last",
        "origin": "licensed", "part": part, "n": 164, "without_input": 0, "folds_done": 16, "folds_expected": 16,
        "accuracy": 0.75, "uf1": uf1, "uar": 0.65, "macro_precision": 0.6,
    }  # fmt: skip
    return base | other


@pytest.fixture
def build(tmp_path):
    """Build a table from score lines, through the file."""

    def run(lines, name="smic-3"):
        write_csv(tmp_path / "scores.csv", [*COLUMNS, *tasks.metrics("recognition")], lines)
        return tables.build(tables.describe(name), read_scores(tmp_path / "scores.csv"))

    return run


def rows_of(table):
    return list(csv.DictReader(io.StringIO(tables.FORMATS["csv"](table))))


def measured(table):
    return {(row["model"], row["selection"]): row for row in rows_of(table) if row["block"] != "published"}


def test_mean_and_sample_standard_deviation_over_seeds(build):
    values = [0.71, 0.74, 0.68]
    row = measured(build([line(seed=s, uf1=v) for s, v in enumerate(values)]))["net", "last"]
    assert float(row["all_uf1_mean"]) == pytest.approx(0.71)
    assert float(row["all_uf1_sd"]) == pytest.approx(statistics.stdev(values)) == pytest.approx(0.03)
    assert row["all_uf1_n_seeds"] == row["n_seeds"] == "3"


def test_one_seed_has_no_spread(build):
    table = build([line()])
    assert measured(table)["net", "last"]["all_uf1_sd"] == ""
    assert "±" not in tables.FORMATS["md"](table)


def test_only_complete_honest_models_are_ranked(build):
    table = build([
        line("good", uf1=0.70),
        line("better", uf1=0.72, selection="inner"),
        line("good", uf1=0.95, selection="test_peek"),
        line("broken", uf1=0.90, folds_done=15),
        line("oracle", uf1=1.0, kind="control"),
    ])  # fmt: skip
    ranks = {key: row["rank"] for key, row in measured(table).items()}
    assert ranks == {("better", "inner"): "1", ("good", "last"): "2", ("good", "test_peek"): "",
                     ("broken", "last"): "", ("oracle", "last"): ""}  # fmt: skip
    order = [(row.model, row.selection) for row in table.rows if row.block != "published"]
    assert order == [
        ("better", "inner"),
        ("good", "last"),
        ("good", "test_peek"),
        ("broken", "last"),
        ("oracle", "last"),
    ]


def test_one_incomplete_seed_makes_the_row_incomplete(build):
    row = measured(build([line(seed=0), line(seed=1, folds_done=14), line(seed=2)]))["net", "last"]
    assert (row["rank"], row["folds_done"], row["folds_expected"]) == ("", "14", "16")


def test_a_run_that_leaves_clips_out_is_never_ranked_and_says_how_many(build):
    short = {"n": 160, "without_input": 4}
    table = build([line("good", uf1=0.70), line("lucky", uf1=0.90), line("lucky", seed=1, uf1=0.95, **short)])
    rows = measured(table)
    assert (rows["good", "last"]["rank"], rows["lucky", "last"]["rank"]) == ("1", "")
    assert (rows["lucky", "last"]["clips"], rows["lucky", "last"]["left_out"]) == ("160", "4")
    assert (rows["good", "last"]["clips"], rows["good", "last"]["left_out"]) == ("164", "0")
    for kind in ("md", "tex", "html"):
        text = tables.FORMATS[kind](table)
        assert "160 of 164 clips: 4 clips left out" in text
        assert "Runs that leave clips out (footnote) are not ranked" in text
        assert "Incomplete runs" not in text
    assert "**0.7000**" in tables.FORMATS["md"](table)
    assert "**0.9" not in tables.FORMATS["md"](table)


def test_where_no_clip_is_left_out_nothing_speaks_of_it(build):
    assert not any("left out" in tables.FORMATS[kind](build([line()])) for kind in ("md", "tex", "html"))


def test_clips_without_input_are_counted_for_all_and_for_their_dataset(tmp_path):
    lost = ("smic/s01/c1", "smic/s02/c0", "casme2/sub01/c0")
    folder = fake.run(tmp_path, "ststnet", 0, wrong=3, origin="licensed", without=lost)
    write_scores([folder], tmp_path / "scores.csv")
    found = {score.part: (score.n, score.without_input) for score in read_scores(tmp_path / "scores.csv")}
    assert found == {"all": (17, 3), "casme2": (11, 1), "smic": (6, 2)}


def test_clips_left_out_or_corrected_by_configuration_are_said_by_their_part(tmp_path):
    folder = fake.run(tmp_path, "ststnet", 0, wrong=3, origin="licensed")
    excluded = {"smic/s01/c9": "blurred", "casme2/sub01/c9": "damaged."}
    corrected = {"casme2/sub01/c0": "apex 85 -> 88: looked at"}
    write_json(folder / "run.json", read_json(folder / "run.json") | {"excluded": excluded, "corrected": corrected})
    write_scores([folder], tmp_path / "scores.csv")
    scores = read_scores(tmp_path / "scores.csv")
    found = {one.part: (one.excluded, one.exclusions, one.corrected, one.corrections) for one in scores}
    mended = "casme2/sub01/c0: apex 85 -> 88: looked at"
    assert found == {
        "all": (2, "casme2/sub01/c9: damaged.; smic/s01/c9: blurred", 1, mended),
        "casme2": (1, "casme2/sub01/c9: damaged.", 1, mended),
        "smic": (1, "smic/s01/c9: blurred", 0, ""),
    }
    table = tables.build(tables.describe("megc2019"), scores)
    said = [line for line in table.caption if "by configuration" in line]
    assert said == [
        "2 clips left out by configuration: casme2/sub01/c9: damaged.; smic/s01/c9: blurred.",
        f"1 clip corrected by configuration: {mended}.",
    ]
    assert "1 clip corrected by configuration: casme2/sub01/c0: apex 85 -&gt; 88" in tables.FORMATS["html"](table)
    assert tables.build(tables.describe("megc2019"), scores).block("measured")[0].rank == 1, "left out for all alike"


def test_a_tie_shares_rank_and_bold(build):
    table = build([line("a", uf1=0.7), line("b", uf1=0.7), line("c", uf1=0.6)])
    assert [row.rank for row in table.block("measured")] == [1, 1, 3]
    assert tables.FORMATS["md"](table).count("**0.7000**") == 2


def test_best_figure_is_bold_and_no_peeked_one(build):
    table = build([line("a", uf1=0.7), line("b", uf1=0.8), line("b", uf1=0.9, selection="test_peek")])
    for kind, bold in (("md", "**0.8000**"), ("tex", r"\textbf{0.8000}"), ("html", "<b>0.8000</b>")):
        text = tables.FORMATS[kind](table)
        assert bold in text
        assert bold.replace("0.8000", "0.9000") not in text
        assert bold.replace("0.8000", "0.7000") not in text


def test_peeked_rows_are_marked_in_every_format(build):
    table = build([line("a"), line("a", uf1=0.8, selection="test_peek")])
    assert measured(table)["a", "test_peek"]["peeked"] == "yes"
    assert "| A † | peeked |" in tables.FORMATS["md"](table)
    assert r"A $^\dagger$ & peeked" in tables.FORMATS["tex"](table)
    assert re.search(r'<tr class="mb-peeked[^>]*>.*A †', tables.FORMATS["html"](table))


def test_synthetic_data_are_marked_in_every_format(build):
    table = build([line(origin="synthetic")])
    assert {row["origin"] for row in rows_of(table)} == {"synthetic"}, "no published row"
    for kind in ("md", "tex", "html"):
        text = tables.FORMATS[kind](table)
        assert text.count("SYNTHETIC DATA") >= 2  # in the title and in the caption
        assert "cannot be compared" in text
    real = build([line()])
    assert not any("SYNTHETIC" in render(real) for render in tables.FORMATS.values())


def test_a_missing_figure_is_empty_and_not_zero(build):
    table = build([line(task="megc2019"), line(task="megc2019", part="samm", uf1="")], "megc2019")
    row = measured(table)["net", "last"]
    assert row["smic_uf1_mean"] == row["samm_uf1_mean"] == ""
    assert row["samm_uar_mean"] == "0.650000"
    published = {row["method"]: row for row in rows_of(table) if row["block"] == "published"}
    assert published["MFDAN"]["all_uf1_mean"] == ""
    assert "0.0000" not in tables.FORMATS["md"](table)


def test_a_figure_of_some_seeds_says_so(build):
    lines = [line(task="megc2019", seed=s) for s in (0, 1)] + [line(task="megc2019", seed=0, part="samm")]
    table = build(lines, "megc2019")
    assert measured(table)["net", "last"]["samm_uf1_n_seeds"] == "1"
    assert "**0.7000** (n=1)" in tables.FORMATS["md"](table)


# golden: the publications that the legend of each table names
PUBLISHED = {
    "megc2019": [
        ("LBP-TOP (official baseline)", "A B C Q", {"all_uf1": "0.5882", "smic_uf1": "0.2000", "samm_uar": "0.4102"}),
        ("STSTNet (as printed)", "B C Q", {"all_uf1": "0.7353", "all_uar": "0.7605", "casme2_uar": "0.8686"}),
        ("STSTNet (true UAR)", "G", {"all_uar": "0.7186", "smic_uar": "0.6703", "samm_uar": "0.6415"}),
        ("STSTNet, authors' PyTorch port", "O G", {"all_uf1": "0.7209", "smic_uf1": "0.6871", "samm_uar": "0.6145"}),
        ("SSSNet in MEB, 200 epochs", "F", {"all_uf1": "0.7394", "all_accuracy": "0.7602", "all_uar": ""}),
        ("CapsuleNet", "C G Q", {"all_uf1": "0.6520", "samm_uar": "0.5989"}),
        ("HTNet", "C", {"all_uf1": "0.8603", "casme2_uf1": "0.9532", "samm_uar": "0.8124"}),
        ("ELBPTOP", "D", {"all_uf1": "0.71", "samm_uar": "0.49"}),
        ("SLSTT", "E", {"all_uf1": "0.81", "casme2_uar": "0.89"}),
        ("OFF-ApexNet in MEB, best test epoch", "F", {"all_uf1": "0.8390", "samm_uf1": "0.7898", "all_uar": ""}),
    ],
    "casme2-5": [
        ("LBP-TOP (baseline of the dataset)", "P", {"all_accuracy": "0.6341", "all_uf1": ""}),
        ("Bi-WOOF", "N", {"all_uf1": "0.61", "all_accuracy": ""}),
    ],
    "samm-5": [("Ruan et al., mimicking", "O", {"all_accuracy": "0.7941", "all_uf1": "0.7582"})],
    "smic-3": [
        ("ELBPTOP", "D", {"all_accuracy": "0.6906", "all_uf1": "0.62"}),
        ("Bi-WOOF", "N", {"all_uf1": "0.62", "all_accuracy": ""}),
        ("MSMMT", "N", {"all_accuracy": "0.7873", "all_uf1": ""}),
    ],
}


# UF1/UAR of Full, SMIC, CASME II, SAMM as printed (the rows of SLSTT: docs/metrics.md#known-values)
COMPOSITE = """
LBP-TOP (official baseline)              | .5882/.5785 | .2000/.5280 | .7026/.7429 | .3954/.4102
Bi-WOOF (re-run by the STSTNet authors)  | .6296/.6227 | .5727/.5829 | .7805/.8026 | .5211/.5139
AlexNet                                  | .6933/.7154 | .6201/.6373 | .7994/.8312 | .6104/.6642
SqueezeNet                               | .5930/.6166 | .5381/.5603 | .6894/.7278 | .5039/.5362
GoogLeNet                                | .5573/.6049 | .5123/.5511 | .5989/.6414 | .5124/.5992
VGG16                                    | .6425/.6516 | .5800/.5964 | .8166/.8202 | .4870/.4793
OFF-ApexNet (re-run by the STSTNet authors) | .7196/.7096 | .6817/.6695 | .8764/.8681 | .5409/.5392
STSTNet (as printed)                     | .7353/.7605 | .6801/.7013 | .8382/.8686 | .6588/.6810
STSTNet (true UAR)                       | .7353/.7186 | .6801/.6703 | .8382/.8190 | .6588/.6415
STSTNet, authors' PyTorch port           | .7209/.7250 | .6871/.6876 | .8304/.8304 | .5993/.6145
CapsuleNet                               | .6520/.6506 | .5820/.5877 | .7068/.7018 | .6209/.5989
Dual-Inception (Zhou et al.)             | .7322/.7278 | .6645/.6726 | .8621/.8560 | .5868/.5663
EMR (Liu et al.)                         | .7885/.7824 | .7461/.7530 | .8293/.8209 | .7754/.7152
RCN (RCN-A)                              | .7432/.7190 | .6326/.6441 | .8512/.8123 | .7601/.6715
RCN (in SLSTT's table)                   | .705/       | /           | .809/.856   | /
FeatRef                                  | .7838/.7832 | .7011/.7083 | .8915/.8873 | .7372/.7155
ELBPTOP                                  | .71/.69     | .65/.66     | .89/.88     | .49/.49
SLSTT                                    | .81/.79     | .74/.72     | .89/.89     | .71/.64
SLSTT-Mean (as printed)                  | .788/       | /           | .844/.830   | /
SLSTT-LSTM (as printed)                  | .816/.790   | .740/       | .901/.885   | .715/
HTNet                                    | .8603/.8475 | .8049/.7905 | .9532/.9516 | .8131/.8124
MSMMT                                    | /           | /           | .9071/      | /
MFDAN                                    | /.8688      | /           | /           | /
MPFNet                                   | /           | /           | /           | /.8260
Ra-ICL                                   | .8805/.8911 | .8179/      | .9620/      | .8668/.8885
SRMCL                                    | .8630/.8830 | .7946/      | .9635/      | .8470/
LTR3O                                    | .8931/.8819 | .8336/      | .9578/      | .8912/
D-FACE                                   | .8943/.8967 | .8422/      | .9738/      | .8716/
ResNet18 on onset and apex (baseline of Ra-ICL) | .8322/.8264 | / | / | /
GA-ME                                    | .837/       | /           | /           | /
STSTNet in MEB, 500 epochs               | .7127/      | .7139/      | .7036/      | .6619/
STSTNet in MEB, best test epoch          | .7740/      | .7214/      | .8692/      | .7040/
OFF-ApexNet in MEB, 3000 epochs          | .7032/      | .6832/      | .7744/      | .6052/
OFF-ApexNet in MEB, best test epoch      | .8390/      | .7818/      | .9283/      | .7898/
SSSNet in MEB, 200 epochs                | .7394/      | .6991/      | .8517/      | .6023/
"""
ACCURACY = {
    "Bi-WOOF (re-run by the STSTNet authors)": ".6833", "AlexNet": ".7308", "SqueezeNet": ".6380",
    "GoogLeNet": ".6335", "VGG16": ".6833", "OFF-ApexNet (re-run by the STSTNet authors)": ".7460",
    "STSTNet (as printed)": ".7692", "STSTNet (true UAR)": ".7692", "GA-ME": ".859",
    "SSSNet in MEB, 200 epochs": ".7602",
}  # fmt: skip


def test_every_published_figure_of_the_composite(build):
    rows = {row["method"]: row for row in rows_of(build([line(task="megc2019")], "megc2019"))
            if row["block"] == "published"}  # fmt: skip
    expected = {}
    for text in COMPOSITE.strip().splitlines():
        method, *parts = (cell.strip() for cell in text.split("|"))
        keys = (f"{part}_{metric}_mean" for part in ("all", "smic", "casme2", "samm") for metric in ("uf1", "uar"))
        expected[method] = dict(zip(keys, "/".join(parts).split("/"), strict=True))
        expected[method]["all_accuracy_mean"] = ACCURACY.get(method, "")
    found = {method: {key: row[key].replace("0.", ".") for key in expected[method]} for method, row in rows.items()}
    assert found == expected


@pytest.mark.parametrize("name", [name for name in SLSTT_MATRICES if name in tables.names()])
def test_figures_of_slstt_are_those_of_its_matrices(build, name):
    """To two digits, rounded; the composite's parts in three classes likewise."""
    _, *exact = SLSTT_MATRICES[name]
    (row,) = (row for row in rows_of(build([line(task=name)], name)) if row["method"] == "SLSTT")
    assert row["derived"] == "yes"
    wanted = [f"{value:.2f}" for value in (exact[0], exact[1], exact[2] / 100)]
    assert [row[f"all_{metric}_mean"] for metric in ("uf1", "uar", "accuracy")] == wanted


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_are_those_of_the_facts(build, name):
    published = {row["method"]: row for row in rows_of(build([line(task=name)], name)) if row["block"] == "published"}
    for method, source, figures in PUBLISHED[name]:
        assert published[method]["source"] == source
        assert {key: published[method][f"{key}_mean"] for key in figures} == figures


def test_published_rows_that_chose_the_test_epoch_are_marked(build):
    rows = {row["method"]: row for row in rows_of(build([line(task="megc2019")], "megc2019"))}
    peeked = {"HTNet", "CapsuleNet", "EMR (Liu et al.)", "SLSTT", "SLSTT-Mean (as printed)", "SLSTT-LSTM (as printed)"}
    peeked |= {"STSTNet in MEB, best test epoch", "OFF-ApexNet in MEB, best test epoch"}
    assert {method for method, row in rows.items() if row["peeked"] == "yes"} == peeked
    assert rows["SLSTT"]["derived"] == "yes"


def test_published_rows_of_models_that_are_here_name_them(build):
    named = {row.model for name in tables.names() for row in tables.describe(name).published if row.model}
    assert named <= set(cards.names("models"))
    rows = {row["method"]: row["model"] for row in rows_of(build([line(task="megc2019")], "megc2019"))}
    assert rows["RCN (RCN-A)"] == "rcn_a"
    assert rows["STSTNet (true UAR)"] == rows["STSTNet in MEB, 500 epochs"] == "ststnet"
    assert rows["AlexNet"] == ""


def test_every_description_is_sound_and_sources_have_a_legend():
    for name in tables.names():
        description = tables.describe(name)
        assert description.published or name.endswith("-ablations") or name == "cost"
        used = {letter for row in description.published for letter in row.source}
        assert used <= set(description.sources)
    flow, composite = tables.describe("megc2019-flow"), tables.describe("megc2019")
    assert (flow.task, flow.published, flow.columns) == ("megc2019-flow", composite.published, composite.columns)
    assert flow.title != composite.title


def test_latex_and_markdown_escape_what_they_must(build):
    table = build([line("x", title=r"A_b & 50% #1 {c} \d ~e | *f*")])
    assert r"A\_b \& 50\% \#1 \{c\} \textbackslash{}d $\sim$e | *f*" in tables.FORMATS["tex"](table)
    assert r"A\_b & 50% #1 {c} \\d \~e \| \*f\*" in tables.FORMATS["md"](table)
    table = build([line("x", title="<script>alert(1)</script>")])
    assert "<script>alert" not in tables.FORMATS["html"](table)


def test_a_changed_template_makes_tables_and_report_again():
    folder = Path(formats.__file__).parents[1]
    templates = {path.relative_to(folder).as_posix() for path in (folder / "tables" / "templates").iterdir()}
    assert templates <= set(AREAS["tables"])
    assert {*templates, "report/page.html.j2"} <= set(AREAS["report"])


def test_latex_rows_have_as_many_fields_as_columns(build):
    text = tables.FORMATS["tex"](build([line(task="megc2019", seed=s) for s in (0, 1)], "megc2019"))
    spec = re.search(r"\\begin\{tabular\}\{(\w+)\}", text).group(1)
    body = [row for row in text.splitlines() if row.endswith(r"\\") and "multicolumn" not in row]
    assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in body} == {len(spec)}


def test_html_is_sortable_and_needs_no_network(build):
    text = tables.FORMATS["html"](build([line()]))
    assert "addEventListener" in text
    assert 'data-sort="0.700000"' in text
    assert not re.search(r'(src|href)="https?:', text)


def test_same_scores_give_the_same_bytes_in_any_order(tmp_path, build):
    lines = [line(m, s, u) for m, s, u in (("a", 0, 0.7), ("a", 1, 0.6), ("b", 0, 0.65), ("b", 1, 0.64))]
    for name, given in (("one", lines), ("two", lines[::-1])):
        tables.write(build(given), tmp_path / name)
    for suffix in tables.FORMATS:
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_a_table_of_ones_own(tmp_path, build):
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\ntask: smic-3\nparts: {all: All}\ncolumns: [[all, uar, UAR]]\nmodels: [a]\n")
    table = build([line("a"), line("b")], str(path))
    assert [row.model for row in table.rows] == ["a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: T\ntask: t\ncolumns: [[all, uf2, X]]\nparts: {all: A}", "did you mean 'uf1'"),
        ("title: T\ntask: t\ncolums: []", "did you mean 'columns'"),
        ("title: T\ntask: t\ncolumns: [[all, uf1, X]]", "the part 'all' has no heading"),
        ("task: t\ncolumns: [[all, uf1, X]]\nparts: {all: A}", "has no 'title'"),
        ("title: T\ntask: t\ncolumns: [[all, uf1, X]]\nparts: {all: A}\nsources: {A: x}\n"
         "published: [{method: M, source: [A], values: {all: {uf1: 5e-1}}}]", "in quotes"),
        ("title: T\ntask: t\ncolumns: [[all, uf1, X]]\nparts: {all: A}\nsources: {A: x}\n"
         "published: [{method: M, source: [B], values: {}}]", "not in the legend"),
        ("title: [", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_one_clear_sentence(tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(UserError, match=re.escape(message)):
        tables.describe(str(tmp_path / "bad.yaml"))


def test_bad_input_is_one_clear_sentence(tmp_path, build):
    with pytest.raises(UserError, match="unknown table 'megc2018'.*did you mean 'megc2019'"):
        tables.describe("megc2018")
    with pytest.raises(UserError, match="shows the task megc2019, but the scores are of smic-3"):
        build([line()], "megc2019")
    with pytest.raises(UserError, match="lines 2 and 3 are the same run"):
        build([line(), line()])
    with pytest.raises(UserError, match="line 2: could not convert"):
        build([line(uf1="good")])
    with pytest.raises(UserError, match=r"line 2: uf1 is 71.0, outside 0..1"):
        build([line(uf1="71")])
    with pytest.raises(UserError, match="holds no scores"):
        build([])
    (tmp_path / "short.csv").write_text("task,model\nx,y\n")
    with pytest.raises(UserError, match="lacks the column"):
        read_scores(tmp_path / "short.csv")


# --- spotting: counts, columns in which less is better, conventions -------------------------------------------------


def spotted(model="net", seed=0, **other):
    base = dict.fromkeys((*COLUMNS, *tasks.metrics("spotting")), "")
    return base | {
        "task": "sammlv-spotting", "model": model, "title": model, "kind": "model", "seed": seed, "selection": "last",
        "origin": "licensed", "part": "all", "n": 147, "without_input": 0, "folds_done": 29, "folds_expected": 29,
        "task_kind": "spotting", "strs": 0.1, "f1_spotting": 0.2, "tp": 26, "fp": 363, "fn": 133, "f1_test_peek": 0.3,
        "conventions": "Conventions: threshold p 0.55, fixed.",
    } | other  # fmt: skip


@pytest.fixture
def build_spotting(tmp_path):
    def run(lines, name="sammlv-strs"):
        write_csv(tmp_path / "scores.csv", [*COLUMNS, *tasks.metrics("spotting"), "conventions"], lines)
        return tables.build(tables.describe(name), read_scores(tmp_path / "scores.csv"))

    return run


def test_counts_are_whole_numbers_of_one_seed_and_have_one_decimal_as_means(build_spotting):
    one, three = [spotted()], [spotted(seed=0), spotted(seed=1, tp=27), spotted(seed=2, tp=27)]
    texts = [tables.FORMATS["md"](build_spotting(lines)).split("| net |")[1].split("\n")[0] for lines in (one, three)]
    assert "| 26 | 363 | 133 |" in texts[0]
    assert "| 26.7 ± 0.6 | 363.0 ± 0.0 | 133.0 ± 0.0 |" in texts[1]
    assert "**0.1000**" in texts[0]


def test_no_count_and_nothing_peeked_is_the_best(build_spotting):
    macro = {"task": "sammlv-spotting-macro"}  # its default table has the column of the peeked threshold
    lines = [spotted(**macro), spotted("other", strs=0.05, fp=1, f1_test_peek=0.9, **macro)]
    table = build_spotting(lines, "sammlv-spotting-macro")
    assert {"fp", "f1_test_peek"} <= {column.metric for column in table.columns}
    assert table.parts["all"] == "All recordings"
    best = {row.model: {key.metric for key in row.best} for row in table.block("measured")}
    assert best == {"net": {"strs", "f1_spotting"}, "other": {"f1_spotting"}}


def test_a_click_on_a_column_in_which_less_is_better_sorts_upwards(build_spotting):
    page = tables.FORMATS["html"](build_spotting([spotted()]))
    heads = re.findall(r'<th scope="col"([^>]*)><button type="button">([^<]*)', page)
    assert [name for marks, name in heads if "data-least" in marks] == ["FP", "FN", "ME FP"]


def test_the_caption_says_the_conventions_of_the_measured_rows(build_spotting):
    assert "Conventions: threshold p 0.55, fixed." in build_spotting([spotted()]).caption


def test_a_row_with_other_conventions_has_them_as_a_footnote(build_spotting):
    other = "Conventions: threshold p 0.4, fixed."
    table = build_spotting([spotted("a"), spotted("b"), spotted("c", conventions=other)])
    assert "Conventions: threshold p 0.55, fixed." in table.caption
    assert other not in table.caption
    assert "Rows with other conventions have them as a footnote." in table.caption
    assert {row.model: row.note for row in table.block("measured")} == {"a": "", "b": "", "c": other}


SPOTTING_TABLES = ("sammlv-strs", "casme3-strs", "casme2sq-spotting")


@pytest.mark.parametrize("name", SPOTTING_TABLES)
def test_published_rows_of_spotting_fit_their_own_counts_and_factors(name):
    """F1 = 2 TP / (2 TP + FP + FN), and STRS = F1 x F1, to the digits that were printed."""
    for row in tables.describe(name).published:
        figures = {key.metric: text for key, text in row.values.items()}
        assert row.note, row.method
        for f1, fp, strs in (("f1_spotting", "fp", "strs"), ("f1_with_me", "fp_with_me", "strs_with_me")):
            if {f1, fp, "tp", "fn"} <= figures.keys():
                tp, false, missed = (int(figures[key]) for key in ("tp", fp, "fn"))
                assert f"{2 * tp / (2 * tp + false + missed):.4f}" == figures[f1], row.method
            if {f1, strs, "f1_recognition"} <= figures.keys() and len(figures[strs].rstrip("0")) > 4:
                assert float(figures[f1]) * float(figures["f1_recognition"]) == pytest.approx(
                    float(figures[strs]), abs=6e-5
                )


@pytest.mark.parametrize("name", ["sammlv", "casme3"])
def test_the_table_of_a_spotting_task_is_the_one_with_published_rows(name):
    own, named = (tables.describe(f"{name}-{end}") for end in ("spotting", "strs"))
    assert own.task == named.task == f"{name}-spotting"
    assert own.published == named.published


def test_a_count_that_is_no_whole_number_is_refused(tmp_path):
    text = (Path(tables.__file__).parent / "casme2sq-spotting.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace('tp: "17"', 'tp: "17.5"'))
    with pytest.raises(UserError, match=r"all tp is '17.5'; write the printed figure in quotes, like \"26\""):
        tables.describe(str(tmp_path / "mine.yaml"))
