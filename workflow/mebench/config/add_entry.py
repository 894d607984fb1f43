"""An entry that is added to the models of a configuration file, whose comments and order stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from mebench.errors import UserError
from mebench.files import whole_file

KEY = "models"


def add(path: Path, entry: Mapping[str, str], check: Callable[[Path], object]) -> None:
    """Write the entry as the last of ``models``. ``check`` is given the new file before it takes the place of the old
    one; where it raises, the old one stays."""
    text = with_entry(path.read_text(encoding="utf-8"), entry, path)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        check(temporary)


def with_entry(text: str, entry: Mapping[str, str], path: Path) -> str:
    """The text of a configuration with one more model entry."""
    written = yaml.safe_dump(dict(entry), default_flow_style=True, sort_keys=False, width=10_000).strip()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML ({' '.join(str(error).split())}); mend it first") from error
    models = _models(root)
    if models is None:
        return (
            f"{text.rstrip()}\n\n{KEY}:\n  - ststnet  # the default, where no {KEY} are named\n  - {written}\n".lstrip()
        )
    if not isinstance(models, yaml.SequenceNode) or not models.value:
        raise UserError(f"{path} has {KEY} that are no list; write a list of entries")
    last = models.value[-1]
    if models.flow_style:
        end = _end(last)
        return f"{text[:end]},\n  {written}{text[end:]}"
    lines = text.splitlines(keepends=True)
    number = text.count("\n", 0, _end(last))
    dash = re.match(r"[ \t]*", lines[models.value[0].start_mark.line])
    before = "".join(lines[: number + 1])
    return f"{before.rstrip()}\n{dash[0] if dash else ''}- {written}\n{''.join(lines[number + 1 :])}"


def _models(root: yaml.Node | None) -> yaml.Node | None:
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for name, value in root.value if name.value == KEY), None)


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends: a block ends where its last part does."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
