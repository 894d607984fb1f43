"""The audit of a run, as it goes with its predictions to another machine: ``audit.json`` in the folder of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mebench.audit.finding import Audit, Finding
from mebench.errors import UserError
from mebench.files import read_json, readable_json
from mebench.runs.paths import AUDIT
from mebench.runs.scores import CHECKS


def text(scores: Sequence[Mapping[str, object]], seed: int) -> str:
    """What the file holds, from the scores of a model as scores/TASK/MODEL.json has them; empty without an audit."""
    own = {
        str(score["selection"]): {"verdict": score["audit"], "checks": score[CHECKS]}
        for score in scores if score["seed"] == seed and CHECKS in score
    }  # fmt: skip
    return readable_json(own) if own else ""


def read(run: Path) -> dict[str, Audit]:
    """The audit of each selection; none where there is no such file."""
    path = run / AUDIT
    if not path.is_file():
        return {}
    try:
        return {
            selection: Audit(kept["verdict"], tuple(Finding(**one) for one in kept["checks"]))
            for selection, kept in read_json(path).items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no audit of a run ({error}); restore the archive again") from error
