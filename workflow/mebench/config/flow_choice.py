"""What computes TV-L1: the key ``flow`` of config.yaml, and of a model entry.

TV-L1 has two implementations, OpenCV's and one in torch, whose numbers differ by hundredths of a pixel. The one that is
chosen stands in the name of the input and in the spec of the run, so nothing made by one is taken for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mebench.config import input_names
from mebench.config.spec import ModelInputs
from mebench.errors import UserError, did_you_mean
from mebench.model_card import ModelCard

TVL1 = ("tvl1", "tvl1_torch")  # the first is the reference


def flow_of(wanted: ModelInputs) -> str | None:
    """What computes the flow of an input, or None where it has none."""
    if wanted["kind"] in input_names.FLOWS:
        return wanted["kind"]
    choices = input_names.KINDS[wanted["kind"]]["options"].get("flow")
    return wanted.get("options", {}).get("flow", choices[0]) if choices else None


def with_flow(wanted: ModelInputs, flow: str) -> ModelInputs:
    """``wanted`` with TV-L1 computed by ``flow``; other flow stays what it is."""
    current = flow_of(wanted)
    if current not in TVL1 or current == flow:
        return wanted
    if wanted["kind"] in TVL1:
        return cast(ModelInputs, {**wanted, "kind": flow})
    return cast(ModelInputs, {**wanted, "options": {**wanted.get("options", {}), "flow": flow}})


def resolved(
    name: str, card: ModelCard, entry: Mapping[str, object], inputs: Mapping[str, object], benchmark: str
) -> ModelInputs:
    """The ``inputs`` of a model entry with the flow that it names itself, else with that of the ``benchmark``.

    Where the card says ``tvl1_torch`` by itself, that stays.
    """
    wanted = cast(ModelInputs, inputs)
    if "flow" not in entry:
        return with_flow(wanted, benchmark) if flow_of(wanted) == TVL1[0] else wanted
    if "flow" in card.get("options", {}):
        return wanted
    if flow_of(wanted) not in TVL1:
        raise UserError(f"the model entry '{name}' has flow: {entry['flow']}, but {card['title']} reads no TV-L1 flow; "
                        "leave it out")  # fmt: skip
    if entry["flow"] not in TVL1:
        raise UserError(f"the model entry '{name}' has flow: {entry['flow']}{did_you_mean(str(entry['flow']), TVL1)}")
    return with_flow(wanted, str(entry["flow"]))


def of_pictures(wanted: ModelInputs) -> ModelInputs:
    """``wanted`` as it is read of published pictures of flow, which nothing here computes."""
    if wanted.get("options", {}).get("flow") not in TVL1:
        return wanted
    options = {option: value for option, value in wanted["options"].items() if option != "flow"}
    inputs = {key: value for key, value in wanted.items() if key != "options"}
    return cast(ModelInputs, inputs | ({"options": options} if options else {}))
