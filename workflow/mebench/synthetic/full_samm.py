"""SAMM at full size: 159 clips of 29 subjects in 79 videos, its workbook with preamble, grey frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mebench.synthetic import formulas
from mebench.synthetic.cast import random_stream
from mebench.synthetic.full import Frames
from mebench.synthetic.shown import short
from mebench.synthetic.tallies import Row, Span, changed, deal, parse, units

# The margins are the real ones; so are the sum of the first five and the next two of each subject (MEGC2019 list).
TABLE = """
    Anger Contempt Disgust Fear Sadness Happiness Surprise Other
006     5        2       0    2       0         0        2     3
007     0        1       0    0       0         5        2     2
009     3        0       0    0       0         0        1     0
010     3        0       0    0       1         0        0     0
011     7        2       3    0       1         7        0     0
012     0        0       0    2       0         0        1     0
013     4        0       2    0       0         0        0     3
014     2        0       0    0       0         7        1     0
015     2        0       0    0       0         0        1     0
016     2        0       0    0       0         1        2     2
017     2        0       0    0       1         0        1     0
018     0        2       0    0       0         0        1     0
019     0        0       0    0       0         1        0     2
020     2        0       0    0       0         2        0     3
021     2        0       0    0       0         0        0     0
022     2        0       0    0       1         2        0     0
023     1        0       0    0       0         0        0     0
024     0        0       0    1       0         0        0     0
025     0        0       0    0       0         0        0     3
026     5        2       2    0       0         0        0     2
028     0        0       1    0       0         0        2     0
030     2        0       0    0       1         0        0     2
031     0        1       0    0       0         0        0     0
032     3        0       1    0       0         0        0     2
033     3        0       0    1       0         1        0     0
034     2        0       0    1       0         0        0     2
035     5        1       0    1       0         0        1     0
036     0        0       0    0       1         0        0     0
037     0        1       0    0       0         0        0     0
"""
# the stimuli (1 to 7) at which each subject shows something: 79 videos
VIDEOS = {
    "006": "123567", "007": "134567", "009": "236", "010": "146", "011": "1234567", "012": "37", "013": "1367",
    "014": "1356", "015": "35", "016": "157", "017": "16", "018": "157", "019": "345", "020": "147", "021": "7",
    "022": "13", "023": "1", "024": "2", "025": "456", "026": "1567", "028": "45", "030": "15", "031": "3",
    "032": "136", "033": "1", "034": "37", "035": "167", "036": "7", "037": "2",
}  # fmt: skip
FIVE_DIGITS = {"006_1", "011_1", "013_1", "014_1", "016_7", "018_7", "023_1", "026_1", "030_1", "033_1", "034_7",
               "035_1", "035_7", "036_7"}  # fmt: skip
# numbers within a video count its other movements too, so they skip
NAMED = {"006": ["006_1_2", "006_5_9", "006_5_10", "006_5_11"], "013": ["013_1_9"], "028": ["028_4_1"],
         "032": ["032_3_1", "032_3_2"]}  # fmt: skip
FIXED = {
    "028_4_1": {"onset": 1071, "apex": 1143, "offset": 1134},
    "032_3_1": {"onset": 4916, "apex": 1931, "offset": 4978},
    "032_3_2": {"onset": 5126, "apex": 5127, "offset": 5190},
}
SPAN = Span(mean=74.3, sd=19.0, least=30, most=101, apex=0.46, apex_sd=0.16)
OBJECTIVE = {
    "Happiness": [("I", 24)],
    "Surprise": [("II", 13)],
    "Anger": [("III", 20)],
    "Disgust": [("IV", 8)],
    "Sadness": [("V", 3)],
    "Fear": [("VI", 7)],
}
NO_OBJECTIVE = frozenset({"021", "023", "024", "025", "030", "031", "036", "037"})  # 21 subjects show I to V
ALONE = {"Anger": (4, 7), "Contempt": (14,), "Disgust": (9, 10), "Fear": (20,), "Sadness": (15,), "Happiness": (12,),
         "Surprise": (1, 2), "Other": (14, 24)}  # fmt: skip
TOGETHER = {
    "Anger": ("4+7", "A4+7", "L7"),
    "Contempt": ("L14", "R14A", "L12 or L14"),
    "Disgust": ("9+10", "A9E+ref(10)"),
    "Fear": ("1+2+4", "4+20"),
    "Sadness": ("15A+17", "(R6 or R12)+R15"),
    "Happiness": ("6+12", "12+L14"),
    "Surprise": ("1+2", "1+2+5B"),
    "Other": ("14+17", "R12 or R14", "L4+17"),
}
NUMBERS = 37  # cells of action units that hold a number
PREAMBLE = ("Synthetic stand-in in the layout of the SAMM micro-movement codes", "not the real dataset", None,
            "Symbols", None, "A before a unit: asymmetric", "L: left", "R: right", "A to E after it: intensity",
            "ref( ): for reference only", None, None, None)  # fmt: skip
HEADER = ("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
          "Action Units", "Estimated Emotion", "Objective Classes", "Notes")  # fmt: skip


def write(root: Path, frames: Frames, seed: int) -> None:
    """Write the copy: one folder of frames per clip, and the workbook of codes."""
    rows = roster(seed)
    for row in rows:
        width = 5 if row.name.rpartition("_")[0] in FIVE_DIGITS else 4
        names = (f"{row.subject}_{number:0{width}d}.jpg" for number in range(row.onset, row.offset + 1))
        take = short(row.subject, row.name, row.emotion, row.onset, row.apex, row.offset)
        frames.write(f"SAMM/{row.subject}/{row.name}", names, grey=True, take=take)
    write_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)


def roster(seed: int) -> list[Row]:
    """Every row of the workbook, in its order: that of the names as text, 006_5_10 before 006_5_9."""
    rng = random_stream(seed, "samm", "full")
    rows = [Row(subject, name, emotion) for subject, name, emotion in _names(rng)]
    rows = units([_timed(row, rng) for row in rows], ALONE, TOGETHER, NUMBERS, rng)
    return sorted(deal(rows, OBJECTIVE, NO_OBJECTIVE), key=lambda row: row.name)


def _timed(row: Row, rng: np.random.Generator) -> Row:
    onset, apex, offset = SPAN.draw(rng, int(rng.integers(300, 8000)))
    return changed(row, **{"onset": onset, "apex": apex, "offset": offset, **FIXED.get(row.name, {})})


def _names(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """(subject, name, emotion): every video of a subject has a clip, the rest fall into any of them."""
    for subject, counts in parse(TABLE).items():
        emotions = [emotion for emotion, count in counts.items() for _ in range(count)]
        names = list(NAMED.get(subject, []))
        used = {name.split("_")[1] for name in names}
        videos = [stimulus for stimulus in VIDEOS[subject] if stimulus not in used]
        more = len(emotions) - len(names) - len(videos)
        videos += rng.choice(list(VIDEOS[subject]), size=more).tolist()
        for stimulus in videos:
            number = next(n for n in range(1, 99) if f"{subject}_{stimulus}_{n}" not in names)
            names.append(f"{subject}_{stimulus}_{number}")
        yield from ((subject, name, str(emotion)) for name, emotion in zip(names, rng.permutation(emotions),
                                                                           strict=True))  # fmt: skip


def write_codes(path: Path, rows: list[Row]) -> None:
    """The workbook: thirteen rows of preamble, the header, and Duration as a formula."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "MICRO_ONLY"
    for line in PREAMBLE:
        sheet.append([line])
    sheet.append(HEADER)
    values = {}
    for place, row in enumerate(rows, start=len(PREAMBLE) + 2):
        values["MICRO_ONLY", f"G{place}"] = row.offset - row.onset + 1
        sheet.append([row.subject, row.name, int(row.name.split("_")[1]), row.onset, row.apex, row.offset,
                      f"=SUM(F{place}-D{place})+1", "Micro - 1/2", row.units, row.emotion, row.group,
                      None if place % 5 else "slow"])  # fmt: skip
    formulas.save(book, path, values)
