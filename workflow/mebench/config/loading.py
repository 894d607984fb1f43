"""A configuration from a file: config.yaml, or the resolved one that the workflow writes."""

from __future__ import annotations

import json
import os
from typing import cast

from mebench import yaml_text
from mebench.config.configuration import FORMAT, Configuration
from mebench.config.entries import Document, Settings
from mebench.config.schema import checked
from mebench.errors import UserError


def load(path: str | os.PathLike) -> Configuration:
    """The configuration of a file. A resolved one (JSON) was checked when it was written: reading it needs neither the
    libraries for YAML and the schema nor the cards of models."""
    text = yaml_text.text(path, "the configuration ")
    document = _document(text)
    if document is not None:
        return _resolved(document, path)
    from mebench.config.resolve import resolve

    return resolve(checked(written(text, str(path)), str(path)))


def load_config(path: str | os.PathLike) -> Settings:
    """The settings of a configuration file alone, checked and completed, but not resolved against cards."""
    text = yaml_text.text(path, "the configuration ")
    document = _document(text)
    return checked(written(text, str(path)), str(path)) if document is None else _resolved(document, path).settings


def written(text: str, where: str) -> object:
    """What the text of a config.yaml holds; an empty one holds no keys, so that all are the default."""
    value = yaml_text.parse(text, where)
    return {} if value is None else value


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
