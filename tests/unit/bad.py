"""What the tests of bad input share: a verb must fail with one sentence."""

from __future__ import annotations

import os
from pathlib import Path

from mebench import cli


def fails(capsys, *words, says):
    """Run a verb; it must fail with exit code 2 and one sentence that holds all of ``says``, which is returned."""
    capsys.readouterr()
    assert cli.main([str(word) for word in words]) == 2
    error = capsys.readouterr().err
    sentences = [line for line in error.splitlines() if line.startswith("mebench ")]
    assert len(sentences) == 1, error
    assert "Traceback" not in error
    for part in (says,) if isinstance(says, str) else says:
        assert part in sentences[0]
    return sentences[0]


def index(capsys, dataset, root, out, says):
    """``mebench index`` must fail and leave nothing."""
    sentence = fails(capsys, "index", dataset, "--root", root, "--out", out, says=says)
    assert not out.exists()
    return sentence


def make_inputs(capsys, dataset, name, root, out, *more, says):
    """``mebench inputs`` must fail after an index that does not, and leave nothing that looks finished."""
    clips = out.parent / "clips.csv"
    accept = ["--accept", "counts"]  # of pictures: four are not the whole composite
    assert cli.main(["index", dataset, "--root", str(root), "--out", str(clips), *accept]) == 0
    fails(capsys, "inputs", dataset, name, "--clips", clips, "--root", root, "--out", out, *more, says=says)
    assert not (out / "meta.json").exists()


def close(monkeypatch, closed: Path):
    """The folder answers as one without permission does, to root too."""

    def guarded(name):
        real = getattr(os, name)

        def call(path=".", *more, **options):
            if os.fspath(path) == str(closed):
                raise PermissionError(13, "Permission denied", str(closed))
            return real(path, *more, **options)

        return call

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, guarded(name))
