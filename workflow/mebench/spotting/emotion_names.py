"""One spelling for each emotion of predictions, labels and ``--classes``, whatever capitals and blanks they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mebench.clips.spelling import ALIASES
from mebench.errors import UserError
from mebench.given_values import key
from mebench.metrics.spotting import NEUTRAL_NAME


def one_spelling(emotions: Sequence[str]) -> list[str]:
    """The emotions of one file, each spelled as most of its rows do, as the first by the alphabet of equals."""
    seen: dict[str, Counter[str]] = {}
    for emotion in emotions:
        seen.setdefault(key(emotion), Counter())[emotion] += 1
    return renamed(emotions, {own: min(counts, key=lambda text: (-counts[text], text)) for own, counts in seen.items()})


def renamed(emotions: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """The emotions in the spelling of ``known``, from :func:`by_key`; others as they are."""
    keys = {emotion: key(emotion) for emotion in set(emotions)}
    return [known.get(keys[emotion], emotion) for emotion in emotions]


def by_key(emotions: Iterable[str]) -> dict[str, str]:
    """Spelling of each emotion by what is left of it without capitals and blanks; neutral is always known."""
    return {key(NEUTRAL_NAME): NEUTRAL_NAME} | {key(emotion): emotion for emotion in emotions if emotion}


def check_synonyms(predicted: Iterable[str], labels: Iterable[str], where: str) -> None:
    """A UserError where predictions call an emotion 'happy' and labels 'happiness', or the other way round."""
    mine, theirs = {key(emotion): emotion for emotion in predicted}, {key(emotion): emotion for emotion in labels}
    for short, long in ALIASES.items():
        for one, other in ((short, long), (long, short)):
            if one in mine and other in theirs and one not in theirs:
                raise UserError(f"{where} has the emotion '{mine[one]}', and labels '{theirs[other]}'; write one of "
                                "them everywhere")  # fmt: skip
