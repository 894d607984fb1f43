"""The configuration that Snakemake was started with: its files, and what ``--config`` adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mebench import yaml_text
from mebench.clips.dataset_names import one_each
from mebench.config.loading import written
from mebench.errors import UserError

LISTS = ("tasks", "models", "seeds", "tables")
TRUTH_VALUES = ("rehearsal",)  # Snakemake hands over the text true


def started(files: Iterable[str | Path], added: Mapping[str, object]) -> dict[str, object]:
    """The keys of the ``files``, a later one over an earlier one, and over them what ``--config`` ``added``.

    Snakemake has read the files too, by other rules: ``010`` is eight to it, and of a key that stands twice it
    sees one. Of ``--config`` it hands over numbers, truth values and texts; in lists and mappings every value is a
    text.
    """
    config: dict[str, object] = {}
    for file in files:
        keys = written(yaml_text.text(file, "the configuration "), str(file))
        if not isinstance(keys, dict):
            raise UserError(f"{file} must be a mapping of keys such as datasets, tasks and models")
        if "__use_yte__" in keys:
            raise UserError(f"{file} has the key __use_yte__, but mebench reads no templates; write its values out")
        config = merged(config, _with_names(keys, str(file)))
    return merged(config, _with_names({key: _added(key, value) for key, value in added.items()}, "--config"))


def _with_names(keys: dict[str, object], where: str) -> dict[str, object]:
    """The keys with datasets under their names, so that several files may spell one dataset in several ways."""
    datasets = keys.get("datasets")
    if not isinstance(datasets, Mapping):
        return keys
    return {**keys, "datasets": {name: datasets[text] for text, name in one_each(datasets, where).items()}}


def merged(config: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    """``config`` with the keys of ``more``; mappings below a key are merged, anything else is replaced."""
    result = dict(config)
    for key, value in more.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return result


def _added(key: str, value: object) -> object:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        raise UserError(f"--config {key}={value} is not valid YAML; write for example --config '{key}=[a, b]'")
    if isinstance(value, str) and key in LISTS and "," in value:
        raise UserError(f"--config {key}={value} is one text; write --config '{key}=[{value}]' for a list")
    if key in LISTS and key != "seeds" and isinstance(value, int | float):
        raise UserError(f"--config {key}={value} is no name; write --config '{key}=[{value}]'")
    if key == "results" and value is not None and not isinstance(value, str):
        raise UserError(f"--config results={value} is no name of a folder; write --config results=./{value}")
    if isinstance(value, str):
        meant: object = yaml_text.scalar(value) if key in TRUTH_VALUES else value
    else:
        meant = _scalars(value)
    return [meant] if key in LISTS and not isinstance(meant, list) else meant


def _scalars(value: object) -> object:
    """Lists and mappings of ``--config`` with what their texts mean, for Snakemake reads all of them as texts."""
    if isinstance(value, Mapping):
        return {str(key): _scalars(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_scalars(below) for below in value]
    return yaml_text.scalar(value) if isinstance(value, str) else value
