"""Which epoch was taken, and what that is worth where it was chosen on the test subjects."""

from __future__ import annotations

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS
from mebench.audit.inflation import expected

NAME = "selection"
HONEST = {"last": "the last epoch was taken", "inner": "the epoch was chosen on held-out training subjects"}


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails for ``test_peek``."""
    if evidence.records and not any(one.last_epoch or one.epoch for one in evidence.records):
        return PASS, "it has no epochs to choose from"
    if evidence.selection in HONEST and evidence.records:
        return PASS, HONEST[evidence.selection]
    if evidence.selection in HONEST:
        return NOT_CHECKED, f"{HONEST[evidence.selection]}, as it is declared; a history shows it"
    if evidence.selection == "test_peek":
        return FAIL, f"the epoch was chosen on the test subjects; {expected(evidence.model, evidence.honest)}"
    return NOT_CHECKED, (f"how the epoch was chosen is not known; were it chosen on the test subjects, "
                         f"{expected(evidence.model)}")  # fmt: skip
