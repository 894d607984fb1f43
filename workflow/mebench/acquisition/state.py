"""The state of a source: whether it still is what results were made from.

`mebench fetch` takes an inventory and gives it a name, the state. Snakemake compares states as parameters of the rules
that read the source. The main process compares the source with its inventory when a job is planned: unchanged, the
state stays; changed, it has a new name, and what depends on it is made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from mebench.acquisition import comparing, inventory, read_contents
from mebench.acquisition.comparing import Difference
from mebench.acquisition.inventory import Inventory, Places
from mebench.acquisition.read_contents import ReadContents
from mebench.acquisition.record import SourceRecord, read_record
from mebench.clips.entry import DatasetEntry, FetchOptions
from mebench.errors import UserError
from mebench.files import canonical_json
from mebench.names import readable

GENERATED = ("subjects", "clips", "seed", "size")  # keys of an entry that say what is generated
SHOWN = 2  # files of each kind that a sentence names
Kind = Literal["new", "same", "changed", "gone", "unread"]


@dataclass(frozen=True)
class SourceState:
    """``state`` is the parameter of the rules. ``kind``: ``new`` (nothing was made from the source yet), ``same``,
    ``changed``, ``gone`` (it is not there) or ``unread``; ``sentence`` says so, and is empty for new and same."""

    state: str
    kind: Kind
    sentence: str = ""


@dataclass(frozen=True)
class Looking:
    """A source that is compared: what the configuration names and asks for, the folder ``results/sources/<dataset>``,
    and the dataset's name. ``frames_indexed``: its index was made from the content of frames too."""

    dataset: str
    source: str
    options: FetchOptions
    folder: Path
    frames_indexed: bool = False

    @classmethod
    def entry(cls, dataset: str, entry: DatasetEntry, results: Path) -> Looking:
        """What is compared of the entry of a dataset in the configuration."""
        options = cast(FetchOptions, {key: value for key, value in entry.items() if key in GENERATED})
        folder = Path(results) / "sources" / dataset
        return cls(dataset, entry["source"], options, folder, entry.get("apex") == "flow_max")

    @property
    def results(self) -> Path:
        """The folder of results."""
        return self.folder.parents[1]

    def known(self) -> ReadContents:
        """The contents that results were made from."""
        known = read_contents.read_contents(self.results, self.dataset)
        known.complete = known.complete and not self.frames_indexed
        return known


def wanted(source: str, kind: str, options: FetchOptions) -> str:
    """What decides about the data besides the files of the owner: how they are generated, or their address."""
    if kind == "synthetic":
        return canonical_json([kind, {key: value for key, value in options.items() if key in GENERATED}])
    return canonical_json([kind, source]) if kind == "url" else canonical_json([kind])


def places(record: SourceRecord, source: str, results: Path) -> Places:
    """Where the files of a source lie that was fetched as ``record`` says and is called ``source`` now."""
    data = Path(record.root)
    if record.kind == "folder":
        return Places({"source": Path(source), "elsewhere": Path("/")}, ("source",), results)
    if record.kind == "archives":
        return Places({"source": Path(source), "data": data}, ("source", "data"), results)
    if record.kind == "archive":
        return Places({"archives": Path(source).parent, "data": data}, ("data",))
    return Places({"data": data}, ("data",))


def keep(out: Path, record: SourceRecord, options: FetchOptions, state: str) -> None:
    """Write the inventory of a source that was just made ready, beside ``out``, its source.json.

    ``state`` is what Snakemake calls it; without one, or where the source changed since Snakemake looked, the state
    stays where nothing changed, and is a new one elsewhere.
    """
    path, looking = out.with_name(inventory.NAME), Looking(record.dataset, record.source, options, out.resolve().parent)
    now = places(record, record.source, looking.results)
    asked = wanted(record.source, record.kind, options)
    before = inventory.read(path)
    if before and state in ("", before.state):
        same = before.wanted == asked and not _changes(before, now, looking)[0].changed
        state = before.state if same else inventory.new_state(record.dataset)
    archives = {archive.file: archive.sha256 for archive in record.archives}
    taken = inventory.take(now, state or inventory.new_state(record.dataset), asked, archives)
    inventory.write(path, taken)


def keep_elsewhere(source_json: Path, pictures: list[Path]) -> None:
    """Add files to the inventory beside ``source_json`` that a manifest names by their whole paths."""
    path = source_json.with_name(inventory.NAME)
    taken = inventory.read(path)
    if taken and pictures:
        inventory.write(path, inventory.with_elsewhere(taken, pictures))


def recorded(looking: Looking) -> str:
    """The state that `mebench fetch` kept, without a look at the source."""
    return inventory.read_state(looking.folder / inventory.NAME)


def look(looking: Looking, keep_times: bool = True) -> SourceState:
    """Compare a source with its inventory. Never raises for what lies in the source. With ``keep_times``, times that
    changed alone are kept, so that no content is read for them again."""
    record, taken = _record(looking), inventory.read(looking.folder / inventory.NAME)
    if record is None or taken is None:
        fresh = inventory.new_state(looking.dataset)
        unknown = f"{looking.dataset}: nothing says what the results were made from; what depends on it is made again"
        return SourceState(fresh, "new") if record is None else SourceState(fresh, "changed", unknown)
    now = places(record, looking.source if record.kind != "url" else record.source, looking.results)
    try:
        lacking = comparing.absent(taken, now)
        if lacking:
            return SourceState(taken.state, "gone", f"{looking.dataset}: {lacking[0]} is not there, so that nobody can "
                               "see whether it changed since the results were made from it; they stay as they "
                               "are")  # fmt: skip
        if taken.wanted != _asked_now(looking, record):
            return SourceState(inventory.new_state(looking.dataset), "changed", f"{looking.dataset}: the configuration "
                               "names another source; what depends on it is made again")  # fmt: skip
        differs, read = _changes(taken, now, looking)
    except (UserError, OSError) as error:
        why = error if isinstance(error, UserError) else f"cannot read {error.filename}: {error.strerror}"
        return SourceState(taken.state, "unread", f"{looking.dataset}: whether the source changed cannot be seen, "
                           f"because mebench {why}; the results stay as they are")  # fmt: skip
    if differs.changed:
        about = f"{looking.dataset}: {described(differs.changed, now)} since the results were made from it"
        return SourceState(
            inventory.new_state(looking.dataset), "changed", f"{about}; what depends on it is made again"
        )
    if keep_times and (differs.folders or taken.young or taken.suspects):
        _refresh(looking, taken, comparing.refreshed(taken, differs, read))
    return SourceState(taken.state, "same")


def _record(looking: Looking) -> SourceRecord | None:
    try:
        return read_record(looking.folder / "source.json")
    except UserError:  # there is none, or a damaged one: it is made again
        return None


def _asked_now(looking: Looking, record: SourceRecord) -> str:
    from mebench.acquisition.fetch import source_kind

    kind = source_kind(looking.source)
    if kind in ("folder", "archive"):
        kind = record.kind if (kind == "archive") == (record.kind == "archive") else kind
    source = looking.source
    if kind == "url":
        from mebench.acquisition.connection import shown

        source = shown(source)
    return wanted(source, kind, looking.options)


def _changes(taken: Inventory, now: Places, looking: Looking) -> tuple[Difference, dict[str, str]]:
    differs = comparing.difference(taken, now)
    return differs, comparing.look_at_contents(taken, now, differs, looking.known)


def _refresh(looking: Looking, taken: Inventory, fresh: Inventory) -> None:
    """Keep the new times, so that no content is read for them at the next start; where the results cannot be written,
    it is read again."""
    path = looking.folder / inventory.NAME
    if inventory.read_state(path) == taken.state:
        try:
            inventory.write(path, fresh)
        except (UserError, OSError):
            return


def described(changed: Mapping[str, str], now: Places) -> str:
    """'2 files of /data/x have another content (a, b), 1 is gone (c)'."""
    clauses = []
    for what, one, many in (
        (comparing.CONTENT, "has another content", "have another content"),
        (comparing.GONE, "is gone", "are gone"),
        (comparing.NEW, "is new", "are new"),
    ):
        keys = sorted(key for key, kind in changed.items() if kind == what)
        if keys:
            names = ", ".join(str(now.path(key)) for key in keys[:SHOWN])
            more = f" and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else ""
            clauses.append(f"{names}{more} {one if len(keys) == 1 else many}")
    return readable(", ".join(clauses))


@dataclass(frozen=True)
class Verified:
    """How many files of a source were ``read``, what ``changed`` by path, and of how many files nobody needs to know
    the content, because no result was made from it."""

    dataset: str
    read: int
    changed: Mapping[str, str]
    unread: int

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        others = f"; {self.unread:,} others were not, because no result depends on their content" if self.unread else ""
        if not self.changed:
            return (f"{self.dataset}: {self.read:,} files were read, and all are what the results were made "
                    f"from{others}")  # fmt: skip
        first, what = next(iter(self.changed.items()))
        more = f", and {len(self.changed) - 1:,} more" if len(self.changed) > 1 else ""
        return (f"{self.dataset}: {self.read:,} files were read{others}; {len(self.changed):,} are not what the "
                f"results were made from: {first} ({what}){more}; what depends on it is made again when snakemake "
                "starts")  # fmt: skip


def verify(looking: Looking) -> Verified:
    """Read the content of every file that results were made from. What differs is looked at again when snakemake
    starts. A UserError where nothing was made yet, or the source is not there."""
    path = looking.folder / inventory.NAME
    record, taken = _record(looking), inventory.read(path)
    if record is None or taken is None:
        raise UserError(f"nothing was made from {looking.dataset} yet; run snakemake first")
    now = places(record, looking.source if record.kind != "url" else record.source, looking.results)
    lacking = comparing.absent(taken, now)
    if lacking:
        raise UserError(f"{looking.dataset}: {lacking[0]} is not there; connect the disk, or correct the source")
    differs, known = comparing.difference(taken, now), looking.known()
    frames = {key for name in known.frames for key in _keys(name, record.kind, taken)}
    differs.doubtful |= {*taken.labels, *taken.contents, *taken.young, *frames}
    read = comparing.look_at_contents(taken, now, differs, lambda: known)
    bad = [key for key in read if differs.changed.get(key) == comparing.CONTENT]
    if bad:
        inventory.write(path, replace(taken, suspects=sorted({*taken.suspects, *bad})))
    changed = {readable(str(now.path(key))): what for key, what in sorted(differs.changed.items())}
    return Verified(looking.dataset, len(read), changed, max(0, taken.count - len(read)))


def _keys(frame: str, kind: str, taken: Inventory) -> list[str]:
    """The names that a frame has in the inventory."""
    if frame.startswith("/"):
        return [f"elsewhere{frame}"]
    if kind == "folder":
        return [f"source/{frame}"]
    folder = frame.rpartition("/")[0]
    linked = kind == "archives" and f"data/{folder}/" not in taken.folders  # folders beside archives are linked
    return [f"{'source' if linked else 'data'}/{frame}"]
