"""One timer at a time: many looks of Snakemake's scheduler lead to one more look."""

import inspect
import threading

from snakemake.scheduling.job_scheduler import JobScheduler

from mebench.plan.timer import OneTimer


def test_many_calls_ring_once_and_a_later_call_rings_again():
    rung, bell = [], threading.Event()

    def act():
        rung.append(1)
        bell.set()

    timer = OneTimer(act)
    for expected in (1, 2):
        bell.clear()
        for _ in range(20):
            timer(0.02)
        assert bell.wait(5)
        assert len(rung) == expected


def test_snakemake_still_has_the_names_that_the_rules_replace():
    assert "self._schedule_reevalutation(self.job_rate_limiter.timespan)" in inspect.getsource(JobScheduler.schedule)
    assert "self._open_jobs.release()" in inspect.getsource(JobScheduler._schedule_reevalutation)
