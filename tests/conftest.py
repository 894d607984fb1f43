"""What all tests share: the instruction sets of a job, set before any library of numbers is loaded."""

from mebench import instruction_set

instruction_set.restrict()


def pytest_report_header() -> str:
    """What the processor has, and what libraries may use of it: a digest that differs is read beside this."""
    from mebench.runs.where import cpu

    used = instruction_set.in_use()
    return f"processor: {cpu()} ({' '.join(used.processor)}); libraries use: {used.choice}"
