"""The page of models, ``docs/models.md``: everything that the cards and the tables of published figures say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mebench.catalogue import facts
from mebench.catalogue.listing import HEADER, markdown_table, rows
from mebench.config import recipes
from mebench.config.deviations import deviations
from mebench.model_card import Measurement, ModelCard
from mebench.papers import paper
from mebench.plan import estimate
from mebench.protocols.tasks import task
from mebench.report.plain import plain
from mebench.tasks import metrics
from mebench.tasks import name_of as kind_of

QUOTED = {"recognition": {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy"}}  # all three, whether quoted or not
COMPOSITE = 435  # training clips of a fold of megc2019, on average
COMMAND = "mebench models --page > docs/models.md"
INTRODUCTION = f"""\
<!-- Made from the cards in workflow/mebench/models and the published rows in workflow/mebench/tables by
     {COMMAND}
     Edit those, not this file. -->

# Models

Every model is one file in `workflow/mebench/models/` with a card, and this page is made from the cards
(`{COMMAND}`). The papers as BibTeX: [references.bib](references.bib).

- **Parameters** are those at three classes with the default options. **GFLOP**: 10^9 operations of a forward pass of
  one clip, two for each multiplication with its addition.
- **Recipe**: the preset `paper` is the default and what the paper or its code prescribes (the deviations say where
  neither does); `small` trains in minutes on a CPU, to try the workflow. Any key of a recipe and any option can be set
  in `config.yaml`.
- **Published** figures are quoted from where somebody here read them, each with the task that it belongs to. *Peeked*
  says whether its epoch was chosen on the test subjects; such a figure cannot be compared with one that was not.
  `~` marks figures derived from rounded ones.
"""


def render(cards: Sequence[ModelCard]) -> str:
    """The whole page."""
    lines = [_linked(line) for line in rows(cards)]
    overview = markdown_table(HEADER, lines, right=("parameters", "GFLOP"))
    return "\n\n".join([INTRODUCTION.rstrip(), overview, *map(section, cards)]) + "\n"


def _linked(line: Sequence[str]) -> tuple[str, ...]:
    """The line of a model with its title as link to the section of that title."""
    name, title, *rest = line
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"`{name}`", f"[{title}](#{anchor})", *rest


def section(card: ModelCard) -> str:
    """A model: paper, facts, recipe, options, what was measured, what was published, notes, deviations."""
    parts = [f"## {card['title']}", _head(card), _facts(card), _recipe(card), _options(card), _measured(card),
             _published(card), card["notes"] and f"**Notes.** {card['notes']}", _deviations(card)]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _head(card: ModelCard) -> str:
    cited = paper(card.get("paper"))
    first = f"`{card['name']}`, {'a control' if card['kind'] == 'control' else 'a model'}"
    if not cited:
        return f"{first}."
    links = [f"[arXiv:{cited.arxiv}](https://arxiv.org/abs/{cited.arxiv})"] if cited.arxiv else []
    links += [f"[doi:{cited.doi}](https://doi.org/{cited.doi})"] if cited.doi else []
    place = "Preprint" if cited.venue == "arXiv" else cited.venue
    return " ".join([f"{first} of {cited.byline}: *{cited.title}*. {place}, {cited.year}.", *links])


def _facts(card: ModelCard) -> str:
    inputs, needs = card["inputs"], card["resources"]
    details = {key: value for key, value in inputs.items() if key not in ("kind", "size")}
    gpu = "a GPU" if needs["gpu"] else "no GPU"
    lines = {
        "Input": f"{facts.shape(inputs)}: " + "; ".join(f"{key} {plain(value)}" for key, value in details.items()),
        "Parameters": plain(card["parameters"]),
        "Forward pass": f"{facts.gflop(card)} GFLOP per clip" if card.get("flops") else "",
        "Never get a gradient": ", ".join(f"`{pattern}`" for pattern in card.get("dead", [])),
        "Frozen": ", ".join(f"`{pattern}`" for pattern in card.get("frozen", [])),
        "Resources of a job": f"{needs['mem_mb']:,} MB of memory, {needs['runtime_min']:,} minutes, {gpu}",
        "Licence": card["licence"],
    }
    return "\n".join(f"- {name}: {text}" for name, text in lines.items() if text)


def _recipe(card: ModelCard) -> str:
    presets, lines, defaults = facts.recipe_table(card)
    if not lines:
        return {
            "fit": "Fitted at once, without gradient descent.",
            "oracle": "Not trained.",
            "direct": "Not trained by epochs: it gives intervals itself.",
        }.get(card.get("training", "gradient"), "")
    table = markdown_table(("recipe", *presets), lines)
    return f"{table}\n\nAll else is at its default: {', '.join(defaults)}." if defaults else table


def _options(card: ModelCard) -> str:
    lines = [(f"`{option}`", values, changed) for option, values, changed in facts.effects(card)]
    header = ("option", "values, the default first", "changes, besides the model itself")
    return markdown_table(header, lines) if lines else ""


def _measured(card: ModelCard) -> str:
    """The measured trainings, and the time of a whole fold that follows from each."""
    # the composite is a task of recognition; what was measured of a network for spotting alone says nothing of it
    records = card.get("measured", []) if "recognition" in card.get("serves", ["recognition"]) else []
    header = ("options", "device", "clips x epochs", "batch", "precision", "seconds", "a fold, seconds", "memory, MB",
              "of the device's peak")  # fmt: skip
    lines = []
    for record in records:
        options = ", ".join(f"{option}: {chosen}" for option, chosen in record["options"].items()) or "default"
        recipe = recipes.resolve({"model": card["name"], **record["options"]})["recipe"]
        lines.append([options, record["device"], f"{record['clips']} x {record['epochs']}", *_setting(record),
                      plain(record["seconds"]), f"{estimate.scaled(record, recipe, COMPOSITE):.3g}",
                      plain(record["peak_memory_mb"]) if "peak_memory_mb" in record else "not measured",
                      f"{100 * record['share_of_peak']:.2g} %"])  # fmt: skip
    table = markdown_table(header, lines, right=header[5:])
    heading = f"Training measured on random clips, and by that a fold of the composite ({COMPOSITE} clips, all epochs):"
    return f"{heading}\n\n{table}" if records else ""


def _deviations(card: ModelCard) -> str:
    """Where it differs from its source, as a list."""
    lines = [" ".join(filter(None, (f"- {item.what}", item.effect, f"*({item.source})*"))) for item in deviations(card)]
    return "\n".join(["**Deviations**, each with what it differs from:", "", *lines]) if lines else ""


def _setting(record: Measurement) -> list[str]:
    return [str(record.get(key, "")) for key in ("batch_size", "precision")]


def _published(card: ModelCard) -> str:
    if card["kind"] == "control":
        return ""
    figures = facts.published(card["name"])
    if not figures:
        return "No published figure of it that was read belongs to a task of this benchmark."
    kinds = {f.task: kind_of(task(f.task)) for f in figures}
    quoted = [_quoted([f for f in figures if kinds[f.task] == kind], kind) for kind in dict.fromkeys(kinds.values())]
    tasks = [f"- {name}: {task(name)['title']}" for name in dict.fromkeys(f.task for f in figures)]
    read = [
        f"- {f.method} ({f.task}): read in: {'; '.join(f.sources)}.{' ' + f.note if f.note else ''}" for f in figures
    ]
    return "\n".join(["\n\n".join(quoted), "", *tasks, *dict.fromkeys(read)])


def _quoted(figures: Sequence[facts.PublishedFigure], kind: str) -> str:
    """A table of figures of tasks of one kind, with a column for each of its metrics that is quoted."""
    known = metrics(kind)
    shown = QUOTED.get(kind) or {name: about["title"] for name, about in known.items()
                                 if any(name in f.values for f in figures)}  # fmt: skip
    header = ("task", "published as", "part", *shown.values(), "peeked")
    lines = [[f.task, f.method, f.part, *(f.values.get(metric, "") for metric in shown), f.peeked] for f in figures]
    return markdown_table(header, lines, right=[*shown.values()])
