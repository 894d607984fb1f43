"""The schema of ``config.yaml``: a configuration is checked against it and completed with its defaults."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mebench import yaml_text
from mebench.clips.dataset_names import one_each
from mebench.config import rehearsal
from mebench.config.entries import Settings
from mebench.config.typed import Schema, typed
from mebench.errors import UserError, did_you_mean
from mebench.owner_paths import expanded

if TYPE_CHECKING:
    from fastjsonschema import JsonSchemaValueException

SCHEMA = Path(__file__).with_name("config.schema.yaml")


def checked(config: object, where: str = "the configuration") -> Settings:
    """``config`` with every default filled in and the paths of folders and copies expanded; a UserError says what is
    wrong."""
    if not isinstance(config, dict):
        raise UserError(f"{where} must be a mapping of keys such as datasets, tasks and models")
    import fastjsonschema  # a tenth of jsonschema's start-up time, which every cluster job would pay

    schema, validate = _schema()
    config = cast(dict[str, object], typed(config, schema))
    try:
        validate(config)
    except fastjsonschema.JsonSchemaValueException as error:
        raise UserError(f"{where}: {_sentence(error)}") from None
    settings = {**{key: about["default"] for key, about in schema["properties"].items()}, **config}
    settings["results"] = expanded(settings["results"], "folder of results")
    names = one_each(settings["datasets"], where)
    if settings.pop("rehearsal"):
        settings |= {
            "rehearsal": True,
            "results": rehearsal.folder(settings["results"]),
            "datasets": {name: rehearsal.stand_in(names[name], entry) for name, entry in settings["datasets"].items()},
        }
    settings["datasets"] = {
        names[name]: entry
        | {key: expanded(entry[key], f"{key} of the dataset {name}") for key in ("source", "landmarks") if key in entry}
        for name, entry in settings["datasets"].items()
    }
    return cast(Settings, settings)


@functools.cache
def _schema() -> tuple[Schema, Callable[[object], object]]:
    """(schema, validator)."""
    import fastjsonschema

    schema = cast(Schema, yaml_text.plain(yaml_text.read(SCHEMA)))
    return schema, fastjsonschema.compile(schema)


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
    if error.rule == "anyOf" and (problem := _entry_problem(error)):
        return f"{at}{problem}"
    if error.rule == "type" and error.rule_definition == "string" and (problem := _no_text(error.value)):
        return f"{at}{problem}"
    hint = error.definition.get("description", "")
    return f"{at}{error.message.partition(' ')[2]}, but it is {error.value!r}" + (f" ({hint})" if hint else "")


def _entry_problem(error: JsonSchemaValueException) -> str:
    """What is wrong in an entry that may be a name or a mapping."""
    about: Schema = next((each for each in error.rule_definition if each.get("type") == "object"), {})
    if not isinstance(error.value, dict):
        return _no_text(error.value)
    lacking = [key for key in about["required"] if key not in error.value]
    if lacking:
        return f"the entry lacks '{lacking[0]}'"
    for key, wanted in about["properties"].items():
        if wanted.get("type") == "string" and key in error.value and (problem := _no_text(error.value[key])):
            return f"{key}: {problem}"
    return ""


def _no_text(value: object) -> str:
    """Why a value is no text, where quotes would make it one."""
    if value is None or isinstance(value, bool):
        return f"a text must stand there, but without quotes it is {json.dumps(value)}; write it in quotes"
    return "it is empty" if value == "" else ""
