"""No clip is a copy of one on the other side of the split, whatever its name."""

from __future__ import annotations

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted, some
from mebench.audit.look import alike
from mebench.clips.persons import person

NAME = "near_duplicates"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails where two clips look alike, or are the same frames of a recording, and some fold trains on one and tests
    the other. Without folds every subject is taken for a fold."""
    same = [(*pair, "are the same frames") for pair in _same_frames(evidence)]
    pairs = same + [(*pair, "look alike") for pair in alike(evidence.looks)]
    across = [pair for pair in pairs if _parted(evidence, pair[0], pair[1])]
    if across:
        one, other, how = across[0]
        more = [f"{a} = {b}" for a, b, _ in across[1:]]
        also = f" (also {some(more)})" if more else ""
        return FAIL, f"{counted(len(across), 'pair')} of clips across the split: {one} and {other} {how}{also}"
    if not evidence.looks:
        return NOT_CHECKED, "no pictures of the clips are given; name an input with --inputs, or frames with --frames"
    return PASS, f"no two of {counted(len(evidence.looks), 'clip')} across the split look alike"


def _same_frames(evidence: Evidence) -> list[tuple[str, str]]:
    """Clips that are the same frames of one recording, or share most of them."""
    by_recording: dict[str, list[tuple[str, int, int]]] = {}
    for clip, (recording, first, last) in sorted((evidence.annotation.cuts if evidence.annotation else {}).items()):
        by_recording.setdefault(recording, []).append((clip, first, last))
    found = []
    for clips in by_recording.values():
        for place, (one, first, last) in enumerate(clips):
            for other, begin, end in clips[place + 1 :]:
                shared = min(last, end) - max(first, begin) + 1
                if 2 * shared > max(last - first, end - begin) + 1:
                    found.append((one, other))
    return found


def _parted(evidence: Evidence, one: str, other: str) -> bool:
    """Whether some fold trains on one of two clips and tests the other."""
    if evidence.splits:
        return any((one in split.test and other in split.train) or (other in split.test and one in split.train)
                   for split in evidence.splits)  # fmt: skip
    subjects = evidence.subjects
    return one not in subjects or other not in subjects or person(subjects[one]) != person(subjects[other])
