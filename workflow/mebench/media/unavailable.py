"""Why a clip has no face, no crop or no array."""

from __future__ import annotations


class Unavailable(Exception):
    """Why a clip has no face, no crop or no array of an input; recorded as (status, reason), never a crash."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason
