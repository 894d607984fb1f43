"""What a running workflow looks like to the person in front of it: how far it is, what runs, how long it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mebench.watch.job_words import job_words
from mebench.watch.work_left import RunningJob, WorkLeft

BAR = 20  # characters
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class FailedJob:
    """A job that failed: what it does, and its log."""

    words: str
    logs: Sequence[str]


@dataclass
class RunView:
    """The state of a workflow, from what Snakemake says of it. Times are in seconds. ``cores`` are 0 where jobs run
    elsewhere; then nobody knows how long they wait. ``report`` is the page that will be there at the end, if one will.
    """

    total: int = 0
    cores: int = 0
    begun: float = 0.0
    done: int = 0
    report: str = ""
    work: WorkLeft = field(default_factory=WorkLeft)
    failed: dict[int, FailedJob] = field(default_factory=dict)

    def started(self, number: int, rule: str, wildcards: Mapping[str, str], cores: int, now: float) -> None:
        """A job starts, perhaps again."""
        self.failed.pop(number, None)
        cores = min(cores, self.cores) if self.cores else cores
        self.work.start(number, RunningJob(rule, job_words(rule, wildcards), cores, now))

    def finished(self, number: int, now: float) -> None:
        """A job ends well."""
        self.work.end(number, now)
        self.done += 1

    def broke(self, number: int, rule: str, logs: Sequence[str], now: float) -> None:
        """A job fails."""
        job = self.work.running.get(number)
        self.failed[number] = FailedJob(job.words if job else rule, logs)
        self.work.end(number, now, failed=True)

    def line(self, now: float, width: int = 0) -> str:
        """The line; with a ``width`` it begins with a bar, and lists only as many running jobs as fit."""
        share = self.work.share(now)
        parts = [f"{100 * share:3.0f} %", f"{self.done} of {self.total} jobs"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.cores:
            parts.append(in_words(self.work.seconds(now, self.cores)))
        filled = "#" * round(BAR * share)
        head = f"[{filled:-<{BAR}}] {', '.join(parts)}" if width else ", ".join(parts).strip()
        return head + self._running(width - len(head) if width else 0)

    def _running(self, room: int) -> str:
        jobs = sorted(self.work.running.values(), key=lambda job: job.started)
        text = ""
        for number, job in enumerate(jobs):
            longer = f"{text}, {job.words}" if text else f"; now: {job.words}"
            more = f" and {len(jobs) - number} more"
            if room and text and len(longer) + (len(more) if number + 1 < len(jobs) else 0) > room:
                return text + more
            text = longer
        return text

    def summary(self, now: float) -> list[str]:
        """What is said when no job runs any more."""
        took = lasted(now - self.begun)
        if not self.failed:
            there = f"{self.report} is there to read: " if self.report else ""
            return [f"{there}{self.done} of {self.total} jobs are done, in {took}."]
        lines = [f"{len(self.failed)} of {self.total} jobs failed, {self.done} are done, in {took}:"]
        for job in self.failed.values():
            lines.append(f"  {job.words}{': ' + ', '.join(job.logs) if job.logs else ''}")
        return lines


def in_words(seconds: float) -> str:
    """``about 3 min left``: no more digits than anybody knows."""
    if seconds < MINUTE:
        return f"about {max(10, 10 * round(seconds / 10))} s left"
    if seconds < HOUR:
        return f"about {round(seconds / MINUTE)} min left"
    return f"about {seconds / HOUR:.1f} h left" if seconds < 10 * HOUR else f"about {seconds / HOUR:.0f} h left"


def lasted(seconds: float) -> str:
    """``3 min 12 s``: how long something took."""
    seconds = round(seconds)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
