"""What a try at a fold has in common with and without torch: the record that it begins with, and how an error of its
model becomes a status. This file imports no torch."""

from __future__ import annotations

import resource
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from mebench import instruction_set
from mebench.checkout import checkout
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json
from mebench.runs.fingerprint import Parts
from mebench.runs.records import FoldRecord
from mebench.runs.where import where
from mebench.training.limits import Diverged, Stopped

T = TypeVar("T")


def begun(
    parts: Parts, spec: RunSpec, clips: Mapping[str, int], device: str, versions: Mapping[str, str]
) -> FoldRecord:
    """The record before the training: what the fold is made from, on a ``device`` that is cpu or cuda. It is taken now,
    because files may change before the end."""
    return FoldRecord(
        fold=parts.fold,
        fingerprint=parts.fingerprint(canonical_json(spec)),
        status="",
        message="",
        made_from=parts.as_json(),
        started=now(),
        clips=clips,
        where=where(device),
        source=checkout(),
        isa=instruction_set.in_use().as_json(),
        versions=versions,
        spec=spec,
    )


def outcome(
    run: Path, fold: str, train: Callable[[], T], out_of_memory: Callable[[Exception], bool]
) -> tuple[T | None, str, str]:
    """(result, status, message) of a fold. An error of the model in this fold must not stop the other folds."""
    try:
        return train(), "done", ""
    except (UserError, Stopped):
        raise
    except Diverged as error:
        return None, "diverged", str(error)
    except TimeoutError as error:
        return None, "timeout", str(error)
    except Exception as error:
        if out_of_memory(error):
            return None, "out_of_memory", str(error).splitlines()[0] if str(error) else "out of memory"
        if broken := machine_fault(error):
            raise UserError(f"{fold} of {run}: {broken}; finished folds are kept, the next job goes on") from error
        traceback.print_exc()
        return None, "failed", f"{type(error).__name__}: {error}"


def machine_fault(error: Exception) -> str:
    """What failed, where it is the machine and not the model; empty for other errors. A GPU that failed once fails for
    all later folds of the process, and another job may be able to read a file that cannot be read now."""
    text = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or text}"
    return f"the GPU failed ({text})" if isinstance(error, RuntimeError) and "CUDA error" in text else ""


def memory_of_process() -> float:
    """Peak memory of the process so far, MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, 1)


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
