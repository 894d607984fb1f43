"""The parameters of the stage after pooling: those of the kind's card, where neither the task nor the model entry says
anything else. They decide figures, and train nothing."""

from __future__ import annotations

from collections.abc import Mapping

from mebench.config.kinds import KindCard
from mebench.errors import UserError, did_you_mean

# words of a card's ``stage_values`` that stand for more than themselves
TEXTS = {
    "<count>": "a whole number from 1",
    "<share>": "a number from 0 to 1",
    "<classes>": "a list of classes of the task",
}


def check(card: KindCard, stage: Mapping[str, object], where: str, classes: list[str]) -> None:
    """A UserError where a parameter of ``stage`` is unknown, or cannot have its value. ``where`` is who has it."""
    known = card.get("stage", {})
    for key, value in stage.items():
        if key not in known:
            raise UserError(f"{where} has the unknown stage parameter '{key}'{did_you_mean(key, known)}")
        allowed = card.get("stage_values", {}).get(key)
        if allowed is not None and not any(_is(value, one, classes) for one in allowed):
            texts = [TEXTS.get(str(one), _as_yaml(one)) for one in allowed]
            raise UserError(f"{where} has the stage parameter {key}: {_as_yaml(value)}; it may be {' or '.join(texts)}")


def _is(value: object, allowed: object, classes: list[str]) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if allowed == "<count>":
        return number and isinstance(value, int) and value >= 1
    if allowed == "<share>":
        return number and 0 <= value <= 1  # type: ignore[operator]  # it is a number
    if allowed == "<classes>":
        return isinstance(value, list) and all(one in classes for one in value)
    return type(value) is type(allowed) and value == allowed


def _as_yaml(value: object) -> str:
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))
