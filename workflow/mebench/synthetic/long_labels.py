"""Names and workbooks of the small stand-ins of long videos: those that the full-size ones have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mebench.datasets.samm_long import ORIGINS
from mebench.synthetic import (
    casme3_plan,
    full_casme3,
    full_casme3_long,
    full_casme_sq,
    full_samm,
    full_samm_long,
    full_smic_long,
    tallies,
)
from mebench.synthetic.long_cast import ALIASES, Event, Video

OBJECTIVE = {"happiness": "I", "surprise": "II", "anger": "III", "disgust": "IV", "sadness": "V", "fear": "VI"}
SMIC = "SMIC-E_raw image/HS_long/SMIC_HS_E"


def names(dataset: str, video: Video) -> tuple[str, str]:
    """(subject, video) as the dataset's reader spells them."""
    if dataset == "casme_sq":
        return f"s{video.subject}", full_casme_sq.folder(video.subject, video.name).partition("/")[2]
    if dataset == "samm_long":
        return f"{video.subject:03d}", f"{video.subject:03d}_{video.name}"
    if dataset == "smic_long":
        return f"s{video.subject:02d}", video.name
    return f"spNO.{video.subject}", video.name


def emotion(dataset: str, event: Event) -> str:
    """An event's emotion as the dataset's reader spells it."""
    if dataset == "samm_long" and event.kind == "macro":
        return ""  # its workbook names none
    return ALIASES.get(event.emotion, event.emotion)


def objective(dataset: str, event: Event) -> str:
    """The objective class of an event, where the dataset's reader knows one."""
    known = dataset == "casme3_long" or (dataset in ("casme3", "samm_long") and event.kind == "micro")
    return OBJECTIVE.get(emotion(dataset, event), "VII") if known else ""


def clip_name(dataset: str, video: Video, event: Event) -> str:
    """The name that the dataset's reader gives to a labelled event."""
    _, name = names(dataset, video)
    if dataset == "samm_long":
        return f"{name}_{_number(video, event)}_{event.kind}"
    if dataset == "smic_long":
        place = [e for e in video.events if e.labelled].index(event) + 1
        return name if place == 1 else f"{name}_{place}"
    onset = dict(event.cells).get("onset", event.onset)
    return f"{name}_{onset}" + ("" if dataset == "casme3" else f"_{event.kind}")


def frame_path(dataset: str, video: Video, number: int) -> str:
    """Path of a frame below the dataset's root."""
    subject, name = names(dataset, video)
    if dataset == "casme_sq":
        return f"rawpic/{subject}/{name}/img{number:03d}.jpg"
    if dataset == "samm_long":
        return f"SAMM_longvideos/{name}/{name}_{number:04d}.jpg"
    if dataset == "casme3_long":
        return f"{full_casme3_long.TREE}/{subject}/{name}/color/{number}.jpg"
    if dataset == "smic_long":
        return f"{SMIC}/{subject}/{name}/image{number:06d}.jpg"
    clip = next(e for e in video.events if e.kind == "micro" and e.onset <= number <= e.offset)
    return f"{full_casme3.CLIPS}/frame/{subject}_{name}_{clip.onset}/{number}.jpg"


def write(dataset: str, root: Path, videos: Iterable[Video]) -> None:
    """Write the workbooks of a dataset."""
    labelled = [(video, event) for video in videos for event in video.events if event.labelled]
    if dataset == "casme_sq":
        full_casme_sq.write_workbook(root / "CAS(ME)^2code_final.xlsx", list(_casme_sq(labelled)))
    elif dataset == "samm_long":
        _samm(root, labelled)
    elif dataset == "smic_long":
        full_smic_long.write_annotation(root / "SMIC-HS-E_annotation.xlsx", [
            full_smic_long.Video(str(video.subject), video.name, own[0].emotion, 1, video.last,
                                 [(event.onset, event.offset) for event in own])
            for video in videos if (own := [event for event in video.events if event.labelled])
        ])  # fmt: skip
    else:
        rows = list(_casme3(labelled))
        full_casme3.write_micro(root / full_casme3.WORKBOOK, [row for row in rows if row.expression == "micro"])
        if dataset == "casme3_long":
            macro = [row for row in rows if row.expression == "macro"]
            full_casme3_long.write_macro(root / full_casme3_long.MACRO_WORKBOOK, macro)
            full_casme3_long.write_both(root / full_casme3_long.BOTH_WORKBOOK, rows)


def _casme3(labelled: list[tuple[Video, Event]]) -> Iterator[casme3_plan.Row]:
    capital = next((event for _, event in labelled if event.kind == "micro" and event.emotion == "others"), None)
    for video, event in labelled:
        cells: dict[str, object] = {**dict(event.cells), **({"emotion": "Others"} if event is capital else {})}
        objective = OBJECTIVE.get(ALIASES.get(event.emotion, event.emotion), "VII")
        yield casme3_plan.Row(video.subject, video.name, event.onset, event.apex, event.offset, event.kind,
                              event.emotion, objective, event.units, cells)  # fmt: skip


def _casme_sq(labelled: list[tuple[Video, Event]]) -> Iterator[full_casme_sq.Row]:
    for video, event in labelled:
        yield full_casme_sq.Row(video.subject, video.name, event.onset, event.apex, event.offset, event.kind,
                                event.emotion, event.units, dict(event.cells))  # fmt: skip


def _samm(root: Path, labelled: list[tuple[Video, Event]]) -> None:
    """The workbook of the long videos, and that of the short SAMM, which numbers the same frames in its own way."""
    rows, short = [], []
    for video, event in labelled:
        subject, name = names("samm_long", video)
        called, cells = f"{name}_{_number(video, event)}", dict(event.cells)
        rows.append(full_samm_long.Row(name, called, event.onset, event.apex, event.offset, event.kind, event.units,
                                       event.emotion, cells))  # fmt: skip
        if event.kind == "micro":
            times = {
                key: cells.get(key, getattr(event, key)) + ORIGINS.get(name, 0) for key in ("onset", "apex", "offset")
            }
            emotion = "Other" if event.emotion == "others" else event.emotion.capitalize()
            group = OBJECTIVE.get(event.emotion, "VII")
            short.append(tallies.Row(subject, called, emotion, units=event.units, group=group, **times))
    full_samm_long.write_workbook(root / "SAMM_LongVideos_V1_Release.xlsx", rows)
    full_samm.write_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", short)


def _number(video: Video, event: Event) -> int:
    """The place of an event among those of its kind: names of micro- and macro-expressions are counted apart."""
    return 1 + [e for e in video.events if e.kind == event.kind].index(event)
