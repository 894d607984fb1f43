"""Contact sheets: one small picture per clip with its landmarks, so that a person sees in a minute whether faces are
right. The clips that need a look come first."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench import letters, parallel
from mebench.faces import store
from mebench.faces.job import FacesJob
from mebench.faces.store import Face
from mebench.files import whole_file
from mebench.media import crops
from mebench.media.pictures import decode
from mebench.media.unavailable import Unavailable

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

ACROSS, DOWN, MOST_PAGES = 10, 6, 16
SIDE, GAP, MARGIN = 150, 14, 28  # pixels
LINE, WRAP = 15, 24  # pixels of a line of text below a picture, characters in it
INK, FAINT, GREY, ORANGE, VERMILLION, BLUE = "#1d2733", "#e3e7eb", "#6b7681", "#c96a00", "#D55E00", "#0072B2"
FRAME = "#E69F00"
FACE, EYES = "#00D6FF", "#FFDD33"  # the eyes stand out because crops are aligned by them
# lines through the 68 points: first, last, whether they close, colour
CHAINS = (
    *((first, last, False, FACE) for first, last in ((0, 16), (17, 21), (22, 26), (27, 30), (31, 35))),
    *((first, last, True, EYES) for first, last in ((36, 41), (42, 47))),
    *((first, last, True, FACE) for first, last in ((48, 59), (60, 67))),
)


@dataclass(frozen=True)
class Tile:
    """One clip on a page: its face, its landmarks (68, 2), its onset frame, and the id that is shown."""

    face: Face
    points: np.ndarray
    frame: Path
    label: str


@dataclass(frozen=True)
class Page:
    """One page: what stands above the tiles, and where it is written."""

    title: str
    number: str
    lines: tuple[tuple[str, str], ...]  # text, colour
    tiles: tuple[Tile, ...]
    crop: str
    path: Path


def write(
    job: FacesJob,
    faces: Sequence[Face],
    points: np.ndarray,
    frames: Mapping[str, Path],
    out: Path,
    jobs: int,
) -> list[str]:
    """Write ``sheet-1.png``, ``sheet-2.png``, ... into ``out`` and remove those of an earlier, longer run; returns
    their names. Faces, points (N, 68, 2) and frames by clip_id are those of the dataset of ``job``."""
    tiles = [
        Tile(face, landmarks, frames[face.clip_id], face.clip_id.removeprefix(f"{job.dataset}/"))
        for face, landmarks in zip(faces, points, strict=True)
    ]
    shown = chosen(tiles)
    count = -(-len(shown) // (ACROSS * DOWN))
    pages = [
        Page(
            title=f"{job.title}: faces",
            number=f"page {i + 1} of {count}",
            lines=_lines(job, faces, len(shown)),
            tiles=tuple(shown[i * ACROSS * DOWN : (i + 1) * ACROSS * DOWN]),
            crop=job.crop,
            path=Path(out) / f"sheet-{i + 1}.png",
        )
        for i in range(count)
    ]
    for _ in parallel.each(_write_page, pages, jobs, f"{job.dataset} faces, sheets"):
        pass
    names = [page.path.name for page in pages]
    for path in Path(out).glob("sheet-*.png"):
        if path.name not in names:
            path.unlink()
    return names


def chosen(tiles: Sequence[Tile], most: int = ACROSS * DOWN * MOST_PAGES) -> list[Tile]:
    """The tiles to show, those that need a look first. Where there are too many, of the others an even choice, so that
    every part of the dataset is seen."""
    look = [tile for tile in tiles if tile.face.status != "ok" or tile.face.doubt]
    rest = [tile for tile in tiles if tile.face.status == "ok" and not tile.face.doubt]
    look = sorted(look, key=lambda tile: (tile.face.status == "ok", tile.face.clip_id))[:most]
    room = most - len(look)
    if len(rest) > room:
        rest = [rest[i * len(rest) // room] for i in range(room)]
    return [*look, *rest]


def _lines(job: FacesJob, faces: Sequence[Face], shown: int) -> tuple[tuple[str, str], ...]:
    n = store.counts(faces)
    numbers = (
        f"{n.clips} clips:  {n.detected} detected,  {n.file} from a file,  {n.no_face} without a face;  "
        f"{n.several} with several faces,  {n.doubtful} to look at"
    )
    picture = "onset frames as delivered" if job.crop == "provided" else "onset frames, cut by the eyes"
    about = f"{picture}, with the 68 landmarks; what needs a look comes first, framed, with its reason below"
    if shown < len(faces):
        about += f"; {shown} of {len(faces)} clips are shown, an even choice"
    synthetic = [("SYNTHETIC DATA, not the real dataset", VERMILLION)] if job.origin == "synthetic" else []
    return (*synthetic, (numbers, INK), (about, GREY))


# --- drawing ----------------------------------------------------------------------------------------------------------


def _write_page(page: Page) -> None:
    with whole_file(page.path) as temporary:
        _few_colours(draw(page)).save(temporary, optimize=True)


def _few_colours(image: Image.Image) -> Image.Image:
    """``image`` in 256 colours, those of text, frames and landmarks exact: a third of the size, and at this scale no
    difference that an eye could see."""
    from PIL import Image, ImageColor

    exact = [
        ImageColor.getrgb(name) for name in ("white", INK, FAINT, GREY, ORANGE, VERMILLION, BLUE, FRAME, FACE, EYES)
    ]
    few = image.quantize(256 - len(exact), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    pixels, numbers = np.asarray(image), np.asarray(few).copy()
    for k, colour in enumerate(exact):
        numbers[(pixels == colour).all(-1)] = 256 - len(exact) + k
    palette = ([*(few.getpalette() or ()), *[0] * 768])[: 3 * (256 - len(exact))]
    result = Image.fromarray(numbers, mode="P")
    result.putpalette([*palette, *(value for colour in exact for value in colour)])
    return result


def draw(page: Page) -> Image.Image:
    """A page as a picture: title, counts, and tiles in rows of ``ACROSS``."""
    from PIL import Image, ImageDraw

    grid = [page.tiles[i : i + ACROSS] for i in range(0, len(page.tiles), ACROSS)]
    texts = [[_text(tile) for tile in row] for row in grid]
    heights = [SIDE + 8 + LINE * max(len(text) for text in row) + GAP for row in texts]
    head = MARGIN + 44 + 22 * len(page.lines) + 14
    width = 2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * GAP
    image = Image.new("RGB", (width, head + sum(heights) + MARGIN - GAP), "white")
    pen = ImageDraw.Draw(image)
    _write(pen, (MARGIN, MARGIN), page.title, INK, 26, bold=True)
    pen.text((width - MARGIN, MARGIN + 8), page.number, GREY, font(15), anchor="ra")
    for i, (line, colour) in enumerate(page.lines):
        pen.text((MARGIN, MARGIN + 42 + 22 * i), line, colour, font(15, bold=colour == VERMILLION))
    top = head
    for row, text, height in zip(grid, texts, heights, strict=True):
        for i, (tile, lines) in enumerate(zip(row, text, strict=True)):
            left = MARGIN + i * (SIDE + GAP)
            _tile(image, tile, page.crop, left, top)
            for k, (line, colour) in enumerate(lines):
                _write(pen, (left + SIDE // 2, top + SIDE + 8 + LINE * k), line, colour, 12, anchor="ma")
        top += height
    return image


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, colour: str, size: int, bold: bool = False,
    anchor: str | None = None,
) -> None:  # fmt: skip
    face = font(size, bold)
    parts = letters.pieces(text)
    if [path for _, path in parts if path] == []:
        pen.text(place, "".join(part for part, _ in parts), colour, face, anchor=anchor)
        return
    faces = [font(size, bold, path) for _, path in parts]
    widths = [own.getlength(part) for own, (part, _) in zip(faces, parts, strict=True)]
    left = place[0] - (sum(widths) / 2 if anchor == "ma" else 0)
    for own, (part, _), width in zip(faces, parts, widths, strict=True):
        pen.text((left, place[1] + face.getmetrics()[0]), part, colour, own, anchor="ls")  # on one base line
        left += width


def _text(tile: Tile) -> list[tuple[str, str]]:
    """The lines below a tile, each with its colour: the id and the doubt."""
    suffix, colour = (" (file)", BLUE) if tile.face.source == "file" else ("", INK)
    first = _shortened(tile.label, SIDE + GAP - 4 - font(12).getlength(suffix)) + suffix
    return [
        (first, colour),
        *((line, ORANGE) for line in textwrap.wrap(tile.face.doubt, WRAP, max_lines=5, placeholder=" …")),
    ]


def _shortened(text: str, width: float) -> str:
    """``text``, without its middle where it is wider than ``width`` pixels: ids differ most at their ends."""
    shown, kept = text, len(text)
    while kept > 2 and sum(font(12, path=path).getlength(part) for part, path in letters.pieces(shown)) > width:
        kept -= 1
        shown = f"{text[: kept // 2]}…{text[len(text) - (kept - kept // 2) :]}"
    return shown


def _tile(image: Image.Image, tile: Tile, crop: str, left: int, top: int) -> None:
    from PIL import Image, ImageDraw

    pen = ImageDraw.Draw(image)
    try:
        if tile.face.status != "ok":
            raise Unavailable(tile.face.status, tile.face.reason)
        picture, points = _seen(tile, crop)
    except Unavailable as reason:
        pen.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), FAINT, GREY, 2)
        what = "no face" if reason.status == "no_face" else "no crop"
        pen.text((left + SIDE // 2, top + 34), what, INK, font(18, bold=True), anchor="mm")
        for k, line in enumerate(textwrap.wrap(reason.reason, 22)[:6]):
            pen.text((left + SIDE // 2, top + 58 + LINE * k), line, INK, font(11), anchor="ma")
        return
    picture = _with_landmarks(picture, points)
    height, width = picture.shape[:2]
    place = (left + (SIDE - width) // 2, top + (SIDE - height) // 2)
    image.paste(Image.fromarray(picture), place)
    if tile.face.doubt:
        pen.rectangle((place[0] - 5, place[1] - 5, place[0] + width + 4, place[1] + height + 4), None, FRAME, 5)


def _seen(tile: Tile, crop: str) -> tuple[np.ndarray, np.ndarray]:
    """What is shown of a clip, RGB of at most SIDE x SIDE, and the landmarks in it."""
    import cv2

    frame = decode(tile.frame)
    frame = np.repeat(frame[..., None], 3, axis=2) if frame.ndim == 2 else np.ascontiguousarray(frame[..., :3])
    if crop != "provided":
        matrix, side = crops.eyes(tile.points)
        crops.refuse_beyond(frame, matrix, side)
        points = tile.points @ matrix[:, :2].T + matrix[:, 2]
        return crops.fit(crops.warp(frame, matrix, side), SIDE), (points + 0.5) * (SIDE / side) - 0.5
    height, width = frame.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC)
    return picture, (tile.points + 0.5) * (np.array(size) / [width, height]) - 0.5


def _with_landmarks(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """``picture`` with the points as dots on thin lines; half of the lines' colour is the picture's."""
    import cv2
    from PIL import ImageColor

    fine = 4  # binary digits of a pixel
    lines, dots = picture.copy(), np.rint(points * 2**fine).astype(np.int32)
    for first, last, closed, colour in CHAINS:
        cv2.polylines(lines, [dots[first : last + 1]], closed, ImageColor.getrgb(colour), 1, cv2.LINE_AA, fine)
    result = cv2.addWeighted(picture, 0.5, lines, 0.5, 0)
    for first, last, _, colour in CHAINS:
        for x, y in dots[first : last + 1].tolist():
            cv2.circle(result, (x, y), round(1.25 * 2**fine), ImageColor.getrgb(colour), -1, cv2.LINE_AA, fine)
    return result


@functools.lru_cache(maxsize=64)
def font(size: int, bold: bool = False, path: Path | None = None) -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib, so that text is the same everywhere; or another, for letters it lacks."""
    from PIL import ImageFont

    return ImageFont.truetype(str(path or letters.default_font(bold)), size, layout_engine=ImageFont.Layout.BASIC)
