"""What programs leave in folders and no person put there: hidden files, thumbnails, locks, bins, resource forks."""

from __future__ import annotations

FORKS = "__macosx"  # copies of resource forks that macOS adds: the same folders once more, with no pictures in them
# in small letters; names that begin with a dot or with ~$ are left out too
CLUTTER = frozenset({
    FORKS, "icon\r", "network trash folder", "temporary items",  # macOS
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "recycler", "system volume information",  # Windows
    "lost+found",  # Linux
    "@eadir", "#recycle", "#snapshot", "@recycle", "@tmp",  # network storage
    "__pycache__",
})  # fmt: skip


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name is none of the data: ``.DS_Store``, ``._img1.jpg``, ``.ipynb_checkpoints``,
    ``__MACOSX``, ``Thumbs.db``, ``@eaDir``, ``~$codes.xlsx``, ..."""
    return name[:1] == "." or name[:2] == "~$" or name.lower() in CLUTTER
