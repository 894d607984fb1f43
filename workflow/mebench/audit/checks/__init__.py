"""The checks of an audit, one a file: ``NAME``, and ``check(evidence)``, which gives the verdict and why."""

from __future__ import annotations

from collections.abc import Callable

from mebench.audit.checks import (
    clips_disjoint,
    clips_once,
    figures,
    fitted,
    history,
    near_duplicates,
    order,
    selection,
    shuffled_labels,
    subjects_disjoint,
    truth,
)
from mebench.audit.evidence import Evidence
from mebench.audit.finding import Audit, Finding, audit_of

Check = Callable[[Evidence], tuple[str, str]]
CHECKS: dict[str, Check] = {
    module.NAME: module.check
    for module in (clips_once, truth, subjects_disjoint, clips_disjoint, near_duplicates, fitted, selection, history,
                   shuffled_labels, order, figures)
}  # fmt: skip
NEED_NOTHING = (order.NAME,)


def audit(evidence: Evidence) -> Audit:
    """All checks of a result."""
    return audit_of([Finding(name, *check(evidence)) for name, check in CHECKS.items()], NEED_NOTHING)
