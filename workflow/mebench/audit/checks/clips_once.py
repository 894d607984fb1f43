"""Every clip is predicted exactly once, with each seed."""

from __future__ import annotations

from collections import Counter

from mebench.audit.evidence import Evidence
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, counted, some

NAME = "clips_once"


def check(evidence: Evidence) -> tuple[str, str]:
    """Fails for a clip that is there twice, missing, or not annotated."""
    annotation = evidence.annotation
    if not any(one.clip for one in evidence.predictions):
        return NOT_CHECKED, "the predictions do not name their clips; add the column clip_id"
    for seed, rows in evidence.seeds.items():
        with_seed = f" with seed {seed}" if len(evidence.seeds) > 1 else ""
        counts = Counter(one.key for one in rows)
        twice = sorted(clip for clip, count in counts.items() if count > 1)
        if twice:
            return FAIL, f"{counted(len(twice), 'clip')} predicted more than once{with_seed}: {some(twice)}"
        if annotation is None:
            continue
        strange = sorted(clip for clip in counts if clip not in (annotation.labels or annotation.subjects))
        if strange:
            return FAIL, f"{counted(len(strange), 'clip')} predicted{with_seed} but not annotated: {some(strange)}"
        missing = sorted(annotation.labels.keys() - counts.keys())
        if missing:
            return FAIL, f"{counted(len(missing), 'clip')} annotated but not predicted{with_seed}: {some(missing)}"
    if annotation and annotation.twice:
        return FAIL, f"the annotation lists {counted(len(annotation.twice), 'clip')} twice: {some(annotation.twice)}"
    if annotation is None or not annotation.labels:
        why = annotation.unknown if annotation else "which clips are missing is known only with --clips"
        return NOT_CHECKED, f"no clip is there twice; {why}"
    return PASS, f"each of {counted(len(annotation.labels), 'annotated clip')} is predicted once"
