"""The state from which a stopped fold goes on. It is written from time to time, read once, and removed with the
finished fold."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mebench.files import whole_file
from mebench.runs.execution import CHECKPOINT_SECONDS
from mebench.training.limits import FoldState

GRACE = 15.0  # seconds: an epoch that ends within them is finished when the job is asked to stop


class Checkpoint:
    """The state of one fold, in the file ``path``. The state of a fold with another ``fingerprint`` is not read.

    ``stopping()`` says whether the job was asked to stop. It is a :class:`mebench.training.limits.Keeper`.
    """

    def __init__(
        self, path: Path, fingerprint: str, stopping: Callable[[], bool] = lambda: False,
        every: float = CHECKPOINT_SECONDS,
    ):  # fmt: skip
        self.path, self.fingerprint, self.stopping, self.every = path, fingerprint, stopping, every
        self.last = self.epoch_began = time.monotonic()
        self.epoch_lasts = 0.0
        self.begun, self.spent_before = time.monotonic(), 0.0
        self.asked: float | None = None  # when this fold first saw that the job has to stop

    def load(self, device: torch.device) -> FoldState | None:
        """The saved state; None where there is none, where it is damaged, or where it belongs to another
        configuration."""
        try:
            kept = torch.load(self.path, map_location=device, weights_only=True)
        except FileNotFoundError:
            return None
        except Exception:  # a damaged checkpoint costs its epochs, not the fold
            return None
        if not isinstance(kept, dict) or kept.get("fingerprint") != self.fingerprint:
            return None
        self.spent_before = kept["seconds"]
        return kept["state"]

    def spent(self) -> float:
        """Seconds that the fold has taken, with those before its checkpoint."""
        return self.spent_before + time.monotonic() - self.begun

    def save(self, state: FoldState) -> None:
        """Write the state, whole or not at all. A full disk is a UserError."""
        text = io.BytesIO()  # torch's own writer does not distinguish a full disk from other failures
        torch.save({"fingerprint": self.fingerprint, "seconds": self.spent(), "state": state}, text)
        with whole_file(self.path) as temporary:
            temporary.write_bytes(text.getbuffer())
        self.last = time.monotonic()

    def epoch_over(self) -> bool:
        """Note the end of an epoch; True when it is time for a checkpoint."""
        now = time.monotonic()
        self.epoch_lasts, self.epoch_began = now - self.epoch_began, now
        return now - self.last > self.every or self.stopping()

    def give_up(self) -> bool:
        """Whether to stop in the middle of an epoch: the job was asked to stop, and the end of the epoch is not near,
        or was waited for too long."""
        if not self.stopping():
            return False
        now = time.monotonic()
        self.asked = self.asked or now
        return self.epoch_lasts - (now - self.epoch_began) > GRACE or now - self.asked > GRACE

    def remove(self) -> None:
        """Remove the file, because the fold is finished."""
        self.path.unlink(missing_ok=True)
