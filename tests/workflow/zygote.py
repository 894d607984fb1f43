"""The command ``mebench`` without its start: a server that has imported everything and forks for each command.

A workflow is hundreds of short jobs, and each pays two to three seconds of a core for importing torch, OpenCV and
matplotlib before it does anything. A test that runs many configurations would spend nine tenths of its time on that.
Here a small script called ``mebench`` stands first on PATH. It hands its arguments, folder, environment and open files
to the server over a Unix socket, and ends with the exit code that comes back. Rules, shell commands and verbs are the
real ones, and each command still runs in a process of its own. The server imports the package of the folder that it
is started for, once: whoever edits that package needs a new server. What each command took is noted in a file.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import os
import pkgutil
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mebench.plots.samples.choose import ShownSamples

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
# of modules in C alone: to import json, socket and signal takes one and a half times as long as Python's own start
SHIM = """#!{python} -IS
import _signal, _socket, posix, sys
link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
link.connect({address!r})
body = repr((sys.argv[1:], posix.getcwd(), posix.environ)).encode()
files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
link.sendmsg([len(body).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
link.sendall(body)
said = b""
def line():
    global said
    while b"\\n" not in said:
        more = link.recv(64)
        if not more:
            posix._exit(70)
        said += more
    first, _, said = said.partition(b"\\n")
    return int(first)
job = line()
for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGUSR1, _signal.SIGUSR2):
    _signal.signal(number, lambda number, _: posix.kill(job, number))
posix._exit(line())
"""


@dataclass(frozen=True)
class Job:
    """A command that has ended: its verb, CPU seconds and peak MiB (of the largest process, with the pages that it
    shares with the server)."""

    verb: str
    cpu: float
    memory: float


def jobs(folder: Path) -> list[Job]:
    """The commands that the server of a folder has run, in the order of their ends."""
    lines = [line.split() for line in (folder / "jobs").read_text().splitlines()]
    return [Job(verb, float(cpu), float(memory)) for verb, cpu, memory in lines]


@contextlib.contextmanager
def zygote(folder: Path, package: Path, coarse: bool = False) -> Iterator[Path]:
    """Start a server for the ``package`` folder; gives the folder of the script to put first on PATH. Where nobody
    looks at the plots, they may be ``coarse``: an SVG is not laid out and has the letters of the reader's fonts, a PNG,
    which shows the same figure as the SVG, is one dot, a PDF has one page, and a sample picture shows one sample. Of
    each plot the first is written whole, of the others the figure is made and not written."""
    folder.mkdir()
    address = str(folder / "socket")
    shim = folder / "mebench"
    shim.write_text(SHIM.format(python=sys.executable, address=address))
    shim.chmod(0o755)
    env = os.environ | ONE_THREAD | {"PYTHONPATH": str(package)}
    with open(folder / "log", "w") as log:
        command = [sys.executable, __file__, address, *(["coarse"] if coarse else [])]
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        while not os.path.exists(address):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield folder
    finally:
        server.terminate()
        server.wait()


def serve(address: str, coarse: bool) -> None:
    """Import everything, then answer each connection in a fork."""
    _import_all()
    if coarse:
        _draw_coarsely(Path(address).with_name("plots"))
    gc.collect()
    gc.freeze()  # what was imported stays shared with the forks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks: they report by themselves
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address + ".new")
    listener.listen(64)
    os.rename(address + ".new", address)
    while True:
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _answer(link, Path(address).with_name("jobs"))
        link.close()


def _draw_coarsely(seen: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from PIL import Image

    from mebench.plots import letters_in_figures, style
    from mebench.plots.samples import choose

    style.LOOK |= {"savefig.dpi": 30, "svg.fonttype": "none", "figure.constrained_layout.use": False}
    Figure.draw_without_rendering = lambda figure: None  # of use for the layout, and for letters that a font lacks
    letters_in_figures.complete = lambda figure: ""
    every = choose.choose
    choose.choose = lambda *arguments: _first_sample(every(*arguments))
    seen.mkdir()
    whole = FigureCanvasSVG.print_svg

    @functools.wraps(whole)  # matplotlib looks at what it takes
    def print_svg(canvas: FigureCanvasSVG, file: Path, **more: object) -> None:
        # a restored page is compared with that of the first run
        if "restore" in sys.argv or _is_the_first(seen, re.sub(r"\.\d+\.tmp.*", "", Path(file).name)):
            whole(canvas, file, **more)
        else:
            Path(file).write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')

    FigureCanvasSVG.print_svg = print_svg
    page = PdfPages.savefig
    PdfPages.savefig = lambda pages, figure: None if pages.get_pagecount() else page(pages, figure)
    FigureCanvasAgg.print_png = lambda canvas, file, **_: Image.new("L", (1, 1)).save(file, "png")


def _is_the_first(seen: Path, name: str) -> bool:
    """Whether a plot of this name is the first that any fork writes."""
    with contextlib.suppress(FileExistsError):
        (seen / name).touch(exist_ok=False)
        return True
    return False


def _first_sample(shown: ShownSamples) -> ShownSamples:
    """One of the samples that a picture shows."""
    cells = [cell for cell, sample in shown.chosen.items() if sample]
    if not cells:
        return shown
    dataset, name = cells[0]
    return replace(shown, datasets=[dataset], classes=[name], chosen={(dataset, name): shown.chosen[dataset, name]})


def _import_all() -> None:
    import matplotlib.pyplot  # noqa: F401
    import torch

    import mebench

    torch.set_num_threads(1)  # a fork must not inherit a pool of threads
    for module in pkgutil.walk_packages(mebench.__path__, "mebench."):
        if not module.name.endswith("__main__"):
            _import(module.name)
    for name in sorted(_named(Path(mebench.__file__).parent)):
        _import(name)
    from mebench import cards
    from mebench.faces import detect
    from mebench.runs import code_of_fold
    from mebench.tables import formats

    detect.detector()  # this and the next take a second of a core in each job that looks for faces
    detect.predictor()
    for template in formats.FOLDER.glob("*.j2"):
        formats.template(template.name)
    code_of_fold.engine_digest({"task": {}})  # forks keep what was read of the source, until a file changes
    for name in cards.names("models"):
        code_of_fold.model_digest(name)


def _import(name: str) -> None:
    """Import a module; what a verb needs and cannot import, it says itself."""
    with contextlib.suppress(Exception):
        importlib.import_module(name)


def _named(package: Path) -> set[str]:
    """The modules that the sources of a package import, also those that only a function imports."""
    names = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    return names


def _answer(link: socket.socket, record: Path) -> None:
    """In the fork: become the command, run it, note what it took, report its exit code, end."""
    code, arguments = 70, []
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        head, files, _, _ = socket.recv_fds(link, 8, 3)
        with link.makefile("rb") as stream:
            arguments, folder, environment = ast.literal_eval(stream.read(int.from_bytes(head, "big")).decode())
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        # the streams of the server were of its log, which can be sought; a pipe cannot
        sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115, it is there as long as the process
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        os.chdir(folder)
        os.environ.clear()
        os.environ.update({os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()} | ONE_THREAD)
        link.sendall(f"{os.getpid()}\n".encode())
        code = _run(arguments)
    finally:
        _note(record, arguments)
        with contextlib.suppress(OSError):
            link.sendall(f"{code}\n".encode())
        os._exit(code)


def _note(record: Path, arguments: list[str]) -> None:
    """Add a line on this process and its children to a file; short lines of several processes do not mix."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu, memory = sum(u.ru_utime + u.ru_stime for u in used), max(u.ru_maxrss for u in used) / 1024
    with open(record, "a") as handle:
        handle.write(f"{arguments[0] if arguments else '-'} {cpu:.3f} {memory:.1f}\n")


def _run(arguments: list[str]) -> int:
    from mebench.cli import main

    sys.argv = ["mebench", *arguments]
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code or 0


if __name__ == "__main__":
    serve(sys.argv[1], "coarse" in sys.argv[2:])
