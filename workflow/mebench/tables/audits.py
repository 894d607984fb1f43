"""The verdict that a row of a table carries (docs/audit.md)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from mebench.audit.finding import FAIL, INCOMPLETE, PASS
from mebench.audit.possible import IMPOSSIBLE, possible
from mebench.audit.printed import NAMES, figure
from mebench.protocols.tasks import TASKS
from mebench.tables.description import Description, Place, Published
from mebench.tables.printed import DERIVED
from mebench.tables.scores import Score

ORDER = (FAIL, INCOMPLETE, PASS)  # the worst first


def of_scores(scores: Sequence[Score]) -> tuple[str, str]:
    """(verdict, names of the checks that failed) of a measured row: those of its worst run; both empty where a run was
    not looked at."""
    if not all(one.audit for one in scores):
        return "", ""
    failed = {name for one in scores for name in one.audit_failed.split(", ") if name}
    return min((one.audit for one in scores), key=ORDER.index), ", ".join(sorted(failed))


def of_published(row: Published, description: Description) -> tuple[str, str]:
    """The same of a published row, of which nothing but its figures and its selection can be looked at. It fails where
    no confusion matrix with the classes of its task gives the figures of a part, or its epoch was peeked."""
    parts: dict[str, dict[str, str]] = {}
    for key, text in row.values.items():
        if key.metric in NAMES and not text.startswith(DERIVED):
            parts.setdefault(key.part, {})[key.metric] = text
    wrong = [part for part, texts in parts.items()
             if _impossible(tuple(texts.items()), class_sizes(description.place(part)))]  # fmt: skip
    failed = ([f"figures ({' and '.join(wrong)})"] if wrong else []) + ["selection"] * (row.selection == "test_peek")
    return (FAIL, ", ".join(failed)) if failed else (INCOMPLETE, "")


def footnote(failed: str) -> str:
    """What the footnote of a row says of the checks that failed; nothing of a peeked selection, which is marked."""
    others = [name for name in failed.split(", ") if name not in ("", "selection")]
    return f"The audit fails: {', '.join(others)}." if others else ""


@functools.lru_cache(maxsize=512)
def _impossible(texts: tuple[tuple[str, str], ...], sizes: tuple[int, ...]) -> bool:
    if len(texts) < 2 or not sizes:
        return False
    return possible([figure(name, text) for name, text in texts], sizes).verdict == IMPOSSIBLE


def class_sizes(place: Place) -> tuple[int, ...]:
    """How many clips of each class the figures of a place are of: those that its task expects, or for a part of a
    composite the task of that dataset alone with the same classes. Empty where nobody says it."""
    task = TASKS.get(place.task, {})
    if place.part != "all":
        alone = [one for one in TASKS.values() if one["datasets"] == [place.part] and "expression" not in one
                 and one.get("classes") == task.get("classes")]  # fmt: skip
        task = alone[0] if alone else {}
    expected = task.get("expected")
    return tuple(expected["classes"].values()) if expected and "classes" in expected else ()
