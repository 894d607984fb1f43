"""The content of a definition: one text for all spellings of the same code, and the definitions that it refers to.

The text has no docstrings, comments, layout, annotations of functions and variables (fields of classes keep theirs),
type parameters, and texts of ``raise``, ``assert``, log calls, ``print`` and warnings. It is not made by
:func:`ast.dump`, whose result depends on the version of Python.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mebench.codedigest import scopes
from mebench.codedigest.modules import Module, run_by
from mebench.codedigest.package import Inside, Outside, Package, Target
from mebench.codedigest.scopes import Alias, Scope
from mebench.codedigest.texts import is_log_call, is_text
from mebench.codedigest.writing import Writer

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


@dataclass
class Content:
    """The ``text`` of a definition. ``refers`` are the definitions that it names, in the order of their first use, and
    ``runs`` the modules that it imports when it runs."""

    text: str = ""
    refers: list[Inside] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)


def statements_content(
    package: Package, module: Module, statements: Sequence[ast.stmt], only: str, without: Iterable[str] = ()
) -> Content:
    """The content of top-level statements. Of an import statement only the name ``only`` counts, if that is not empty.

    Definitions of modules in ``without`` count by their name, without their content.
    """
    writer = _Writer(package, module, frozenset(without))
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            writer.import_all([(n, a) for n, a in scopes.imported(statement, module.package) if only in ("", n)])
        else:
            writer.body([statement])
    writer.content.text = " ".join(writer.out)
    return writer.content


class _Writer(Writer):
    """Writes the code of one module. Each name is written as what it stands for."""

    def __init__(self, package: Package, module: Module, without: frozenset[str]):
        super().__init__()
        self.package, self.module, self.without = package, module, without
        self.scopes: list[Scope] = []
        self.content = Content()
        self.trying = 0  # how many `try` are around

    # --- names

    def Name(self, node: ast.Name) -> None:
        self.name(node.id, [])

    def Attribute(self, node: ast.Attribute) -> None:
        inner, attributes = _unchained(node)
        if isinstance(inner, ast.Name):
            self.name(inner.id, attributes)
        else:
            self.node(inner)
            self.out += [f".{attribute}" for attribute in attributes]

    def name(self, name: str, attributes: list[str]) -> None:
        """A name with the attributes after it: a local name, one of the package, one from outside, or a builtin."""
        place = self.place(name)
        if place is None:
            self.out.append(f"local:{name}")
        elif isinstance(place, str):
            stars = [star for star in self.module.stars if self.package.module(star, self.module.name) is None]
            self.out.append(f"name:{','.join(stars)}:{name}")
        else:
            place, attributes = self.package.chain(place, attributes)
            if isinstance(place, Inside) and not place.name and attributes and attributes[0].startswith("__"):
                self.out.append("module")  # `module.__file__` uses none of the definitions of the module
            else:
                self.target(place)
        self.out += [f".{attribute}" for attribute in attributes]

    def place(self, name: str) -> Target | str | None:
        """What a name stands for at this place: None for a local variable, the name itself for a builtin."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if scope.is_class and depth:
                continue  # methods do not see the names of their class
            if scope.elsewhere.get(name):
                break
            if name not in scope.names:
                continue
            scope.used.add(name)
            alias = scope.names[name]
            if alias is not None:
                return self.package.follow(alias, self.module)
            if scope.is_class and isinstance(target := self.package.lookup(self.module, name), Inside):
                self.refer(target)  # before the class binds the name, it is that of the module
            return None
        return self.package.lookup(self.module, name) or name

    def target(self, target: Target) -> None:
        if isinstance(target, Outside):
            self.out.append(f"outside:{target.dotted}")
        elif target.module in self.without:
            self.out.append(f"without:{target.name}")
        else:
            self.out.append(f"inside{self.refer(target)}:{target.name}")

    def refer(self, target: Inside) -> int:
        """The number of a reference in this content."""
        if target.module not in self.without and target not in self.content.refers:
            self.content.refers.append(target)
        return self.content.refers.index(target) if target in self.content.refers else -1

    # --- statements and expressions that bind names

    def FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.out.append(f"({type(node).__name__} {node.name}")
        self.many(node.decorator_list)
        self.parameters(node.args, any(_is_register(decorator) for decorator in node.decorator_list))
        self.inside(scopes.function_scope(node, self.module.package), node.body)
        self.out.append(")")

    AsyncFunctionDef = FunctionDef

    def Lambda(self, node: ast.Lambda) -> None:
        self.out.append("(Lambda")
        self.parameters(node.args)
        self.scopes.append(scopes.function_scope(node, self.module.package))
        self.node(node.body)
        self.scopes.pop()
        self.out.append(")")

    def inside(self, scope: Scope, body: Sequence[ast.stmt]) -> None:
        """The body of a function or class."""
        before, self.in_class = self.in_class, scope.is_class
        self.scopes.append(scope)
        self.body(body)
        self.scopes.pop()
        self.in_class = before
        self.unused_imports(scope)

    def parameters(self, args: ast.arguments, annotated: bool = False) -> None:
        """Names and defaults. Annotations count only under a decorator ``register``, which chooses by them."""
        for name in ("posonlyargs", "args", "kwonlyargs"):
            self.out.append(",".join(arg.arg for arg in getattr(args, name)))
        self.out += [f"*{args.vararg.arg if args.vararg else ''}", f"**{args.kwarg.arg if args.kwarg else ''}"]
        self.many(args.defaults)
        self.many(args.kw_defaults)
        if annotated:
            for arg in scopes.arguments(args):
                self.annotation(arg.annotation)

    def ClassDef(self, node: ast.ClassDef) -> None:
        self.out.append(f"(ClassDef {node.name}")
        for values in (node.decorator_list, node.bases, node.keywords):
            self.many(values)
        self.inside(scopes.class_scope(node, self.module.package), node.body)
        self.out.append(")")

    def comprehension(self, node: Comprehension, *made: ast.expr) -> None:
        """A comprehension. Its loop variables are local; the first iterable is outside their scope."""
        self.out.append(f"({type(node).__name__}")
        self.node(node.generators[0].iter)
        self.scopes.append(scopes.comprehension_scope(node.generators))
        for number, generator in enumerate(node.generators):
            self.out.append(f"for{generator.is_async}")
            self.node(generator.target)
            if number:
                self.node(generator.iter)
            self.many(generator.ifs)
        for expression in made:
            self.node(expression)
        self.scopes.pop()
        self.out.append(")")

    def ListComp(self, node: ast.ListComp) -> None:
        self.comprehension(node, node.elt)

    SetComp = GeneratorExp = ListComp

    def DictComp(self, node: ast.DictComp) -> None:
        self.comprehension(node, node.key, node.value)

    def AnnAssign(self, node: ast.AnnAssign) -> None:
        """A field of a class keeps its annotation; elsewhere this is an assignment."""
        in_class = self.in_class
        self.out.append("(Field" if in_class else "(Assign targets= [")
        self.node(node.target)
        if in_class:
            self.annotation(node.annotation)
            self.value(node.value)
        else:
            self.out.append("] value=")
            self.value(node.value)
        self.out.append(")")

    def annotation(self, node: ast.expr | None) -> None:
        """An annotation. One in quotes is read as if it had none."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            with contextlib.suppress(SyntaxError):
                node = ast.parse(node.value, mode="eval").body
        self.value(node)

    # --- imports

    def Import(self, node: ast.Import | ast.ImportFrom) -> None:
        """An import inside a definition. It counts where its names are used, and by itself where it may fail."""
        self.content.runs += run_by(node, self.module.package)
        pairs = scopes.imported(node, self.module.package)
        scope = self.scopes[-1] if self.scopes else None
        self.import_all([(n, a) for n, a in pairs if scope is None or scope.names.get(n) is None or self.trying])

    ImportFrom = Import

    def import_all(self, pairs: Iterable[tuple[str, Alias]]) -> None:
        for name, alias in pairs:
            self.out.append(f"(import {name}" if not self.scopes else "(import")
            self.target(self.package.follow(alias, self.module))
            self.out.append(")")

    def unused_imports(self, scope: Scope) -> None:
        """Imports from outside whose names nobody uses: they are there for their side effects."""
        for name, alias in scope.names.items():
            if alias and name not in scope.used and isinstance(self.package.follow(alias, self.module), Outside):
                self.out.append(f"(import {alias.whole})")

    def Try(self, node: ast.Try | ast.TryStar) -> None:
        self.out.append(f"({type(node).__name__}")
        self.trying += 1
        self.body(node.body)
        self.trying -= 1
        self.many(node.handlers)
        self.body(node.orelse)
        self.body(node.finalbody)
        self.out.append(")")

    TryStar = Try

    # --- texts

    def Raise(self, node: ast.Raise) -> None:
        self.out.append("(Raise")
        if isinstance(node.exc, ast.Call):
            self.call(node.exc, without_texts=True)
        else:
            self.value(node.exc)
        self.value(node.cause)
        self.out.append(")")

    def Assert(self, node: ast.Assert) -> None:
        self.out.append("(Assert")
        self.node(node.test)
        if node.msg is not None and not is_text(node.msg):
            self.node(node.msg)
        self.out.append(")")

    def Call(self, node: ast.Call) -> None:
        self.call(node, without_texts=is_log_call(node.func, self.dotted(node.func)))

    def call(self, node: ast.Call, without_texts: bool) -> None:
        """A call. A text that does not count leaves its place."""
        self.out.append("(Call")
        self.node(node.func)
        for argument in node.args:
            if without_texts and is_text(argument):
                self.out.append("text")
            else:
                self.node(argument)
        for keyword in node.keywords:
            self.out.append(f"{keyword.arg or '**'}=")
            if without_texts and is_text(keyword.value):
                self.out.append("text")
            else:
                self.node(keyword.value)
        self.out.append(")")

    def dotted(self, function: ast.expr) -> str | None:
        """The name of a function that is a builtin or comes from outside; None for others."""
        inner, attributes = _unchained(function)
        if not isinstance(inner, ast.Name):
            return None
        place = self.place(inner.id)
        if isinstance(place, str):
            return ".".join([place, *attributes])
        target = self.package.chain(place, attributes)[0] if place else None
        return target.dotted if isinstance(target, Outside) else None


def _unchained(node: ast.expr) -> tuple[ast.expr, list[str]]:
    """``a.b.c`` -> (a, [b, c])."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    return node, attributes


def _is_register(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr == "register"
