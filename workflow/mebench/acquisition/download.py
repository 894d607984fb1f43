"""Downloads an archive: goes on where it was cut, tries again where waiting helps; whole or absent under its name.

A part of a download is called NAME.part. NAME.part.json beside it holds what the server calls this version (ETag or
date), so that the rest of another version is never joined to it. A whole download is kept with NAME.json beside it, and
is downloaded again only when the server has another version.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import re
import ssl
import time
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import unquote

from mebench.acquisition import connection
from mebench.acquisition.archives import is_archive_name, looks_like_html
from mebench.acquisition.members import check_room
from mebench.errors import UserError
from mebench.files import digest, read_json, write_json
from mebench.log import log
from mebench.progress import Progress

WAITS = (2, 5, 15, 40, 90, 180)  # seconds before another try that follows one without progress
LONGEST = 300  # seconds: of the waits that a server asks for
TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524})
BLOCK = 1 << 20


class Notes(TypedDict, total=False):
    """What is known of a download: the digest of its address, the server's marks of its version, and its bytes."""

    address: str
    etag: str
    modified: str
    size: int


class _Again(Exception):
    """Why this try ended without the whole file; ``wait`` is what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float = 0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Download:
    """One address, the folder it is downloaded to, and the token that goes with it."""

    dataset: str
    url: str
    folder: Path
    secret: str = ""
    variable: str = ""

    @property
    def target(self) -> Path:
        last = unquote(self.url.split("?")[0].split("#")[0]).rpartition("/")[2]
        name = re.sub(r"[^\w.()+ -]", "_", last).lstrip(".") or self.dataset
        return self.folder / (name if is_archive_name(name) else f"{name}.archive")

    @property
    def part(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def shown(self) -> str:
        return connection.shown(self.url)

    @property
    def address(self) -> str:
        """A digest of the address; the address itself may hold a key."""
        return digest(self.url)

    # --- the whole ----------------------------------------------------------------------------------

    def run(self) -> Path:
        """The path of the whole archive."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._kept_is_current():
            log.info(f"{self.dataset}: {self.target} is what the server holds, nothing to download")
            return self.target
        tries, most = 0, 0
        while True:
            try:
                self._attempt()
                return self.target
            except _Again as trouble:
                size = self.part.stat().st_size if self.part.exists() else 0
                if size > most:
                    tries, most = 0, size
                if tries == len(WAITS):
                    kept = f"; {size / 2**20:.1f} MiB are kept in {self.part}, run again to go on" if size else ""
                    message = f"{self.shown} cannot be downloaded, {trouble} (tried {tries + 1} times){kept}"
                    raise UserError(message) from None
                wait = min(LONGEST, max(WAITS[tries], trouble.wait))
                tries += 1
                log.warning(f"{self.dataset}: {trouble}; trying again in {wait:g} s")
                time.sleep(wait)

    def _kept_is_current(self) -> bool:
        record = _read(self.target.with_name(f"{self.target.name}.json"))
        if not self.target.is_file() or record.get("address") != self.address:
            return False
        if record.get("size") != self.target.stat().st_size:
            return False
        asked = {"If-None-Match": record.get("etag", ""), "If-Modified-Since": record.get("modified", "")}
        headers = {name: value for name, value in asked.items() if value}
        if not headers:
            return False
        try:
            with connection.ask(self.url, self.secret, headers):
                return False
        except urllib.error.HTTPError as error:
            return error.code == 304
        except (OSError, http.client.HTTPException):
            return False  # the tries that follow will say what is wrong

    # --- one try ------------------------------------------------------------------------------------

    def _attempt(self) -> None:
        """Bring the part up to its end and give it its name; _Again where another try may help."""
        have, headers = self._resumable()
        try:
            response = connection.ask(self.url, self.secret, headers)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error, have)
            return
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        with response:
            start = self._start_of(response, have)
            total = self._total(response, start)
            first = self._read(response)
            if start == 0:
                self._refuse_page(response, first)
                self._forget()  # never an old part beside the mark of a new version
                write_json(self._notes, {"address": self.address, **_validators(response), "size": total})
            check_room(max(0, total - start), self.target, f"the download of {self.dataset}")
            self._write(response, first, start, total)
        self._complete(total)

    @property
    def _notes(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def _resumable(self) -> tuple[int, dict[str, str]]:
        """(bytes that are there, headers that ask for the rest); 0 where the version of the part is not known."""
        notes = _read(self._notes)
        have = self.part.stat().st_size if self.part.is_file() else 0
        # a weak mark (W/) does not promise equal bytes
        version = notes.get("etag", "") if not notes.get("etag", "").startswith("W/") else ""
        version = version or notes.get("modified", "")
        if not have or not version or notes.get("address") != self.address:
            return 0, {}
        return have, {"Range": f"bytes={have}-", "If-Range": version}

    def _start_of(self, response: http.client.HTTPResponse, have: int) -> int:
        """Where the bytes of this answer belong in the file."""
        if response.status == 200:
            return 0
        match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if response.status != 206 or not match or int(match[1]) != have:
            self._forget()
            raise _Again(f"the server answered with other bytes than asked for (status {response.status})")
        return have

    def _total(self, response: http.client.HTTPResponse, start: int) -> int:
        """Size of the whole file, 0 where the server does not say."""
        match = re.search(r"/(\d+)\s*$", response.headers.get("Content-Range", ""))
        if match and response.status == 206:
            return int(match[1])
        length = response.headers.get("Content-Length", "")
        return start + int(length) if length.isdigit() else 0

    def _write(self, response: http.client.HTTPResponse, block: bytes, start: int, total: int) -> None:
        done = start
        try:
            name = f"downloading {self.target.name}"
            with open(self.part, "ab" if start else "wb") as handle, Progress(name, total, start, "bytes") as progress:
                while block:
                    handle.write(block)
                    done += len(block)
                    progress.advance(len(block))
                    block = self._read(response)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise UserError(
                    f"the disk of {self.folder} is full; {done / 2**20:.1f} MiB are kept in {self.part}, make room and "
                    f"run again to go on"
                ) from error
            raise UserError(f"cannot write {self.part}: {error.strerror}") from error
        if total and done < total:
            raise _Again(f"the connection was cut after {done:,} of {total:,} bytes")
        if total and done > total:
            self._forget()
            raise _Again(f"the server sent more than the {total:,} bytes that it announced")

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read1(BLOCK)
        except TimeoutError as error:
            raise _Again(f"the server was silent for {connection.TIMEOUT} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise _Again(f"the connection was cut ({type(error).__name__})") from error

    def _complete(self, total: int) -> None:
        notes = _read(self._notes)
        write_json(
            self.target.with_name(f"{self.target.name}.json"), {**notes, "size": total or self.part.stat().st_size}
        )
        os.replace(self.part, self.target)
        self._notes.unlink(missing_ok=True)

    def _forget(self) -> None:
        for path in (self.part, self._notes):
            path.unlink(missing_ok=True)

    # --- what can be wrong --------------------------------------------------------------------------

    def _refused(self, error: urllib.error.HTTPError, have: int) -> None:
        if error.code == 416 and have:
            if error.headers.get("Content-Range", "").replace(" ", "") == f"bytes*/{have}":
                return self._complete(have)
            self._forget()
            raise _Again("the server holds another version than the part that is here")
        if error.code in (401, 403):
            if self.variable:
                what = f"does not accept the token in {self.variable}; check it, and whether your access was granted"
            else:
                what = (f"asks for a login; set {connection.variable(self.dataset)} to the token that its owner gave "
                        f"you, or download the archive by hand and give its path")  # fmt: skip
            raise UserError(f"{self.shown} {what} (status {error.code})")
        if error.code in TEMPORARY:
            after = error.headers.get("Retry-After", "")
            raise _Again(f"the server is busy or failing (status {error.code})", float(after) if after.isdigit() else 0)
        if error.code in (404, 410):
            raise UserError(f"there is nothing at {self.shown} (status {error.code}); check the address")
        raise UserError(f"the server refuses {self.shown} (status {error.code}); download the archive by hand and give "
                        f"its path")  # fmt: skip

    def _unreachable(self, error: Exception) -> Exception:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return UserError(
                f"the certificate of {self.shown} is not valid ({reason.verify_message}); check the address"
            )
        return _Again(f"the server cannot be reached ({reason})")

    def _refuse_page(self, response: http.client.HTTPResponse, first: bytes) -> None:
        if looks_like_html(first) or "text/html" in response.headers.get("Content-Type", ""):
            raise UserError(
                f"{self.shown} is a web page, not an archive; perhaps it asks for a login: set "
                f"{connection.variable(self.dataset)} to your token, or download the archive by hand and give its path"
            )


def _validators(response: http.client.HTTPResponse) -> dict[str, str]:
    return {"etag": response.headers.get("ETag", ""), "modified": response.headers.get("Last-Modified", "")}


def _read(path: Path) -> Notes:
    """A note of an earlier run; a damaged one counts as none."""
    with contextlib.suppress(UserError):
        notes = read_json(path)
        if isinstance(notes, dict):
            return Notes(**notes)
    return {}


def download(dataset: str, url: str, folder: Path) -> Path:
    """The archive behind ``url``, whole, in ``folder``. What other addresses left there is removed."""
    secret, name = connection.token(dataset, connection.checked(url, dataset))
    job = Download(dataset, url, Path(folder), secret, name)
    target = job.run()
    for path in target.parent.iterdir():
        if path.name not in (target.name, f"{target.name}.json"):
            path.unlink()
    return target
