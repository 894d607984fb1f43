"""Downloads resume, retry, refuse what is no archive, and keep the token to themselves; with a server in a thread."""

from __future__ import annotations

import errno
import hashlib
import http.server
import io
import json
import os
import threading
import zipfile
from contextlib import contextmanager

import pytest
from bad import fails

from mebench import cli
from mebench.acquisition import connection, download
from mebench.errors import UserError

SECRET = "s3cret-token"


def archive() -> bytes:
    """A zip with one SMIC clip and 300 kB of noise, so that a cut is somewhere in its middle."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for number in (1, 2, 3):
            file.writestr(f"HS/s1/micro/negative/s1_ne_01/image{number:06d}.bmp", b"pixels")
        file.writestr("noise.bin", os.urandom(300_000))
    return data.getvalue()


class Server:
    """Answers each request by the next of ``script`` (the last again and again) and keeps what was asked.

    An answer is a dict: status, body, cut (bytes after which the connection ends), headers, ranges (whether it knows
    them), length (whether it says how long the body is).
    """

    def __init__(self, body: bytes):
        self.body, self.script, self.asked = body, [{}], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked.append(dict(self.headers) | {"path": self.path})
                outer._answer(self, outer.script.pop(0) if len(outer.script) > 1 else outer.script[0])

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # a client that hangs up early is part of the tests
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str = "/d/SMIC.zip", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.http.server_address[1]}{path}"

    def _answer(self, handler, answer: dict) -> None:
        handler.close_connection = True
        body, status = answer.get("body", self.body), answer.get("status", 200)
        headers = {"ETag": '"v1"'} | answer.get("headers", {})
        wanted = handler.headers.get("Range", "")
        mark = handler.headers.get("If-Range", headers.get("ETag"))
        if headers["ETag"] and handler.headers.get("If-None-Match") == headers["ETag"] and status == 200:
            status, body = 304, b""
        if wanted and answer.get("ranges", True) and status == 200 and mark in headers.values():
            start, total = int(wanted.removeprefix("bytes=").rstrip("-")), len(body)
            status, body = (206, body[start:]) if start < total else (416, b"")
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}" if body else f"bytes */{total}"
        handler.send_response(status)
        for name, value in headers.items():
            if value:
                handler.send_header(name, value)
        if answer.get("length", True):
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: answer.get("cut")])


@pytest.fixture
def server(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("MEBENCH_TOKEN"):
            monkeypatch.delenv(name)
    running = Server(archive())
    yield running
    running.http.shutdown()
    running.http.server_close()


@pytest.fixture
def naps(monkeypatch):
    """Waits are noted, not waited for."""
    taken: list[float] = []
    monkeypatch.setattr(download.time, "sleep", taken.append)
    return taken


def get(server, folder, path="/d/SMIC.zip"):
    return download.download("smic", server.url(path), folder)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def ranges(server):
    return [asked.get("Range") for asked in server.asked]


# ------------------------------------------------------------------------------------------------ whole


def test_a_download_is_whole_and_kept(server, tmp_path):
    path = get(server, tmp_path)
    assert (path.name, path.read_bytes()) == ("SMIC.zip", server.body)
    assert left(tmp_path) == ["SMIC.zip", "SMIC.zip.json"]
    assert server.url() not in (tmp_path / "SMIC.zip.json").read_text()


def test_what_is_current_is_not_downloaded_again(server, tmp_path):
    get(server, tmp_path)
    first = (tmp_path / "SMIC.zip").stat().st_mtime_ns
    assert get(server, tmp_path).stat().st_mtime_ns == first
    assert server.asked[-1]["If-None-Match"] == '"v1"'
    server.body, server.script = archive(), [{"headers": {"ETag": '"v2"'}}]
    assert get(server, tmp_path).read_bytes() == server.body


def test_what_another_address_left_is_removed(server, tmp_path):
    get(server, tmp_path)
    get(server, tmp_path, "/d/other.tar.gz?key=1")
    assert left(tmp_path) == ["other.tar.gz", "other.tar.gz.json"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/SMIC%20all.zip?key=x.rar", "SMIC all.zip"), ("/download", "download.archive"), ("/", "smic.archive"),
     ("/..%2F..%2Fevil.zip", "evil.zip"), ("/.zip", "zip.archive")],
)  # fmt: skip
def test_the_name_comes_from_the_address_and_is_no_path(server, tmp_path, path, name):
    assert get(server, tmp_path / "in", path) == tmp_path / "in" / name
    assert left(tmp_path) == ["in"]


# ------------------------------------------------------------------------------------------------ cuts


def test_a_cut_connection_goes_on_where_it_stopped(server, tmp_path, naps):
    server.script = [{"cut": 100_000}, {"cut": 50_000}, {}]
    assert get(server, tmp_path).read_bytes() == server.body
    assert ranges(server) == [None, "bytes=100000-", "bytes=150000-"]
    assert server.asked[1]["If-Range"] == '"v1"'
    assert left(tmp_path) == ["SMIC.zip", "SMIC.zip.json"]
    assert naps == [2, 2]  # progress was made, so the waits do not grow


def test_the_next_run_goes_on_where_this_one_stopped(server, tmp_path, naps):
    server.script = [{"cut": 100_000}, {"status": 503, "body": b""}]
    with pytest.raises(UserError, match=r"0\.1 MiB are kept in .*SMIC\.zip\.part, run again to go on"):
        get(server, tmp_path)
    assert left(tmp_path) == ["SMIC.zip.part", "SMIC.zip.part.json"]
    server.script, server.asked = [{}], []
    assert get(server, tmp_path).read_bytes() == server.body
    assert ranges(server) == ["bytes=100000-"]


@pytest.mark.parametrize(
    "second",
    [{"headers": {"ETag": '"v2"'}}, {"ranges": False}],
    ids=["another version", "a server without ranges"],
)
def test_the_rest_of_another_version_is_never_joined(server, tmp_path, naps, second):
    server.script = [{"cut": 100_000, "body": os.urandom(200_000)}, second]
    assert get(server, tmp_path).read_bytes() == server.body


@pytest.mark.parametrize("headers", [{"ETag": None}, {"ETag": 'W/"weak"'}])
def test_without_a_mark_of_the_version_it_starts_again(server, tmp_path, naps, headers):
    server.script = [{"cut": 100_000, "headers": headers}, {"headers": headers}]
    assert get(server, tmp_path).read_bytes() == server.body
    assert ranges(server) == [None, None]


def test_the_date_is_a_mark_too(server, tmp_path, naps):
    dated = {"headers": {"ETag": None, "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}}
    server.script = [{"cut": 100_000, **dated}, dated]
    assert get(server, tmp_path).read_bytes() == server.body
    assert server.asked[1]["If-Range"] == "Mon, 01 Jan 2024 00:00:00 GMT"


def test_a_part_that_is_whole_already(server, tmp_path, naps):
    server.script = [{"cut": 100_000}, {"status": 503}]
    with pytest.raises(UserError):
        get(server, tmp_path)
    (tmp_path / "SMIC.zip.part").write_bytes(server.body)
    server.script = [{}]
    assert get(server, tmp_path).read_bytes() == server.body


def test_a_part_that_is_longer_than_the_file(server, tmp_path, naps):
    server.script = [{"cut": 100_000}, {"status": 503}]
    with pytest.raises(UserError):
        get(server, tmp_path)
    (tmp_path / "SMIC.zip.part").write_bytes(server.body + b"more")
    server.script = [{}]
    assert get(server, tmp_path).read_bytes() == server.body


def test_a_size_that_is_not_told(server, tmp_path):
    server.script = [{"length": False}]
    assert get(server, tmp_path).read_bytes() == server.body


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again(server, tmp_path, naps, capsys, status):
    server.script = [{"status": status, "headers": {"Retry-After": "7"}}, {"status": status}, {}]
    assert get(server, tmp_path).read_bytes() == server.body
    assert naps == [7, 5]
    assert f"status {status}" in capsys.readouterr().err


def test_a_server_that_stays_busy(server, tmp_path, naps):
    server.script = [{"status": 503}]
    with pytest.raises(
        UserError, match=r"SMIC\.zip cannot be downloaded, the server is busy or failing \(status 503\)"
    ):
        get(server, tmp_path)
    assert naps == list(download.WAITS)
    assert left(tmp_path) == []


def test_a_server_that_is_not_there(server, tmp_path, naps):
    url = server.url()
    server.http.server_close()
    with pytest.raises(UserError, match="cannot be downloaded, the server cannot be reached"):
        download.download("smic", url, tmp_path)


def test_a_silent_server(server, tmp_path, naps, monkeypatch):
    monkeypatch.setattr(connection, "TIMEOUT", 0.2)
    gate, answer = threading.Event(), server._answer

    def wait(handler, how):
        if len(server.asked) == 1:
            gate.wait(10)
        answer(handler, how)

    monkeypatch.setattr(server, "_answer", wait)
    try:
        assert get(server, tmp_path).read_bytes() == server.body
    finally:
        gate.set()
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_login(server, tmp_path, naps, monkeypatch, status):
    server.script = [{"status": status}]
    with pytest.raises(UserError, match=rf"asks for a login; set MEBENCH_TOKEN_SMIC .*status {status}"):
        get(server, tmp_path)
    monkeypatch.setenv("MEBENCH_TOKEN", SECRET)
    with pytest.raises(UserError, match=r"does not accept the token in MEBENCH_TOKEN; check it") as caught:
        get(server, tmp_path)
    assert SECRET not in str(caught.value)
    assert naps == []


@pytest.mark.parametrize(("status", "says"), [(404, "nothing at"), (410, "nothing at"), (418, "status 418")])
def test_other_refusals_are_not_asked_again(server, tmp_path, naps, status, says):
    server.script = [{"status": status}]
    with pytest.raises(UserError, match=says):
        get(server, tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "page",
    [{"body": b"<!doctype html><title>Log in</title>"}, {"body": b"Log in", "headers": {"Content-Type": "text/html"}}],
)
def test_a_web_page_instead_of_an_archive(server, tmp_path, page):
    server.script = [page]
    with pytest.raises(UserError, match="is a web page, not an archive; perhaps it asks for a login"):
        get(server, tmp_path)
    assert left(tmp_path) == []


def test_a_full_disk_keeps_the_part(server, tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, block):
            super().write(bytes(block)[:1000])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "open", lambda path, mode: Full(path, mode), raising=False)
    with pytest.raises(UserError, match=r"is full; .*SMIC\.zip\.part, make room and run again"):
        get(server, tmp_path)
    monkeypatch.undo()
    assert get(server, tmp_path).read_bytes() == server.body


def test_a_disk_with_too_little_room(server, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 8, 2))
    with pytest.raises(UserError, match=r"the download of smic needs .* GiB are free"):
        get(server, tmp_path)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://", "names no host"),
        ("https://host:port/x.zip", "is not an address"),
        ("https://me:" + SECRET + "@host/x.zip", "holds a name or a password"),
    ],
)
def test_addresses_that_are_none(tmp_path, url, says):
    with pytest.raises(UserError, match=says) as caught:
        download.download("smic", url, tmp_path)
    assert SECRET not in str(caught.value)


# ------------------------------------------------------------------------------------------------ the token


def test_the_dataset_s_own_token_comes_first(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_TOKEN", "of all")
    get(server, tmp_path / "a")
    monkeypatch.setenv("MEBENCH_TOKEN_SMIC", f"{SECRET}\n")
    get(server, tmp_path / "b")
    assert [asked["Authorization"] for asked in server.asked] == ["Bearer of all", f"Bearer {SECRET}"]


@contextmanager
def second_server(body):
    other = Server(body)
    yield other
    other.http.shutdown()
    other.http.server_close()


def test_the_token_stays_with_its_host(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_TOKEN", SECRET)
    with second_server(server.body) as other:
        server.script = [{"status": 302, "headers": {"Location": "/elsewhere.zip"}},
                         {"status": 302, "headers": {"Location": other.url("/cdn?signature=1")}}]  # fmt: skip
        assert get(server, tmp_path).read_bytes() == server.body
        assert [asked.get("Authorization") for asked in server.asked] == [f"Bearer {SECRET}"] * 2
        assert [asked.get("Authorization") for asked in other.asked] == [None]


def test_a_redirect_keeps_the_range(server, tmp_path, naps):
    hop = {"status": 302, "headers": {"Location": "/real.zip"}}
    server.script = [hop, {"cut": 100_000}, hop, {}]
    assert get(server, tmp_path).read_bytes() == server.body
    assert ranges(server)[-1] == "bytes=100000-"


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x.zip", "/d/SMIC.zip"])
def test_a_redirect_to_what_is_no_web_address_or_in_a_circle(server, tmp_path, naps, to):
    server.script = [{"status": 302, "headers": {"Location": to}}]
    with pytest.raises(UserError):
        get(server, tmp_path)
    assert left(tmp_path) == []


def test_the_token_is_not_sent_without_encryption(tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_TOKEN_SMIC", SECRET)
    with pytest.raises(UserError, match="would show the token in MEBENCH_TOKEN_SMIC to everybody") as caught:
        download.download("smic", "http://example.org/x.zip", tmp_path)
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("MEBENCH_TOKEN_SMIC", "two\nlines")
    with pytest.raises(UserError, match="characters that no token has") as caught:
        download.download("smic", "https://example.org/x.zip", tmp_path)
    assert "lines" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ the verb


def fetch(source, out, **options):
    return ["fetch", "smic", "--source", source, "--out", str(out), "--options", json.dumps(options)]


def test_fetch_from_a_url(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MEBENCH_TOKEN_SMIC", SECRET)
    out, digest = tmp_path / "smic" / "source.json", hashlib.sha256(server.body).hexdigest()
    assert cli.main(fetch(server.url("/d/SMIC.zip?key=hidden"), out, sha256=digest.upper())) == 0
    record = json.loads(out.read_text())
    assert (record["kind"], record["origin"], record["source"]) == ("url", "archive", server.url())
    assert record["archives"] == [{"file": "SMIC.zip", "bytes": len(server.body), "sha256": digest}]
    assert (out.parent / "data" / "HS" / "s1").is_dir()
    said = "".join(capsys.readouterr()) + "".join(p.read_text() for p in out.parent.rglob("*.json"))
    assert SECRET not in said
    assert "hidden" not in said
    clips = tmp_path / "clips.csv"
    assert cli.main(["index", "smic", "--root", str(out), "--out", str(clips), "--accept", "counts"]) == 0


def test_a_wrong_checksum_of_a_download(server, tmp_path, capsys):
    out, digest = tmp_path / "smic" / "source.json", hashlib.sha256(server.body).hexdigest()
    fails(capsys, *fetch(server.url(), out, sha256="0" * 64), says=[digest, "0" * 64, "nothing was unpacked"])
    assert left(out.parent) == ["download"]


def test_an_archive_that_is_none_after_all(server, tmp_path, capsys):
    server.script = [{"body": b"PK\x03\x04 and then nothing"}]
    out = tmp_path / "smic" / "source.json"
    fails(capsys, *fetch(server.url(), out), says=["cannot unpack", "SMIC.zip", "damaged or cut short"])
    assert left(out.parent) == ["download"]
