"""Which names a piece of code binds by Python's rules: parameters, assignments, imports, definitions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
CLOSED = (*FUNCTIONS, ast.ClassDef, ast.Constant)  # nodes whose inner parts bind no name outside
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Alias:
    """What an imported name stands for: the ``module``, or the ``name`` in it. ``whole`` is all that the import names:
    ``import a.b`` binds ``a``."""

    module: str
    name: str | None = None
    whole: str = field(default="", compare=False)


@dataclass
class Scope:
    """Names of one function, class or comprehension. The value is an :class:`Alias` where a single import binds the
    name, else None. ``elsewhere`` are the names that are declared global (True) or nonlocal (False), ``used`` those
    that were looked up."""

    names: dict[str, Alias | None] = field(default_factory=dict)
    elsewhere: dict[str, bool] = field(default_factory=dict)
    is_class: bool = False
    used: set[str] = field(default_factory=set)

    def bind(self, name: str, alias: Alias | None = None) -> None:
        """Note that ``name`` is bound. A name that is bound in two ways is a variable."""
        self.names[name] = alias if self.names.get(name, alias) == alias else None


def function_scope(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, package: str) -> Scope:
    """The local names of a function; ``package`` is where its relative imports begin."""
    scope = Scope()
    for argument in arguments(node.args):
        scope.bind(argument.arg)
    for parameter in getattr(node, "type_params", ()):
        scope.bind(parameter.name)
    return _filled(scope, node.body if isinstance(node.body, list) else [node.body], package)


def class_scope(node: ast.ClassDef, package: str) -> Scope:
    """The names that are bound in the body of a class. Its methods do not see them."""
    scope = Scope(is_class=True)
    for parameter in getattr(node, "type_params", ()):
        scope.bind(parameter.name)
    return _filled(scope, node.body, package)


def comprehension_scope(generators: Iterable[ast.comprehension]) -> Scope:
    """The loop variables of a comprehension."""
    scope = Scope()
    for generator in generators:
        for node in ast.walk(generator.target):
            if isinstance(node, ast.Name):
                scope.bind(node.id)
    return scope


def statements_scope(statements: Iterable[ast.stmt], package: str) -> Scope:
    """The names that statements bind where they stand."""
    return _filled(Scope(), statements, package)


def arguments(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    extra = [arg for arg in (args.vararg, args.kwarg) if arg]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def _filled(scope: Scope, nodes: Iterable[ast.AST], package: str) -> Scope:
    for node in own_nodes(nodes):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                scope.bind(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scope.bind(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for name, alias in imported(node, package):
                scope.bind(name, alias)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            scope.bind(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bind(node.rest)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            scope.elsewhere |= dict.fromkeys(node.names, isinstance(node, ast.Global))
    for name in scope.elsewhere:
        scope.names.pop(name, None)
    return scope


def own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes below ``nodes`` in the same scope: functions and classes without their bodies, and of comprehensions
    only what a walrus binds."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if isinstance(node, COMPREHENSIONS):
            todo += [inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            continue
        yield node
        if not isinstance(node, CLOSED):
            for name in node._fields:  # like ast.iter_child_nodes, in half the time
                child = getattr(node, name, None)
                if isinstance(child, list):
                    todo += [item for item in child if isinstance(item, ast.AST)]
                elif isinstance(child, ast.AST) and name != "ctx":
                    todo.append(child)


def imported(node: ast.Import | ast.ImportFrom, package: str) -> list[tuple[str, Alias]]:
    """(bound name, what it stands for) of an import statement, without stars and ``__future__``."""
    if isinstance(node, ast.Import):
        roots = [(item, item.name.partition(".")[0]) for item in node.names]
        return [
            (item.asname, Alias(item.name, None, item.name)) if item.asname else (root, Alias(root, None, item.name))
            for item, root in roots
        ]
    module = imported_module(node, package)
    if module == "__future__":
        return []
    return [
        (item.asname or item.name, Alias(module, item.name, f"{module}.{item.name}"))
        for item in node.names
        if item.name != "*"
    ]


def imported_module(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module in ``from ... import``; ``package`` is where relative imports begin."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])
