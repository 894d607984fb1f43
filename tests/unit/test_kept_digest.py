"""Digests of code that are kept for the next process: they hold exactly as long as the package is as it was."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from mebench import codedigest
from mebench.codedigest import graph, modules

ENTRY = ("pkg.main:run",)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose files have settled, in a process that may write byte code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr("mebench.codedigest.kept.SETTLED_NS", 0)
    root = tmp_path / "pkg"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "main.py").write_text("from pkg.tools import RATE\ndef run(): return RATE\n")
    (root / "tools.py").write_text("RATE = 1\n")
    return root


@pytest.fixture
def built(monkeypatch):
    """How often the code was read: a list that grows by one each time."""
    calls, reach = [], graph.Graph.reach
    monkeypatch.setattr(graph.Graph, "reach", lambda self, entries: calls.append(1) or reach(self, entries))
    return calls


def of_another_process(root, *entries):
    """The digest and parts as a process would find them that has made none before."""
    codedigest._packages.clear()
    codedigest._made.clear()
    modules.read_module.cache_clear()
    asked = entries or ENTRY
    return codedigest.digest(asked, root), codedigest.parts(asked, root)


def kept_files(root):
    return sorted((root / "__pycache__").glob("codedigest-*.json"))


def test_the_next_process_reads_no_code(package, built):
    first = of_another_process(package)
    assert of_another_process(package) == first
    assert len(built) == 1


def test_each_question_has_a_place_of_its_own(package):
    one, other = of_another_process(package), of_another_process(package, "pkg.tools:RATE")
    assert one != other
    assert len(kept_files(package)) == 2
    assert (of_another_process(package), of_another_process(package, "pkg.tools:RATE")) == (one, other)


@pytest.mark.parametrize("same_time", [False, True])
def test_an_edit_is_seen_even_of_the_same_size_and_time(package, same_time):
    before = of_another_process(package)
    path = package / "tools.py"
    old = path.stat()
    time.sleep(0.05)  # the clock of the file system has ticked, as it has for what has settled
    path.write_text("RATE = 2\n")
    if same_time:
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert of_another_process(package)[0] != before[0]


def test_an_edit_is_seen_in_the_process_that_found_a_kept_digest(package):
    of_another_process(package)
    before = of_another_process(package)[0]
    (package / "tools.py").write_text("RATE = 22\n")
    assert codedigest.digest(ENTRY, package) != before


def test_a_new_file_that_takes_a_name_is_seen(package):
    (package / "main.py").write_text("from pkg import tools\ndef run(): return tools.deep.RATE\n")
    (package / "tools.py").unlink()
    (package / "tools").mkdir()
    (package / "tools/__init__.py").write_text("import pkg.tools.deep\n")
    before = of_another_process(package)[0]
    (package / "tools/deep.py").write_text("RATE = 1\n")
    assert of_another_process(package)[0] != before


def test_what_changed_this_moment_is_not_kept(package, monkeypatch):
    monkeypatch.setattr("mebench.codedigest.kept.SETTLED_NS", 3600 * 10**9)
    of_another_process(package)
    assert kept_files(package) == []


def test_a_file_outside_the_package_is_read_each_time(package, tmp_path, built):
    outside = tmp_path / "mine.py"
    outside.write_text("from pkg.tools import RATE\ndef run(): return RATE + 1\n")
    before = of_another_process(package, f"{outside}:run")
    outside.write_text("from pkg.tools import RATE\ndef run(): return RATE + 2\n")
    assert of_another_process(package, f"{outside}:run") != before
    assert kept_files(package) == []
    assert len(built) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"digest": "0"}', "digest", "parts"])
def test_a_damaged_file_is_made_anew(package, damage):
    before = of_another_process(package)
    (path,) = kept_files(package)
    whole = json.loads(path.read_text())
    if damage in whole:
        whole[damage] = "0000" if damage == "digest" else {}
        damage = json.dumps(whole)
    path.write_text(damage)
    assert of_another_process(package) == before


def test_without_byte_code_nothing_is_written_unless_its_folder_is_there(package, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    of_another_process(package)
    assert not (package / "__pycache__").exists()
    (package / "__pycache__").mkdir()
    of_another_process(package)
    assert len(kept_files(package)) == 1


def test_a_package_that_cannot_be_written_to_is_no_error(package, monkeypatch):
    def refuse(*_):
        raise PermissionError("read-only file system")

    monkeypatch.setattr("mebench.codedigest.kept.write_text", refuse)
    assert of_another_process(package)[0]
    assert kept_files(package) == []
