"""Making a source ready: a synthetic dataset is generated, archives are downloaded and unpacked, folders are taken as
they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mebench import cards
from mebench.acquisition.archives import SUFFIXES, is_archive_name
from mebench.acquisition.listing import folder_digest
from mebench.acquisition.unpacking import archives_of, unpack_all, volumes
from mebench.errors import UserError, did_you_mean
from mebench.files import canonical_json, digest, file_digest, whole_folder
from mebench.media.folders import existing_folder


def fetch(dataset: str, source: str, out: Path, options: dict[str, Any], jobs: int) -> dict[str, Any]:
    """Make ``source`` ready and return its record: dataset, kind, origin, root, digest and the archives with SHA-256.

    What is generated or unpacked goes to ``data`` beside ``out``, known flow to ``truth``, downloads to ``download``;
    ``data`` is whole or absent. A folder is read where it is, unless it cannot be read as the dataset but holds
    archives, as owners deliver them: these are unpacked beside each other into ``data``, and what lies beside them (a
    workbook, a folder that is unpacked already) joins them there. An archive beside a folder of its own name counts as
    unpacked. Raises a UserError where the source is missing, damaged or not the one that ``sha256`` describes.
    """
    card = cards.card("datasets", dataset)
    options = dict(options)
    expected = str(options.pop("sha256", "")).lower()
    data = Path(out).parent / "data"
    kind = kind_of(source)
    if kind != "synthetic" and options:
        raise UserError(f"{', '.join(sorted(options))} of {dataset} only go with the source 'synthetic'")
    if kind == "synthetic" and expected:
        raise UserError(f"sha256 of {dataset} is that of an archive, but its source is synthetic; remove the key")
    record = {"dataset": dataset, "kind": kind, "origin": kind, "source": source, "root": data.as_posix()}
    record["archives"] = []
    if kind == "synthetic":
        return record | {"digest": _generate(dataset, data, Path(out).parent / "truth", options, jobs)}
    if kind == "url":
        from mebench.acquisition import connection, download

        archive = download.download(dataset, source, Path(out).parent / "download")
        found = _unpack(dataset, [archive], archive.parent, data, expected)
        return record | found | {"origin": "archive", "source": connection.shown(source)}
    path = Path(source)
    if kind == "archive":
        return record | _unpack(dataset, [path], path.parent, data, expected)
    if kind == "folder":
        return record | _take_folder(dataset, existing_folder(path, dataset), data, expected)
    raise UserError(advice(card, source, "is no folder or archive" if path.exists() else "does not exist"))


def kind_of(source: str) -> str:
    """``synthetic``, ``url``, ``folder``, ``archive``, or '' for what is none of them."""
    if source == "synthetic":
        return source
    if source.lower().startswith(("http://", "https://")):
        return "url"
    path = Path(source)
    if path.is_dir():
        return "folder"
    return "archive" if path.is_file() and is_archive_name(path.name) else ""


def advice(card: dict[str, Any], source: str, what: str) -> str:
    """What is wrong with a source, what is expected instead, and where its licence is asked for."""
    return (f"the source '{source}' of {card['name']} {what}; expected a folder, an archive "
            f"({', '.join(SUFFIXES)}) or an http(s) address of one, with {card['layout']}; the licence of "
            f"{card['title']} is asked for at {card['homepage']}, and the source 'synthetic' needs none")  # fmt: skip


def _generate(dataset: str, data: Path, truth: Path, options: dict[str, Any], jobs: int) -> str:
    from mebench.synthetic import generate

    unknown = sorted(set(options) - set(generate.OPTIONS))
    if unknown:
        raise UserError(f"unknown option '{unknown[0]}' of a synthetic source"
                        f"{did_you_mean(unknown[0], generate.OPTIONS)}")  # fmt: skip
    if options.get("size") == "full" and {"subjects", "clips"} & set(options):
        raise UserError(f"the synthetic {dataset} of full size has the real one's subjects and clips; leave both out")
    settings = {**generate.DEFAULTS, **options}
    generate.write(dataset, data, truth, **settings, jobs=jobs)
    return digest(canonical_json([dataset, generate.GENERATOR, settings]))


# --- folders and archives ------------------------------------------------------------------------------


def _take_folder(dataset: str, folder: Path, data: Path, expected: str) -> dict[str, Any]:
    archives = archives_of(folder)
    if archives and not is_readable(dataset, folder):
        found = _unpack(dataset, archives, folder, data, expected, join=True)
        mark = digest(found["digest"], folder_digest(folder))
        return found | {"kind": "archives", "origin": "archive", "digest": mark}
    if expected:
        raise UserError(
            f"{dataset} is read from the folder {folder}, not from an archive, so that its sha256 cannot be checked; "
            f"remove the key, or give the archive as the source"
        )
    return {"root": folder.as_posix(), "digest": folder_digest(folder)}


def is_readable(dataset: str, folder: Path) -> bool:
    """Whether the dataset's reader finds clips in ``folder`` as it is."""
    try:
        return bool(cards.load("datasets", dataset).read(folder).clips)
    except UserError:
        return False


def _unpack(
    dataset: str, archives: list[Path], base: Path, data: Path, expected: str, join: bool = False
) -> dict[str, Any]:
    """Check ``archives`` and unpack them into ``data``; with ``join``, what lies beside them in ``base`` too."""
    about = [_about(file, base) for archive in archives for file in volumes(archive)]
    if expected and len(about) > 1:
        raise UserError(f"sha256 of {dataset} is that of one file, but {base} holds {len(about)} archives or volumes; "
                        f"remove the key, or give one archive as the source")  # fmt: skip
    if expected and about[0]["sha256"] != expected:
        raise UserError(
            f"{archives[0]} has the SHA-256 {about[0]['sha256']}, but the configuration expects {expected}; nothing "
            f"was unpacked: delete the file and get a fresh copy, or correct sha256"
        )
    with whole_folder(data) as temporary:
        unpack_all(archives, base, temporary, join=join)
    return {"archives": about, "digest": digest(canonical_json(about))}


def _about(file: Path, base: Path) -> dict[str, Any]:
    try:
        mark = file_digest(file)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    return {"file": file.relative_to(base).as_posix(), "bytes": file.stat().st_size, "sha256": mark}
