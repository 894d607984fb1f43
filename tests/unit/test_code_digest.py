"""What the digest of code sees, and what it does not."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mebench import codedigest
from mebench.errors import UserError

WORKFLOW = Path(codedigest.__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(WORKFLOW)}

BASE = {
    "__init__.py": "",
    "main.py": '''
        """The module."""
        from __future__ import annotations
        import logging
        from dataclasses import dataclass, field
        from typing import TYPE_CHECKING
        import torch.nn.functional as F
        from torch import nn
        from pkg.helpers import helper, LIMIT

        if TYPE_CHECKING:
            from pkg.other import Other

        log = logging.getLogger(__name__)

        @dataclass
        class Result:
            """What comes out."""
            value: float
            history: list[float] = field(default_factory=list)

        class Net(nn.Module):
            RATE = 0.5
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                # an activation
                return F.gelu(self.layer(x)) * self.RATE

        def run(x: int, other: Other, scale: float = 2.0) -> Result:
            """Run it."""
            if x > LIMIT:
                raise ValueError(f"{x} is too large for {other}")
            assert x >= 0, "x is negative"
            log.info("running %s", x)
            print(f"{x} of {LIMIT}")
            kind = "plain"
            y: float = helper(x) * scale
            return Result(y, [F.relu(y)])

        def unreached():
            return 1
        ''',
    "helpers.py": '''
        LIMIT = 10

        def helper(x):
            return x + 1
        ''',
    "other.py": "class Other:\n    RATE = 3\n",
}  # fmt: skip
ENTRIES = ("pkg.main:run", "pkg.main:Net")


def written(folder: Path, files: dict[str, str]) -> Path:
    """A package ``pkg`` with these files, anew in a folder of its own."""
    root = folder / str(len(list(folder.iterdir()))) / "pkg"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root


@pytest.fixture
def of(tmp_path):
    """The digest of a package with files of these texts."""
    return lambda files, *entries: codedigest.digest(entries or ENTRIES, written(tmp_path, files))


def edited(name: str, old: str, new: str, files: dict[str, str] = BASE) -> dict[str, str]:
    """The files with ``old`` replaced by ``new`` in one of them."""
    assert old in files[name], old
    return files | {name: files[name].replace(old, new)}


SAME = {
    "a comment": ("# an activation", "# the activation that the paper names"),
    "no comment": ("                # an activation\n", ""),
    "a docstring": ('"""Run it."""', '"""Do\n            it."""'),
    "no docstring": ('            """Run it."""\n', ""),
    "the module's docstring": ('"""The module."""', '"""Another."""'),
    "a class's docstring": ('            """What comes out."""\n', ""),
    "layout": ("return Result(y, [F.relu(y)])", "return Result(\n                (y), [F.relu(y),],\n            )"),
    "quotes": ('kind = "plain"', "kind = 'pl' 'ain'"),
    "a string that is an f-string": ('kind = "plain"', 'kind = f"plain"'),
    "an annotation": ("x: int, other: Other", "x, other: 'Other'"),
    "a return annotation": (" -> Result:", ":"),
    "a variable's annotation": ("y: float = ", "y = "),
    "text of a raise": ('f"{x} is too large for {other}"', '"too large: {}".format(unreached())'),
    "text of an assert": ('"x is negative"', 'f"{x} < 0"'),
    "no text of an assert": (', "x is negative"', ""),
    "text of a log call": ('"running %s"', '"now at %s"'),
    "text that is printed": ('f"{x} of {LIMIT}"', '"%d of all" % x'),
    "another alias": ("import torch.nn.functional as F", "import torch\n        from torch.nn import functional as F"),
    "a name that is imported": ("from pkg.helpers import helper, LIMIT",
                                "from pkg.helpers import *"),
    "an import inside": ("y: float = helper(x)", "from pkg.helpers import helper as h; y = h(x)"),
    "a pass": ("log.info", "pass; log.info"),
    "what is not reached": ("return 1", "return 2"),
    "what only type checkers see": ("from pkg.other import Other", "from pkg.other import Other as Other, Another"),
    "what a script runs": ("def unreached", 'if __name__ == "__main__":\n            run(3)\n\n        def unreached'),
    "order of definitions": ("class Net(nn.Module):", "SPARE = 3\n\n        class Net(nn.Module):"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_code_does_not_do_does_not_count(of, old, new):
    assert of(edited("main.py", old, new)) == of(BASE)


CHANGED = {
    "a constant": ("RATE = 0.5", "RATE = 0.25"),
    "the type of a constant": ("RATE = 0.5", "RATE = '0.5'"),
    "a constant of True": ("scale: float = 2.0", "scale: float = True"),
    "a default": ("scale: float = 2.0", "scale: float = 2.5"),
    "no default": ("scale: float = 2.0", "scale: float"),
    "a parameter's place": ("x: int, other: Other", "other: Other, x: int"),
    "a parameter's kind": ("other: Other, scale", "other: Other, *, scale"),
    "a statement": ("            kind =", "            x += 1\n            kind ="),
    "no statement": ("if x > LIMIT", "if False"),
    "a string": ('kind = "plain"', 'kind = "other"'),
    "the exception": ("raise ValueError", "raise TypeError"),
    "no raise": ('raise ValueError(f"{x} is too large for {other}")', "pass"),
    "what is raised besides a text": ('{other}")', '{other}", x)'),
    "an import from outside": ("import torch.nn.functional as F", "import torch.special as F"),
    "a function from outside": ("F.gelu", "F.silu"),
    "a base": ("class Net(nn.Module)", "class Net(nn.Identity)"),
    "a decorator": ("@dataclass\n", "@dataclass(frozen=True)\n"),
    "a field's annotation": ("value: float", "value: int"),
    "a field's default": ("value: float", "value: float = 1.0"),
    "a field's factory": ("default_factory=list)", "default_factory=tuple)"),
    "order of fields": (
        "value: float\n            history: list[float] = field(default_factory=list)",
        "history: list[float] = field(default_factory=list)\n            value: float",
    ),
    "a method": ("def forward", "def backward"),
    "where a text goes": ('print(f"{x} of {LIMIT}")', 'print(f"{x} of {LIMIT}", file=log)'),
    "a definition's name": (
        "def run",
        "def unused():\n            return 0\n\n        run = unused\n\n        def ran",
    ),
    "an effect": ("log = logging", "F.silu.inplace = True\n        log = logging"),
    "an import for what it does": ("import logging", "import logging\n        import torchvision.ops"),
    "another logger": ("logging.getLogger(__name__)", "logging.getLogger('here')"),
}


@pytest.mark.parametrize(("old", "new"), CHANGED.values(), ids=CHANGED)
def test_what_code_does_counts(of, old, new):
    assert of(edited("main.py", old, new)) != of(BASE)


OF_ANOTHER = [("LIMIT = 10", "LIMIT = 11"), ("x + 1", "x + 2"), ("def helper(x)", "def helper(x, /)")]


@pytest.mark.parametrize(("old", "new"), OF_ANOTHER)
def test_what_another_module_does_counts(of, old, new):
    assert of(edited("helpers.py", old, new)) != of(BASE)


def test_a_class_that_only_an_annotation_names_does_not_count(of):
    assert of(edited("other.py", "RATE = 3", "RATE = 4")) == of(BASE)


def test_a_class_that_a_field_is_annotated_with_counts(of):
    files = edited("main.py", "value: float", "value: 'Other'")
    assert of(edited("other.py", "RATE = 3", "RATE = 4", files)) != of(files)


# --- moving


def test_moving_a_definition_to_another_file_changes_nothing(of):
    moved = BASE | {
        "helpers.py": "from pkg.deep.inner import helper as helper\nfrom .deep import LIMIT\n",
        "deep/__init__.py": "from .inner import *\n",
        "deep/inner.py": BASE["helpers.py"],
    }
    assert of(moved) == of(BASE)


def test_renaming_a_module_changes_nothing(of):
    moved = {("tools.py" if name == "helpers.py" else name): text for name, text in BASE.items()}
    assert of(edited("main.py", "pkg.helpers", "pkg.tools", moved)) == of(BASE)


def test_moving_an_entry_point_changes_nothing(of):
    moved = {("first.py" if name == "main.py" else name): text for name, text in BASE.items()}
    assert of(moved, "pkg.first:run", "pkg.first:Net") == of(BASE)
    assert of(BASE | {"first.py": "from pkg.main import run, Net"}, "pkg.first:run", "pkg.first:Net") == of(BASE)


def test_the_order_of_entry_points_does_not_matter_but_which_they_are_does(of):
    assert of(BASE, *reversed(ENTRIES)) == of(BASE)
    assert len({of(BASE), of(BASE, ENTRIES[0]), of(BASE, ENTRIES[1])}) == 3


def test_the_package_may_lie_anywhere_and_its_name_does_not_count(of, tmp_path):
    other = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(written(tmp_path, BASE), other)
    for path in other.glob("*.py"):
        path.write_text(path.read_text().replace("pkg", "renamed"))
    assert codedigest.digest(["renamed.main:run", "renamed.main:Net"], other) == of(BASE)


# --- from a name to a definition

HELPER = "def helper(x):\n    return {}\n"
FORMS = {
    "from": "from pkg.a.b import helper\ndef run(): return helper(1)",
    "as": "from pkg.a.b import helper as other\ndef run(): return other(1)",
    "module": "from pkg.a import b\ndef run(): return b.helper(1)",
    "dotted": "import pkg.a.b\ndef run(): return pkg.a.b.helper(1)",
    "dotted as": "import pkg.a.b as c\ndef run(): return c.helper(1)",
    "relative": "from .a.b import helper\ndef run(): return helper(1)",
    "relative module": "from .a import b\ndef run(): return b.helper(1)",
    "relative here": "from . import a\ndef run(): return a.b.helper(1)",
    "star": "from pkg.a.b import *\ndef run(): return helper(1)",
    "star of stars": "from pkg.stars import *\ndef run(): return helper(1)",
    "re-exported": "from pkg.facade import again\ndef run(): return again(1)",
    "through a module": "from pkg import facade\ndef run(): return facade.again(1)",
    "inside": "def run():\n    from pkg.a.b import helper\n    return helper(1)",
    "inside a method": "class run:\n    def go(self):\n        import pkg.a.b as m\n        return m.helper(1)",
    "try": "try:\n    from pkg.a.b import helper\nexcept ImportError:\n    helper = None\ndef run(): return helper(1)",
    "if": "import sys\nif sys.version_info > (3, 0):\n    from pkg.a.b import helper\ndef run(): return helper(1)",
    "assigned": "from pkg.a import b\nchosen = b.helper\ndef run(): return chosen(1)",
    "rebound": "from pkg.a.b import helper\nhelper = len or helper\ndef run(): return helper(1)",
    "a module as a value": "from pkg.a import b\ndef run(name): return getattr(b, name)(1)",
    "a module's __getattr__": "from pkg import lazy\ndef run(): return lazy.anything(1)",
    "entered into a table": "from pkg.a.b import helper\nTABLE = {}\nTABLE['x'] = helper\ndef run(): return TABLE",
    "a default": "from pkg.a.b import helper\ndef run(x=helper): return x",
    "a decorator": "from pkg.a.b import helper\n@helper\ndef run(): return 1",
    "a base": "from pkg.a.b import helper\nclass run(helper): pass",
    "a comprehension": "from pkg.a.b import helper\ndef run(xs): return [helper(x) for x in xs]",
    "a lambda": "from pkg.a.b import helper\nrun = lambda x: helper(x)",
    "an f-string": "from pkg.a.b import helper\ndef run(x): return f'{helper(x):>{x}}'",
    "global": "from pkg.a.b import helper\nstate = None\ndef run():\n    global state\n    state = helper(1)",
    "a pattern": "from pkg.a import b\ndef run(x):\n    match x:\n        case b.helper():\n            return 1",
    "what a class shadows": "from pkg.a.b import helper\nclass run:\n    helper = helper",
    "what methods see": "from pkg.a.b import helper\nclass run:\n    helper = 1\n    def go(self): return helper(1)",
    "the first iterable": "from pkg.a.b import helper\ndef run(): return [helper for helper in helper(1)]",
    "an effect": "from pkg import effect\ndef run(): return 1",
    "a registering decorator": "from pkg import registered\ndef run(): return 1",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_name_is_followed_to_its_definition(of, form):
    files = {"__init__.py": "", "a/__init__.py": "", "main.py": form, "a/b.py": HELPER.format("x + 1"),
             "stars.py": "from pkg.a.b import *", "facade.py": "from pkg.a.b import helper as again",
             "lazy.py": "from pkg.a import b\ndef __getattr__(name): return b.helper",
             "effect.py": "from pkg.a.b import helper\nhelper(1)",
             "registered.py": "from pkg.a.b import helper\n@helper\nclass Kind: pass"}  # fmt: skip
    if "import a\n" in form:
        files["a/__init__.py"] = "from . import b"
    assert of(files, "pkg.main:run") != of(files | {"a/b.py": HELPER.format("x + 2")}, "pkg.main:run")


SHADOWS = {
    "a parameter": "def run(helper): return helper",
    "a variable": "def run():\n    helper = 1\n    return helper",
    "a loop": "def run(xs):\n    for helper in xs:\n        return helper",
    "a comprehension": "def run(xs): return {helper: 1 for helper in xs}",
    "a lambda": "run = lambda helper: helper",
    "with": "def run(x):\n    with x as helper:\n        return helper",
    "an exception": "def run(x):\n    try:\n        x()\n    except OSError as helper:\n        return helper",
    "a walrus": "def run(x):\n    if (helper := x):\n        return helper",
    "a walrus in a comprehension": "def run(xs):\n    if any((helper := x) for x in xs):\n        return helper",
    "a pattern": "def run(x):\n    match x:\n        case [helper, *_]:\n            return helper",
    "an inner function": "def run():\n    def helper(): return 1\n    return helper",
    "an outer function": "def run(helper):\n    def inner(): return helper\n    return inner",
    "an import": "def run():\n    from math import ceil as helper\n    return helper(1)",
    "an attribute": "def run(x): return x.helper",
    "a keyword": "def run(x): return x(helper=1)",
    "a text of an error": "def run(x): raise ValueError(helper.__doc__ + f'{helper(x)}')",
    "a module's name": "from pkg import a\ndef run(): return a.__name__",
}


@pytest.mark.parametrize("form", SHADOWS.values(), ids=SHADOWS)
def test_a_local_name_is_no_use_of_a_definition(of, form):
    files = {"__init__.py": "", "a.py": HELPER.format("x + 1"), "main.py": f"from pkg.a import helper\n{form}"}
    assert of(files, "pkg.main:run") == of(files | {"a.py": HELPER.format("x + 2")}, "pkg.main:run")


def test_two_definitions_of_one_name_are_told_apart(of):
    files = {"__init__.py": "", "a.py": HELPER.format("x + 1"), "b.py": HELPER.format("x + 2"),
             "main.py": "from pkg import a, b\ndef f(x): return a.helper(x)\ndef g(x): return b.helper(x)\n"
                        "def run(x): return f(x) - g(x)"}  # fmt: skip
    swapped = edited("main.py", "return a.helper(x)", "return c.helper(x)", files)
    swapped = edited("main.py", "return b.helper(x)", "return a.helper(x)", swapped)
    swapped = edited("main.py", "return c.helper(x)", "return b.helper(x)", swapped)
    assert of(swapped, "pkg.main:run") != of(files, "pkg.main:run")
    renamed = files | {"a.py": files["b.py"], "b.py": files["a.py"]}
    assert of(renamed, "pkg.main:run") == of(swapped, "pkg.main:run")


def test_circles_end_and_a_change_anywhere_in_one_is_seen(of):
    files = {"__init__.py": "", "a.py": "from pkg import b\ndef even(n): return n == 0 or b.odd(n - 1)",
             "b.py": "from pkg import a\ndef odd(n): return n != 0 and a.even(n - 1)"}  # fmt: skip
    before = of(files, "pkg.a:even")
    assert of(edited("b.py", "n - 1", "n - 2", files), "pkg.a:even") != before
    together = "def odd(n): return n != 0 and even(n - 1)\ndef even(n): return n == 0 or odd(n - 1)"
    assert of({"__init__.py": "", "a.py": together}, "pkg.a:even") == before


def test_a_circle_of_re_exports_is_a_name_from_outside(of):
    files = {"__init__.py": "", "a.py": "from pkg.b import x\ndef run(): return x", "b.py": "from pkg.a import x"}
    assert of(files, "pkg.a:run") != of(edited("a.py", "return x", "return 1", files), "pkg.a:run")


def test_a_statement_that_runs_on_import_counts_wherever_it_stands(of):
    files = {"__init__.py": "", "main.py": "from pkg import a\ndef run(): return 1", "a.py": "from pkg import b",
             "b.py": "", "away.py": "import torch\ntorch.manual_seed(1)"}  # fmt: skip
    statement = "\nimport torch\ntorch.set_num_threads(2)\n"

    def with_it(name, text=statement):
        return of(files | {name: files[name] + text}, "pkg.main:run")

    assert (
        with_it("__init__.py") == with_it("a.py") == with_it("b.py") == with_it("main.py") != of(files, "pkg.main:run")
    )
    assert with_it("away.py") == of(files, "pkg.main:run")
    assert with_it("a.py", statement.replace("2", "3")) != with_it("a.py")
    guarded = "\nimport torch\nif torch.cuda.is_available():\n    torch.set_num_threads(2)\n"
    assert len({with_it("a.py", guarded), with_it("a.py"), of(files, "pkg.main:run")}) == 3


def test_functions_that_are_chosen_by_annotation_keep_theirs(of):
    text = "from functools import singledispatch\n@singledispatch\ndef run(x): return 0\n"
    files = {"__init__.py": "", "main.py": f"{text}@run.register\ndef _(x: int): return 1"}
    assert of(edited("main.py", "x: int", "x: float", files), "pkg.main:run") != of(files, "pkg.main:run")


def test_modules_left_out_count_by_the_names_that_are_used(tmp_path):
    def made(files, without=("pkg.helpers",)):
        return codedigest.digest(ENTRIES, written(tmp_path, files), without)

    assert made(edited("helpers.py", "x + 1", "x + 2")) == made(BASE) != made(BASE, ())
    assert made(edited("main.py", "helper(x) *", "LIMIT *")) != made(BASE)


# --- files of a user, and other files


def test_a_file_outside_the_package_is_followed_into_it_and_beside_it(tmp_path):
    root = written(tmp_path, BASE)
    model, layers = tmp_path / "my_model.py", tmp_path / "my_layers.py"
    model.write_text("from pkg.helpers import helper\nfrom my_layers import Layer\nCARD = {'notes': 'a'}\n"
                     "class Net(Layer):\n    def forward(self, x): return helper(x)\n")  # fmt: skip
    layers.write_text("class Layer:\n    SIZE = 3\n")
    net, everything = f"{model}:Net", str(model)
    before = {entry: codedigest.digest([entry], root) for entry in (net, everything)}
    assert before[net] != before[everything]
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy(layers, moved)
    assert codedigest.digest([f"{shutil.copy(model, moved / 'renamed.py')}:Net"], root) == before[net]
    model.write_text(model.read_text().replace("'a'", "'another note'"))
    assert codedigest.digest([net], root) == before[net]
    assert codedigest.digest([everything], root) != before[everything]
    layers.write_text("class Layer:\n    SIZE = 33\n")
    assert codedigest.digest([net], root) != before[net]


def test_a_file_of_the_package_may_be_given_by_its_path(tmp_path):
    root = written(tmp_path, BASE)
    assert codedigest.digest([f"{root}/main.py:run"], root) == codedigest.digest(["pkg.main:run"], root)
    assert codedigest.digest([f"{root}/main.py"], root) == codedigest.digest(["pkg.main"], root)


def test_other_files_count_by_name_and_bytes(tmp_path):
    root, page = written(tmp_path, BASE), tmp_path / "page.html"
    made = set()
    for text in ("<p>", "<b>"):
        page.write_text(text)
        made.add(codedigest.digest([*ENTRIES, str(page)], root))
    made.add(codedigest.digest([*ENTRIES, str(page.rename(tmp_path / "other.html"))], root))
    assert len(made | {codedigest.digest(ENTRIES, root)}) == 4


@pytest.mark.parametrize(
    ("text", "entry", "sentence"),
    [
        (b"def run(:\n", "", "my.py line 1 is not valid Python: "),
        (b"x = 1\n\0", "", "my.py .*is not valid Python"),
        (b"x = '\xff'\n", "", "my.py is not text in UTF-8"),
        (b"class Net: pass\n", ":Nett", r"my.py defines no 'Nett' \(did you mean 'Net'\?\)"),
        (None, "", "cannot read .*my.py: No such file"),
        (b"x = " + b"-" * 3000 + b"1\n", "", "my.py"),
    ],
    ids=["syntax", "null", "bytes", "name", "absent", "deep"],
)
def test_a_bad_file_of_a_user_is_one_sentence(tmp_path, text, entry, sentence):
    root, path = written(tmp_path, BASE), tmp_path / "my.py"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UserError, match=sentence) as caught:
        codedigest.digest([f"{path}{entry}"], root)
    assert "\n" not in str(caught.value)


def test_a_module_or_other_file_that_is_not_there_is_one_sentence(tmp_path):
    root = written(tmp_path, BASE)
    with pytest.raises(UserError, match="there is no module 'pkg.absent'"):
        codedigest.digest(["pkg.absent:run"], root)
    with pytest.raises(UserError, match="cannot read .*page.html: No such file"):
        codedigest.digest([f"{tmp_path}/page.html"], root)


# --- parts


def parts_of(tmp_path: Path, files: dict[str, str]) -> dict[str, str]:
    return codedigest.parts(ENTRIES, written(tmp_path, files))


def test_the_parts_name_what_changed(tmp_path):
    before = parts_of(tmp_path, BASE)
    assert set(before) == {"main:run", "main:Net", "main:Result", "main:log", "helpers:helper", "helpers:LIMIT"}
    after = parts_of(tmp_path, edited("helpers.py", "x + 1", "abs(x)"))
    assert codedigest.changed(before, after) == (["helpers:helper"], [], [])
    renamed = edited("main.py", "LIMIT", "MOST", edited("helpers.py", "LIMIT", "MOST"))
    assert codedigest.changed(before, parts_of(tmp_path, renamed)) == (
        ["main:run"],
        ["helpers:MOST"],
        ["helpers:LIMIT"],
    )
    effect = parts_of(tmp_path, edited("helpers.py", "LIMIT = 10", "LIMIT = 10\n        print(1)"))
    assert codedigest.changed(before, effect) == ([], ["helpers:(import 1)"], [])


def test_a_definition_that_moved_did_not_change(tmp_path):
    moved = BASE | {"helpers.py": "from pkg.deep import helper, LIMIT", "deep.py": BASE["helpers.py"]}
    before, after = parts_of(tmp_path, BASE), parts_of(tmp_path, moved)
    assert before != after
    assert codedigest.changed(before, after) == ([], [], [])


def test_a_change_of_a_file_is_seen_in_the_same_process(tmp_path):
    root = written(tmp_path, BASE)
    before = codedigest.digest(ENTRIES, root), codedigest.parts(ENTRIES, root)
    codedigest.parts(ENTRIES, root).clear()  # a copy
    assert (codedigest.digest(ENTRIES, root), codedigest.parts(ENTRIES, root)) == before
    path = root / "helpers.py"
    text = path.read_text()
    path.write_text(text.replace("LIMIT = 10", "LIMIT = 100"))
    assert codedigest.digest(ENTRIES, root) != before[0]
    path.write_text(text)
    assert codedigest.digest(ENTRIES, root) == before[0]


# --- random packages


@st.composite
def packages(draw):
    """(what each function refers to, the module of each function in two packages, a function to change)."""
    count = draw(st.integers(1, 8))
    refers = draw(st.lists(st.lists(st.integers(0, count - 1), max_size=3), min_size=count, max_size=count))
    places = [draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)) for _ in range(2)]
    return refers, places, draw(st.integers(0, count - 1))


def as_files(refers: list[list[int]], places: list[int], style: int, other: int | None = None) -> dict[str, str]:
    """Functions f0, f1, ... spread over modules; those of other modules are used in one of three ways."""
    files = {"__init__.py": "", **{f"m{place}.py": "from __future__ import annotations\n" for place in range(4)}}
    for number, names in enumerate(refers):
        uses = [f"pkg.m{places[n]}.f{n}" if style == 0 else f"f{n}" for n in names]
        top = {0: [f"import pkg.m{places[n]}" for n in names],
               1: [f"from pkg.m{places[n]} import f{n}" for n in names if places[n] != places[number]],
               2: []}[style]  # fmt: skip
        inner = [f"    from .m{places[n]} import f{n}" for n in names] if style == 2 else []
        value = 1000 if number == other else number
        calls = ", ".join(f"{use}(x)" for use in uses)
        body = [f"def f{number}(x):", *inner, f"    return [{value}, {calls}]"]
        files[f"m{places[number]}.py"] += "\n".join([*top, *body, ""])
    return files


def reached(refers: list[list[int]]) -> set[int]:
    found, todo = set(), [0]
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo += refers[number]
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packages(), st.integers(0, 2), st.integers(0, 2))
def test_where_functions_stand_and_how_they_are_imported_does_not_count(tmp_path, package, style, other_style):
    refers, (here, there), changed = package

    def made(places, style, other=None):
        return codedigest.digest([f"pkg.m{places[0]}:f0"], written(tmp_path, as_files(refers, places, style, other)))

    before = made(here, style)
    assert made(there, other_style) == before
    assert (made(there, style, changed) != before) == (changed in reached(refers))


# --- this package

TRAINING = ("mebench.training.fold:run_fold", "mebench.training.data:load")


@pytest.fixture(scope="module")
def reworded(tmp_path_factory):
    """This package without a comment and in another layout, with a module renamed."""
    root = tmp_path_factory.mktemp("reworded") / "mebench"
    shutil.copytree(WORKFLOW / "mebench", root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "training/normalise.py").rename(root / "training/centring.py")
    for path in root.rglob("*.py"):
        text = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
        text = re.sub(r"(from mebench\.training import .*)\bnormalise\b", r"\1centring as normalise", text)
        path.write_text(text.replace("training.normalise", "training.centring"), encoding="utf-8")
    return root


def test_rewording_and_moving_code_of_this_package_keeps_the_digest_of_every_definition(reworded):
    def made(root):
        parts = codedigest.parts([str(path) for path in root.rglob("*.py")], root)
        return codedigest.digest([str(path) for path in root.rglob("*.py")], root), parts

    (before, parts), (after, moved) = made(WORKFLOW / "mebench"), made(reworded)
    assert after == before
    assert len(parts) > 1000
    assert codedigest.changed(parts, moved) == ([], [], [])
    assert "training.normalise:fitted" in parts.keys() - moved.keys()


def test_a_changed_constant_of_a_model_is_seen_by_that_model_alone(reworded):
    def made(name):
        return codedigest.digest([*TRAINING, f"mebench.models.{name}"], reworded)

    path = reworded / "models/hsta.py"
    text, before = path.read_text(), (made("hsta:HSTA"), made("ststnet:STSTNet"))
    try:
        path.write_text(text.replace("DROP_PATH = 0.2", "DROP_PATH = 0.25"))
        assert made("hsta:HSTA") != before[0]
        assert made("ststnet:STSTNet") == before[1]
    finally:
        path.write_text(text)


def test_the_notes_of_a_card_are_no_part_of_a_model():
    assert "models.hsta:CARD" not in codedigest.parts(["mebench.models.hsta:HSTA"], WORKFLOW / "mebench")


# --- versions of Python

SYNTAX = '''
import asyncio
import torch.nn.functional as F
from os import *
from dataclasses import dataclass

@dataclass(frozen=True, kw_only=True)
class Point[T: int]:
    """A docstring."""
    x: "int | None" = None
    y: list[float] = ...
    z = u"old" if False else -0.0

def run(a, /, b=1_000, *args: int, c: str = "ä\\u2028\\ud800", **kwargs) -> None:
    f"{a!r:>{b}} {b=} {'nested'}" f"{{}} and" " more"
    global STATE
    STATE = 0x_ff, 1e999, 2j, b"\\x00\\xff", None, True, ..., 10**3, r"\\d"
    x: int
    y: int = (yield)
    for i, *rest in enumerate(args):
        while rest and (n := len(rest)) > 1:
            break
        else:
            continue
    try:
        del rest[0], kwargs
    except* (OSError, ValueError) as group:
        raise KeyError(f"{x}") from group
    finally:
        pass
    with open(a) as f, open(b):
        nonlocal_ = lambda q, *, w=1: q[w, 1:2, ::3, ...]
    match a:
        case {"k": [1, *_], **others} | Point(x=0) if others:
            return
        case -1 | None | "s" | F.gelu:
            assert a, "text"
        case _ as whole:
            pass
    return {**kwargs, "k": {*args, 1}, 2: [i for i in range(3) if i if not a]} | {k: v for k, v in a}

async def go():
    async with run() as r:
        return [await x async for x in r if x @ r // 2 ** -x << 1 != ~x]
'''
OLD_SYNTAX = SYNTAX.replace("Point[T: int]", "Point")
STORED = "e97a322f7dbb7c3e"


def version_entries(folder: Path, syntax: str) -> tuple[list[str], Path]:
    root = folder / "pkg"
    root.mkdir(exist_ok=True)
    (root / "__init__.py").write_text("from pkg.main import run as run\n")
    (root / "main.py").write_text(syntax, encoding="utf-8")
    return ["pkg:run", "pkg.main:go", "pkg.main:Point"], root


def test_the_digest_of_a_known_text_is_the_one_on_record(tmp_path):
    """Another value here makes every finished fold train again: change FORM then, and say so in the docs."""
    assert codedigest.digest(*version_entries(tmp_path, OLD_SYNTAX)) == STORED


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_every_version_of_python_makes_the_same_digest(tmp_path, version):
    python = shutil.which(f"python{version}")
    if not python or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"there is no Python {version} on this machine")
    generic = version != "3.11"  # its grammar has no type parameters, which do not count
    entries, root = version_entries(tmp_path, SYNTAX if generic else OLD_SYNTAX)
    code = f"from mebench import codedigest; print(codedigest.digest({entries!r}, {str(root)!r}))"
    done = subprocess.run([python, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (STORED, "")


def test_the_digest_needs_nothing_but_the_standard_library():
    heavy = "[name for name in ('torch', 'numpy', 'yaml') if name in sys.modules]"
    command = [sys.executable, "-S", "-c", f"import sys; from mebench import codedigest; print({heavy})"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
