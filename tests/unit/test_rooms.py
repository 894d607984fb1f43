"""The rooms of the package, as ARCHITECTURE.md draws them: imports lead downwards, in no circle, and to no private
module of another room."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def _tool():
    spec = importlib.util.spec_from_file_location("rooms", PROJECT / "docs/rooms.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


rooms = _tool()
FOUND = rooms.imports()


def test_imports_lead_downwards():
    assert rooms.upwards(FOUND) == set()


def test_no_room_imports_a_private_module_of_another():
    assert rooms.private(FOUND) == set()


def test_modules_import_each_other_in_no_circle():
    assert rooms.circles(one for one in FOUND if not one.deferred) == set()
    assert rooms.circles(FOUND) == set()


def test_the_page_is_that_of_the_code():
    page = rooms.PAGE.read_text(encoding="utf-8")
    assert page.count(rooms.BEGIN) == page.count(rooms.END) == 1
    assert rooms.written(page) == page, "run: python docs/rooms.py --write"


def test_every_module_has_a_room_and_every_member_of_a_room_is_there():
    there = {name.partition(".")[0] for name in rooms.modules()}
    members = [member for names, _ in rooms.ROOMS.values() for member in names]
    assert sorted(members) == sorted(there)


@pytest.fixture
def package(tmp_path):
    """A small package in which every rule is broken once."""
    files = {
        "__init__.py": "",
        "files.py": "from mebench.training import _secret as known\n",
        "errors.py": "def f():\n    from mebench import parallel\n",
        "parallel.py": "import mebench.errors\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from mebench.cli import main\n",
        "cli.py": "from mebench.files import (\n    read_csv,\n)\nclass A:\n    import mebench.training.loop\n",
        "training/__init__.py": "",
        "training/_secret.py": "",
        "training/loop.py": "from mebench.training import _secret\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_breaks_a_rule_is_seen(package):
    found = rooms.imports(package)
    assert rooms.upwards(found) == rooms.private(found) == {("files", "training._secret")}
    assert rooms.circles(found) == {("errors", "parallel")}
    assert rooms.circles(one for one in found if not one.deferred) == set()
    assert {one.target for one in found if one.module == "cli"} == {"files", "training.loop"}


def test_a_relative_import_is_one_sentence(package):
    (package / "cli.py").write_text("from . import files\n")
    with pytest.raises(SystemExit, match="relative import"):
        rooms.imports(package)
