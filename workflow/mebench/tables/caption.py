"""The sentences above a table: what its figures are, what is missing, and what is never ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mebench.tables.absent import AbsentRun, sentences
from mebench.tables.description import Description
from mebench.tables.scores import Score
from mebench.tables.table import INCOMPLETE, Row

AUDITED = "Audit: incomplete, where nothing failed and not everything could be checked."


def caption(
    description: Description, rows: Sequence[Row], mark: str, absent: Sequence[AbsentRun]
) -> list[str]:  # fmt: skip
    measured = [row for row in rows if row.block not in ("published", "missing")]
    lines = [f"{mark}."] if mark else []
    if mark and description.published:
        lines[0] += " The published figures are of the real data: they cannot be compared with it, and are left out."
    if absent:
        count = f"{len(absent)} run{'s are' if len(absent) > 1 else ' is'} missing"
        lines.append(f"{INCOMPLETE}: {count}. Models that lack a run are not ranked. {' '.join(sentences(absent))}")
    lines += [description.caption] if description.caption else []
    lines += list(filter(None, [common_conventions(measured)]))
    if any(row.conventions != common_conventions(measured) for row in measured):
        lines.append("Rows with other conventions have them as a footnote.")
    if any(row.seeds > 1 for row in measured):
        lines.append(
            "Measured figures: mean ± sample standard deviation over the seeds, "
            "each from predictions pooled over all folds."
        )
    else:
        lines.append("Measured figures: one seed, from predictions pooled over all folds.")
    lines.append("Ranked by the first figure; bold: best among the ranked rows. Controls are not ranked.")
    if any(row.peeked for row in rows):
        lines.append("† peeked: the epoch was chosen on the test subjects; never ranked.")
    if not all(row.all_folds for row in measured):
        lines.append("Incomplete runs (folds done/expected) are not ranked.")
    if any(row.left_out for row in measured):
        lines.append("Runs that leave clips out (footnote) are not ranked.")
    if any(row.deviations for row in measured):
        lines.append("Runs on other data than their task expects (footnote) are not ranked.")
    lines += _decided("left out", {(row.excluded, row.exclusions) for row in measured})
    lines += _decided("corrected", {(row.corrected, row.corrections) for row in measured})
    if any(row.audit for row in rows):
        lines.append(AUDITED)
    if any(row.derived for row in rows):
        lines.append("~ derived from rounded figures.")
    return lines


def _decided(done: str, clips: Iterable[tuple[int, str]]) -> list[str]:
    """A sentence for each (number of clips, which and why) that the configuration left out or corrected."""
    return [f"{count} clip{'s' if count > 1 else ''} {done} by configuration: {why.rstrip('.')}."
            for count, why in sorted(clips) if count]  # fmt: skip


def common_conventions(rows: Sequence[Row]) -> str:
    """The conventions of most rows; empty where their kind of task has none."""
    counts = Counter(row.conventions for row in rows)
    return min(counts, key=lambda text: (-counts[text], text), default="")


GIVEN = {
    "counts of subjects": "Given as counts of subjects, so without McNemar's test.",
    "a confusion matrix alone": "Given as a confusion matrix alone, so without intervals, tests and letter.",
}
UNKNOWN = "How its epoch was chosen is not known, so the row is not ranked."


def note(fewest: Score, scores: Sequence[Score]) -> str:
    """The footnote of a row: what its data lack. ``fewest`` is the score with the fewest clips."""
    deviations = next((score.deviations for score in scores if score.deviations), "")
    other = f"Other data than the task expects: {deviations}." if deviations else ""
    unknown = UNKNOWN if fewest.selection == "unknown" else ""
    return " ".join(filter(None, [_left_out(fewest), other, unknown, GIVEN.get(fewest.form, "")]))


def _left_out(score: Score) -> str:
    """What is said of a run that could not predict every clip."""
    if not score.without_input:
        return ""
    some = f"{score.without_input} clip{'s' if score.without_input > 1 else ''}"
    whole = score.folds_done >= score.folds_expected  # else n says more about folds than about inputs
    first = f"{score.n} of {score.n + score.without_input} clips: " if whole else ""
    return f"{first}{some} left out, because no input could be made of them."
