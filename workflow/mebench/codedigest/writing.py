"""Syntax trees as text, the same for all spellings and on all versions of Python. Names are not resolved here."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from mebench.codedigest.modules import is_type_checking

# fields of syntax trees that do not decide what the code does
SKIPPED = {"ctx", "kind", "type_comment", "type_params", "simple"}
BODIES = {"body", "orelse", "finalbody"}


Part = str | ast.expr  # of an f-string: a text, or an expression in braces


class Writer:
    """Writes nodes to ``out``. A method with the name of the node's type writes it; other nodes become ``(Type
    field=value ...)`` with their non-empty fields, because versions of Python differ in the empty ones."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.in_class = False  # whether statements stand in the body of a class

    def node(self, node: ast.AST) -> None:
        method = getattr(self, type(node).__name__, None)
        if method:
            method(node)
        else:
            self.fields(node, node._fields)

    def fields(self, node: ast.AST, names: Iterable[str]) -> None:
        """``(Type field=value ...)`` with the fields that are not empty."""
        self.out.append(f"({type(node).__name__}")
        for name in names:
            value = getattr(node, name, None)
            if name in SKIPPED or value is None or value == []:
                continue
            if name in BODIES and isinstance(value, list):
                value = self.kept(value)
                if value or name == "body":
                    self.out.append(f"{name}=")
                    self.body(value)
            else:
                self.out.append(f"{name}=")
                self.value(value)
        self.out.append(")")

    def value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.node(value)
        elif isinstance(value, list):
            self.many(value)
        else:
            self.constant(value)

    def many(self, values: Iterable[object]) -> None:
        self.out.append("[")
        for value in values:
            self.value(value)
        self.out.append("]")

    def constant(self, value: object) -> None:
        """Type and value. The ``repr`` of texts is not used: it depends on the version of Unicode."""
        if isinstance(value, str):
            self.out.append(f"s{len(value)}:{value}")
        elif isinstance(value, bytes):
            self.out.append(f"b{value.hex()}")
        elif isinstance(value, int) and not isinstance(value, bool):
            self.out.append(f"i{value:x}")
        else:
            self.out.append(f"{type(value).__name__}:{value!r}")

    def body(self, statements: Sequence[ast.stmt]) -> None:
        self.out.append("[")
        for statement in self.kept(statements):
            self.node(statement)
        self.out.append("]")

    def kept(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Statements that do something: no docstring or other lone constant, no ``pass``, no code for type checkers,
        and no annotation without a value outside of classes."""
        kept = []
        for statement in statements:
            if isinstance(statement, ast.If) and is_type_checking(statement.test):
                kept += self.kept(statement.orelse)
            elif not (
                isinstance(statement, (ast.Pass, ast.Global))
                or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
                or (isinstance(statement, ast.AnnAssign) and statement.value is None and not self.in_class)
            ):
                kept.append(statement)
        return kept

    def Constant(self, node: ast.Constant) -> None:
        self.constant(node.value)

    def JoinedStr(self, node: ast.JoinedStr) -> None:
        """An f-string. Neighbouring constants are joined; an f-string of constants alone is a string."""
        parts: list[Part] = []
        for value in _flat(node):
            if isinstance(value, str) and parts and isinstance(parts[-1], str):
                parts[-1] += value
            elif value != "":
                parts.append(value)
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts):
            self.constant("".join(texts))
        else:
            self.out.append("(f")
            for part in parts:
                self.value(part)
            self.out.append(")")

    def FormattedValue(self, node: ast.FormattedValue) -> None:
        self.out.append(f"{{{'' if node.conversion == -1 else chr(node.conversion)}")
        self.node(node.value)
        if node.format_spec is not None and _flat(node.format_spec):
            self.node(node.format_spec)
        self.out.append("}")


def _flat(node: ast.expr) -> list[Part]:
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _flat(value)]
    if isinstance(node, ast.Constant):
        return [str(node.value)] if node.value != "" else []
    return [node]
