"""Texts for people: those of ``raise``, of log calls, of ``print`` and of warnings."""

from __future__ import annotations

import ast

LEVELS = {"critical", "debug", "error", "exception", "fatal", "info", "log", "warn", "warning"}
LOGGERS = {"log", "logger", "logging"}
WARNINGS = {"warnings.warn", "warnings.warn_explicit"}


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a text, whatever its values are.

    That is a string, an f-string, a sum with one of them, a string formatted with ``%``, ``.format`` or ``.join``,
    ``str(...)``, ``repr(...)``, or a choice between two texts.
    """
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        added = isinstance(node.op, ast.Add) and is_text(node.right)
        return added or (isinstance(node.op, (ast.Add, ast.Mod)) and is_text(node.left))
    if isinstance(node, ast.IfExp):
        return is_text(node.body) and is_text(node.orelse)
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            return function.attr in ("format", "join") and is_text(function.value)
        return isinstance(function, ast.Name) and function.id in ("str", "repr")
    return isinstance(node, ast.JoinedStr)


def is_log_call(function: ast.expr, dotted: str | None) -> bool:
    """Whether a call writes for people: ``print``, ``warnings.warn``, a function of :mod:`logging`, or a method such as
    ``info`` of something called log, logger or logging. ``dotted`` is the function's name where it is a builtin or
    comes from outside the package."""
    if dotted is not None:
        module, _, name = dotted.rpartition(".")
        if dotted == "print" or dotted in WARNINGS or (module == "logging" and name in LEVELS):
            return True
    if not isinstance(function, ast.Attribute) or function.attr not in LEVELS:
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return name.strip("_").lower() in LOGGERS
