"""Names of inputs: each says all about an input, its kind, its size, and the options that differ from their default.

Every option is one word: ``apex_flow-28``, ``apex_flow-28.eyes``, ``long_flow-384.tvl1.nose``, ``tvl1.eyes``. How an
input is made is in the file of its kind, ``inputs/KIND.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from mebench.errors import UserError, did_you_mean

# how the face is cut out of a frame: as delivered, aligned by the eyes, or SLSTT's square around the nose
CROPS = ("provided", "eyes", "nose")
# which frames of a recording are seen: all, or as many as are nearest to 30 in a second
PACES = ("full", "fps30")
# optical flow; the first is the reference and what the benchmark uses unless a paper says otherwise
FLOWS = ("tvl1", "tvl1_torch", "farneback", "dis")


class _Options(TypedDict):
    options: dict[str, tuple[str, ...]]


class InputKind(_Options, total=False):
    """A kind of input. ``options`` have their default first; no word occurs in two options of a kind. ``sizes`` are the
    least and the largest size, ``choices`` the only ones. ``per`` is video where a dataset of long videos has one array
    for each of them, not for each clip."""

    sizes: tuple[int, int]
    choices: tuple[int, ...]
    per: str


KINDS: dict[str, InputKind] = {
    **{name: {"options": {"crop": CROPS}} for name in FLOWS},
    "apex_flow": {"sizes": (4, 1024), "options": {"flow": FLOWS, "crop": CROPS}},
    "long_flow": {
        "sizes": (4, 1024),
        "options": {
            "coding": ("hsv", "uv"),
            "flow": ("farneback", "tvl1", "dis", "tvl1_torch"),
            "crop": CROPS,
            "stretch": ("frame", "clip"),
            "length": ("t11", *(f"t{n}" for n in range(1, 33) if n != 11)),
        },
    },
    "frames": {"sizes": (4, 1024), "options": {"crop": CROPS}},
    "texture_motion": {
        "sizes": (16, 1024),
        "options": {"texture": ("apex", "diff"), "flow": FLOWS, "crop": CROPS},
    },
    "lbp_top": {"sizes": (16, 1024), "options": {"codes": ("uniform", "raw"), "crop": CROPS}},
    "roi_flow": {
        "sizes": (10, 36),
        "choices": (10, 36),
        "per": "video",
        "options": {"shift": ("released", "scaled"), "reference": ("window", "recording")},
    },
    "pair_flow": {"sizes": (8, 128), "per": "video", "options": {"flow": FLOWS, "pace": PACES}},
    "mdmd_feature": {
        "sizes": (60, 1024),
        "per": "video",
        "options": {
            "expression": ("micro", "macro"),
            "flow": ("dis", "farneback", "tvl1", "tvl1_torch"),
            "pace": PACES,
        },
    },
}


@dataclass(frozen=True)
class InputSpec:
    """One input: ``kind``, ``size`` (None where a kind has none) and every option with its value."""

    kind: str
    size: int | None
    options: dict[str, str]

    @property
    def name(self) -> str:
        """The one name of this input: options at their default are left out."""
        known = KINDS[self.kind]["options"]
        values = [self.options[option] for option in known if self.options[option] != known[option][0]]
        return ".".join([self.kind if self.size is None else f"{self.kind}-{self.size}", *values])

    @property
    def base(self) -> str | None:
        """The name of the input that this one is made from, or None."""
        if self.kind != "apex_flow":
            return None
        return spec(self.options["flow"], None, {"crop": self.options["crop"]}).name

    @property
    def needs_faces(self) -> bool:
        """Whether this input needs the landmarks of ``mebench faces``."""
        return self.options.get("crop", "provided") != "provided" and self.base is None


def spec(kind: str, size: int | None, options: dict[str, str]) -> InputSpec:
    """A checked :class:`InputSpec`; options that are not given take their default."""
    if kind not in KINDS:
        raise UserError(f"unknown input '{kind}'{did_you_mean(kind, KINDS)}")
    known = KINDS[kind]["options"]
    for option, value in options.items():
        if option not in known:
            raise UserError(f"the input {kind} has no option '{option}'{did_you_mean(option, known)}")
        if value not in known[option]:
            raise UserError(f"the input {kind} has no {option} '{value}'{did_you_mean(value, known[option])}")
    _check_size(kind, size)
    return InputSpec(kind, size, {option: options.get(option, choices[0]) for option, choices in known.items()})


def parse(name: str) -> InputSpec:
    """The input behind a name: 'apex_flow-28.eyes' -> kind apex_flow, size 28, crop eyes."""
    head, *values = name.split(".")
    match = re.fullmatch(r"([a-z0-9_]+?)(?:-(\d+))?", head)
    kind, size = (match[1], int(match[2]) if match[2] else None) if match else (head, None)
    if kind not in KINDS:
        raise UserError(f"unknown input '{name}'{did_you_mean(kind, KINDS)}")
    known = KINDS[kind]["options"]
    options: dict[str, str] = {}
    for value in values:
        option = next((option for option, choices in known.items() if value in choices), None)
        if option is None or option in options:
            choices = [choice for option, choices in known.items() if option not in options for choice in choices]
            raise UserError(f"the input '{name}' has the unknown word '{value}'{did_you_mean(value, choices)}")
        options[option] = value
    return spec(kind, size, options)


def _check_size(kind: str, size: int | None) -> None:
    sizes = KINDS[kind].get("sizes")
    if sizes is None:
        if size is not None:
            raise UserError(f"the input '{kind}-{size}' takes no size; flow is kept at full resolution, write '{kind}'")
        return
    choices = KINDS[kind].get("choices")
    if size is None or not sizes[0] <= size <= sizes[1] or (choices and size not in choices):
        wanted = " or ".join(map(str, choices)) if choices else f"{sizes[0]} to {sizes[1]} pixels"
        example = choices[0] if choices else 28 if sizes[0] <= 28 else 128
        raise UserError(f"the input '{kind}' needs a size of {wanted}, for example '{kind}-{example}'")
