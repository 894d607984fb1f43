"""A network that was trained on everyone, as footage of one's own asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.config.input_names import InputSpec
from mebench.errors import UserError
from mebench.footage.made import input_of
from mebench.inputs.store import Store
from mebench.log import log
from mebench.runs import code_of_fold, final_files
from mebench.runs.final_files import Final
from mebench.tasks import Kind, Row, card, kind_of, metrics, name_of

if TYPE_CHECKING:
    import numpy as np

VERBS = {"spotting": "mebench spot", "recognition": "mebench recognise"}


@dataclass(frozen=True)
class Trained:
    """A training on everyone for one kind of task."""

    final: Final

    @cached_property
    def kind(self) -> Kind:
        """The kind of its task."""
        return kind_of(self.final.spec["task"])

    def input(self, crop: str) -> InputSpec:
        """The input that it reads of footage. It is said where it has been trained on none that is cropped so."""
        spec, known = input_of(self.final.spec["inputs"], crop), sorted(set(self.final.record.learned.inputs.values()))
        if known and spec.name not in known and "crop" in spec.options:
            advice = (
                "provided, if your frames are crops of faces" if crop == "detected" else "detected, if they are not"
            )
            log.warning(f"the network was trained on {', '.join(known)}, but your footage is read as {spec.name}; give "
                        f"--crop {advice}")  # fmt: skip
        return spec

    def predict(self, samples: list[Row], stored: Store) -> np.ndarray:
        """What it predicts for ``samples``, whose arrays are in a store: (n, ...)."""
        from safetensors.torch import load_file

        from mebench.training.batches import OnDisk
        from mebench.training.network import Network
        from mebench.training.reading import one_input

        wanted = self.final.spec["inputs"]
        x = OnDisk(len(samples), lambda row, draw: one_input(self.kind, samples[row], stored, wanted))
        return Network(self.final.spec, load_file(self.final.weights), x.dim()).predict(x)


def read(weights: Path, kind: str) -> Trained:
    """Read weights that were trained for tasks of a ``kind``; a UserError where they were not. It is said where the
    model's code is another one than that of the training."""
    final = final_files.read(weights)
    trained = Trained(final)
    own = name_of(trained.final.spec["task"])
    if own != kind:
        advice = f"give it to `{VERBS[own]}`" if own in VERBS else "no command applies such weights"
        raise UserError(f"{weights} was trained for {own}, not for {kind}; {advice}")
    model, made_from = final.spec["model"], final.record.fold.made_from or {}
    if made_from.get("model") != code_of_fold.model_digest(model):
        log.warning(f"the code of the model {model} is not that which {weights} was trained with; what it says may "
                    "differ")  # fmt: skip
    return trained


def about(trained: Trained) -> list[str]:
    """What a person has to know before an answer: what the network was trained on, how it fared on subjects that it had
    not seen, and whose licence applies."""
    final, learned = trained.final, trained.final.record.learned
    data = ", ".join(f"{name} ({', '.join(f'{n} {what}' for what, n in counts.items())})"
                     for name, counts in learned.datasets.items())  # fmt: skip
    title = final.card["title"]
    task = final.card["task"]["title"]
    synthetic = "; SYNTHETIC DATA, no real face was seen" if learned.origin == "synthetic" else ""
    lines = [f"network: {title}, trained for {task}, on everyone of {data}{synthetic}", f"benchmark: {scored(final)}"]
    if final.card["benchmark"] and (conventions := final.card["benchmark"].get("conventions")):
        lines.append(conventions)
    if learned.origin != "synthetic":
        lines.append(f"licence: that of the data ({'; '.join(sorted(set(final.card['licences'].values())))})")
    return lines


def scored(final: Final) -> str:
    """The benchmark's score of the same entry as one line."""
    benchmark = final.card["benchmark"]
    if benchmark is None:
        return "not scored: nobody knows how good the answers are"
    about_them = metrics(name_of(final.spec["task"]))
    columns = card(final.spec["task"])["columns"]["part"]
    shown = ", ".join(f"{title} {_number(benchmark['metrics'][name], about_them[name].get('digits', 4))}"
                      for name, title in columns)  # fmt: skip
    folds = f"{benchmark['folds_done']} of {benchmark['folds_expected']} folds"
    return f"{shown} on left-out subjects, {folds}"


def _number(value: float | None, digits: int) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"
