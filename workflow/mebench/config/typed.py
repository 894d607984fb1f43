"""Values as the schema wants them: the text of a number where a text is wanted, whole numbers without a fraction.

A text is wanted where the type is string, and where the schema says ``text: true``, which validates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mebench import yaml_text

Schema = dict[str, Any]  # any: a JSON schema


def typed(value: object, schema: Schema) -> object:
    """``value`` for a place of the schema. What does not fit stays as it is, for the validator to refuse."""
    if isinstance(value, Mapping):
        about = _alternative(schema, "object")
        others = about.get("additionalProperties")
        free = others if isinstance(others, Mapping) else {}
        properties = about.get("properties", {})
        return {key: typed(below, properties.get(key, free)) for key, below in value.items()}
    if isinstance(value, list):
        items = _alternative(schema, "array").get("items", {})
        return [typed(below, items) for below in value]
    text_wanted = schema.get("text") or "type" in _alternative(schema, "string")
    if text_wanted and isinstance(value, yaml_text.Whole | yaml_text.Real):
        return value.written
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        return int(value)
    return yaml_text.plain(value)


def _alternative(schema: Schema, kind: str) -> Schema:
    """The schema for values of a kind, where a place may hold several; an empty one where it may not hold any."""
    alternatives = schema.get("anyOf", [schema])
    return next((each for each in alternatives if each.get("type") in (kind, None)), {})
