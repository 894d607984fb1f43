"""How large the frames of the real datasets are, and how many frames their long videos have: what a rehearsal lacks.

Face crops have no one size; those are means. Frames of long videos are the mean length times the number of videos.
"""

from __future__ import annotations

PIXELS = 112 * 128  # of a frame of a rehearsal
REAL_PIXELS = {
    "casme": 280 * 340,
    "casme2": 280 * 340,
    "casme3": 1280 * 720,
    "casme3_long": 1280 * 720,
    "casme_sq": 640 * 480,
    "samm": 2040 * 1088,
    "samm_long": 2040 * 1088,
    "smic_long": 640 * 480,
}
REAL_FRAMES = {"casme3_long": 2900 * 1300, "casme_sq": 2593 * 98, "samm_long": 3284 * 147, "smic_long": 590 * 157}
