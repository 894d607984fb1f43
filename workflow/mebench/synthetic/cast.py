"""Who shows what: subjects, clips, emotions, action units and frame numbers of a generated dataset.

Every class of every task is there, and every subject shows an emotion that all tasks of the dataset use, however few
clips were asked for: where they are too few for that, a dataset has as many clips as it has emotions.

The mix of emotions follows the real datasets' skewed counts, clips per subject too: the first subjects
have many, the last has one, and most lack a class. Faults that the real datasets are known for are
planted on purpose. Clips are shorter than real ones (15 to 40 frames), so that a dataset is generated in
seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

# clips per emotion in the real datasets (CASME II 20140508, SAMM, SMIC-HS), used as weights
MIX = {
    "casme2": {
        "others": 99,
        "disgust": 63,
        "happiness": 32,
        "repression": 27,
        "surprise": 25,
        "sadness": 7,
        "fear": 2,
    },
    "samm": {
        "anger": 57,
        "happiness": 26,
        "others": 26,
        "surprise": 15,
        "contempt": 12,
        "disgust": 9,
        "fear": 8,
        "sadness": 6,
    },
    "smic": {"negative": 70, "positive": 51, "surprise": 43},
    "smic_vis": {"negative": 23, "positive": 28, "surprise": 20},
    "smic_nir": {"negative": 23, "positive": 28, "surprise": 20},
    # no counts of their emotions were read: all alike
    "casme": dict.fromkeys(
        ("happiness", "disgust", "repression", "surprise", "sadness", "fear", "contempt", "tense"), 1
    ),
    "mmew": dict.fromkeys(("happiness", "surprise", "disgust", "others", "fear", "sadness", "anger"), 1),
    "flow_images": {"negative": 250, "positive": 109, "surprise": 83},
}
# emotions that every task of every dataset makes a class of
SHARED = frozenset({"happiness", "happy", "positive", "surprise", "negative"})
# the objective class of a clip goes with its emotion, so that every class is there
OBJECTIVE = {"happiness": "I", "surprise": "II", "anger": "III", "disgust": "IV", "sadness": "V", "repression": "V",
             "fear": "VI"}  # fmt: skip

# action units that go with an emotion: (side, number), several ways for each
WAYS = {
    "surprise": ["1+2", "1+2+5", "1+2+25"],
    "happiness": ["12", "6+12", "12+25"],
    "disgust": ["4+9", "4+7+9", "9+10", "4+10"],
    "anger": ["4", "4+7", "4+7+24"],
    "sadness": ["1+15", "4+15", "15+17"],
    "fear": ["1+2+4", "1+4+20"],
    "contempt": ["L14", "R14", "R10"],
    "repression": ["15", "17", "15+17"],
    "others": ["4", "L4", "14", "7", "17+24"],
    "tense": ["4", "4+7", "24"],
}
WAYS["positive"] = WAYS["happiness"]
WAYS["negative"] = [*WAYS["disgust"], *WAYS["anger"], "15+17"]
STRAY = 0.08  # share of clips that show the motion of another emotion: labels are never certain

SAMM_SUBJECTS = (6, 7, *range(9, 27), 28, *range(30, 38))
SMIC_SUBJECTS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20)
SLOW_SUBJECTS = tuple(range(11, 21))  # of SMIC-VIS and SMIC-NIR
INFIX = {"negative": "ne", "positive": "po", "surprise": "sur"}


@dataclass(frozen=True)
class Clip:
    """One clip. ``apex_cell`` is the workbook's apex, ``read_apex`` the frame that a reader takes for it."""

    subject: str
    name: str
    emotion: str
    units: str
    onset: int
    peak: int
    offset: int
    apex_cell: int | str
    read_apex: int
    width: int  # digits of the frame number in file names
    folder: str  # below the dataset's tree of frames


def random_stream(seed: int, *names: str) -> np.random.Generator:
    """A random stream of its own for each name, whatever else is generated before it or beside it."""
    sha256 = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(sha256[:8], "little")])


def objective(dataset: str, emotion: str) -> str:
    """The objective class, I to VII, that goes with an emotion; CASME II has no anger: others are its class III."""
    return OBJECTIVE.get(emotion, "III" if dataset == "casme2" else "VII")


def draw_clips(dataset: str, subjects: int, clips: int, seed: int) -> list[Clip]:
    """All clips of a dataset with ``subjects`` subjects and ``clips`` clips per subject on average."""
    return draw_counted(dataset, clips_per_subject(subjects, clips), seed)


def draw_counted(dataset: str, counts: list[int], seed: int) -> list[Clip]:
    """All clips of a dataset; ``counts`` are those of each subject."""
    rng = random_stream(seed, dataset, "cast")
    names = _subjects(dataset, len(counts))
    labels = deal_emotions(MIX[dataset], counts, rng)
    cast = [
        _clip(dataset, names[s], number, emotion, rng)
        for s, emotions in enumerate(labels)
        for number, emotion in enumerate(emotions, start=1)
    ]
    return _plant_faults(dataset, cast)


def _subjects(dataset: str, count: int) -> list[str]:
    if dataset in ("casme2", "casme"):
        return [f"sub{number:02d}" for number in range(1, count + 1)]
    if dataset == "mmew":
        return [f"S{number:02d}" for number in range(1, count + 1)]
    if dataset == "flow_images":  # in turn of the three datasets of the composite
        return [(f"casme2/sub{n:02d}", f"samm/{5 + n:03d}", f"smic/s{n:02d}")[n % 3] for n in range(1, count + 1)]
    known = {"samm": SAMM_SUBJECTS, "smic": SMIC_SUBJECTS}.get(dataset, SLOW_SUBJECTS)
    numbers = [*known, *range(known[-1] + 1, known[-1] + 1 + count)][:count]
    return [f"{number:03d}" if dataset == "samm" else f"s{number}" for number in numbers]


def clips_per_subject(subjects: int, clips: int) -> list[int]:
    """Falling counts with the wanted mean; the last subject has one clip."""
    weights = np.exp(-1.4 * np.arange(subjects) / max(1, subjects - 1))
    counts = np.maximum(1, np.round(weights / weights.sum() * subjects * clips)).astype(int)
    counts[-1] = 1
    counts[0] += max(0, subjects * clips - counts.sum())
    return counts.tolist()


def deal_emotions(mix: dict[str, int], counts: list[int], rng: np.random.Generator) -> list[list[str]]:
    """Emotions of each subject's clips: shares as in ``mix``, at least two clips of each emotion, or one where clips
    are few. ``counts`` are raised, from the first subject on, where there are fewer clips than emotions."""
    counts, names = list(counts), list(mix)
    for at in range(max(0, len(names) - sum(counts))):
        counts[at % len(counts)] += 1
    total = sum(counts)
    share = np.array([mix[name] for name in names], dtype=float) / sum(mix.values())
    left = np.maximum(np.floor(share * total), 2 if total >= 4 * len(names) else 1)
    while left.sum() < total:
        left[np.argmax(share * total - left)] += 1
    while left.sum() > total:
        left[np.argmax(left)] -= 1
    result = []
    for count in counts:
        taste = rng.gamma(0.7, size=len(names)) + 0.02  # people differ in what they show
        chosen = []
        for _ in range(count):
            weight = np.maximum(left, 0) * taste
            pick = int(rng.choice(len(names), p=weight / weight.sum()))
            left[pick] -= 1
            chosen.append(names[pick])
        result.append(chosen)
    # the tasks of five classes have anger but no disgust in SAMM, which alone knows contempt, and else the reverse
    return _all_take_part(result, SHARED | {"anger" if "contempt" in mix else "disgust"})


def _all_take_part(dealt: list[list[str]], shared: frozenset[str]) -> list[list[str]]:
    """``dealt`` with clips exchanged so that each subject shows one of the ``shared`` emotions, where there are
    enough of them: a subject without such a clip would be no fold of the smaller tasks."""
    for own in dealt:
        if shared & set(own):
            continue
        giver = next((other for other in dealt if sum(emotion in shared for emotion in other) > 1), None)
        if giver is not None:
            at = next(i for i, emotion in enumerate(giver) if emotion in shared)
            own[0], giver[at] = giver[at], own[0]
    return dealt


def _clip(dataset: str, subject: str, number: int, emotion: str, rng: np.random.Generator) -> Clip:
    shown = emotion if rng.random() > STRAY else str(rng.choice(list(MIX[dataset])))
    units = str(rng.choice(WAYS[shown]))
    length = int(np.clip(rng.normal(25, 6), 15, 40))
    rise = round((length - 1) * float(np.clip(rng.normal(0.5, 0.12), 0.3, 0.7)))
    if dataset == "casme2":
        onset, width = int(rng.integers(20, 240)), 0
        name = f"EP{int(rng.integers(1, 20)):02d}_{number:02d}" + ("f" if rng.random() < 0.28 else "")
        folder = f"{subject}/{name}"
    elif dataset == "samm":
        inducement = int(rng.integers(1, 8))
        # padding is a habit of the source video: five digits in some, four in others
        onset, width = int(rng.integers(300, 8000)), 5 if inducement in (1, 7) else 4
        name = f"{subject}_{inducement}_{number}"
        folder = f"{subject}/{name}"
    elif dataset == "casme":
        onset, width = int(rng.integers(20, 240)), 0
        name = f"EP{int(rng.integers(1, 20)):02d}_{number}"
        folder = f"{subject}/{name}"
    elif dataset == "mmew":
        onset, width = int(rng.integers(1, 20)), 0
        name = f"{subject}-{1 + list(MIX[dataset]).index(emotion):02d}-{number:03d}"
        # the class that the workbook calls others lies in a folder of another name
        folder = f"{subject}/{'repression' if emotion == 'others' else emotion}/{name}"
    elif dataset == "flow_images":
        onset, width, name = 0, 0, f"{emotion}_{number:02d}"
        folder = f"{subject.replace('/', '_')}_{name}"
    else:
        onset, width = int(10 ** rng.uniform(4.8, 7.4)), 6
        name = f"{subject}_{INFIX[emotion]}_{number:02d}"
        folder = f"{subject}/micro/{emotion}/{name}"
    peak, offset = onset + rise, onset + length - 1
    apex = onset + (length - 1) // 2 if dataset.startswith("smic") else peak
    return Clip(subject, name, emotion, units, onset, peak, offset, apex, apex, width, folder)


def _plant_faults(dataset: str, cast: list[Clip]) -> list[Clip]:
    """What the real datasets are known for, on clips of the second subject, which has enough of them."""
    second = [i for i, clip in enumerate(cast) if clip.subject != cast[0].subject]
    middle = {i: cast[i].onset + (cast[i].offset - cast[i].onset) // 2 for i in second}

    def change(place: int, **values: object) -> None:
        if place < len(second):
            i = second[place]
            cast[i] = Clip(**{**cast[i].__dict__, **{k: v(i) if callable(v) else v for k, v in values.items()}})

    if dataset == "casme2":
        change(0, apex_cell="/", read_apex=middle.get)
        change(1, apex_cell=lambda i: cast[i].onset, read_apex=middle.get)
        change(2, apex_cell=lambda i: cast[i].offset, read_apex=lambda i: cast[i].offset)
        change(3, name="EP01_2", folder=lambda i: f"{cast[i].subject}/EP01_2")
    elif dataset == "samm":
        change(0, apex_cell=lambda i: cast[i].offset + 9, read_apex=middle.get)
        change(1, apex_cell=lambda i: cast[i].onset - 3000, read_apex=middle.get)
    elif dataset == "casme":
        change(0, apex_cell="\\")  # the second coder's is taken
    elif dataset.startswith("smic"):
        surprised = [place for place, i in enumerate(second) if cast[i].emotion == "surprise"]
        for place in surprised[:1]:
            change(place, folder=lambda i: cast[i].folder.replace("/surprise/", "/negative/"))
    return cast
