"""What a check found, and what all findings come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

PASS, FAIL, NOT_CHECKED, INCOMPLETE = "pass", "fail", "not checked", "incomplete"


@dataclass(frozen=True)
class Finding:
    """The ``verdict`` of the check ``name``, and in a sentence why."""

    name: str
    verdict: str
    detail: str


@dataclass(frozen=True)
class Audit:
    """All findings, and the ``verdict`` that they come to."""

    verdict: str
    checks: tuple[Finding, ...]

    def as_json(self) -> dict[str, object]:
        """What ``mebench audit --json`` prints."""
        return asdict(self) | {"checks": [asdict(one) for one in self.checks]}

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The checks that failed."""
        return tuple(one for one in self.checks if one.verdict == FAIL)


def audit_of(checks: Sequence[Finding], need_nothing: Sequence[str] = ()) -> Audit:
    """``fail`` where a check fails. ``incomplete`` where none passes but those that ``need_nothing`` besides the
    result itself, which say nothing of how it was made."""
    verdicts = {one.verdict for one in checks if one.verdict == FAIL or one.name not in need_nothing}
    verdict = FAIL if FAIL in verdicts else PASS if PASS in verdicts else INCOMPLETE
    return Audit(verdict, tuple(checks))


def some(names: Sequence[str], most: int = 3) -> str:
    """``a, b, c and 4 more``."""
    shown, more = ", ".join(names[:most]), len(names) - most
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, what: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")
