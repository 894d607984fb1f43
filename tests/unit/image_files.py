"""Picture files of every kind that owners deliver, made from one 8-bit picture, as bytes."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
from PIL import Image

UPRIGHT = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
           5: lambda a: np.rot90(np.fliplr(a), 1), 6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(np.fliplr(a), -1),
           8: lambda a: np.rot90(a, -1)}  # fmt: skip


def encoded(image, kind, **options):
    """A picture as bytes of a format of Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pillow(picture, kind="PNG", mode=None, **options):
    image = Image.fromarray(np.ascontiguousarray(picture))
    return encoded(image.convert(mode) if mode else image, kind, **options)


def opencv(values, suffix):
    """Values of 8 or 16 bits, grey or RGB(A), as OpenCV writes them."""
    swapped = values if values.ndim == 2 else values[..., [2, 1, 0, 3][: values.shape[2]]]
    return cv2.imencode(suffix, np.ascontiguousarray(swapped))[1].tobytes()


def wide(picture):
    """8 bits as 16."""
    return picture.astype(np.uint16) * 257


def colour(picture):
    return np.repeat(picture[..., None], 3, axis=2)


def with_alpha(picture, alpha):
    """RGBA of a grey picture."""
    return np.dstack([colour(picture), np.broadcast_to(np.asarray(alpha, picture.dtype), picture.shape)])


def exif(orientation):
    record = Image.Exif()
    record[274] = orientation
    return record


def tiff(rows, bits, photometric=1, orientation=1):
    """An uncompressed TIFF of packed ``rows`` (one bytes object a line), of one channel, width by ``bits``."""
    data, width = b"".join(rows), len(rows[0]) * 8 // bits
    tags = [(256, 3, width), (257, 3, len(rows)), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, 0),
            (274, 3, orientation), (277, 3, 1), (278, 3, len(rows)), (279, 4, len(data))]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack("<HHII" if kind == 4 else "<HHIHxx", tag, kind, 1, start if tag == 273 else value)
        for tag, kind, value in tags
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data


def tiff_of_12_bits(picture):
    """8 bits stretched to 12, two pixels in three bytes."""
    values = np.rint(picture.astype(float) / 255 * 4095).astype(int)
    rows = []
    for line in values:
        pairs = line.reshape(-1, 2)
        rows.append(bytes(b for one, two in pairs for b in (one >> 4, (one & 15) << 4 | two >> 8, two & 255)))
    return tiff(rows, 12)


def garbled(picture, seed):
    """The picture with a transparent corner, below which lies what nobody was to see."""
    alpha = np.full(picture.shape, 255, np.uint8)
    alpha[:20, :20] = 0
    hidden = picture.copy()
    hidden[:20, :20] = np.random.default_rng(seed).integers(0, 256, (20, 20), dtype=np.uint8)
    return hidden, alpha


def cut(data, share=0.5):
    return data[: int(len(data) * share)]


def zeros_after(data, share=0.6):
    """As a download leaves a file whose room was reserved."""
    return cut(data, share) + bytes(len(data) - len(cut(data, share)))


def wrong_checksum(data):
    at = data.index(b"IDAT") + 4
    length = struct.unpack(">I", data[at - 8 : at - 4])[0]
    damaged = bytearray(data)
    damaged[at + length] ^= 255
    return bytes(damaged)


def animated(picture, kind):
    return pillow(picture, kind, save_all=True, append_images=[Image.fromarray(255 - picture)])


# what a viewer shows of these is the 8-bit picture, exactly
SAME = {
    "png 8": pillow,
    "png 16 grey": lambda a: pillow(wide(a)),
    "png 16 colour": lambda a: opencv(colour(wide(a)), ".png"),
    "png 16 with alpha": lambda a: opencv(with_alpha(wide(a), 65535), ".png"),
    "tif 8 lzw": lambda a: pillow(a, "TIFF", compression="tiff_lzw"),
    "tif 12": tiff_of_12_bits,
    "tif 16 grey": lambda a: pillow(wide(a), "TIFF"),
    "tif 16 colour": lambda a: opencv(colour(wide(a)), ".tif"),
    "tif 8, white is 0": lambda a: tiff([line.tobytes() for line in 255 - a], 8, 0),
    "tif 16, white is 0": lambda a: tiff([line.astype("<u2").tobytes() for line in 65535 - wide(a)], 16, 0),
    "tif 16, turned": lambda a: tiff([line.astype("<u2").tobytes() for line in UPRIGHT[6](wide(a))], 16, 1, 6),
    "pgm 16": lambda a: opencv(wide(a), ".pgm"),
    "pgm 8": lambda a: opencv(a, ".pgm"),
    "bmp": lambda a: pillow(a, "BMP"),
    "bmp 32, alpha not filled": lambda a: opencv(with_alpha(a, 0), ".bmp"),
    "webp": lambda a: pillow(a, "WEBP", lossless=True),
    "gif": lambda a: pillow(a, "GIF"),
    "png turned": lambda a: pillow(UPRIGHT[6](a), exif=exif(6)),
    "png mirrored": lambda a: pillow(UPRIGHT[2](a), exif=exif(2)),
    "png 16 turned": lambda a: pillow(wide(UPRIGHT[8](a)), exif=exif(8)),
    "tif turned": lambda a: pillow(UPRIGHT[6](a), "TIFF", exif=exif(6)),
    "rgba": lambda a: pillow(with_alpha(a, 255)),
    "la": lambda a: pillow(a, mode="LA"),
    "palette": lambda a: pillow(a, mode="P"),
    "palette, a colour transparent that is not used": lambda a: pillow(np.where(a == 7, 8, a), transparency=7),
    "cmyk tif": lambda a: encoded(Image.fromarray(colour(a)).convert("CMYK"), "TIFF"),
    "rgb with a reduced copy": lambda a: _with_thumbnail(a),
}  # fmt: skip

REFUSED = {
    "gif of two": lambda a: animated(a, "GIF"),
    "png of two": lambda a: animated(a, "PNG"),
    "webp of two": lambda a: animated(a, "WEBP"),
    "tif of two": lambda a: animated(a, "TIFF"),
    "fractions": lambda a: opencv(a.astype(np.float32), ".tif"),
    "32 bits": lambda a: encoded(Image.fromarray(a.astype(np.int32)), "TIFF"),
    "lab": lambda a: encoded(Image.fromarray(colour(a), "LAB"), "TIFF"),
    "wholly transparent": lambda a: pillow(with_alpha(a, 0)),
    "jpg cut": lambda a: cut(pillow(a, "JPEG")),
    "jpg, zeros after": lambda a: zeros_after(pillow(a, "JPEG")),
    "png cut": lambda a: cut(pillow(a)),
    "png, zeros after": lambda a: zeros_after(pillow(a)),
    "png, wrong checksum": lambda a: wrong_checksum(pillow(a)),
    "tif cut": lambda a: cut(pillow(a, "TIFF")),
    "bmp cut": lambda a: cut(pillow(a, "BMP")),
    "webp cut": lambda a: cut(pillow(a, "WEBP")),
    "text": lambda a: b"hello",
    "nothing": lambda a: b"",
    "html": lambda a: b"<!doctype html><title>404</title>" * 20,
}


def _with_thumbnail(picture):
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    file = io.BytesIO()
    small = Image.fromarray(picture[::4, ::4].copy())
    small.encoderinfo = {"tiffinfo": tags}
    with TiffImagePlugin.AppendingTiffWriter(file, new=True) as out:
        Image.fromarray(picture).save(out, "TIFF")
        out.newFrame()
        tags[254] = 1
        small.save(out, "TIFF", tiffinfo=tags)
        out.newFrame()
    return file.getvalue()
