"""Tasks: which datasets, which classes, which protocol. Data only, so that the plan can read it in no time.

``labels`` maps an emotion of a dataset to a class; an emotion that is not listed is not part of the task. ``drop``
names clips that the official list of the task leaves out, by clip_id, each with its reason.
"""

from __future__ import annotations

from typing import Any

from mebench.errors import UserError, did_you_mean

NEGATIVE_SAMM = ("anger", "contempt", "disgust", "fear", "sadness")
SAME = {"negative": "negative", "positive": "positive", "surprise": "surprise"}
MEGC2019_LABELS = {
    "casme2": {"disgust": "negative", "repression": "negative", "happiness": "positive", "surprise": "surprise"},
    "samm": {**dict.fromkeys(NEGATIVE_SAMM, "negative"), "happiness": "positive", "surprise": "surprise"},
    "smic": SAME,
}
MEGC2019_DROP = {
    "casme2/sub04/EP12_01f": "no apex is annotated; not on the official MEGC2019 list",
    "casme2/sub05/EP09_05f": "the annotated apex is the onset; not on the official MEGC2019 list",
}


def _own(*emotions: str) -> dict[str, str]:
    return dict(zip(emotions, emotions, strict=True))


TASKS: dict[str, dict[str, Any]] = {
    "megc2019": {
        "title": "MEGC2019 composite, 3 classes, LOSO over subjects of SMIC, CASME II and SAMM",
        "datasets": ["casme2", "samm", "smic"],
        "classes": ["negative", "positive", "surprise"],
        "labels": MEGC2019_LABELS,
        "drop": MEGC2019_DROP,
    },
    "megc2019-flow": {
        "title": "MEGC2019 composite from the published flow pictures, 3 classes, LOSO over 68 subjects",
        "datasets": ["flow_images"],
        "classes": ["negative", "positive", "surprise"],
        "labels": dict.fromkeys(("casme2", "samm", "smic"), SAME),
        "drop": {},
    },
    "casme2-5": {
        "title": "CASME II, 5 classes, LOSO",
        "datasets": ["casme2"],
        "classes": ["disgust", "happiness", "others", "repression", "surprise"],
        "labels": {"casme2": _own("disgust", "happiness", "others", "repression", "surprise")},
        "drop": {},
    },
    "samm-5": {
        "title": "SAMM, 5 classes, LOSO",
        "datasets": ["samm"],
        "classes": ["anger", "contempt", "happiness", "others", "surprise"],
        "labels": {"samm": _own("anger", "contempt", "happiness", "others", "surprise")},
        "drop": {},
    },
    "smic-3": {
        "title": "SMIC-HS, 3 classes, LOSO",
        "datasets": ["smic"],
        "classes": ["negative", "positive", "surprise"],
        "labels": {"smic": SAME},
        "drop": {},
    },
}


def task(name: str) -> dict[str, Any]:
    """The definition of a task; all tasks are LOSO over dataset-qualified subjects."""
    if name not in TASKS:
        raise UserError(f"unknown task '{name}'{did_you_mean(name, TASKS)}")
    return {"name": name, "protocol": "loso", **TASKS[name]}
