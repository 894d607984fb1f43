"""The input ``apex_flow-<size>``: flow from onset to apex as three channels u, v and optical strain."""

from __future__ import annotations

from functools import cached_property

from mebench.clips.clip import Clip
from mebench.errors import UserError
from mebench.inputs import store
from mebench.inputs.maker import Made, Maker
from mebench.media.flow_field import resize
from mebench.media.unavailable import Unavailable


class Input(Maker):
    """u, v and strain of each clip, float32 (3, S, S), from the flow at full resolution (``--from``)."""

    CHANNELS = ("u", "v", "strain")

    @cached_property
    def base(self) -> store.Store:
        """The flow this input is made from."""
        if self.base_folder is None:
            raise UserError(f"{self.spec.name} is made from the input {self.spec.base}; give its folder with --from")
        return store.load(self.base_folder)

    def made_from(self, clip: Clip) -> list[object]:
        if clip.clip_id not in self.base.index:
            self.base.get(clip.clip_id)  # says what is wrong
        row = self.base.index[clip.clip_id]
        return [row["status"], row["start"], row["shape"], self.base.meta["parts"][row["part"]]]

    def make(self, clip: Clip) -> Made:
        row = self.base.index[clip.clip_id]
        if row["status"] != "ok":
            raise Unavailable(row["status"], row["reason"])
        return Made(resize(self.base.get(clip.clip_id), self.size), {})
