"""Sample pictures: what the models see, one file for each kind of picture. This file has only titles and captions, so
that it loads quickly."""

from __future__ import annotations

from mebench.config import input_names

FLOW = "Horizontal and vertical motion (u, v) from onset to apex at the crop's own resolution"
# kind of input -> title, and what a model that reads it sees
TITLES = {
    "apex_flow": ("Flow from onset to apex", "The models see u, v and strain: how each point of the face moved from "
                  "onset to apex, and how much the skin was stretched"),
    "long_flow": ("Flow from the onset to each frame", "The models see a strip of pictures: the motion from the onset "
                  "to each of several frames around the apex"),
    "frames": ("Frames", "The models see the face itself: the onset, frames sampled up to the offset, and the apex"),
    "texture_motion": ("Texture and motion", "The models see how the face looks (three channels) and how it moves from "
                       "onset to apex (u, v, strain)"),
    "roi_flow": ("Motion of face regions", "The models see curves: how far brows, mouth, nose and lids move, relative "
                 "to the head, frame by frame"),
    "pair_flow": ("Flow within a tenth of a second", "The models see u, v and strain of the eyes above those of the "
                  "mouth: how they move from a frame to that a tenth of a second later"),
    "mdmd_feature": ("Motion that comes back", "The models see one number for each frame: how far the face moves up to "
                     "it and comes back after it"),
    "lbp_top": ("Histograms of local patterns", "The models see no picture, but how often each small pattern of "
                "brightness occurs in each block of the face, in space (XY) and over time (XT, YT)"),
    **{name: (f"Flow at full resolution ({name})", FLOW) for name in input_names.FLOWS},
}  # fmt: skip


def title_and_caption(name: str) -> tuple[str, str]:
    """Title and caption of the sample picture of an input by its name, ``apex_flow-28.eyes``."""
    title, sees = TITLES[input_names.parse(name).kind]
    return f"{title} ({name})", f"{sees}. The typical clip of each class, the median of its class by strength."
