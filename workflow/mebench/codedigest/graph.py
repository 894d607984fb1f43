"""All definitions that entry points reach, and one digest of them that does not depend on their files."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mebench.codedigest.content import Content, statements_content
from mebench.codedigest.modules import Module
from mebench.codedigest.package import Inside, Package, stamp
from mebench.errors import UserError, did_you_mean

FORM = "code 1"  # version of the texts and of their joining; a new version changes the digest of the same code


@dataclass(frozen=True)
class Node:
    """A node of the graph: the definition ``name`` of a module, the whole module (no name), or one of its statements
    that run on import (``effect`` from 1)."""

    module: str
    name: str = ""
    effect: int = 0


@dataclass
class Graph:
    """What entry points reach. ``files`` are other files among the entry points: (name, digest of the bytes)."""

    package: Package
    without: frozenset[str]
    contents: dict[Node, Content] = field(default_factory=dict)
    run: set[str] = field(default_factory=set)  # modules that are imported
    files: set[tuple[str, str]] = field(default_factory=set)

    def reach(self, entry_points: Iterable[str]) -> list[Node]:
        """Follow the entry points and return their nodes."""
        starts = [key for entry in entry_points for key in self._start(entry)]
        todo = list(starts)
        while todo:
            key = todo.pop()
            if key in self.contents:
                continue
            module = self.package.known(key.module)
            content = self.contents[key] = self._kept(key, module)
            todo += [Node(target.module, target.name) for target in content.refers]
            todo += self._import(module)
            for name in content.runs:
                if other := self.package.module(name, module.name):
                    todo += self._import(other)
        return starts

    def _start(self, entry: str) -> list[Node]:
        place, colon, name = entry.rpartition(":")
        if not colon or not name.isidentifier():
            place, name = entry, ""
        if os.sep in entry and not place.endswith(".py"):
            self._file(Path(entry))
            return []
        module = self.package.file(Path(place)) if place.endswith(".py") else self.package.module(place)
        if module is None:
            raise UserError(f"there is no module '{place}' in {self.package.root}")
        if not name:
            return [Node(module.name)]
        target = self.package.lookup(module, name)
        if not isinstance(target, Inside):
            raise UserError(f"{module.path} defines no '{name}'{did_you_mean(name, module.definitions)}")
        return [Node(target.module, target.name)]

    def _file(self, path: Path) -> None:
        self.package.stamps[str(path)] = stamp(str(path))
        try:
            self.files.add((path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error

    def _import(self, module: Module) -> list[Node]:
        """The statements that run when a module is imported, with those of its packages and of the modules that it
        imports. Definitions under a decorator of the package count too, because it may register them."""
        keys, todo = [], [module]
        while todo:
            module = todo.pop()
            if module.name in self.run or module.name in self.without:
                continue
            self.run.add(module.name)
            count = len(module.effects) + (1 if module.unused else 0)
            keys += [Node(module.name, effect=number) for number in range(1, count + 1)]
            keys += [Node(module.name, name) for name in module.decorated if self._registers(module, name)]
            around = [module.name.rpartition(".")[0]] if os.sep not in module.name else []
            others = (self.package.module(name, module.name) for name in [*module.runs, *around] if name)
            todo += [other for other in others if other]
        return keys

    def _registers(self, module: Module, name: str) -> bool:
        decorators = [d for s in module.definitions.get(name, ()) for d in getattr(s, "decorator_list", ())]
        refers = (statements_content(self.package, module, [ast.Expr(d)], "").refers for d in decorators)
        return any(target != Inside(module.name, name) for targets in refers for target in targets)

    def _kept(self, key: Node, module: Module) -> Content:
        """The content of a node, made once for all digests of the package."""
        known = self.package.contents.setdefault(self.without, {})
        if key not in known:
            known[key] = self._content(key, module)
        return known[key]

    def _content(self, key: Node, module: Module) -> Content:
        try:
            if key.effect > len(module.effects):
                return self._unused(module)
            if key.effect:
                return statements_content(self.package, module, [module.effects[key.effect - 1]], "", self.without)
            if key.name:
                return statements_content(self.package, module, module.definitions[key.name], key.name, self.without)
        except RecursionError as error:
            raise UserError(f"{module.path}: '{key.name}' is nested too deeply to be read") from error
        return Content("module", [Inside(module.name, name) for name in sorted(module.definitions)])

    def _unused(self, module: Module) -> Content:
        """Modules from outside that are imported for their side effects."""
        outside = [name for name in module.unused if not self._is_inside(name, module)]
        return Content(" ".join(["imports", *sorted(outside)]) if outside else "")

    def _is_inside(self, dotted: str, module: Module) -> bool:
        parts = dotted.split(".")
        return any(self.package.module(".".join(parts[:n]), module.name) for n in range(1, len(parts) + 1))

    def own(self) -> dict[Node, bytes]:
        """The digest of each node by itself, of its name and content. Effects without content do not count."""
        made = ((key, content) for key, content in self.contents.items() if content.text or not key.effect)
        return {key: _hash(key.name, content.text) for key, content in made}

    def digest(self, starts: Iterable[Node]) -> str:
        """One digest of all that is reached.

        The digest of each node is computed again from its own and those of the nodes that it refers to, until no more
        nodes are told apart. So two definitions of one name differ by their content, circles are no problem, and files
        do not matter.
        """
        digests, different = self.own(), 0
        while len(set(digests.values())) > different:
            different = len(set(digests.values()))
            digests = {key: _hash(own, *(digests[Node(t.module, t.name)] for t in self.contents[key].refers))
                     for key, own in digests.items()}  # fmt: skip
        ends = sorted({digests[key] for key in starts})
        files = (part for pair in sorted(self.files) for part in pair)
        return _hash(FORM, b"".join(sorted(set(digests.values()))), b"".join(ends), *files).hex()[:16]


def _hash(*parts: str | bytes) -> bytes:
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little"))
        sha.update(data)
    return sha.digest()
