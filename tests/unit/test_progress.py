"""Progress: a bar where standard error is a terminal, a few plain lines where it is a log."""

from __future__ import annotations

import io
import sys

import pytest

from mebench.progress import MEBIBYTE, Bar, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch) -> Terminal:
    """A pretended one; not a fixture, because pytest takes standard error back before the test itself."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return screen


def test_a_log_gets_a_line_for_every_tenth(capsys):
    with Progress("clips", 40) as progress:
        for _ in range(40):
            progress.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"clips: {count} of 40" for count in range(4, 41, 4)]


def test_bytes_are_said_in_mebibytes_where_they_are_many(capsys):
    with Progress("a.zip", 200 * MEBIBYTE, 90 * MEBIBYTE, "bytes") as progress:
        progress.advance(15 * MEBIBYTE)
        progress.advance(15 * MEBIBYTE)
    with Progress("small.zip", 10, unit="bytes") as progress:
        progress.advance(10)
    with Progress("unknown.zip", unit="bytes") as progress:
        progress.advance(1023 * MEBIBYTE)
        progress.advance(MEBIBYTE)
    assert capsys.readouterr().err.splitlines() == [
        "a.zip: 105 of 200 MiB", "a.zip: 120 of 200 MiB", "unknown.zip: 1,024 MiB"
    ]  # fmt: skip


@pytest.mark.parametrize(("unit", "amount"), [("items", "3/4"), ("bytes", "3/4 bytes"), ("state", "epoch 7")])
def test_a_terminal_gets_a_bar_and_no_lines(monkeypatch, unit, amount):
    screen = terminal(monkeypatch)
    with Bar("folds", 4, 1, unit) as bar:
        assert bar.shown
        bar.show(2, "epoch 7")
        bar.show(3)
        bar.say("one line of its own")
    shown = screen.getvalue()
    assert "folds" in shown
    assert amount in shown
    assert "one line of its own\n" in shown


def test_what_is_said_to_a_log_is_a_line(capsys):
    with Bar("folds", 4) as bar:
        bar.show(2)
        bar.say("fold 2 is done")
    assert not bar.shown
    assert capsys.readouterr().err == "fold 2 is done\n"
