"""Tasks: which datasets, which classes, which protocol. Data only, because every job reads them with the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict, cast

from mebench.errors import UserError, did_you_mean


class Expected(TypedDict):
    """How many clips and subjects the real data give, and how many clips of each class."""

    clips: int
    subjects: int
    classes: NotRequired[dict[str, int]]


class Definition(TypedDict, total=False):
    """A task without its name. A kind of task may have keys of its own besides these.

    ``labels`` maps the emotions of each dataset to classes; clips with another emotion are not part of the task.
    ``label_from`` names the column of clips.csv to read instead of ``emotion``. ``drop`` maps the clip_id of each clip
    that the official list of the task leaves out to the reason. ``macro`` maps a dataset of long videos to the dataset
    with the same subjects: its macro-expressions can be added to training (``extra_clips: macro``).
    ``expression``, ``train_videos`` and ``negatives`` are keys of spotting (``tasks/spotting.py``).
    """

    kind: str
    protocol: str
    title: str
    datasets: list[str]
    classes: list[str]
    labels: dict[str, dict[str, str]]
    label_from: str
    drop: dict[str, str]
    macro: dict[str, str]
    expected: Expected
    stage: dict[str, object]
    expression: str
    train_videos: str
    negatives: float


class TaskDefinition(Definition):
    """A task with its name."""

    name: str


NEGATIVE_SAMM = ("anger", "contempt", "disgust", "fear", "sadness")
CASME3_LABELS = {**dict.fromkeys(("anger", "disgust", "fear", "sadness"), "negative"), "happiness": "positive",
                 "surprise": "surprise"}  # fmt: skip
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
OBJECTIVE = ("I", "II", "III", "IV", "V")  # classes by action units; VI and VII are left out as in MEGC2018


def _own(*emotions: str) -> dict[str, str]:
    """Labels that are the classes."""
    return dict(zip(emotions, emotions, strict=True))


def _expected(clips: int, subjects: int, **classes: int) -> Expected:
    return {"clips": clips, "subjects": subjects, "classes": classes}


TASKS: dict[str, Definition] = {
    "megc2019": {
        "title": "MEGC2019 composite, 3 classes, LOSO over SMIC, CASME II and SAMM",
        "datasets": ["casme2", "samm", "smic"],
        "classes": ["negative", "positive", "surprise"],
        "labels": MEGC2019_LABELS,
        "drop": MEGC2019_DROP,
        "expected": _expected(442, 68, negative=250, positive=109, surprise=83),
    },
    "megc2019-flow": {
        "title": "MEGC2019 composite from the published flow pictures, 3 classes, LOSO",
        "datasets": ["flow_images"],
        "classes": ["negative", "positive", "surprise"],
        "labels": dict.fromkeys(("casme2", "samm", "smic"), SAME),
        "drop": {},
        "expected": _expected(442, 68, negative=250, positive=109, surprise=83),
    },
    "casme2-5": {
        "title": "CASME II, 5 classes, LOSO",
        "datasets": ["casme2"],
        "classes": ["disgust", "happiness", "others", "repression", "surprise"],
        "labels": {"casme2": _own("disgust", "happiness", "others", "repression", "surprise")},
        "drop": {},
        "expected": _expected(246, 26, disgust=63, happiness=32, others=99, repression=27, surprise=25),
    },
    "samm-5": {
        "title": "SAMM, 5 classes, LOSO",
        "datasets": ["samm"],
        "classes": ["anger", "contempt", "happiness", "others", "surprise"],
        "labels": {"samm": _own("anger", "contempt", "happiness", "others", "surprise")},
        "drop": {},
        "expected": _expected(136, 27, anger=57, contempt=12, happiness=26, others=26, surprise=15),
    },
    "casme2-3": {
        "title": "CASME II, 3 classes, LOSO",
        "datasets": ["casme2"],
        "classes": ["negative", "positive", "surprise"],
        "labels": {"casme2": MEGC2019_LABELS["casme2"]},
        "drop": MEGC2019_DROP,
        "expected": _expected(145, 24, negative=88, positive=32, surprise=25),
    },
    "samm-3": {
        "title": "SAMM, 3 classes, LOSO",
        "datasets": ["samm"],
        "classes": ["negative", "positive", "surprise"],
        "labels": {"samm": MEGC2019_LABELS["samm"]},
        "drop": {},
        "expected": _expected(133, 28, negative=92, positive=26, surprise=15),
    },
    "casme2-7": {
        "title": "CASME II, 7 classes, LOSO",
        "datasets": ["casme2"],
        "classes": ["disgust", "fear", "happiness", "others", "repression", "sadness", "surprise"],
        "labels": {
            "casme2": _own("disgust", "fear", "happiness", "others", "repression", "sadness", "surprise"),
        },
        "drop": {},
        "expected": _expected(
            255, 26, disgust=63, fear=2, happiness=32, others=99, repression=27, sadness=7, surprise=25
        ),
    },
    "casme2-objective": {
        "title": "CASME II, objective classes I to V, LOSO",
        "datasets": ["casme2"],
        "classes": list(OBJECTIVE),
        "labels": {"casme2": _own(*OBJECTIVE)},
        "label_from": "objective",
        "drop": {},
        "expected": _expected(185, 26, I=25, II=15, III=99, IV=26, V=20),
    },
    "samm-8": {
        "title": "SAMM, 8 classes, LOSO",
        "datasets": ["samm"],
        "classes": ["anger", "contempt", "disgust", "fear", "happiness", "others", "sadness", "surprise"],
        "labels": {
            "samm": _own("anger", "contempt", "disgust", "fear", "happiness", "others", "sadness", "surprise"),
        },
        "drop": {},
        "expected": _expected(
            159, 29, anger=57, contempt=12, disgust=9, fear=8, happiness=26, others=26, sadness=6, surprise=15
        ),
    },
    "samm-objective": {
        "title": "SAMM, objective classes I to V, LOSO",
        "datasets": ["samm"],
        "classes": list(OBJECTIVE),
        "labels": {"samm": _own(*OBJECTIVE)},
        "label_from": "objective",
        "drop": {},
        "expected": _expected(68, 21, I=24, II=13, III=20, IV=8, V=3),
    },
    "smic-3": {
        "title": "SMIC-HS, 3 classes, LOSO",
        "datasets": ["smic"],
        "classes": ["negative", "positive", "surprise"],
        "labels": {"smic": SAME},
        "drop": {},
        "expected": _expected(164, 16, negative=70, positive=51, surprise=43),
    },
    "casme3-3": {
        "title": "CAS(ME)^3 Part A, 3 classes, LOSO",
        "datasets": ["casme3"],
        "macro": {"casme3_long": "casme3"},
        "classes": ["negative", "positive", "surprise"],
        "labels": {"casme3": CASME3_LABELS},
        "drop": {},
        "expected": _expected(699, 88, negative=457, positive=55, surprise=187),
    },
    "casme3-4": {
        "title": "CAS(ME)^3 Part A, 4 classes, LOSO",
        "datasets": ["casme3"],
        "macro": {"casme3_long": "casme3"},
        "classes": ["negative", "others", "positive", "surprise"],
        "labels": {"casme3": {**CASME3_LABELS, "others": "others"}},
        "drop": {},
        "expected": _expected(860, 94, negative=457, others=161, positive=55, surprise=187),
    },
    "casme3-7": {
        "title": "CAS(ME)^3 Part A, 7 classes, LOSO",
        "datasets": ["casme3"],
        "macro": {"casme3_long": "casme3"},
        "classes": ["anger", "disgust", "fear", "happiness", "others", "sadness", "surprise"],
        "labels": {"casme3": _own("anger", "disgust", "fear", "happiness", "others", "sadness", "surprise")},
        "drop": {},
        "expected": _expected(
            860, 94, anger=64, disgust=250, fear=86, happiness=55, others=161, sadness=57, surprise=187
        ),
    },
    "casme3-objective": {
        "title": "CAS(ME)^3 Part A, objective classes I to VII, LOSO",
        "datasets": ["casme3"],
        "macro": {"casme3_long": "casme3"},
        "classes": ["I", "II", "III", "IV", "V", "VI", "VII"],
        "labels": {"casme3": _own("I", "II", "III", "IV", "V", "VI", "VII")},
        "label_from": "objective",
        "drop": {},
        "expected": _expected(860, 94, I=15, II=151, III=234, IV=37, V=47, VI=3, VII=373),
    },
}


EXPRESSIONS = ("micro", "macro", "all")
FOUR = ("negative", "others", "positive", "surprise")


def _spotting(
    task: str, title: str, dataset: str, labels: Mapping[str, str], negatives: float, **expected: tuple[int, int]
) -> dict[str, Definition]:
    """A task for each type of expression of which ``expected`` has the numbers of expressions and of subjects.
    ``negatives`` is the ratio of windows without a label."""
    return {
        task if expression == "micro" else f"{task}-{expression}": {
            "kind": "spotting",
            "title": f"{title}, spotting of {'all' if expression == 'all' else f'{expression}-'}"
            f"{' ' if expression == 'all' else ''}expressions, LOSO",
            "datasets": [dataset],
            "classes": [name for name in FOUR if name in labels.values()],
            "labels": {dataset: dict(labels)},
            "drop": {},
            "expression": expression,
            "negatives": negatives,
            "expected": {"clips": expected[expression][0], "subjects": expected[expression][1]},
        }
        for expression in EXPRESSIONS
        if expression in expected
    }


# the ratios of SAMM Long Videos and CAS(ME)^3 are those of ME-TST's code; the others are those at the same frame rate
TASKS |= {
    **_spotting("sammlv-spotting", "SAMM Long Videos", "samm_long", {**MEGC2019_LABELS["samm"], "others": "others"},
                0.5, micro=(159, 29), macro=(343, 29), all=(502, 30)),
    **_spotting("casme3-spotting", "CAS(ME)^3 Part A", "casme3_long", {**CASME3_LABELS, "others": "others"},
                4, micro=(860, 94), macro=(3346, 98), all=(4206, 98)),
    **_spotting("casme2sq-spotting", "CAS(ME)^2", "casme_sq", {**SAME, "others": "others"},
                4, micro=(57, 14), macro=(300, 20), all=(357, 22)),
    **_spotting("smic-e-spotting", "SMIC-E HS", "smic_long", SAME, 0.5, micro=(161, 16)),
}  # fmt: skip
# recognition over true positives of SAMM Long Videos is without others (ME-TST); see docs/spotting.md
for _name in ("sammlv-spotting", "sammlv-spotting-macro", "sammlv-spotting-all"):
    TASKS[_name]["stage"] = {"recognised": ["negative", "positive", "surprise"]}
for _name in ("casme3-spotting", "casme3-spotting-macro", "casme3-spotting-all"):
    TASKS[_name]["stage"] = {"batch": 256}  # of test batches in ME-TST's code, for its stitching


SHIPPED = frozenset(TASKS)  # the others are those of a configuration


def define(definitions: Iterable[Mapping[str, object]]) -> None:
    """Add the checked tasks of a configuration to those that this process knows by name."""
    TASKS.update({str(definition["name"]): cast(Definition, definition) for definition in definitions})


def extra_datasets(definition: Mapping[str, object], wanted: str) -> list[str]:
    """The datasets whose clips a task trains on besides, where a recipe has ``extra_clips: <wanted>``; none for the
    word none."""
    datasets = definition.get(wanted)
    return list(datasets) if isinstance(datasets, Mapping) else []


def task(name: str) -> TaskDefinition:
    """The definition of a task. Every task is LOSO over dataset-qualified subjects."""
    if name not in TASKS:
        raise UserError(f"unknown task '{name}'{did_you_mean(name, TASKS)}")
    return {"name": name, "protocol": "loso", **TASKS[name]}


def differences(counted: Mapping[str, int], expected: Expected) -> list[str]:
    """'clips 297 instead of 442' for each number of ``expected`` that is another one."""
    wanted = {"clips": expected["clips"], "subjects": expected["subjects"], **expected.get("classes", {})}
    return [f"{name} {counted.get(name, 0)} instead of {n}" for name, n in wanted.items() if counted.get(name, 0) != n]
