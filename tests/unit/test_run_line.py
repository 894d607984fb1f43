"""The one line of a running workflow: what it says, how long it guesses, and when it is drawn."""

from __future__ import annotations

import io
import logging
import sys
from types import SimpleNamespace

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase as OfTheInterface

import snakemake_logger_plugin_mebench as plugin
from mebench.plan import Plan
from mebench.plan.expected_time import START, ExpectedTime
from mebench.watch.job_words import job_words
from mebench.watch.run_line import CLEAR, RunLine
from mebench.watch.run_view import RunView, in_words, lasted
from mebench.watch.work_left import TRUST, RunningJob, WorkLeft


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# --- words


@pytest.mark.parametrize(
    ("rule", "wildcards", "words"),
    [
        ("train", {"task": "smic-3", "model": "slstt", "scatteritem": "1-of-1"}, "train slstt on smic-3"),
        ("train", {"task": "smic-3", "model": "slstt", "scatteritem": "2-of-4"}, "train slstt on smic-3 (2-of-4)"),
        ("plots_smic-3", {}, "plot smic-3"),
        ("together_smic-3", {}, "train the cheap models of smic-3"),
        ("report", {}, "write the report"),
        ("official", {"task": "smic-3", "seed": "0"}, "official smic-3 0"),
        ("train", {"other": "x"}, "train x"),
    ],
)
def test_a_job_is_said_in_words(rule, wildcards, words):
    assert job_words(rule, wildcards) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about 10 s left"),
        (44, "about 40 s left"),
        (170, "about 3 min left"),
        (5400, "about 1.5 h left"),
        (50000, "about 14 h left"),
    ],
)
def test_a_guess_has_no_more_digits_than_anybody_knows(seconds, words):
    assert in_words(seconds) == words


def test_what_is_over_is_said_exactly():
    assert [lasted(192), lasted(7), lasted(7260)] == ["3 min 12 s", "7 s", "2 h 1 min"]


# --- how long


def test_work_is_spread_over_the_cores_and_no_shorter_than_the_job_that_runs():
    work = WorkLeft({1: ("train", 40.0), 2: ("train", 60.0)}, total=2)
    assert work.seconds(0.0, 2) == 50
    work.start(2, RunningJob("train", "", 1, 0.0))
    assert work.seconds(0.0, 4) == 60
    assert work.seconds(30.0, 4) == 30
    assert work.share(30.0) == pytest.approx(0.3)


def test_jobs_that_ended_correct_what_is_expected_of_their_rule_alone():
    work = WorkLeft({1: ("train", 10.0), 2: ("train", 10.0), 3: ("inputs", 10.0)}, total=3)
    work.start(1, RunningJob("train", "", 1, 0.0))
    work.end(1, 50.0)
    rate = (TRUST + 50) / (TRUST + 10)
    assert work.seconds(50.0, 1) == pytest.approx(10 * rate + 10)


def test_a_job_that_takes_longer_than_expected_corrects_the_rest_before_it_ends():
    work = WorkLeft({1: ("inputs", 10.0), 2: ("inputs", 10.0)}, total=2)
    work.start(1, RunningJob("inputs", "", 2, 0.0))
    assert work.seconds(3.0, 2) == pytest.approx(7)
    assert work.seconds(3000.0, 2) > 1000


def test_a_failed_job_says_nothing_about_the_others_and_jobs_of_nobodys_guess_count_too():
    work = WorkLeft({1: ("train", 10.0), 2: ("train", 10.0)}, total=4)
    before = work.seconds(0.0, 1)
    work.start(1, RunningJob("train", "", 1, 0.0))
    work.end(1, 0.1, failed=True)
    assert work.seconds(0.1, 1) == before - 10
    assert 0 < work.share(0.1) < 0.5


# --- what is said


@pytest.fixture
def view():
    view = RunView(total=10, cores=2, begun=0.0)
    view.work.total = 10
    view.started(1, "train", {"task": "smic-3", "model": "slstt"}, 1, 0.0)
    view.started(2, "train", {"task": "smic-3", "model": "hsta"}, 16, 0.0)
    return view


def test_the_line_says_what_is_done_what_runs_and_how_long_it_takes(view):
    assert view.work.running[2].cores == 2  # the machine has no more
    view.finished(1, 2.0)
    line = view.line(2.0)
    assert line.endswith("1 of 10 jobs, about 10 s left; now: train hsta on smic-3")
    assert view.line(2.0, 100).startswith("[##")


def test_a_narrow_line_counts_the_jobs_that_do_not_fit(view):
    assert view.line(0.0, 90).endswith("now: train slstt on smic-3 and 1 more")
    assert view.line(0.0, 200).endswith("now: train slstt on smic-3, train hsta on smic-3")


def test_nobody_knows_how_long_a_cluster_lets_jobs_wait(view):
    view.cores = 0
    assert "left" not in view.line(0.0)


def test_at_the_end_failed_jobs_are_listed_with_their_logs_and_else_the_report_is_named(view):
    view.broke(1, "train", ["results/logs/train/x.log"], 3.0)
    assert ", 1 failed, " in view.line(3.0)
    assert view.summary(65.0) == [
        "1 of 10 jobs failed, 0 are done, in 1 min 5 s:", "  train slstt on smic-3: results/logs/train/x.log"
    ]  # fmt: skip
    view.started(1, "train", {"task": "smic-3", "model": "slstt"}, 1, 66.0)  # tried again
    view.done, view.report = 10, "results/report.html"
    assert view.summary(70.0) == ["results/report.html is there to read: 10 of 10 jobs are done, in 1 min 10 s."]


# --- when it is drawn


def test_a_terminal_has_one_line_that_makes_room_and_leaves_nothing():
    screen = Terminal()
    line = RunLine(screen, lambda width: "x" * 1000)
    line.tick()
    line.above(lambda: screen.write("an error\n"))
    line.tick()
    line.stop()
    line.tick()
    drawn = CLEAR + "x" * (len(screen.getvalue().split("\r")[1]) - len("\x1b[K"))
    assert screen.getvalue() == drawn + CLEAR + "an error\n" + drawn + CLEAR


def test_a_log_has_whole_lines_that_come_more_and_more_rarely():
    log, now = io.StringIO(), [0.0]
    line = RunLine(log, lambda width: f"at {now[0]:.0f}", clock=lambda: now[0])
    for second in range(1200):
        now[0] = float(second)
        line.tick()
    said = [int(text.split()[1]) for text in log.getvalue().splitlines()]
    assert said[:4] == [30, 60, 90, 120]
    assert "\r" not in log.getvalue()
    assert 20 < len(said) < 28


def test_a_reader_who_is_gone_stops_no_workflow():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    line = RunLine(Gone(), lambda width: "x", clock=iter([0.0, 99.0, 99.0, 99.0]).__next__)
    line.tick()
    line.tick()


# --- what Snakemake says


def settings(**changes):
    said = {"nocolor": True, "stdout": False, "quiet": None, "debug_dag": False, "verbose": False, "dryrun": False}
    return SimpleNamespace(**said | {"printshellcmds": True, "show_failed_logs": False} | changes)


def record(message: str = "", level: int = logging.INFO, **told) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelno": level, "levelname": logging.getLevelName(level)} | told)


def job(number: int) -> dict[str, object]:
    """What Snakemake says of a job of training."""
    wildcards = {"task": "smic-3", "model": "slstt"}
    return {"jobid": number, "rule_name": "train", "rule_msg": None, "wildcards": wildcards, "threads": 1,
            "log": ["a.log"], "input": [], "output": ["a"], "local": False, "is_checkpoint": False, "benchmark": None,
            "reason": "Missing", "priority": 0, "resources": {}, "shellcmd": "mebench train", "conda_env": None,
            "aux": {}, "indent": False}  # fmt: skip


def workflow(handler: plugin.LogHandler) -> None:
    """A workflow with two jobs, of which one fails."""
    for said in (
        record("Building DAG of jobs..."),
        record(event=LogEvent.RESOURCES_INFO, cores=2),
        record("Job stats: ...", event=LogEvent.RUN_INFO, stats={"total": 2}),
        record("expected", mebench_expected={1: ("train", 5.0)}, mebench_report=""),
        record(event=LogEvent.JOB_INFO, **job(1)),
        record(event=LogEvent.SHELLCMD, cmd="mebench train"),
        record("Trying to restart"),
        record(event=LogEvent.JOB_FINISHED, job_id=1),
        record(event=LogEvent.JOB_INFO, **job(2)),
        record(level=logging.ERROR, event=LogEvent.JOB_ERROR, **job(2)),
        record("Exiting because a job execution failed. Look above", logging.ERROR),
    ):
        handler.handle(said)
    handler.close()


def test_news_of_jobs_become_the_line_and_errors_are_shown_whole(capsys):
    workflow(plugin.LogHandler(settings(), None))
    said = capsys.readouterr().err
    assert "Building" not in said
    assert "rule train:\n    input" not in said
    assert said.index("Trying to restart") < said.index("Error in rule train:\n")
    assert "    log: a.log (check log file(s) for error details)\n    shell:\n        mebench train\n" in said
    assert "1 of 2 jobs failed, 1 are done, in 0 s:\n  train slstt on smic-3: a.log\n" in said


@pytest.mark.parametrize("changes", [{"verbose": True}, {"dryrun": True}, {"all": True}])
def test_who_asks_for_everything_gets_what_snakemake_says(capsys, changes):
    every = plugin.LogHandlerSettings(all=changes.pop("all", False))
    workflow(plugin.LogHandler(settings(**changes), every))
    said = capsys.readouterr().err
    assert "Building DAG of jobs...\n" in said
    assert "rule train:\n    output: a" in said
    assert "failed, 1 are done" not in said


def test_who_asks_for_nothing_gets_nothing(capsys):
    workflow(plugin.LogHandler(settings(quiet={Quietness.ALL}), None))
    assert capsys.readouterr().err == ""


class TestAsAnyPlugin(OfTheInterface):
    """The tests that Snakemake has for every such plugin."""

    __test__ = True

    def _create_handler(self):
        self.handler = super()._create_handler()
        return self.handler

    def teardown_method(self):
        self.handler.close()

    def get_log_handler_cls(self):
        return plugin.LogHandler

    def get_log_handler_settings(self):
        return plugin.LogHandlerSettings()


def test_snakemake_finds_it_by_its_name_and_it_imports_nothing_heavy():
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    assert "mebench" in LoggerPluginRegistry().get_registered_plugins()
    assert plugin.__file__ == sys.modules["snakemake_logger_plugin_mebench"].__file__


# --- what is expected


def test_training_is_expected_to_take_its_start_and_the_estimate_of_its_folds(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "datasets: {smic: {source: synthetic}}\ntasks: [smic-3]\nmodels: [{model: slstt, preset: small}, majority]\n"
    )
    expected = ExpectedTime(Plan.load(tmp_path / "config.yaml"))
    whole, half, quick = (
        expected.core_seconds("train", {"task": "smic-3", "model": model, "scatteritem": item})
        for model, item in (("slstt", "1-of-1"), ("slstt", "1-of-2"), ("majority", "1-of-1"))
    )
    assert whole > quick > START
    assert half - START == pytest.approx((whole - START) / 2)
    assert expected.core_seconds("plots_smic-3", {}) > expected.core_seconds("scores", {}) > 0
