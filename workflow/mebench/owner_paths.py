"""Paths that a person writes into a configuration: ``~`` and ``${VARIABLE}`` mean the same in each of them.

Relative paths begin in the folder where snakemake or mebench is started.
"""

from __future__ import annotations

import os
import re

from mebench.errors import UserError

LONGEST = 4000  # bytes; Linux takes 4,096
BRACED = re.compile(r"\$\{([^{}]*)\}")
BARE = re.compile(r"(?:^|/)\$([A-Za-z_]\w*)(?=/|$)")  # $HOME where ${HOME} is meant


def expanded(path: str, place: str) -> str:
    """``path`` with the folder of the user for ``~`` and the value of ``VARIABLE`` for ``${VARIABLE}``; ``place`` says
    where in the configuration it stands. A UserError where one of them has no meaning."""

    def value(match: re.Match[str]) -> str:
        if not (found := os.environ.get(match[1], "")):
            state = "empty" if match[1] in os.environ else "not set"
            raise UserError(
                f"the {place} is '{path}', but the environment variable {match[1]} is {state}; set it, or write the "
                "path into the configuration"
            )
        return found

    full = BRACED.sub(value, path)
    if "\0" in full or len(os.fsencode(full)) > LONGEST:
        raise UserError(f"the {place} can be no path; it is too long, or holds a NUL character")
    if "://" in full:
        return full
    if (bare := BARE.search(path)) and not os.path.lexists(path):
        raise UserError(f"the {place} is '{path}'; write ${{{bare[1]}}} for the environment variable {bare[1]}")
    if "${" in full:
        raise UserError(f"the {place} is '{path}', in which a '${{' is not closed; write ${{VARIABLE}}")
    home = os.path.expanduser(full)
    if home.startswith("~"):
        raise UserError(
            f"the {place} is '{path}', but no home folder is known for {home.partition('/')[0]}; write the whole path, "
            f"or ./{full} for a folder of that name"
        )
    return home
