"""Messages: plain lines in a log, which programs read, and coloured levels on a terminal."""

from __future__ import annotations

import re
import sys

from test_progress import terminal

from mebench import cli
from mebench.log import log, show


def test_a_log_gets_each_message_as_a_line(capsys):
    show()
    log.info("the first")
    log.warning("the second [of] two")
    log.debug("nobody asked for this")
    assert capsys.readouterr().err == "the first\nthe second [of] two\n"


def test_messages_follow_standard_error(capsys, monkeypatch, tmp_path):
    show()
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        log.info("into the file")
        monkeypatch.undo()
    log.info("to the screen")
    assert (tmp_path / "log").read_text() == "into the file\n"
    assert capsys.readouterr().err == "to the screen\n"


def test_a_terminal_shows_the_level_of_an_error_once(monkeypatch):
    screen = terminal(monkeypatch)
    assert cli.main(["tables", "megc2018", "--scores", "no.csv", "--out", "x"]) == 2
    assert cli.main(["tables", "megc2018", "--scores", "no.csv", "--out", "x"]) == 2
    plain = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue())
    assert plain.count("ERROR") == plain.count("mebench tables: unknown table 'megc2018'") == 2
