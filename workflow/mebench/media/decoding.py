"""One picture file, decoded to what a viewer shows: 8 bits per channel, upright, in grey or RGB, nothing transparent.

Pillow decodes. Channels of 16 bits are divided by 257, so that 65,535 becomes 255. An orientation in the EXIF record is
applied. What is transparent shows white paper behind it. CMYK and YCbCr become RGB. What viewers do not show alike, or
what is not one picture, is refused with a sentence: animations, several pages, fractions, 32 bits per channel.
Profiles of colour and gamma are not applied.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mebench.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 2  # raised whenever pictures that are not plain would be decoded otherwise
FORMATS = ("BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP", "AVIF")
GREY = ("1", "L", "LA", "La")
COLOUR = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")
ORIENTATION = 0x0112  # tags of EXIF and TIFF
BITS, PHOTOMETRIC, SUBFILE = 258, 262, 254
WHITE_IS_ZERO = 0
REDUCED_OR_MASK = 0b101  # bits of the subfile type: a smaller copy of another page, or its mask
SIGNATURE_OF_PNG = b"\x89PNG\r\n\x1a\n"
CRITICAL = (b"IHDR", b"PLTE", b"IDAT")  # parts of a PNG that its pixels depend on
FULL = 65_535  # the brightest value of 16 bits


@dataclass(frozen=True)
class Decoded:
    """``pixels`` uint8 (H, W) or RGB (H, W, 3); ``bits`` per channel of the file, and the ``brightest`` value of one of
    16 bits, None where it has fewer."""

    pixels: np.ndarray
    bits: int
    brightest: int | None = None


class _Refused(Exception):
    """Why a picture is not shown; the sentence goes on after its path."""


def read(path: Path, grey: bool = False) -> Decoded:
    """Decode a picture file, to grey or to what it is; UserError where it is missing, damaged or no single picture."""
    data = _content(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, on records that change no pixel
        try:
            return _decoded(data, grey)
        except _Refused as reason:
            raise UserError(f"the picture {path} {reason}") from reason
        except Exception as error:  # Pillow's plug-ins raise whatever a damaged file leads them to
            said = str(error).replace("<_io.BytesIO object at ", "(").partition(" (0x")[0] or type(error).__name__
            raise UserError(
                f"the picture {path} cannot be read ({said}); it is damaged or no picture, get a fresh copy"
            ) from error


def plain(data: bytes) -> bool:
    """Whether a picture is decoded without a choice: one picture, upright, opaque, of 8 bits in grey, RGB or by a
    palette. Damaged files count as plain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _opened(data) as image:
                usual = image.mode in ("L", "RGB", "P") and _bits(image) == 8 and not image.has_transparency_data
                return usual and _orientation(image) == 1 and getattr(image, "n_frames", 1) == 1
        except Exception:  # it is refused when it is decoded
            return True


def header_bits(path: Path) -> int:
    """Bits per channel of a picture file, by its header alone; 0 where it is missing or damaged."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                return _bits(image)
        except Exception:  # it is refused when it is decoded
            return 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"there is no picture {path}; was the dataset moved since it was indexed?") from error
    except OSError as error:
        raise UserError(f"the picture {path} cannot be read ({error.strerror}); check what lies there") from error


def _opened(data: bytes) -> Image:
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=FORMATS)


def _decoded(data: bytes, grey: bool) -> Decoded:
    _refuse_half(data)
    with _opened(data) as image:
        pages = _pages(image)
        if pages > 1:
            raise _Refused(f"holds {pages} pictures; a frame is one: store each as a file of its own")
        # Pillow and OpenCV turn a TIFF themselves
        bits, orientation = _bits(image), 1 if image.format == "TIFF" else _orientation(image)
        image.load()
        wide_grey = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
        if wide_grey:
            values = _grey_values(image)
        elif bits == 16 and image.mode in GREY + COLOUR:
            values = _colour_values(data)
        elif image.mode in GREY + COLOUR:
            return Decoded(turned(_eight_bits(image, grey), orientation), bits)
        else:
            raise _Refused(
                f"is stored in the mode {image.mode}, which viewers do not show alike; convert it to grey or RGB of 8 "
                "or 16 bits"
            )
        brightest = int(values[..., :3].max() if values.ndim == 3 else values.max())
        pixels = turned(_opaque(_divided(values)), orientation)
        return Decoded(_as_grey(pixels) if grey or wide_grey else pixels, bits, brightest)


def _refuse_half(data: bytes) -> None:
    """Refuse what Pillow would complete without a word, or fail to check: a JPEG whose end is zeros, as a download
    leaves it that was cut, and a PNG with a wrong checksum."""
    if data.startswith(b"\xff\xd8"):
        ends = data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
        if not ends and data.endswith(bytes(16)):
            raise _Refused("cannot be read (its end is missing, zeros are there instead); get a fresh copy")
    elif data.startswith(SIGNATURE_OF_PNG):
        at = len(SIGNATURE_OF_PNG)
        while at + 12 <= len(data):
            length, kind = struct.unpack(">I4s", data[at : at + 8])
            end = at + 8 + length
            checksum = data[end : end + 4]
            if kind in CRITICAL and checksum and zlib.crc32(data[at + 4 : end]) != int.from_bytes(checksum, "big"):
                raise _Refused(f"cannot be read (its part {kind.decode()} has a wrong checksum); get a fresh copy")
            at = end + 4


def _pages(image: Image) -> int:
    """How many pictures a viewer would show one after the other. A JPEG of several views (MPO) shows its first."""
    count = getattr(image, "n_frames", 1)
    if count == 1 or image.format == "MPO":
        return 1
    if image.format != "TIFF":
        return count
    whole = 0
    for page in range(count):
        image.seek(page)
        whole += not (int(image.tag_v2.get(SUBFILE, 0)) & REDUCED_OR_MASK)  # type: ignore[attr-defined]  # of TIFF
    image.seek(0)
    return whole


def _bits(image: Image) -> int:
    """Bits per channel, before the pixels are loaded."""
    tags = getattr(image, "tag_v2", None)
    if tags is not None and BITS in tags:
        return max(tags[BITS])
    tiles = getattr(image, "tile", ())
    arguments = tiles[0].args if tiles else ""
    raw = str(arguments if isinstance(arguments, str) else arguments[0] if arguments else "")
    if image.mode == "1" or raw.startswith(("1", "P;1")):
        return 1
    wide = ";16" in image.mode or raw.endswith((";16", ";16B", ";16L", ";16N"))
    return 16 if wide or (image.mode == "I" and image.format == "PPM") else 8


def _orientation(image: Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # viewers show a picture whose record is damaged as it is stored
        return 1


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """``pixels`` (H, W, ...) as an orientation of EXIF says, 1 to 8; others change nothing."""
    swapped = pixels.swapaxes(0, 1)
    right = {
        2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1],
        5: swapped, 6: swapped[:, ::-1], 7: swapped[::-1, ::-1], 8: swapped[::-1],
    }  # fmt: skip
    return np.ascontiguousarray(right[orientation]) if orientation in right else pixels


def _eight_bits(image: Image, grey: bool) -> np.ndarray:
    if image.has_transparency_data:
        rgba = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"))
        ignored = image.format in ("BMP", "DIB") and not alpha.any()  # a byte that nobody filled
        if alpha.min() < 255 and not ignored:
            pixels = _opaque(np.asarray(rgba))
            return _as_grey(pixels) if grey or image.mode in GREY else pixels
        if image.mode in ("La", "RGBa"):
            image = rgba
    return np.asarray(image.convert("L" if grey or image.mode in GREY else "RGB"))


def _as_grey(pixels: np.ndarray) -> np.ndarray:
    from PIL import Image

    return pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))


def _grey_values(image: Image) -> np.ndarray:
    """Grey of more than 8 bits as values up to 65,535, uint32 (H, W), or (H, W, 4) where one value is transparent."""
    values = np.asarray(image).astype(np.uint32)
    tags = getattr(image, "tag_v2", {})
    bits = max(tags.get(BITS, (16,)))
    values = values * FULL // (2**bits - 1)
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        values = FULL - values
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        alpha = np.where(values == clear, 0, FULL).astype(np.uint32)
        return np.stack([values, values, values, alpha], axis=-1)
    return values


def _colour_values(data: bytes) -> np.ndarray:
    """Colour of 16 bits as OpenCV reads it, Pillow halves it: uint32 (H, W, 3 or 4), as it is stored."""
    import cv2

    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16:
        raise _Refused("has 16 bits per channel in a form that is not read; convert it to 8 bits")
    if values.ndim == 2:
        return values.astype(np.uint32)
    order = [2, 1, 0, 3][: values.shape[2]]
    return values[..., order].astype(np.uint32)


def _divided(values: np.ndarray) -> np.ndarray:
    """Values of 16 bits as 8 bits: divided by 257, rounded."""
    return ((values + 128) // 257).astype(np.uint8)


def _opaque(pixels: np.ndarray) -> np.ndarray:
    """RGBA (H, W, 4) on white paper: RGB (H, W, 3); grey and RGB as they are."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint32)
    if not alpha.any():
        raise _Refused("is wholly transparent, so that a viewer shows nothing; remove its alpha channel")
    colour = pixels[..., :3].astype(np.uint32)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
