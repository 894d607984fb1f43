"""The schema of ``config.yaml``: a configuration is checked against it and completed with its defaults."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mebench.config.entries import Settings
from mebench.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from fastjsonschema import JsonSchemaValueException

SCHEMA = Path(__file__).with_name("config.schema.yaml")


def checked(config: object, where: str = "the configuration") -> Settings:
    """``config`` with every default filled in and ``${VARIABLE}`` in sources expanded; a UserError says what is
    wrong."""
    if not isinstance(config, dict):
        raise UserError(f"{where} must be a mapping of keys such as datasets, tasks and models")
    import fastjsonschema  # a tenth of jsonschema's start-up time, which every cluster job would pay

    defaults, validate = _schema()
    try:
        validate(config)
    except fastjsonschema.JsonSchemaValueException as error:
        raise UserError(f"{where}: {_sentence(error)}") from None
    settings = {**defaults, **config}
    settings["datasets"] = {
        name: entry | {key: _expand(name, key, entry[key]) for key in ("source", "landmarks") if key in entry}
        for name, entry in settings["datasets"].items()
    }
    return cast(Settings, settings)


@functools.cache
def _schema() -> tuple[Mapping[str, object], Callable[[object], object]]:
    """(default of each key, validator)."""
    import fastjsonschema
    import yaml

    schema = yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {key: about["default"] for key, about in schema["properties"].items()}, fastjsonschema.compile(schema)


def _sentence(error: JsonSchemaValueException) -> str:
    place = ".".join(error.path[1:])
    at = f"at {place}: " if place else ""
    if error.rule == "additionalProperties":
        known = error.definition.get("properties", {})
        unknown = next(key for key in error.value if key not in known)
        return f"{at}unknown key '{unknown}'{did_you_mean(str(unknown), known)}"
    if error.rule == "enum":
        choices = did_you_mean(str(error.value), map(str, error.rule_definition))
        return f"{at}'{error.value}' is not one of the choices{choices}"
    hint = error.definition.get("description", "")
    return f"{at}{error.message.partition(' ')[2]}, but it is {error.value!r}" + (f" ({hint})" if hint else "")


def _expand(name: str, key: str, source: str) -> str:
    def value(match: re.Match) -> str:
        if match[1] not in os.environ:
            raise UserError(
                f"the {key} of the dataset {name} is '{source}', but the environment variable {match[1]} is not set; "
                f"set it to the path of your copy, or write the path into the configuration"
            )
        return os.environ[match[1]]

    return os.path.expanduser(re.sub(r"\$\{(\w+)\}", value, source))
