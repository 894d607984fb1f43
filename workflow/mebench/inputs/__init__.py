"""Inputs: what models eat, made once per dataset and shared by every model that asks for the same thing.

An input is named by kind and, where it has one, size: ``tvl1`` (optical flow at full resolution, the base
of the others) and ``apex_flow-28`` (u, v and strain at 28 x 28). This file is light: it only knows names.
"""

from __future__ import annotations

import re

from mebench.errors import UserError, did_you_mean

KINDS = ("apex_flow", "tvl1")


def parse(name: str) -> tuple[str, int | None]:
    """Kind and size of an input's name: 'apex_flow-28' -> ('apex_flow', 28), 'tvl1' -> ('tvl1', None)."""
    match = re.fullmatch(r"([a-z0-9_]+?)(?:-(\d+))?", name)
    kind, size = (match[1], match[2]) if match else (name, None)
    if kind not in KINDS:
        raise UserError(f"unknown input '{name}'{did_you_mean(kind, KINDS)}")
    if kind == "tvl1":
        if size is not None:
            raise UserError(f"the input '{name}' takes no size; flow is kept at full resolution, write 'tvl1'")
        return kind, None
    if size is None or not 4 <= int(size) <= 1024:
        raise UserError(f"the input '{name}' needs a size of 4 to 1024 pixels, for example '{kind}-28'")
    return kind, int(size)
