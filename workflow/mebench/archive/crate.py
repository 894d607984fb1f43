"""``ro-crate-metadata.json``: what each member of an archive is, as RO-Crate 1.1 has it (JSON-LD), with its digest."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from mebench.errors import UserError
from mebench.files import readable_json

FILE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/crate/1.1"
CONTEXT = [f"{PROFILE}/context", {"sha256": "https://schema.org/sha256"}]  # which the context of 1.1 lacks
SPDX = "https://spdx.org/licenses/"
UNLICENSED, AUTHOR = "#licence", "#author"
TYPES = {
    "csv": "text/csv", "json": "application/json", "html": "text/html", "md": "text/markdown", "tex": "text/x-tex",
    "yaml": "application/yaml", "cff": "application/yaml", "py": "text/x-python", "npy": "application/octet-stream",
    "svg": "image/svg+xml", "png": "image/png", "lock": "text/plain", "": "text/plain",
}  # fmt: skip
# by the beginning of a name and its end, the first that fits
MEANINGS = (
    ("mebench-archive.json", "", "What this archive is: its name, whether it is complete, and its format."),
    ("config.json", "", "The configuration of the benchmark, resolved."),
    ("provenance.json", "", "What the results were made with: source, versions, data and machines, with digests."),
    ("requirements.lock", "", "The packages that mebench was locked to."),
    ("CITATION.cff", "", "How to cite mebench."),
    ("LICENSE", "", "The licence of mebench."),
    ("own/tables/", "", "What a table shows, written by the owner of these results."),
    ("own/kinds/", "", "Code of a kind of task, written by the owner of these results. It is never run from here."),
    ("runs/", "run.json", "What the run was, and how its folds went."),
    ("runs/", "folds.json", "Status, time and memory of each fold."),
    ("runs/", "audit.json", "What an audit found where the run was trained."),
    ("runs/", "history.csv", "Losses by fold and epoch."),
    ("runs/", ".npy", "Numbers of predictions, beside the CSV file of the same name."),
    ("runs/", "predictions.test_peek.csv", "Predictions of the epochs that were chosen on the test subjects."),
    ("runs/", "predictions.inner.csv", "Predictions for the subjects that folds held out of their training subjects."),
    ("runs/", "predictions.csv", "Predictions of all folds: the only source of every number."),
    ("audit/", "", "What an audit found of the runs of a task, where they were trained."),
    ("scores/", "", "Scores of the predictions."),
    ("tables/", ".statistics.json", "How sure the figures of a table are."),
    ("tables/", ".figures.csv", "Every figure of a table's rows, and its interval."),
    ("tables/", ".differences.csv", "The differences between the models of a table."),
    ("tables/", "", "A table."),
    ("plots/", "", "A plot that shows generated clips."),
    ("shown/", "", "What the report says of a dataset: counts, and of generated data pictures."),
    ("faces/", "", "A contact sheet of generated faces."),
)


@dataclass(frozen=True)
class Packed:
    """A member as it was packed: its size in bytes, and SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class About:
    """What a crate says of itself. ``datasets`` are (name, title, licence, homepage) of each."""

    name: str
    description: str
    date: str
    licence: str | None
    mebench: str
    datasets: Sequence[tuple[str, str, str, str]]


def text(about: About, members: Mapping[str, Packed]) -> str:
    """The text of the file, of an archive with these members."""
    described = {"@id": FILE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": PROFILE}}
    files = [_file(name, packed) for name, packed in sorted(members.items())]
    licence = _licence(about)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.name,
        "description": about.description,
        "datePublished": about.date,
        "license": {"@id": licence["@id"]},
        "author": {"@id": AUTHOR},
        "publisher": {"@id": AUTHOR},
        "hasPart": [{"@id": file["@id"]} for file in files],
        "isBasedOn": _one([{"@id": _id_of_dataset(name)} for name, *_ in about.datasets]),
        "mentions": {"@id": "#made"},
    }
    software = {"@id": "#mebench", "@type": "SoftwareApplication", "name": "mebench", "version": about.mebench,
                "license": {"@id": f"{SPDX}MIT"}}  # fmt: skip
    made = {
        "@id": "#made",
        "@type": "CreateAction",
        "name": "Scores and tables are made from predictions",
        "instrument": {"@id": "#mebench"},
        "object": _named(files, "runs/"),
        "result": [*_named(files, "scores/"), *_named(files, "tables/")],
    }
    author = {"@id": AUTHOR, "@type": "Organization", "name": about.name}
    mit = {"@id": f"{SPDX}MIT", "@type": "CreativeWork", "name": "MIT License"}
    datasets = [
        {"@id": _id_of_dataset(name), "@type": "Dataset", "name": title, "url": homepage, "conditionsOfAccess": terms}
        for name, title, terms, homepage in about.datasets
    ]
    own = [licence] if licence["@id"] != mit["@id"] else []
    graph = [described, root, *files, *own, author, mit, software, made, *datasets]
    return readable_json({"@context": CONTEXT, "@graph": graph})


def _licence(about: About) -> dict[str, str]:
    if about.licence:
        return {"@id": f"{SPDX}{quote(about.licence)}", "@type": "CreativeWork", "name": about.licence}
    return {
        "@id": UNLICENSED,
        "@type": "CreativeWork",
        "name": "No licence was chosen",
        "description": "Whoever packed these results named no licence. Names of clips and labels are under the licences"
        " of their datasets.",
    }


def _file(name: str, packed: Packed) -> dict[str, str]:
    _, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return {
        "@id": quote(name),
        "@type": "File",
        "name": name,
        "description": meaning(name),
        "encodingFormat": TYPES.get(suffix if dot else "", "application/octet-stream"),
        "contentSize": str(packed.size),
        "sha256": packed.sha256,
    }


def meaning(name: str) -> str:
    """What a member holds, in a sentence."""
    return next(said for begin, end, said in MEANINGS if name.startswith(begin) and name.endswith(end))


def _named(files: Iterable[Mapping[str, str]], beginning: str) -> list[dict[str, str]]:
    return [{"@id": file["@id"]} for file in files if file["@id"].startswith(beginning)]


def _one(values: list[dict[str, str]]) -> list[dict[str, str]] | dict[str, str]:
    """A list of one is written as its value."""
    return values[0] if len(values) == 1 else values


def _id_of_dataset(name: str) -> str:
    return f"#dataset-{quote(name)}"


def read(content: bytes, where: str) -> tuple[str, dict[str, Packed]]:
    """The date of the archive ``where``, and the members that its crate lists."""
    try:
        graph = json.loads(content)["@graph"]
        files = [entity for entity in graph if entity["@type"] == "File"]
        date = next(entity["datePublished"] for entity in graph if entity["@id"] == "./")
        datetime.date.fromisoformat(date)
        return date, {unquote(file["@id"]): Packed(int(file["contentSize"]), file["sha256"]) for file in files}
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise UserError(f"{FILE} of {where} is damaged ({error!r}); get the archive again") from error
