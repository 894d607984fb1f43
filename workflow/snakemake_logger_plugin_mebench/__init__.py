"""Snakemake's messages as one line: what is done, what runs, how long it will take. ``logger: mebench`` in a profile.

The log file of Snakemake keeps everything. Errors, warnings and what is no news of single jobs are shown as ever. Dry
runs, ``--verbose``, ``--debug-dag``, ``--quiet`` and ``--logger-mebench-all`` are shown as ever, too. Each start of
Snakemake imports this file, so it imports nothing that is not there already. Annotations are not postponed, because
Snakemake reads the types of settings.
"""

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

if TYPE_CHECKING:
    from mebench.watch.run_line import RunLine
    from mebench.watch.run_view import RunView

OF_JOBS = {LogEvent.WORKFLOW_STARTED, LogEvent.SHELLCMD, LogEvent.JOB_INFO, LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED,
           LogEvent.RESOURCES_INFO, LogEvent.PROGRESS, LogEvent.RUN_INFO}  # fmt: skip
NO_NEWS = ("Assuming unrestricted shared filesystem", "Building DAG of jobs", "Using shell:", "Select jobs to execute",
           "Conda environments: ignored", "Singularity containers: ignored", "Elapsed time:")  # fmt: skip
LAST_WORDS = (
    "Exiting because a job execution failed",
    "Terminating processes on user request",
    "Making the tables and",
)


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """``--logger-mebench-all``: show all messages."""

    all: bool = field(default=False, metadata={"help": "Show all messages of Snakemake instead of one line."})


class LogHandler(LogHandlerBase):
    """Shows the line, and hands everything else to the handler that Snakemake itself has."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        said = self.common_settings
        self.stream = sys.stdout if said.stdout else sys.stderr
        self.plain = ColorizingTextHandler(said.nocolor, self.stream)
        self.plain.addFilter(DefaultFilter(said.quiet, said.debug_dag, said.verbose, said.dryrun, said.printshellcmds))
        self.plain.setFormatter(DefaultFormatter(said.quiet, said.show_failed_logs))
        quiet = {what.name.lower() for what in said.quiet or ()}
        every = isinstance(self.settings, LogHandlerSettings) and self.settings.all
        self.all = every or said.dryrun or said.verbose or said.debug_dag or bool(quiet & {"all", "progress", "rules"})
        self.cores = 0
        self.view: RunView | None = None
        self.line: RunLine | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, or take from it how far the workflow is."""
        event = getattr(record, "event", None)
        if self.all:
            self.plain.handle(record)
            return
        self._follow(event, record)
        no_news = record.levelno <= logging.INFO and (
            hasattr(record, "mebench_expected") or str(record.msg).startswith(NO_NEWS)
        )
        if event in OF_JOBS or no_news:
            return
        if str(record.msg).startswith(LAST_WORDS):
            self._end(record.created)
        self._show(record)

    def close(self) -> None:
        """Say what became of the jobs, if nothing has said it; it is called at the end, after Ctrl-C too."""
        self._end(time.time())
        super().close()

    def _follow(self, event: "LogEvent | None", record: logging.LogRecord) -> None:
        told = record.__dict__
        if event == LogEvent.RESOURCES_INFO and told.get("cores"):
            self.cores = int(told["cores"])
        elif event == LogEvent.RUN_INFO:
            self._begin(int(told["stats"]["total"]), record.created)
        if not self.view:
            return
        if "mebench_expected" in told:
            self.view.work.expected, self.view.report = dict(told["mebench_expected"]), str(told["mebench_report"])
        elif event == LogEvent.JOB_INFO:
            wildcards = {name: str(value) for name, value in dict(told["wildcards"]).items()}
            self.view.started(told["jobid"], told["rule_name"], wildcards, told["threads"], record.created)
        elif event == LogEvent.JOB_FINISHED:
            self.view.finished(told["job_id"], record.created)
        elif event == LogEvent.JOB_ERROR:
            self.view.broke(told["jobid"], told["rule_name"], list(told["log"]), record.created)
        elif event == LogEvent.PROGRESS and told["done"] >= told["total"]:
            self._end(record.created)

    def _begin(self, total: int, now: float) -> None:
        from mebench.watch.run_line import RunLine
        from mebench.watch.run_view import RunView

        view = self.view = RunView(total, self.cores, now)
        view.work.total = total
        self.line = RunLine(self.stream, lambda width: view.line(time.time(), width))
        self.line.start()

    def _show(self, record: logging.LogRecord) -> None:
        if self.line:
            self.line.above(lambda: self.plain.handle(record))
        else:
            self.plain.handle(record)

    def _end(self, now: float) -> None:
        """Say in place of the line what became of the jobs."""
        if self.view and self.line:
            self.line.stop()
            print(*self.view.summary(now), sep="\n", file=self.stream, flush=True)
            self.view = None
