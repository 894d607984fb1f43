"""What the tests of archives share: packing a few files, and looking at a folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

KINDS = {".zip": None, ".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


def make(path: Path, files: dict[str, bytes], name: str | None = None) -> Path:
    """An archive of ``files``, of the kind that ``name`` (or the path's own name) tells."""
    suffix = next(end for end in sorted(KINDS, key=len, reverse=True) if (name or path.name).endswith(end))
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for key, data in files.items():
                file.writestr(key, data)
    else:
        with tarfile.open(path, KINDS[suffix]) as file:
            for key, data in files.items():
                member = tarfile.TarInfo(key)
                member.size = len(data)
                file.addfile(member, io.BytesIO(data))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
