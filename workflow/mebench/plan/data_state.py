"""Whether the sources of a configuration still are what its results were made from: parameters of the rules.

The main process of snakemake looks at the source of a dataset when the first of its jobs is planned. Jobs take what was
recorded, because each of them reads the Snakefile again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mebench.acquisition import state
from mebench.acquisition.state import Looking, SourceState
from mebench.clips.entry import DatasetEntry
from mebench.errors import UserError
from mebench.files import file_digest, read_json
from mebench.plan.plan import Plan


class DataStates:
    """The states of the sources of a plan. ``look`` is False in a job; ``say`` gets a sentence about each source that
    changed or cannot be seen."""

    def __init__(self, plan: Plan, look: bool = True, say: Callable[[str], None] = lambda sentence: None):
        self.plan, self.look, self.say = plan, look, say
        self._states: dict[str, SourceState] = {}

    def name(self, dataset: str) -> str:
        """The name of the state of a dataset's source: the parameter of the rules that read it."""
        return self.of(dataset).state if self.look else state.recorded(self.looking(dataset))

    def of(self, dataset: str) -> SourceState:
        """The state of a dataset's source; it is looked at once."""
        if dataset not in self._states:
            self._states[dataset] = state.look(self.looking(dataset))
            for sentence in self.sentences(dataset):
                self.say(sentence)
        return self._states[dataset]

    def sentences(self, dataset: str) -> list[str]:
        """What there is to say of a dataset: that its source changed, or that it or the owner's landmarks are gone."""
        given = self._entry(dataset).get("landmarks")
        told, faces = [self.of(dataset).sentence], self._faces_meta(dataset).is_file()
        if given and faces and not Path(given).is_file():
            told.append(f"{dataset}: the landmarks {given} are not there; the faces that were made with them stay as "
                        "they are")  # fmt: skip
        elif self._other_landmarks(dataset):
            told.append(f"{dataset}: the landmarks {given} have another content since the faces were made with them; "
                        "what depends on it is made again")  # fmt: skip
        return [sentence for sentence in told if sentence]

    def changed(self, dataset: str) -> bool:
        """Whether the source or the owner's landmarks changed since results were made from them."""
        return self.of(dataset).kind == "changed" or self._other_landmarks(dataset)

    def _other_landmarks(self, dataset: str) -> bool:
        meta = self._faces_meta(dataset)
        if not self._entry(dataset).get("landmarks") or not meta.is_file():
            return False
        return self.landmarks(dataset) != self._made_with(meta)

    def looking(self, dataset: str) -> Looking:
        """What is compared of a dataset."""
        return Looking.entry(dataset, self._entry(dataset), Path(self.plan.results))

    def _entry(self, dataset: str) -> DatasetEntry:
        return self.plan.having_dataset(dataset).datasets[dataset]

    def landmarks(self, dataset: str) -> str:
        """The content of the owner's landmarks of a dataset, a parameter of its faces: 'none', or landmarks- and 16
        hexadecimal digits. Where the file is not there, those that the faces were made from."""
        given = self._entry(dataset).get("landmarks")
        if not given:
            return "none"
        try:
            return f"landmarks-{file_digest(given)[:16]}"
        except OSError:
            meta = self._faces_meta(dataset)
        return self._made_with(meta) if meta.is_file() else "none"

    @staticmethod
    def _made_with(meta: Path) -> str:
        try:
            return f"landmarks-{read_json(meta).get('landmarks', '')}"
        except UserError:  # a damaged file says nothing
            return "landmarks-"

    def _faces_meta(self, dataset: str) -> Path:
        return Path(self.plan.results) / "faces" / dataset / "meta.json"
