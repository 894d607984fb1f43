"""A configuration file: read, then checked and completed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mebench.config.schema import checked
from mebench.errors import UserError


def load_config(path: str | os.PathLike) -> dict[str, Any]:
    """The settings of a configuration file, checked and completed."""
    return checked(_read(path), str(path))


def _read(path: str | os.PathLike) -> Any:
    import yaml

    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"the configuration {path} is not a text in UTF-8 ({error.reason}); save it as UTF-8"
        ) from error
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        where = f" line {error.problem_mark.line + 1}" if getattr(error, "problem_mark", None) else ""
        raise UserError(f"{path}{where} is not valid YAML: {getattr(error, 'problem', error)}") from error
