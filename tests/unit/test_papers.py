"""Papers: what cards cite, and what references.bib says of it."""

from __future__ import annotations

import re

import pytest

from mebench import cards, cli, papers
from mebench.errors import UserError
from mebench.papers import paper

CITED = {cards.card(kind, name).get("paper") for kind in ("models", "datasets") for name in cards.names(kind)}


def test_every_paper_that_a_card_cites_is_there_and_every_other_is_not():
    assert CITED - {None} == set(papers.known_keys())


def test_the_references_are_sorted_by_key_and_have_every_paper_once():
    assert papers.known_keys() == sorted(papers.known_keys())
    titles = [paper(key).title for key in papers.known_keys()]
    assert len(set(titles)) == len(titles)


def test_an_entry_is_read_with_names_volume_pages_and_links():
    """The first page of the article as the journal has it."""
    casme2 = paper("yan2014casme2")
    assert casme2.byline == "W.-J. Yan, X. Li, S.-J. Wang, G. Zhao, Y.-J. Liu, Y.-H. Chen, X. Fu"
    assert (casme2.venue, casme2.year) == ("PLoS ONE 9(1): e86041", 2014)
    assert casme2.link == "https://doi.org/10.1371/journal.pone.0086041"
    assert casme2.short == "Yan et al., PLoS ONE 9(1): e86041 2014"
    assert paper("liong2019ststnet").link == "https://arxiv.org/abs/1902.03634"
    assert paper("varanka2021sssnet").venue.startswith("IS&T ")  # \\& in BibTeX
    assert paper("zhao2007lbp_top_svm").authors[1].last == "Pietikäinen"
    assert paper("zhao2007lbp_top_svm").venue.endswith("Machine Intelligence 29(6)")


@pytest.mark.parametrize(
    ("authors", "short"),
    [("Zhao, Pietikäinen", "Zhao and Pietikäinen"), ("A, B, C", "A et al."), ("A et al.", "A et al."), ("A", "A"),
     ("X. Li, Y. Hong", "Li and Hong")],
)  # fmt: skip
def test_a_paper_that_a_card_writes_out(authors, short):
    mine = paper({"title": "T", "authors": authors, "venue": "TPAMI 29(6)", "year": 2007})
    assert mine.short == f"{short}, TPAMI 29(6) 2007"
    assert mine.byline == authors
    assert (mine.link, mine.key) == ("", "")


def test_no_paper():
    assert paper(None) is None
    assert papers.with_paper({"name": "n"}) == {"name": "n", "paper": None}


def test_a_wrong_citation_is_one_clear_sentence():
    with pytest.raises(UserError, match="cites the paper 'yan2014casme'.*did you mean 'yan2014casme2'"):
        paper("yan2014casme")
    with pytest.raises(UserError, match="cites a paper without a title"):
        paper({"authors": "A"})


def test_references_that_are_not_bibtex_are_named_with_their_line(tmp_path, monkeypatch):
    (tmp_path / "r.bib").write_text("@misc{a,\n  title = {A},\n}\n\n@misc{a,\n  title = {B},\n}\n")
    monkeypatch.setattr(papers, "REFERENCES", tmp_path / "r.bib")
    with pytest.raises(UserError, match=r"r.bib line 5 is not valid BibTeX, or its key is there twice"):
        papers._references.__wrapped__()


def test_the_verb_prints_the_references_as_they_are(capsys):
    assert cli.main(["models", "--bibtex"]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^@\w+\{(\w+),$", text, re.MULTILINE) == papers.known_keys()
