"""Whether any confusion matrix gives printed figures: known rows of published tables, and all small matrices."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench import cli, tables
from mebench.audit import bound
from mebench.audit.possible import IMPOSSIBLE, NOT_DECIDED, POSSIBLE, fractions, possible
from mebench.audit.printed import figure
from mebench.metrics.pooled import WHOLE
from mebench.tables import audits
from mebench.tables.description import Place
from mebench.tables.table_file import names

FULL, SMIC, CASME2, SAMM = (250, 109, 83), (70, 51, 43), (88, 32, 25), (92, 26, 15)


def asked(sizes, **printed: str):
    return possible([figure(name, text) for name, text in printed.items()], sizes)


# the rows of the MEGC2019 table: LBP-TOP of the challenge, STSTNet as printed, and STSTNet recomputed from its log
@pytest.mark.parametrize(("sizes", "uf1", "uar", "verdict"), [
    (SMIC, ".2000", ".5280", IMPOSSIBLE),
    (CASME2, ".8382", ".8686", IMPOSSIBLE),
    (SAMM, ".6588", ".6810", IMPOSSIBLE),
    (FULL, ".7353", ".7605", POSSIBLE),  # and wrong all the same: its matrix has the UAR .7186
    (FULL, ".7353", ".7186", POSSIBLE),
    (SMIC, ".6801", ".6703", POSSIBLE),
    (CASME2, ".8382", ".8190", POSSIBLE),
    (SAMM, ".6588", ".6415", POSSIBLE),
    (FULL, ".2408", ".3333", POSSIBLE),  # the majority class
])  # fmt: skip
def test_published_pairs(sizes, uf1, uar, verdict):
    answer = asked(sizes, uf1=uf1, uar=uar)
    assert answer.verdict == verdict
    if answer.matrix:
        assert tuple(map(sum, answer.matrix)) == sizes
        counts = np.array(answer.matrix, dtype=float)
        assert f"{WHOLE['uf1'](counts):.4f}" == f"0{uf1}"
        assert f"{WHOLE['uar'](counts):.4f}" == f"0{uar}"


def test_all_matrices_of_a_small_task_tell_the_same():
    sizes = (3, 2, 2)
    rows = [[r for r in itertools.product(range(n + 1), repeat=3) if sum(r) == n] for n in sizes]
    pairs = set()
    for matrix in itertools.product(*rows):
        hits = [matrix[k][k] for k in range(3)]
        values = fractions(sizes, hits, [sum(row[k] for row in matrix) - hits[k] for k in range(3)])
        pairs.add((values["uf1"], values["uar"]))
    for one, other in itertools.product(range(0, 101, 7), range(0, 101, 5)):
        uf1, uar = figure("uf1", f"{one / 100:.2f}"), figure("uar", f"{other}%")
        there = any(uf1.gives(a) and uar.gives(b) for a, b in pairs)
        assert possible([uf1, uar], sizes).verdict == (POSSIBLE if there else IMPOSSIBLE), (one, other)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=3, max_size=3))
def test_figures_of_a_matrix_are_possible(rows):
    counts = np.array(rows) + np.eye(3, dtype=int)  # each class has a clip
    printed = {name: f"{float(formula(counts)):.4f}" for name, formula in WHOLE.items()}
    assert asked(counts.sum(axis=1).tolist(), **printed).verdict == POSSIBLE


def test_more_classes():
    casme2 = (63, 32, 99, 27, 25)
    answer = asked(casme2, uf1="0.7000", uar="65.4%")
    assert answer.verdict == POSSIBLE
    assert tuple(map(sum, answer.matrix)) == casme2
    assert asked(casme2, uf1="0.9000", uar="0.7000").verdict == IMPOSSIBLE  # above 2 UAR/(1 + UAR)
    assert asked(casme2, uar="0.9000", accuracy="0.9990").verdict == IMPOSSIBLE
    # many more matrices than can be tried, and hardly one that could give both
    assert asked(casme2, uf1="0.0500", uar="0.4000").verdict in (NOT_DECIDED, IMPOSSIBLE)
    assert asked((24, 13, 20, 8, 3), uf1="0.2345", uar="0.5678").verdict == IMPOSSIBLE  # all were tried


def test_figures_are_read_with_their_digits():
    assert figure("uf1", ".2000").low == Fraction("0.19995")
    assert figure("uf1", "20.0%").high == Fraction("0.2005")
    assert figure("uf1", ".2000", cut=True).high == Fraction("0.2001")


IMPOSSIBLE_ROWS = {
    "LBP-TOP (official baseline)": "figures (smic)",
    "SqueezeNet": "figures (all)",  # its accuracy is cut off, not rounded
    "GoogLeNet": "figures (all)",
    "VGG16": "figures (casme2)",
    "OFF-ApexNet (re-run by the STSTNet authors)": "figures (all and casme2)",
    "STSTNet (as printed)": "figures (casme2 and samm)",
    "CapsuleNet": "figures (samm), selection",  # its log has another last digit
    "RCN (RCN-A)": "figures (casme2 and samm)",
    "GA-ME": "figures (all)",
}


def test_every_published_row_is_audited():
    found = {name: {row.method: audits.of_published(row, one) for row in one.published}
             for name in names() for one in (tables.describe(name),)}  # fmt: skip
    assert all(verdict in ("fail", "incomplete") for rows in found.values() for verdict, _ in rows.values())
    assert {
        method: failed for method, (_, failed) in found["megc2019"].items() if "figures" in failed
    } == IMPOSSIBLE_ROWS
    assert found["megc2019"]["STSTNet (true UAR)"] == ("incomplete", "")
    assert found["megc2019"]["HTNet"] == ("fail", "selection")


def test_a_footnote_says_what_failed_but_for_what_is_marked():
    assert audits.footnote("figures (casme2 and samm), selection") == "The audit fails: figures (casme2 and samm)."
    assert audits.footnote("selection") == audits.footnote("") == ""


def test_class_sizes_of_parts():
    assert audits.class_sizes(Place("megc2019", "all")) == FULL
    assert [audits.class_sizes(Place("megc2019", part)) for part in ("smic", "casme2", "samm")] == [SMIC, CASME2, SAMM]
    assert audits.class_sizes(Place("sammlv-spotting", "all")) == ()


def test_the_verb(capsys):
    smic = ["--counts", "negative=70", "positive=51", "surprise=43"]
    assert cli.main(["audit", "--figures", "uf1=.2000", "uar=.5280", *smic]) == 1
    assert capsys.readouterr().out.startswith("impossible\n")
    assert cli.main(["audit", "--figures", "uf1=.6801", "uar=.6703", *smic, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["figures"], len(said["matrix"])) == ("pass", "possible", 3)
    assert said["checks"][0]["detail"].startswith("possible: ")
    samm = ["--counts", "negative=92", "positive=26", "surprise=15"]
    assert cli.main(["audit", "--figures", "uf1=.6588", "uar=.6810", *samm]) == 1
    assert "only if further digits were cut off" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "what"), [
    (["--figures", "uf2=.2"], "there is no figure 'uf2' (did you mean 'uf1'?)"),
    (["--figures", "uf1=x"], "uf1 is 'x'"),
    (["--figures", "uf1=73.53"], "between 0 and 1"),
    (["--figures", "uf1"], "--figures has 'uf1'"),
    (["--figures", "uf1=.5", "--counts", "a=0", "b=3"], "two classes or more"),
    (["--figures", "uf1=.5"], "PREDICTIONS.csv or a run, or --figures with --counts"),
    (["--counts", "a=1", "b=3"], "--counts goes with --figures"),
])  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(words, what, capsys):
    assert cli.main(["audit", *words]) == 2
    assert what in capsys.readouterr().err


def test_the_bound_excludes_nothing_that_a_matrix_gives():
    random, excluded = np.random.default_rng(0), 0
    for _ in range(40):
        sizes = random.integers(3, 12, 3).tolist()
        asked_for = [figure("uf1", f"{random.uniform(0.05, 1):.2f}"), figure("uar", f"{random.uniform(0.05, 1):.2f}")]
        if bound.excluded(asked_for, sizes):
            excluded += 1
            assert possible(asked_for, sizes).verdict == IMPOSSIBLE
    assert excluded > 5


def test_a_uf1_beyond_what_five_classes_reach_is_impossible():
    sizes = [26, 57, 15, 12, 26]
    assert possible([figure("uf1", "0.20"), figure("macro_precision", "0.90"), figure("accuracy", "0.95")],
                    sizes).verdict == IMPOSSIBLE  # fmt: skip
    assert possible([figure("uf1", "0.70"), figure("uar", "0.68")], sizes).verdict == POSSIBLE
