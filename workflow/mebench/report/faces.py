"""The faces of a dataset as the report shows them: counts, the clips to look at, and the contact sheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.report.pictures import data_uri

ROOM = 1_000_000  # bytes that all contact sheets together may add to the page
WIDTHS = (1696, 1400, 1100, 850)  # pixels; tried in turn until a sheet fits
QUALITY = 80  # of the JPEG that a sheet becomes where its file is too large


@dataclass(frozen=True)
class FacesPart:
    """``counts`` are those of meta.json; ``look`` are the clips that need a look, with the reason; ``sheets`` link to
    the contact sheets, the ``first`` of which is a data URI, None where it is too large."""

    counts: Mapping[str, int]
    look: tuple[tuple[str, str], ...]
    sheets: tuple[str, ...]
    first: str | None


def faces_part(results: Path, dataset: str, room: int) -> FacesPart | None:
    """The faces of a dataset, None where no faces were looked for. The contact sheet adds at most ``room`` bytes."""
    folder = results / "faces" / dataset
    if not (folder / "meta.json").is_file():
        return None
    meta = read_json(folder / "meta.json")
    rows = read_csv(folder / "faces.csv", ("clip_id", "status", "reason", "doubt"))
    doubtful = [row for row in rows if row["status"] != "ok" or row["doubt"]]
    sheets = tuple(f"faces/{dataset}/{name}" for name in meta["sheets"])
    return FacesPart(
        counts=meta["counts"],
        look=tuple((row["clip_id"], row["reason"] or row["doubt"]) for row in doubtful),
        sheets=sheets,
        first=picture(results / sheets[0], room) if sheets else None,
    )


def picture(path: Path, room: int) -> str | None:
    """A picture as data URI of at most ``room`` bytes, reduced as far as that needs; None if it does not fit then."""
    import cv2
    import numpy as np

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; run `mebench faces` again") from error
    if len(data) * 4 <= room * 3:  # base64 makes four bytes of three
        return data_uri("png", data)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise UserError(f"{path} is not a picture; run `mebench faces` again")
    for width in WIDTHS:
        scale = min(1.0, width / image.shape[1])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        if len(data) * 4 <= room * 3:
            return data_uri("jpeg", data)
    return None
