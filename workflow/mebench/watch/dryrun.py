"""What Snakemake would run for a target and why, in plain sentences, from the text of its dry run."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError
from mebench.runs.reasons import differences

ANOTHER = "Input files updated by another job"  # not a reason of its own
FILES = {  # Snakemake's text before a list of files, and its meaning
    "Missing output files": "{} missing",
    "Incomplete output files": "{} left half-written by a job that died",
    "Updated input files": "{} newer than what was made from it",
    ANOTHER: "{} made anew by another job",
}
PLAIN = {
    "Set of input files has changed since last execution": "it is made from other files than before",
    "Code has changed since last execution": "the command of the rule changed",
    "Software environment definition has changed since last execution": "the rule's environment file changed",
    "Forced execution": "it is forced by the command line",
}
PARAMETERS = "Params have changed since last execution"
ERROR = re.compile(r"\w+(?:Exception|Error)\b.*:")
HEAD, END = re.compile(r"(?:local)?(?:rule|checkpoint) ([^\s:]+):"), "rule end:"
HEADS = "|".join(map(re.escape, (*FILES, *PLAIN, PARAMETERS)))


@dataclass(frozen=True)
class PlannedJob:
    """A job that would run: its ``rule``, first ``output``, ``wildcards``, and Snakemake's ``reason``."""

    rule: str
    output: str
    wildcards: dict[str, str]
    reason: str

    @property
    def reasons(self) -> list[str]:
        """Its reasons as sentences, without those that only follow from another job."""
        parts = [(head, rest) for head, rest in _parts(self.reason) if head != ANOTHER]
        return [sentence for head, rest in parts for sentence in sentences(head, rest)]

    @property
    def follows(self) -> bool:
        """Whether it would run only because other jobs do."""
        return not self.reasons

    @property
    def runs(self) -> str | None:
        """The run of the job, TASK/MODEL/seedK, or TASK/MODEL where it is of all seeds; None for other jobs."""
        if not {"task", "model"} <= set(self.wildcards):
            return None
        of_all = "{task}/{model}".format(**self.wildcards)
        return f"{of_all}/seed{self.wildcards['seed']}" if "seed" in self.wildcards else of_all


def jobs(target: str, arguments: Sequence[str] = ()) -> list[PlannedJob]:
    """The jobs that ``snakemake TARGET`` would run here. ``arguments`` are further arguments of snakemake. An error of
    Snakemake becomes a :class:`UserError`."""
    return parse(output(target, arguments))


def output(target: str, arguments: Sequence[str]) -> str:
    """The text of the dry run."""
    if not any(Path(name).is_file() for name in ("Snakefile", "workflow/Snakefile")):
        raise UserError("there is no Snakefile here; run it in the folder of the project")
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--rerun-incomplete", *arguments, "--", target]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    text = done.stderr + done.stdout
    if done.returncode:
        raise UserError(f"snakemake cannot plan {target}: {complaint(text)}")
    return text


def complaint(text: str) -> str:
    """The lines of Snakemake's error, without the lines before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not re.match(r"Using .* profile", line)]
    named = [number for number, line in enumerate(lines) if ERROR.match(line)]
    told = lines[named[0] :] if named else lines[-3:]
    return " ".join(told[1:] if len(told) > 1 and ERROR.fullmatch(told[0]) else told) or "it gave no reason"


def parse(text: str) -> list[PlannedJob]:
    """The jobs in the text of a dry run."""
    jobs: list[PlannedJob] = []
    rule = ""
    fields: dict[str, str] = {}
    for line in [*text.splitlines(), END]:
        if head := HEAD.fullmatch(line):
            if "reason" in fields:
                jobs.append(_job(rule, fields))
            rule, fields = head[1], {}
        elif rule and (field := re.match(r"    (\w+): (.*)", line)):
            fields.setdefault(field[1], field[2])
    return jobs


def _job(rule: str, fields: dict[str, str]) -> PlannedJob:
    wildcards = re.findall(r"(\w+)=(.*?)(?=, \w+=|$)", fields.get("wildcards", ""))
    return PlannedJob(rule, fields.get("output", "").split(", ")[0], dict(wildcards), fields["reason"].strip())


def _parts(reason: str) -> list[tuple[str, str]]:
    """(Snakemake's heading, the details after it) for each part of a reason."""
    begins = list(re.finditer(rf"(?:^|; )({HEADS})(?::\s*|(?=;|$))", reason))
    if not begins:
        return [(reason, "")]
    ends = [match.start() for match in begins[1:]] + [len(reason)]
    return [(match[1], reason[match.end() : end].strip()) for match, end in zip(begins, ends, strict=True)]


def sentences(head: str, rest: str) -> list[str]:
    """One part of a reason in plain words."""
    if head == PARAMETERS:
        return parameters(rest)
    if head in FILES:
        return [FILES[head].format(_files(rest))]
    return [PLAIN.get(head, head)]


def _files(text: str) -> str:
    names = text.split(", ")
    return f"{names[0]} is" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more are"


def parameters(text: str) -> list[str]:
    """What changed in a rule's parameters: keys of a run's spec, the source code, or an argument."""
    match = re.search(r"before: (.*?) now: (.*)$", text)
    before, now = (_values(match[1]), _values(match[2])) if match else (None, None)
    if before is None or now is None:
        return ["its parameters changed"]
    told = []
    specs = [[value for value in values if _spec(value)] for values in (before, now)]
    if specs[0] and specs[1]:
        told += [f"{key}: {old} -> {new}" for key, old, new in differences(_spec(specs[0][0]), _spec(specs[1][0]))]
    rest = [[v for v in values if not _spec(v) and not _source(v) and not _data(v)] for values in (before, now)]
    if any(map(_data, [*before, *now])):
        told.append("the files that it is made from changed")
    if any(map(_source, [*before, *now])):
        told.append("the source of the code behind it changed")
    if rest[0] or rest[1]:
        told.append(f"an argument changed: {' '.join(map(str, rest[0])) or '(none)'} -> "
                    f"{' '.join(map(str, rest[1])) or '(none)'}")  # fmt: skip
    return told or ["its parameters changed"]


def _values(text: str) -> list[object] | None:
    """The parameters that Snakemake prints as Python literals; None where they cannot be read."""
    if text.strip() == "<nothing exclusive>":
        return []
    try:
        return list(ast.literal_eval(f"[{text}]"))
    except (ValueError, SyntaxError):
        return None


def _spec(value: object) -> dict[str, object] | None:
    """A parameter that is a JSON object; None for others."""
    try:
        mapping = json.loads(value) if isinstance(value, str) and value.startswith("{") else None
    except ValueError:
        return None
    return mapping if isinstance(mapping, dict) else None


def _source(value: object) -> bool:
    """Whether a parameter is a digest of source files: 16 hexadecimal digits, or 32 for two digests."""
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{32}", value))


def _data(value: object) -> bool:
    """Whether a parameter is the state of a dataset's source, or the digest of an owner's landmarks."""
    return isinstance(value, str) and bool(re.fullmatch(r"(?:data|landmarks)-[0-9a-f]{16}", value))
