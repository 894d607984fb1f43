"""A digest of what code does, not of how it is written: what tells whether a result still is that of the code.

It is taken from syntax trees, of all top-level definitions that are reachable from given *entry points*.

=============================================================  ======================================================
does not count                                                 counts
=============================================================  ======================================================
comments, docstrings, layout, quotes, ``pass``                 every other statement, with its order
in which file a definition stands, other definitions there     the name and the content of each reachable definition
under which alias something is imported, and where             what it is: ``torch.nn.functional.gelu``
annotations of functions and variables                         annotations, defaults and order of fields in classes
texts of ``raise``, ``assert``, ``print``, logs, warnings       that it is raised or told, and other arguments
``if TYPE_CHECKING:``, ``if __name__ == "__main__":``          decorators, defaults, bases, constants, other texts
=============================================================  ======================================================

A *text* is an argument that is a string whatever its values are: a literal, an f-string with all that stands in its
braces, a sum with one of them, ``"..." % x``, ``"...".format(x)``, ``"...".join(x)``, ``str(x)``, ``repr(x)``, or a
choice between two of them. A message that was put into a variable before counts. Local variables count by their names.

Statements that do something on import (``matplotlib.use("Agg")``, ``torch.backends.cudnn.benchmark = True``, an import
whose name nobody uses, an assignment to ``_``) count with every module that the reachable definitions import, directly
or not; so does what is decorated with something of the package, which may register it.

What only a string names cannot be seen: ``importlib.import_module(f"mebench.inputs.{kind}")``. The caller gives such
definitions (a model, a kind of input, a dataset) as entry points. Nor can the class of an object that is passed in, if
nothing that is reached makes one; nor what a file read by code says (give the file as an entry point).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mebench.codedigest.graph import Graph, Node
from mebench.codedigest.kept import Kept, Made
from mebench.codedigest.package import Package

MOST_KEPT = 256
Asked = tuple[Path, frozenset[str], frozenset[str]]  # package, entry points, modules that count by name only

_packages: dict[Path, Package] = {}
_made: dict[Asked, Made] = {}


class Changes(NamedTuple):
    """Definitions, as ``module:name``, that differ between two :func:`parts`. A definition that was only moved is not
    among them."""

    changed: list[str]
    added: list[str]
    removed: list[str]


def digest(entry_points: Iterable[str], package_root: str | Path, without: Iterable[str] = ()) -> str:
    """16 hexadecimal digits for all code that the entry points reach; the same on every version of Python from 3.11.

    An entry point is ``MODULE:NAME`` (``mebench.training.fold:run_fold``), ``FILE.py:NAME``, one of both without NAME
    for all definitions of a file, or the path of any other file (with a ``/``), which counts by its name and bytes.
    Their order does not matter. ``package_root`` is the folder of the package, which bears its name; what is imported
    from elsewhere counts by its dotted name. Definitions of the modules in ``without`` count by their name only.

    A file or definition that is not there, or is not valid Python, is a :class:`mebench.errors.UserError`.
    """
    return _digest_and_parts(entry_points, package_root, without).digest


def parts(entry_points: Iterable[str], package_root: str | Path, without: Iterable[str] = ()) -> dict[str, str]:
    """The parts of a :func:`digest`: ``module:name`` -> digest of that definition alone. Statements that run on import
    are called ``module:(import 1)``; files have their name."""
    return dict(_digest_and_parts(entry_points, package_root, without).parts)


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    """The differences between two results of :func:`parts`. They are empty where two definitions of one name only
    exchanged their places, although the digests differ."""
    left = Counter((_bare(key), value) for key, value in old.items())
    right = Counter((_bare(key), value) for key, value in new.items())
    gone = _surplus_keys(old, left - right)
    come = _surplus_keys(new, right - left)
    before, now = ({_bare(key) for key in keys} for keys in (gone, come))
    return Changes(
        changed=[key for key in come if _bare(key) in before],
        added=[key for key in come if _bare(key) not in before],
        removed=[key for key in gone if _bare(key) not in now],
    )


def _surplus_keys(parts_of_code: Mapping[str, str], surplus: Counter[tuple[str, str]]) -> list[str]:
    """The keys of a surplus of (bare name, digest)."""
    left, keys = Counter(surplus), []
    for key in sorted(parts_of_code):
        part = (_bare(key), parts_of_code[key])
        if left[part] > 0:
            left[part] -= 1
            keys.append(key)
    return keys


def _bare(key: str) -> str:
    """``training.fold:run_fold`` -> ``run_fold``. All statements that run on import have the same bare name."""
    name = key.rpartition(":")[2]
    return "(import)" if name.startswith("(") else name


def _digest_and_parts(entry_points: Iterable[str], package_root: str | Path, without: Iterable[str]) -> Made:
    """Made once in a process until a file changes, and kept for later processes (:mod:`mebench.codedigest.kept`)."""
    root = Path(package_root).resolve()
    package = _packages.get(root)
    if package is None or not package.unchanged():
        package = _packages[root] = Package(root)
        for key in [key for key in _made if key[0] == root]:
            del _made[key]
    asked = (root, frozenset(entry_points), frozenset(without))
    if asked not in _made:
        if len(_made) >= MOST_KEPT:
            _made.clear()
        kept = Kept(*asked)
        found = kept.read()
        if found:
            package.stamps |= kept.stamps  # it holds while these files are as they are
        _made[asked] = found or _make(package, kept, *asked[1:])
    return _made[asked]


def _make(package: Package, kept: Kept, entry_points: Iterable[str], without: frozenset[str]) -> Made:
    graph = Graph(package, without)
    starts = graph.reach(sorted(entry_points))
    made = Made(graph.digest(starts), _labelled(graph))
    kept.write(made, package.stamps)
    return made


def _labelled(graph: Graph) -> dict[str, str]:
    names = {key: _label(graph, key) for key in graph.contents}
    own = {names[key]: own_digest.hex()[:16] for key, own_digest in graph.own().items() if key.name or key.effect}
    return dict(sorted(own.items())) | {name: file_digest[:16] for name, file_digest in sorted(graph.files)}


def _label(graph: Graph, key: Node) -> str:
    module = graph.package.known(key.module)
    place = module.path.name if module.name == str(module.path) else module.name.partition(".")[2] or module.name
    return f"{place}:{f'(import {key.effect})' if key.effect else key.name}"
