"""Asking a server for a file: http and https only, with the token of the environment, which stays with its host."""

from __future__ import annotations

import http.client
import os
import urllib.request
from urllib.parse import SplitResult, urlsplit, urlunsplit

from mebench.errors import UserError

TIMEOUT = 60  # seconds without a byte


def shown(url: str) -> str:
    """The address without its query, which may hold a key: what messages and records say."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def checked(url: str, dataset: str) -> SplitResult:
    """The parts of an address that can be asked for; a name or password in it is refused, as logs would show it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UserError(f"the source of {dataset} is not an address ({error}); write https://host/path") from error
    if not parts.hostname:
        raise UserError(f"the source '{shown(url)}' of {dataset} names no host; write https://host/path")
    if "@" in parts.netloc:
        raise UserError(
            f"the source of {dataset} holds a name or a password, which logs would show; write {shown(url)} and put a "
            f"token into the environment variable {variable(dataset)}"
        )
    return parts


def variable(dataset: str) -> str:
    """The environment variable with the token of one dataset."""
    return f"MEBENCH_TOKEN_{dataset.upper()}"


def token(dataset: str, parts: SplitResult) -> tuple[str, str]:
    """(token, the variable it comes from), both empty where none is set. It is never sent without encryption."""
    for name in (variable(dataset), "MEBENCH_TOKEN"):
        value = os.environ.get(name, "").strip()
        if not value:
            continue
        if not value.isascii() or not value.isprintable():
            raise UserError(f"the token in {name} holds characters that no token has; set it again")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise UserError(
                f"the source of {dataset} is an http address, which would show the token in {name} to everybody on the "
                f"way; write https://, or unset {name}"
            )
        return value, name
    return "", ""


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows to http and https; the token goes no further than the scheme, host and port that it was given for."""

    def redirect_request(self, req, fp, code, msg, headers, newurl) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise UserError(f"{shown(req.full_url)} leads on to {shown(newurl)}, which is not a web address")
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _origin(newurl) != _origin(req.full_url):
            new.remove_header("Authorization")
        return new


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def ask(url: str, secret: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    """The server's answer as an open response. Raises urllib.error.HTTPError and URLError as urllib does."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SameHost(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", "mebench"), ("Accept-Encoding", "identity")]
    if secret:
        headers = {**headers, "Authorization": f"Bearer {secret}"}
    return opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
