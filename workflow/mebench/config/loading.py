"""A configuration from a file: config.yaml, or the resolved one that the workflow writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import cast

from mebench.config.configuration import FORMAT, Configuration
from mebench.config.entries import Document, Settings
from mebench.config.schema import checked
from mebench.errors import UserError


def load(path: str | os.PathLike) -> Configuration:
    """The configuration of a file. A resolved one (JSON) was checked when it was written: reading it needs neither the
    libraries for YAML and the schema nor the cards of models."""
    text = _text(path)
    document = _document(text)
    if document is not None:
        return _resolved(document, path)
    from mebench.config.resolve import resolve

    return resolve(checked(_yaml(text, path), str(path)))


def load_config(path: str | os.PathLike) -> Settings:
    """The settings of a configuration file alone, checked and completed, but not resolved against cards."""
    text = _text(path)
    document = _document(text)
    return checked(_yaml(text, path), str(path)) if document is None else _resolved(document, path).settings


def _text(path: str | os.PathLike) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"the configuration {path} is not a text in UTF-8 ({error.reason}); save it as UTF-8"
        ) from error


def _document(text: str) -> Document | None:
    """A resolved configuration; None where the text is something else, perhaps a config.yaml in JSON."""
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return cast(Document, document) if "format" in document else None


def _resolved(document: Document, path: str | os.PathLike) -> Configuration:
    if document["format"] != FORMAT:
        raise UserError(
            f"{path} has the format '{document['format']}', but this mebench reads '{FORMAT}'; start snakemake, which "
            "writes it anew, or name config.yaml"
        )
    return Configuration.read(document)


def _yaml(text: str, path: str | os.PathLike) -> object:
    import yaml

    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        where = f" line {error.problem_mark.line + 1}" if getattr(error, "problem_mark", None) else ""
        raise UserError(f"{path}{where} is not valid YAML: {getattr(error, 'problem', error)}") from error
