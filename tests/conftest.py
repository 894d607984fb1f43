"""What all tests share: the instruction sets of a job, set before any library of numbers is loaded,
and how they are dealt to workers."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from mebench import instruction_set

instruction_set.restrict()


def pytest_report_header() -> str:
    """What the processor has, and what libraries may use of it: a digest that differs is read beside this."""
    from mebench.runs.where import cpu

    used = instruction_set.in_use()
    return f"processor: {cpu()} ({' '.join(used.processor)}); libraries use: {used.choice}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On workers contract tests go first: one file of them takes minutes, and would be waited for at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith("tests/contract/"))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """With ``pytest -n 2``: files side by side; after them whole workflows, one after another on one worker, beside
    those on Slurm, which mostly wait."""
    config.option.loadscopereorder = False
    return FilesThenWorkflows(config, log)


class FilesThenWorkflows(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        """Tests of one scope run on one worker, in their order."""
        file = nodeid.split("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in ("tests/workflow", "tests/slurm") else file  # these use all cores themselves
