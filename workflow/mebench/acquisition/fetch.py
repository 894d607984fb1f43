"""Makes a source ready: generates a synthetic dataset, downloads and unpacks archives, takes folders as they are."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from mebench import cards
from mebench.acquisition.archives import SUFFIXES, is_archive_name
from mebench.acquisition.listing import folder_digest
from mebench.acquisition.record import ArchiveFile, SourceRecord
from mebench.acquisition.unpacking import packed_archives, unpack_all, volumes
from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.entry import FetchOptions, GeneratorOptions
from mebench.errors import UserError, did_you_mean
from mebench.files import canonical_json, digest, file_digest, whole_folder
from mebench.media.folders import existing_folder
from mebench.synthetic.marker import FULL_SIZES


def fetch(dataset: str, source: str, out: Path, options: FetchOptions, jobs: int) -> SourceRecord:
    """Make ``source`` ready and return its record.

    What is generated or unpacked goes to ``data`` beside ``out``, known flow to ``truth``, downloads to ``download``;
    ``data`` is whole or absent. A folder is read where it is, unless it cannot be read as the dataset but holds
    archives, as owners deliver them: these are unpacked beside each other into ``data``, and what lies beside them (a
    workbook, a folder that is unpacked already) joins them there. An archive beside a folder of its own name counts as
    unpacked. Raises a UserError where the source is missing, damaged or not the one that ``sha256`` describes.
    """
    card, expected, data = dataset_card(dataset), options.get("sha256", "").lower(), Path(out).parent / "data"
    generator = cast(GeneratorOptions, {key: value for key, value in options.items() if key != "sha256"})
    kind = source_kind(source)
    if kind != "synthetic" and generator:
        raise UserError(f"{', '.join(sorted(generator))} of {dataset} only go with the source 'synthetic'")
    if kind == "synthetic" and expected:
        raise UserError(f"sha256 of {dataset} is that of an archive, but its source is synthetic; remove the key")
    record = SourceRecord(dataset, kind, kind, source, data.as_posix())
    if kind == "synthetic":
        return replace(record, digest=_generate(dataset, data, Path(out).parent / "truth", generator, jobs))
    if kind == "url":
        from mebench.acquisition import connection, download

        archive = download.download(dataset, source, Path(out).parent / "download")
        record = replace(record, origin="archive", source=connection.shown(source))
        return _unpack(record, [archive], archive.parent, expected)
    path = Path(source)
    if kind == "archive":
        return _unpack(record, [path], path.parent, expected)
    if kind == "folder":
        return _take_folder(record, existing_folder(path, dataset), expected)
    raise UserError(advice(card, source, "is no folder or archive" if path.exists() else "does not exist"))


def source_kind(source: str) -> str:
    """``synthetic``, ``url``, ``folder``, ``archive``, or '' for what is none of them."""
    if source == "synthetic":
        return source
    if source.lower().startswith(("http://", "https://")):
        return "url"
    path = Path(source)
    if path.is_dir():
        return "folder"
    return "archive" if path.is_file() and is_archive_name(path.name) else ""


def advice(card: DatasetCard, source: str, what: str) -> str:
    """What is wrong with a source, what is expected instead, and where its licence is asked for."""
    return (f"the source '{source}' of {card.name} {what}; expected a folder, an archive "
            f"({', '.join(SUFFIXES)}) or an http(s) address of one, with {card.layout}; the licence of "
            f"{card.title} is asked for at {card.homepage}, and the source 'synthetic' needs none")  # fmt: skip


def _generate(dataset: str, data: Path, truth: Path, options: GeneratorOptions, jobs: int) -> str:
    from mebench.synthetic import generate

    unknown = sorted(set(options) - set(generate.OPTIONS))
    if unknown:
        raise UserError(f"unknown option '{unknown[0]}' of a synthetic source"
                        f"{did_you_mean(unknown[0], generate.OPTIONS)}")  # fmt: skip
    if (size := options.get("size", "small")) in FULL_SIZES and {"subjects", "clips"} & set(options):
        raise UserError(f"the synthetic {dataset} of {size} size has the real one's subjects and clips; leave both out")
    settings: GeneratorOptions = {**generate.defaults(dataset, size), **options}
    generate.write(dataset, data, truth, **settings, jobs=jobs)
    return digest(canonical_json([dataset, generate.generator(dataset), settings]))


# --- folders and archives ------------------------------------------------------------------------------


def _take_folder(record: SourceRecord, folder: Path, expected: str) -> SourceRecord:
    archives = packed_archives(folder)
    if archives and not is_readable(record.dataset, folder):
        unpacked = _unpack(replace(record, kind="archives", origin="archive"), archives, folder, expected, join=True)
        return replace(unpacked, digest=digest(unpacked.digest, folder_digest(folder)))
    if expected:
        raise UserError(
            f"{record.dataset} is read from the folder {folder}, not from an archive, so that its sha256 cannot be "
            f"checked; remove the key, or give the archive as the source"
        )
    return replace(record, root=folder.as_posix(), digest=folder_digest(folder))


def is_readable(dataset: str, folder: Path) -> bool:
    """Whether the dataset's reader finds clips in ``folder`` as it is."""
    try:
        return bool(cards.load("datasets", dataset).read(folder).clips)
    except UserError:
        return False


def _unpack(
    record: SourceRecord, archives: list[Path], base: Path, expected: str, join: bool = False
) -> SourceRecord:  # fmt: skip
    """Check ``archives`` and unpack them into the root of ``record``; with ``join``, what lies beside them in ``base``
    too. Returns the record with the files of the archives and their digest."""
    files = tuple(_archive_file(file, base) for archive in archives for file in volumes(archive))
    if expected and len(files) > 1:
        raise UserError(f"sha256 of {record.dataset} is that of one file, but {base} holds {len(files)} archives or "
                        f"volumes; remove the key, or give one archive as the source")  # fmt: skip
    if expected and files[0].sha256 != expected:
        raise UserError(
            f"{archives[0]} has the SHA-256 {files[0].sha256}, but the configuration expects {expected}; nothing "
            f"was unpacked: delete the file and get a fresh copy, or correct sha256"
        )
    with whole_folder(record.root) as temporary:
        unpack_all(archives, base, temporary, join=join)
    return replace(record, archives=files, digest=digest(canonical_json([asdict(file) for file in files])))


def _archive_file(file: Path, base: Path) -> ArchiveFile:
    try:
        sha256 = file_digest(file)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    return ArchiveFile(file.relative_to(base).as_posix(), file.stat().st_size, sha256)
