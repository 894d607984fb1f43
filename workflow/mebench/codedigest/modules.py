"""One source file: its top-level definitions, its imports, and the statements that do something on import."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from mebench.codedigest.scopes import Alias, imported, imported_module, own_nodes, statements_scope
from mebench.errors import UserError

DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.For, ast.While, ast.With, ast.Match)
# strings over several lines and comments, roughly: the rest has all names that code uses
PROSE = re.compile(r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|#[^\n]*')
# import statements at the margin
IMPORT = re.compile(r"^(?:from\s+[\w.]+\s+import\s*(?:\([^)]*\)|.*)|import\s.*)$", re.MULTILINE)


@dataclass
class Module:
    """A file as it is on disk. ``name`` is its dotted name, or its path outside the package.

    ``definitions`` has the statements that make each top-level name, in order; ``imports`` the names that only imports
    bind; ``stars`` the modules behind ``import *``; ``runs`` the modules that importing this one imports; ``effects``
    the statements that do something besides binding names; ``decorated`` the definitions with a decorator.
    """

    name: str
    package: str
    path: Path
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Alias] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    effects: list[ast.stmt] = field(default_factory=list)
    decorated: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # dotted names that are imported and never used


@functools.lru_cache(maxsize=1024)
def read_module(path: Path, name: str, package: str, _stamp: tuple[int, int]) -> Module:
    """Read a file. A changed ``_stamp`` means that it is read again. A file that cannot be read or is not valid Python
    is a :class:`UserError`."""
    source = _text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes: the import warns too
            tree = ast.parse(source)
    except SyntaxError as error:
        raise UserError(f"{path} line {error.lineno} is not valid Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{path} is not valid Python: {error}") from error
    module = Module(name, package, path)
    reading = _Reading(module)
    reading.statements(tree.body)
    reading.close(source)
    return module


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8 ({error.reason}); save it as UTF-8") from error


class _Reading:
    """Sorts the top-level statements of a module."""

    def __init__(self, module: Module):
        self.module = module
        self.bound: dict[str, list[tuple[ast.stmt, Alias | None]]] = {}
        self.stores: list[tuple[str, ast.stmt]] = []  # X[...] = ..., X.a = ...
        self.plain: set[ast.stmt] = set()  # import statements that always run

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.If) and is_type_checking(statement.test):
                self._for_types(statement.body)
                self.statements(statement.orelse)
            elif isinstance(statement, ast.If) and _is_main(statement.test):
                self.statements(statement.orelse)
            else:
                self._statement(statement)

    def _for_types(self, body: list[ast.stmt]) -> None:
        """The code that only type checkers run. Its names are known, for annotations, but nothing of it is executed."""
        for statement in body:
            for name, alias in statements_scope([statement], self.module.package).names.items():
                self._bind(name, statement, alias)

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self._runs(statement)
            self.plain.add(statement)
            for name, alias in imported(statement, self.module.package):
                self._bind(name, statement, alias)
        elif isinstance(statement, COMPOUND):
            for name in statements_scope([statement], self.module.package).names:
                self._bind(name, statement)
            nodes = list(own_nodes([statement]))
            for node in nodes:
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    self._runs(node)
            self._stores(statement, any(_does_something(node) for node in nodes))
        else:
            self._simple(statement)

    def _simple(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.AnnAssign) and statement.value is None:
            return
        names = statements_scope([statement], self.module.package).names
        for name in names:
            if name != "_":
                self._bind(name, statement)
        if isinstance(statement, DEFINITION) and statement.decorator_list:
            self.module.decorated.append(statement.name)
        self._stores(statement, _does_something(statement) or "_" in names)

    def _stores(self, statement: ast.stmt, does_something: bool) -> None:
        roots = _stored_into(statement)
        if does_something or "" in roots:
            self.module.effects.append(statement)
        else:
            self.stores += [(root, statement) for root in roots]

    def _bind(self, name: str, statement: ast.stmt, alias: Alias | None = None) -> None:
        self.bound.setdefault(name, []).append((statement, alias))

    def _runs(self, node: ast.Import | ast.ImportFrom) -> None:
        self.module.runs += run_by(node, self.module.package)
        if isinstance(node, ast.ImportFrom) and any(item.name == "*" for item in node.names):
            self.module.stars.append(imported_module(node, self.module.package))

    def close(self, source: str) -> None:
        """Tell imported names from definitions, once all statements are known."""
        module = self.module
        for name, made in self.bound.items():
            alias = made[-1][1]
            if alias is not None and all(alias is not None for _, alias in made):
                module.imports[name] = alias
            else:
                module.definitions[name] = list(dict.fromkeys(statement for statement, _ in made))
        for root, statement in self.stores:
            kept = module.definitions.get(root, module.effects)
            if statement not in kept:
                kept.append(statement)
        used = set(re.findall(r"\w+", IMPORT.sub("", PROSE.sub("", source))))
        for name in module.imports:
            statement, alias = self.bound[name][-1]
            if alias is not None and name not in used and statement in self.plain:
                module.unused.append(alias.whole)


def run_by(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    """The modules that an import statement may import. Names that are no modules are ignored later."""
    if isinstance(node, ast.Import):
        return [item.name for item in node.names]
    module = imported_module(node, package)
    return [module, *(f"{module}.{item.name}" for item in node.names if item.name != "*")]


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_main(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _does_something(node: ast.AST) -> bool:
    """Whether a statement does more than bind names. A string or ``...`` by itself does nothing."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Delete):
        return any(not isinstance(target, ast.Name) for target in node.targets)
    return isinstance(node, (ast.Assert, ast.Raise))


def _stored_into(statement: ast.stmt) -> list[str]:
    """The names whose items or attributes a statement assigns; an empty text for any other target."""
    roots = []
    for node in own_nodes([statement]):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            inner: ast.expr = node
            while isinstance(inner, (ast.Subscript, ast.Attribute)):
                inner = inner.value
            roots.append(inner.id if isinstance(inner, ast.Name) else "")
    return roots
