"""Which version of the code this is: the git commit, the digest of the lock file, and versions of packages."""

from __future__ import annotations

import subprocess
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from mebench.files import file_digest

PACKAGE = Path(__file__).parent
LOCK = PACKAGE.parents[1] / "envs" / "requirements.lock"
PATIENCE = 20  # seconds for git, which can be slow on a network file system


@cache
def version_of(*distributions: str) -> str:
    """The version of the first of these packages that is installed, or ``not installed``. It is looked up once, for
    each fold's record names it."""
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


class Checkout(TypedDict):
    """Which version of the code the package is; see :func:`checkout`."""

    commit: str | None
    dirty: bool | None
    lock: str | None


def checkout(package: Path = PACKAGE, lock: Path = LOCK) -> Checkout:
    """The git ``commit``, and ``dirty``: whether files differ from it. Both are null where the package is in no git
    repository of its own. ``lock`` is the SHA-256 of envs/requirements.lock. All are looked up once."""
    return _checkout(package, lock).copy()


@lru_cache(maxsize=4)
def _checkout(package: Path, lock: Path) -> Checkout:
    about: Checkout = {"commit": None, "dirty": None, "lock": file_digest(lock) if lock.is_file() else None}
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return about  # installed without its repository, perhaps inside another one
    commit = _git(package, "rev-parse", "HEAD")
    changed = _git(package, "status", "--porcelain", "--untracked-files=no")
    added = _git(package, "ls-files", "--others", "--exclude-standard", "..")
    if commit is None or changed is None or added is None:
        return about
    return {**about, "commit": commit, "dirty": bool(changed or added)}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, or None where it fails or is not there."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
