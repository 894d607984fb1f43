"""The input ``apex_flow-<size>``: flow from onset to apex as three channels u, v and optical strain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_json
from mebench.inputs import pictures, store
from mebench.inputs.strain import strain_magnitude

CHANNELS = ["u", "v", "strain"]


def resize(flow: np.ndarray, size: int) -> np.ndarray:
    """u, v and strain at size x size from a flow (2, H, W) in pixels: float32 (3, S, S).

    Strain is taken at full resolution; then all three are averaged over areas. u and v stay in pixels of the
    full-size frame: a resize changes where the motion is sampled, not how far the face moved.
    """
    import cv2

    planes = np.stack([flow[0], flow[1], strain_magnitude(flow)]).astype(np.float32)
    shrink = size <= min(flow.shape[1:])
    method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR  # INTER_AREA enlarges by nearest neighbour
    return np.stack([cv2.resize(plane, (size, size), interpolation=method) for plane in planes])


def from_flow(clips: Sequence[Mapping[str, str]], base: Path, out: Path, size: int, *, origin: str) -> None:
    """Write the store of all ``clips`` (rows of clips.csv) from the TV-L1 folder ``base``."""
    from mebench.inputs import tvl1

    made_from = read_json(Path(base) / "meta.json")
    flows = tvl1.load(base)
    ids = [clip["clip_id"] for clip in clips]
    absent = sorted(set(ids) - set(flows))
    if absent:
        raise UserError(
            f"{base} holds no flow of {absent[0]} ({len(absent)} of {len(ids)} clips are absent); "
            "it is of an older index, run `mebench inputs ... tvl1` again"
        )
    x = np.stack([resize(flows[clip], size) for clip in ids])
    meta = {"kind": "apex_flow", "size": size, "channels": CHANNELS, "scale": "pixels", "origin": origin,
            "made_from": made_from["digest"]}  # fmt: skip
    store.save(out, ids, x, meta)


def from_pictures(clips: Sequence[Mapping[str, str]], root: Path, out: Path, size: int) -> None:
    """Write the store of published flow pictures, uint8, values as published (0..255 per channel)."""
    x = pictures.stack(clips, root, size)
    sources = [[clip["clip_id"], file_digest(Path(root) / clip["frames"])] for clip in clips]
    meta = {"kind": "apex_flow", "size": size, "channels": CHANNELS, "scale": "picture", "origin": "pictures",
            "made_from": digest(canonical_json(sorted(sources)))}  # fmt: skip
    store.save(out, [clip["clip_id"] for clip in clips], x, meta)
