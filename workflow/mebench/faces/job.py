"""What faces are looked for in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class FacesJob:
    """A dataset below ``root``; ``origin`` says whether it was generated.

    ``crop`` is ``provided`` where frames are crops of faces, else ``detected``. ``given`` holds landmarks (68, 2) by
    clip_id, which replace the detection, and ``landmarks`` are 16 digits of the SHA-256 of their file, or none.
    """

    dataset: str
    title: str
    origin: str
    root: Path
    crop: str
    given: Mapping[str, np.ndarray]
    landmarks: str = ""
