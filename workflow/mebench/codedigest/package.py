"""From a name in one file to what it stands for: a definition of the package, a module, or a name from outside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.codedigest.modules import Module, read_module
from mebench.codedigest.scopes import Alias

if TYPE_CHECKING:
    from mebench.codedigest.content import Content
    from mebench.codedigest.graph import Node

DEEPEST = 50  # most re-exports in a row; more than these are a circle


@dataclass(frozen=True)
class Outside:
    """A name from outside the package: its full dotted name, whatever its alias."""

    dotted: str


@dataclass(frozen=True)
class Inside:
    """A top-level definition of a module, or the whole module where ``name`` is empty."""

    module: str
    name: str = ""


Target = Outside | Inside


class Package:
    """The modules of one package, and files outside it that use them. Each is read when it is first asked for."""

    def __init__(self, root: Path):
        self.root, self.name = root, root.name
        self.modules: dict[str, Module | None] = {}
        self.stamps: dict[str, tuple[int, int] | None] = {}
        # contents of definitions, valid while all modules are unchanged; the key is what counts by name only
        self.contents: dict[frozenset[str], dict[Node, Content]] = {}

    def unchanged(self) -> bool:
        """Whether every file is as it was when it was read."""
        return all(stamp(path) == known for path, known in self.stamps.items())

    def module(self, name: str, near: str = "") -> Module | None:
        """The module with a dotted name; None where this package has none. A file outside the package (``near``) also
        sees the files of its own folder."""
        if name not in self.modules:
            self.modules[name] = self._find(name)
        module = self.modules[name]
        if module is None and near and os.sep in near:
            beside = Path(near).parent.joinpath(*name.split(".")).with_suffix(".py")
            return self.file(beside) if beside.is_file() else None
        return module

    def file(self, path: Path) -> Module:
        """The module of a file, which may be outside the package."""
        path = path.resolve()
        if path.is_relative_to(self.root):
            parts = path.relative_to(self.root).with_suffix("").parts
            dotted = ".".join((self.name, *(parts[:-1] if parts[-1] == "__init__" else parts)))
            if module := self.module(dotted):
                return module
        key = str(path)
        module = self.modules.get(key) or self._read(path, key, "")
        self.modules[key] = module
        return module

    def known(self, name: str) -> Module:
        """A module that was read before."""
        module = self.modules[name]
        assert module is not None, name
        return module

    def _find(self, name: str) -> Module | None:
        first, *rest = name.split(".")
        if first != self.name or not all(rest):
            return None
        base = self.root.joinpath(*rest)
        if (path := base / "__init__.py").is_file():
            return self._read(path, name, name)
        path = base.with_name(f"{base.name}.py")
        return self._read(path, name, name.rpartition(".")[0]) if rest and path.is_file() else None

    def _read(self, path: Path, name: str, package: str) -> Module:
        self.stamps[str(path)] = known = stamp(str(path))
        return read_module(path, name, package, known)

    def lookup(self, module: Module, name: str, depth: int = 0) -> Target | None:
        """What a global name of a module stands for; None for a builtin or an unknown name."""
        if name in module.definitions:
            return Inside(module.name, name)
        if name in module.imports:
            return self.follow(module.imports[name], module, depth + 1)
        for star in reversed(module.stars):
            other = self.module(star, module.name)
            if other and not name.startswith("_") and depth < DEEPEST:
                target = self.lookup(other, name, depth + 1)
                if target:
                    return target
        return None

    def follow(self, alias: Alias, user: Module, depth: int = 0) -> Target:
        """What an import stands for, through all re-exports."""
        module = self.module(alias.module, user.name)
        if alias.name is None:
            return Inside(module.name) if module else Outside(alias.module)
        target = self.member(module, alias.name, depth) if module and depth < DEEPEST else None
        if target is None and (below := self.module(f"{alias.module}.{alias.name}")):
            return Inside(below.name)  # `from . import b` in the package that b is in
        return target or Outside(f"{alias.module}.{alias.name}")

    def member(self, module: Module, name: str, depth: int = 0) -> Target | None:
        """What ``module.name`` is: a name that the module binds, else a module below it, else a result of its
        ``__getattr__``."""
        target = self.lookup(module, name, depth)
        if target:
            return target
        below = self.module(f"{module.name}.{name}")
        if below:
            return Inside(below.name)
        return Inside(module.name, "__getattr__") if "__getattr__" in module.definitions else None

    def chain(self, target: Target, attributes: list[str]) -> tuple[Target, list[str]]:
        """Follow ``.a.b.c`` from a module or an outside name as far as possible; gives the target and the attributes
        that are left."""
        if isinstance(target, Outside):
            return Outside(".".join([target.dotted, *attributes])), []
        left = list(attributes)
        while left and isinstance(target, Inside) and not target.name:
            member = self.member(self.known(target.module), left[0])
            if member is None:
                break
            target = member
            del left[0]
        return self.chain(target, left) if left and isinstance(target, Outside) else (target, left)


def stamp(path: str) -> tuple[int, int] | None:
    """The time and size of a file, which change when the file does; None where there is no file. The path is text: a
    job asks for all files of the package some ten times for each fold, and a ``Path`` takes twice as long."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
