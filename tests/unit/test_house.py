"""Rules of the house that a machine can watch."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LOCK = (PROJECT / "envs/requirements.lock").read_text()


def test_the_lock_names_no_host_and_no_path_and_has_a_hash_for_every_package():
    assert not re.search(r"https?://|--(extra-)?index-url|file:|^/|/(home|root)/", LOCK, re.MULTILINE)
    packages = re.findall(r"^([\w.-]+)==\S+.*?(?=^[\w.-]+==|\Z)", LOCK, re.MULTILINE | re.DOTALL)
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lock_holds_the_pins_and_every_dependency():
    pins = [line for line in (PROJECT / "envs/pins.txt").read_text().splitlines() if line and line[0] != "#"]
    assert all(re.search(rf"^{re.escape(pin)} ", LOCK, re.MULTILINE) for pin in pins)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    for name in (re.match(r"[\w-]+", dependency)[0] for dependency in wanted):
        assert re.search(rf"^{name}==", LOCK, re.MULTILINE), name
    assert "slurm" not in LOCK, "merely installed, the Slurm plugin can stall every start of Snakemake"


def test_functions_are_short_and_have_few_parameters():
    """At most 7 parameters and 50 lines; a comment ``# parameters: ...`` or ``# length: ...`` above says why not."""
    for path in sorted((PROJECT / "workflow/mebench").rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            reason = lines[first - 2].strip() if first > 1 else ""
            arguments = node.args
            names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            where = f"{path.relative_to(PROJECT)} line {node.lineno}: {node.name}"
            assert count <= 7 or reason.startswith("# parameters: "), f"{where} has {count} parameters"
            length = node.end_lineno - node.lineno + 1
            assert length <= 50 or reason.startswith("# length: "), f"{where} has {length} lines"
