"""How long the jobs of a running workflow will take: by what was expected of them, and by those that are done.

Work is counted in core-seconds: seconds times cores that a job has. What is expected of a rule's jobs is corrected by
the jobs of that rule that have ended, and by those that run longer than expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

USUAL = 2.0  # core-seconds of a job of which nothing is expected
TRUST = 10.0  # core-seconds for which an expectation counts as much as a measurement
AT_LEAST = 0.1  # of the time that a job has run for is left, where it runs longer than expected


@dataclass(frozen=True)
class RunningJob:
    """A job that runs: its rule, what it does, the cores it has, and when it started, in seconds."""

    rule: str
    words: str
    cores: int
    started: float


@dataclass
class WorkLeft:
    """``expected``: the rule and the core-seconds of each job, by its number; of the other jobs, ``total`` in all,
    nothing is known. It is told what starts and what ends."""

    expected: dict[int, tuple[str, float]] = field(default_factory=dict)
    total: int = 0
    running: dict[int, RunningJob] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    measured: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def start(self, number: int, job: RunningJob) -> None:
        """A job starts, perhaps again."""
        self.expected.setdefault(number, (job.rule, USUAL))
        self.running[number] = job
        self.ended.discard(number)

    def end(self, number: int, now: float, failed: bool = False) -> None:
        """A job ends. The time of one that failed says nothing about the others."""
        job = self.running.pop(number, None)
        self.ended.add(number)
        if job and not failed:
            spent = (now - job.started) * job.cores
            self.measured.setdefault(job.rule, []).append((spent, self.expected[number][1]))

    def share(self, now: float) -> float:
        """The share of all work that is done, from 0 to 1."""
        rates = self._rates(now)
        whole = {number: rates.get(rule, 1.0) * work for number, (rule, work) in self.expected.items()}
        done = sum(whole[number] for number in self.ended)
        done += sum(whole[number] - self._rest(number, now, rates) for number in self.running if number in whole)
        everything = sum(whole.values()) + self._unknown
        return max(0.0, min(1.0, done / everything)) if everything else 0.0

    def seconds(self, now: float, cores: int) -> float:
        """Seconds until the last job ends, on so many cores."""
        rates = self._rates(now)
        rest = {number: self._rest(number, now, rates) for number in self.expected if number not in self.ended}
        last = max((rest[number] / job.cores for number, job in self.running.items()), default=0.0)
        return max(last, (sum(rest.values()) + self._unknown) / max(1, cores))

    @property
    def _unknown(self) -> float:
        """The core-seconds of jobs that have not started and of which nothing is expected."""
        return USUAL * max(0, self.total - len(self.expected))

    def _rest(self, number: int, now: float, rates: Mapping[str, float]) -> float:
        """The core-seconds that a job still needs."""
        rule, work = self.expected[number]
        whole, job = rates.get(rule, 1.0) * work, self.running.get(number)
        if job is None:
            return whole
        spent = (now - job.started) * job.cores
        return max(whole - spent, AT_LEAST * spent)

    def _rates(self, now: float) -> dict[str, float]:
        """How much longer the jobs of each rule take than expected."""
        pairs = {rule: list(known) for rule, known in self.measured.items()}
        for number, job in self.running.items():
            spent, work = (now - job.started) * job.cores, self.expected[number][1]
            if spent > work:
                pairs.setdefault(job.rule, []).append((spent, work))
        return {rule: (TRUST + sum(spent for spent, _ in known)) / (TRUST + sum(work for _, work in known))
                for rule, known in pairs.items()}  # fmt: skip
