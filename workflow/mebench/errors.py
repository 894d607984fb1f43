"""Errors that a user can cause. Each says in one sentence what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence

PATH = re.compile(r"[^\s'\"(]*/")  # all of a path but the name at its end


class UserError(Exception):
    """One clear sentence: what was wrong, where, and what to do. Shown without a traceback, exit code 2."""


MOST_SHOWN = 20


def bad_clips(clips: Iterable[tuple[str, str]]) -> UserError:
    """One error for all bad ``clips``, (clip_id, sentence) of each. It ends with the lines of the configuration that
    leave them out."""
    ordered = sorted(dict(clips).items())
    (clip, sentence), count = ordered[0], len(ordered)
    if count == 1:
        return UserError(f"1 clip is bad, {clip}: {sentence}\n{exclude_lines(ordered)}")
    shown = [f"\n  {clip}: {sentence}" for clip, sentence in ordered[:MOST_SHOWN]]
    more = f"\n  and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
    head = f"{count} clips are bad, the first {clip}: {sentence}; all of them:"
    return UserError(f"{head}{''.join(shown)}{more}\n{exclude_lines(ordered)}")


def exclude_lines(clips: Sequence[tuple[str, str]]) -> str:
    """Lines to copy into the configuration, below the entry of each dataset."""
    lines = ["to leave them out, add to the entry of the dataset in the configuration:"]
    for dataset in sorted({clip.partition("/")[0] for clip, _ in clips}):
        lines += [f"  {dataset}:", "    exclude:"]
        own = [(clip, _reason(clip, why)) for clip, why in clips if clip.partition("/")[0] == dataset]
        lines += [f"      {json.dumps(clip)}: {json.dumps(why, ensure_ascii=False)}" for clip, why in own]
    return "\n".join(lines)


def _reason(clip: str, sentence: str) -> str:
    """The first part of a sentence, with names of files instead of paths: tables show no path of a machine."""
    parts = [part if part == clip else PATH.sub("", part) for part in sentence.partition(";")[0].split(" ")]
    return " ".join(parts)


def check_folder_name(what: str, name: str) -> None:
    """Raise a UserError where the name of a model or task cannot be the name of its folder everywhere."""
    if not name[:1].isalnum() or not all(c.isalnum() or c in "-_." for c in name):
        raise UserError(f"the {what} name '{name}' becomes a folder name; begin with a letter or a digit and use "
                        "letters, digits, '-', '_' and '.' only")  # fmt: skip


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)``; the list of all that is ``known`` where nothing is close."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else f" (known: {', '.join(known) or 'none'})"
