"""The fingerprint of a fold: a digest of all that decides its result. It is defined here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from mebench import cards
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest
from mebench.runs import code_of_fold


@dataclass(frozen=True)
class Parts:
    """What a fingerprint is made of besides the spec: the ``fold``, and digests of the ``data``, of the code of the
    ``model`` and of the ``engine``, and of each file of ``weights`` that the model starts from."""

    fold: str
    data: str
    model: str
    engine: str
    weights: list[str]

    def for_fold(self, fold: str) -> Parts:
        """The parts of another fold of the same run."""
        return replace(self, fold=fold)

    def fingerprint(self, spec_json: str) -> str:
        """The fingerprint, with the canonical JSON of the spec."""
        return digest(spec_json, self.data, self.fold, self.model, self.engine, *self.weights)

    def as_json(self) -> dict[str, str | list[str]]:
        """The parts as fold.json keeps them."""
        return asdict(self)

    def different(self, kept: Mapping[str, object]) -> list[str]:
        """The names of the parts that differ from those in a fold.json."""
        return [name for name, value in self.as_json().items() if kept.get(name) != value]


def parts_of(spec: RunSpec, data_digest: str, fold: str) -> Parts:
    """The parts of a fold's fingerprint, for data and code as they are now."""
    weights = [_file_digest(path, Path(path).stat().st_mtime_ns) for path in map(_readable, cards.weights_files(spec))]
    model, engine = code_of_fold.model_digest(spec["model"]), code_of_fold.engine_digest(spec)
    return Parts(fold, data_digest, model, engine, weights)


def fingerprint(spec: RunSpec, data_digest: str, fold: str) -> str:
    """The fingerprint of a fold, for data and code as they are now."""
    return parts_of(spec, data_digest, fold).fingerprint(canonical_json(spec))


def _readable(path: str) -> str:
    if not Path(path).is_file():
        raise UserError(f"there is no file of weights {path}; correct 'pretrained' in the configuration")
    return path


@lru_cache(maxsize=16)
def _file_digest(path: str, _modified: int) -> str:
    return file_digest(path)
