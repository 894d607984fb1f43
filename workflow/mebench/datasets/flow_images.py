"""Precomputed flow pictures: a CSV manifest, or the LOSO folder tree in which authors publish them.

A picture holds the optical flow of one clip from onset to apex, red = u, green = v, blue = optical
strain, each stretched to 0..255 per picture. Two layouts are read:

* ``manifest.csv`` with the columns dataset, subject, clip, emotion, image (path relative to the folder);
* ``<subject>/u_test/<class>/*.png``, classes 0, 1, 2 or negative, positive, surprise. ``u_train`` holds
  copies of the other subjects' pictures and is not read. The dataset follows from the subject's spelling:
  sub01 is CASME II, s01 is SMIC, 006 is SAMM.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mebench.clips.reading import Reading, refuse_duplicates
from mebench.datasets._flow_manifest import read_manifest
from mebench.datasets._flow_tree import read_tree
from mebench.media.folders import existing_folder

CARD = {
    "delivers": "pictures",
    "title": "Flow pictures (MEGC2019 composite as published)",
    "paper": "liong2019ststnet",
    "licence": "the pictures derive from SMIC, CASME II and SAMM; their licences apply, do not redistribute",
    "homepage": "https://facial-micro-expressiongc.github.io/MEGC2019/",
    "layout": "manifest.csv with the columns dataset,subject,clip,emotion,image beside the pictures, "
    "or <subject>/u_test/<class>/*.png (classes 0 negative, 1 positive, 2 surprise)",
    "fps": None,
    "emotions": ["negative", "positive", "surprise"],
    "expected": {"clips": 442, "subjects": 68},
    "expected_emotions": {"negative": 250, "positive": 109, "surprise": 83},
    "inputs": ["apex_flow-28"],
}

# a manifest may hold pictures with the native labels of the datasets, not only the composite's three
EMOTIONS = ("negative", "positive", "surprise", "anger", "contempt", "disgust", "fear", "happiness", "others",
            "repression", "sadness")  # fmt: skip
MANIFEST = "manifest.csv"


def read(root: Path) -> Reading:
    """Read the manifest where there is one, the LOSO tree otherwise. Onset, apex and offset are not known."""
    root = existing_folder(root, "flow_images")
    # archives often unpack into one more folder
    manifests = [path for path in (root / MANIFEST, *sorted(root.glob(f"*/{MANIFEST}"))) if path.is_file()]
    reading = (
        read_manifest(root, manifests[0], EMOTIONS) if manifests else read_tree(root, EMOTIONS, str(CARD["layout"]))
    )
    refuse_duplicates(reading.clips, manifests[0] if manifests else root)
    return replace(reading, clips=sorted(reading.clips, key=lambda clip: clip.clip_id))
