"""Docstrings as Markdown: roles become code, and what looks like a tag stays text."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`~?([^`]+)`")
CODE = re.compile(r"(``[^`]+``|`[^`]+`)")


def as_markdown(text: str) -> str:
    """A docstring with its roles as code, and with ``<`` escaped outside of code."""
    parts = CODE.split(ROLE.sub(r"`\1`", text))
    return "".join(part if i % 2 else re.sub(r"<(?=[\w/])", "&lt;", part) for i, part in enumerate(parts))


class Docstrings(griffe.Extension):
    """Rewrites the docstring of each object that is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
