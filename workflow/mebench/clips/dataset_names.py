"""How people spell the names of datasets: CASME II, casme-2, CAS(ME)^2, SMIC-HS, ..., each with its name here."""

from __future__ import annotations

import functools
import os
import re
import unicodedata
from collections.abc import Iterable

from mebench import cards
from mebench.errors import UserError, did_you_mean
from mebench.given_values import clean

# letters and digits of a spelling -> name; spellings are those of papers, releases and public lists
SPELLINGS = {
    "casme": ("casme1", "casmei"),
    "casme2": ("casmeii",),
    "casme_sq": ("casmesquare", "casmesquared"),
    "casme3": ("casmeiii", "casme3parta", "casme3partamicroexpressions", "casme3me"),
    "casme3_long": ("casme3longvideos", "casme3partalongvideos", "casmeiiilong"),
    "samm": ("sammmicro", "sammmicroexpressions"),
    "samm_long": ("sammlongvideo", "sammlongvideos", "sammlv"),
    "smic": ("smichs",),
    "smic_vis": (),
    "smic_nir": (),
    "smic_long": ("smice", "smicehs", "smichse", "smicelong", "smichslong"),
    "mmew": (),
}
# with the parentheses, or raised, 2 and 3 are the squared and the cubed set; plain casme2 is CASME II
RAISED = re.compile(r"cas\(me\)\^?(?=[23])|casme\^(?=[23])")
BY_SPELLING = {
    letters: name for name, spellings in SPELLINGS.items() for letters in (name.replace("_", ""), *spellings)
}


def known_dataset(text: str) -> str | None:
    """The name of the dataset that ``text`` spells; None where nobody spells one so. Own datasets are known by their
    name alone."""
    written = clean(text)
    flat = "".join(unicodedata.normalize("NFKC", written.replace("²", "^2").replace("³", "^3")).casefold().split())
    raised = RAISED.match(flat)
    letters = "".join(filter(str.isalnum, flat))
    if raised and flat[raised.end()] == "2":
        return "casme_sq" if letters == "casme2" else None
    if letters in BY_SPELLING and not ("(" in flat and not raised):
        return BY_SPELLING[letters]
    own = cards.OWN.stat().st_mtime_ns if cards.OWN.is_dir() else 0
    return _registered(os.getcwd(), own).get(flat)


@functools.lru_cache(maxsize=8)
def _registered(folder: str, changed: int) -> dict[str, str]:
    """Registered names by their small letters; kept, because tables ask for each row. Own datasets are those of the
    working ``folder``, as they are since they were ``changed``."""
    return {name.casefold(): name for name in cards.names("datasets")}


def dataset_name(text: str, where: str) -> str:
    """The name of a dataset in any known spelling; a UserError says ``where`` another one stands."""
    name = known_dataset(text)
    if name is None:
        known = cards.names("datasets")
        raise UserError(
            f"{where} names the dataset '{clean(text)}', which is not known{did_you_mean(text, known)}; correct the "
            "name, or add a file of that name to the folder datasets (docs/add-a-dataset.md)"
        )
    return name


def part_name(text: str) -> str:
    """The name of a part of predictions: that of a known dataset, or the text as it stands."""
    return known_dataset(text) or clean(text)


def one_each(names: Iterable[str], where: str) -> dict[str, str]:
    """Spelling -> name; a UserError where two spellings are of one dataset."""
    by_name: dict[str, str] = {}
    result = {}
    for text in names:
        name = part_name(text)
        if name in by_name:
            raise UserError(f"{where} has the dataset {name} twice, as '{by_name[name]}' and as '{text}'; keep one")
        by_name[name] = text
        result[text] = name
    return result
