"""Cards: the metadata of a model or dataset, a literal that is read without importing the file's heavy code."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import json
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mebench.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from mebench.config.spec import RunSpec

PACKAGE = Path(__file__).parent
OWN = Path("datasets")  # where datasets outside the package lie
WEIGHTS = (".safetensors", ".pth", ".pt")
RULES = ".smk"  # the suffix of a rule file: a model that a Snakemake rule of its own trains
RULE_CARD = ("title", "kind", "paper", "licence", "training", "parameters", "inputs", "resources", "notes")
# a rule file is not plain Python: its card begins at the margin and ends before the next line that does
CARD_BLOCK = re.compile(r"^CARD\s*=.*(?:\n(?:[ \t)\]}#].*)?)*", re.MULTILINE)


def names(kind: str) -> list[str]:
    """Names of all registered ``models`` or ``datasets``: every file of that folder that is not private. Datasets of
    one's own are the files of the folder ``datasets`` where the command runs."""
    found = {path.stem for path in (PACKAGE / kind).glob("*.py") if not path.stem.startswith("_")}
    own = OWN.glob("*.py") if kind == "datasets" else ()
    return sorted(found | {path.stem for path in own if CARD_BLOCK.search(_text(path))})


def locate(kind: str, name: str) -> Path:
    """The file behind a registered name, or behind a path ending in ``.py`` (of a model: or in ``.smk``)."""
    if name.endswith(".py") or (kind == "models" and is_rule_file(name)):
        path = Path(name)
        if not path.is_file():
            wanted = "rule" if is_rule_file(name) else "Python"
            raise UserError(f"there is no file {path} for the {kind[:-1]} '{name}'; give the path of a {wanted} file")
        return path
    path = PACKAGE / kind / f"{name}.py"
    if kind == "datasets" and not path.is_file():
        path = OWN / f"{name}.py"
    if name.startswith("_") or "/" in name or not path.is_file():
        raise UserError(f"unknown {kind[:-1]} '{name}'{did_you_mean(name, names(kind))}")
    return path


def is_rule_file(name: str) -> bool:
    """Whether a model is named by the path of a rule file, whose own rule trains it."""
    return name.endswith(RULES)


def card(kind: str, name: str) -> dict[str, Any]:
    """The ``CARD`` literal of a file, with its registered ``name`` added, and for a model of the package the folds
    that were ``measured``."""
    path = locate(kind, name)
    found = {"name": path.stem, **_literal(path, path.stat().st_mtime_ns)}
    if path == PACKAGE / "models" / f"{name}.py" and name in _measured():
        found["measured"] = _measured()[name]
    return _of_rules(path, found) if is_rule_file(name) else found


@functools.lru_cache(maxsize=1)
def _measured() -> dict[str, list[dict[str, Any]]]:
    """Measured folds of the package's models. They lie apart from the models' files, whose digests are part of every
    result: a measurement must not train a model again."""
    return json.loads((PACKAGE / "models" / "measured.json").read_text(encoding="utf-8"))


def _of_rules(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    """The card of a rule file, checked, with an empty recipe."""
    missing = [key for key in RULE_CARD if key not in found]
    missing += [f"inputs: {key}" for key in ("kind", "size", "channels") if key not in found.get("inputs", {})]
    if missing:
        raise UserError(f"the CARD of {path} lacks {', '.join(missing)}; docs/add-a-model.md shows a whole one")
    if found["training"] != "rules":
        raise UserError(f"the CARD of {path} has training: {found['training']}; that of a rule file is 'rules'")
    return {**found, "recipe": {}}


def _python(path: Path) -> str:
    """The Python of a file in its place: of a rule file the card alone, below as many empty lines as stand above it."""
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
def _literal(path: Path, _modified: int) -> dict[str, Any]:
    block = CARD_BLOCK.search(_text(path))
    if block:  # the card alone is a tenth of the work of parsing the file, and the plan reads them all
        try:
            return dict(ast.literal_eval(block[0].partition("=")[2].strip()))
        except (ValueError, TypeError, SyntaxError):
            pass  # said with its line below
    try:
        tree = ast.parse(_python(path))
    except SyntaxError as error:
        raise UserError(f"{path} line {error.lineno} is not valid Python: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "CARD" for t in node.targets):
            try:
                return dict(ast.literal_eval(node.value))
            except (ValueError, TypeError) as error:
                message = f"the CARD of {path} must be a plain literal (no names, calls or arithmetic)"
                raise UserError(message) from error
    raise UserError(f"{path} defines no CARD; see an existing file of that folder for its shape")


def load(kind: str, name: str) -> ModuleType:
    """Import the file behind a name. A file given by path is imported under its stem."""
    if is_rule_file(name):
        raise UserError(f"{name} is a rule file: a rule of its own trains the model, not the engine; run snakemake")
    path = locate(kind, name)
    try:
        if path.parent == PACKAGE / kind:
            return importlib.import_module(f"mebench.{kind}.{name}")
        spec = importlib.util.spec_from_file_location(f"mebench_user_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{path} cannot be imported: {_of_import(error, path)}") from error
    return module


def _of_import(error: Exception, path: Path) -> str:
    """What failed, and in which line of the file."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno} of {error.filename} is not valid Python: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{f'line {lines[-1]}: ' if lines else ''}{type(error).__name__}: {error}"


def checked_option(where: str, key: str, value: Any, choices: list[Any]) -> Any:
    """The value of an option, if the card allows it; the word FILE among its choices stands for any path of a weights
    file."""
    if value in choices and value != "FILE":
        return value
    if "FILE" in choices and str(value).endswith(WEIGHTS):
        return str(value)
    listed = ", ".join(f"a file ({', '.join(WEIGHTS)})" if choice == "FILE" else str(choice) for choice in choices)
    raise UserError(f"{where} has {key}: {value}; choose one of {listed}")


def weights_files(spec: RunSpec) -> list[str]:
    """The files of weights that the options of a run's spec name."""
    options = card("models", spec["model"]).get("options", {})
    chosen = [str(spec["options"].get(key, "")) for key, choices in options.items() if "FILE" in choices]
    return [value for value in chosen if value.endswith(WEIGHTS)]
