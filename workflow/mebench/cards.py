"""Cards: the metadata of a model, a dataset or a kind of task, a literal that is read without importing its file."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import json
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mebench.errors import UserError, did_you_mean
from mebench.owner_paths import expanded

if TYPE_CHECKING:
    from mebench.config.entries import ModelEntry
    from mebench.config.spec import Option, RunSpec
    from mebench.model_card import Measurement

Card = dict[str, Any]  # any: a literal that anybody may write; ModelCard and DatasetCard are what is in a checked one
PACKAGE = Path(__file__).parent
OWN = Path("datasets")  # where datasets outside the package lie
# the card of a model of which only predictions are there
GIVEN: Card = {
    "kind": "model", "paper": None, "licence": "", "training": "rules", "parameters": None, "recipe": {}, "notes": "",
    "inputs": {"kind": "none", "size": None, "channels": [], "range": "any", "center": "none"},
    "resources": {"mem_mb": 1000, "runtime_min": 10, "gpu": 0},
}  # fmt: skip
WEIGHTS = (".safetensors", ".pth", ".pt")
LONGEST_NAME = 80
TRUTH = {"yes": True, "on": True, "no": False, "off": False}
RULES = ".smk"  # the suffix of a rule file: a model that a Snakemake rule of its own trains
RULE_CARD = ("title", "kind", "paper", "licence", "training", "parameters", "inputs", "resources", "notes")
# a rule file is not plain Python: its card begins at the margin and ends before the next line that begins there
CARD_BLOCK = re.compile(r"^CARD\s*=.*(?:\n(?:[ \t)\]}#].*)?)*", re.MULTILINE)


def names(kind: str) -> list[str]:
    """Names of all registered ``models`` or ``datasets``: every file of that folder without a leading underscore. The
    user's own datasets are in the folder ``datasets`` where the command runs."""
    shipped = {path.stem for path in (PACKAGE / kind).glob("*.py") if not path.stem.startswith("_")}
    own = OWN.glob("*.py") if kind == "datasets" else ()
    return sorted(shipped | {path.stem for path in own if CARD_BLOCK.search(_text(path))})


def locate(kind: str, name: str) -> Path:
    """The file behind a registered name, or behind a path ending in ``.py`` (of a model: or in ``.smk``)."""
    if name.endswith(".py") or (kind == "models" and (is_rule_file(name) or is_given_file(name))):
        path = Path(given_file(name))
        if not path.is_file() and is_given_file(name):
            raise UserError(f"there is no file {path} of predictions; give the path of a CSV file")
        if not path.is_file():
            wanted = "rule" if is_rule_file(name) else "Python"
            raise UserError(f"there is no file {path} for the {kind[:-1]} '{name}'; give the path of a {wanted} file")
        return path
    if len(name) > LONGEST_NAME or "\0" in name:
        raise UserError(f"unknown {kind[:-1]} '{name[:LONGEST_NAME]}...'; known: {', '.join(names(kind))}")
    path = PACKAGE / kind / f"{name}.py"
    if kind == "datasets" and not path.is_file():
        path = OWN / f"{name}.py"
    if name.startswith("_") or "/" in name or not path.is_file():
        raise UserError(f"unknown {kind[:-1]} '{name}'{did_you_mean(name, names(kind))}")
    return path


def is_rule_file(name: str) -> bool:
    """Whether a model is named by the path of a rule file, whose own rule trains it."""
    return name.endswith(RULES)


def is_given_file(name: str) -> bool:
    """Whether a model is named by the path of its predictions, which somebody else made."""
    return given_file(name).lower().endswith((".csv", ".tsv"))


def given_file(name: str) -> str:
    """``FILE::run=a,epochs=last`` -> ``FILE``: some rows of a file may be named."""
    return name.partition("::")[0]


def is_own(name: str) -> bool:
    """Whether a model is named by the path of a file, so that it is not of the package."""
    return name.endswith((".py", RULES)) or is_given_file(name)


def card(kind: str, name: str) -> Card:
    """The ``CARD`` literal of a file with its registered ``name``. A model of the package has its ``measured`` folds
    too."""
    path = locate(kind, name)
    if kind == "models" and is_given_file(name):
        return {"name": path.stem, "title": path.stem, **GIVEN}
    literal = {"name": path.stem, **_literal(path, path.stat().st_mtime_ns)}
    if path == PACKAGE / "models" / f"{name}.py" and name in _measured():
        literal["measured"] = _measured()[name]
    return _rule_card(path, literal) if is_rule_file(name) else literal


@functools.lru_cache(maxsize=1)
def _measured() -> dict[str, list[Measurement]]:
    """Measured folds of the package's models. They are in a file of their own, because a change of a model's file
    starts its training jobs again."""
    return json.loads((PACKAGE / "models" / "measured.json").read_text(encoding="utf-8"))


def _rule_card(path: Path, literal: Card) -> Card:
    """The card of a rule file, checked, with an empty recipe."""
    missing = [key for key in RULE_CARD if key not in literal]
    missing += [f"inputs: {key}" for key in ("kind", "size", "channels") if key not in literal.get("inputs", {})]
    if missing:
        raise UserError(f"the CARD of {path} lacks {', '.join(missing)}; docs/add-a-model.md shows a whole one")
    if literal["training"] != "rules":
        raise UserError(f"the CARD of {path} has training: {literal['training']}; that of a rule file is 'rules'")
    return {**literal, "recipe": {}}


def _python(path: Path) -> str:
    """The Python of a file. A rule file gives its card alone, behind as many empty lines as stand above it, so that
    line numbers stay right."""
    text = _text(path)
    if not is_rule_file(path.name):
        return text
    block = CARD_BLOCK.search(text)
    return "\n" * text.count("\n", 0, block.start()) + block[0] if block else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text in UTF-8 ({error.reason}); save it as UTF-8") from error


@functools.lru_cache(maxsize=256)
def _literal(path: Path, _modified: int) -> Card:
    text = _text(path)
    block = CARD_BLOCK.search(text)
    if block:  # parsing the card alone takes a tenth of the time of the file, and the plan reads all cards
        try:
            node = ast.parse(block[0], mode="exec").body[0]
            assert isinstance(node, ast.Assign)
            _refuse_key_twice(node.value, path, text.count("\n", 0, block.start()))
            return dict(ast.literal_eval(node.value))
        except (ValueError, TypeError, SyntaxError):
            pass  # the error below names the line
    try:
        tree = ast.parse(_python(path))
    except SyntaxError as error:
        raise UserError(f"{path} line {error.lineno} is not valid Python: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "CARD" for t in node.targets):
            _refuse_key_twice(node.value, path, 0)
            try:
                return dict(ast.literal_eval(node.value))
            except (ValueError, TypeError) as error:
                message = f"the CARD of {path} must be a plain literal (no names, calls or arithmetic)"
                raise UserError(message) from error
    raise UserError(f"{path} defines no CARD; see an existing file of that folder for its shape")


def _refuse_key_twice(node: ast.expr, path: Path, above: int) -> None:
    """A UserError where a mapping of a literal has a key twice, of which Python would take the last one without a word;
    ``above`` is the number of lines above the literal."""
    first: dict[object, int] = {}
    if isinstance(node, ast.Dict):
        for key in node.keys:
            if isinstance(key, ast.Constant):
                line = above + key.lineno
                if key.value in first:
                    both = f"line {first[key.value]} and again in line {line}"
                    raise UserError(f"the CARD of {path} has the key {key.value!r} in {both}; keep one of them")
                first[key.value] = line
    below = node.values if isinstance(node, ast.Dict) else node.elts if isinstance(node, ast.List | ast.Tuple) else []
    for value in below:
        if isinstance(value, ast.Dict | ast.List | ast.Tuple):
            _refuse_key_twice(value, path, above)


def load(kind: str, name: str) -> ModuleType:
    """Import the file behind a name. A file given by path is imported under its stem."""
    if is_rule_file(name):
        raise UserError(f"{name} is a rule file: a rule of its own trains the model, not the engine; run snakemake")
    path = locate(kind, name)
    try:
        if path.parent == PACKAGE / kind:
            return importlib.import_module(f"mebench.{kind}.{name}")
        return _import_file(path)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{path} cannot be imported: {_import_failure(error, path)}") from error


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mebench_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _import_failure(error: Exception, path: Path) -> str:
    """What failed, and in which line of the file."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno} of {error.filename} is not valid Python: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{f'line {lines[-1]}: ' if lines else ''}{type(error).__name__}: {error}"


def checked_option(where: str, key: str, value: Option, choices: Sequence[Option]) -> Option:
    """The value of an option, if the card allows it. The word FILE among the choices stands for the path of a file of
    weights. Where the card has truth values, yes, no, on and off mean them, though they are texts in YAML 1.2."""
    if True in choices and isinstance(value, str) and value.lower() in TRUTH:
        value = TRUTH[value.lower()]
    if value in choices and value != "FILE":
        return value
    if "FILE" in choices and str(value).endswith(WEIGHTS):
        return expanded(str(value), f"file of weights of {where}")
    listed = ", ".join(f"a file ({', '.join(WEIGHTS)})" if choice == "FILE" else str(choice) for choice in choices)
    raise UserError(f"{where} has {key}: {value}; choose one of {listed}")


def weights_files(spec: RunSpec | ModelEntry) -> list[str]:
    """The files of weights that are named by the options of a run's spec or of a model entry."""
    options = card("models", spec["model"]).get("options", {})
    chosen = [str(spec["options"].get(key, "")) for key, choices in options.items() if "FILE" in choices]
    return [value for value in chosen if value.endswith(WEIGHTS)]
