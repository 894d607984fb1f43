"""The command line: one verb per rule, each usable by hand."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from pathlib import Path

from mebench import __version__, instruction_set
from mebench.errors import UserError

# the order of the help: the verbs of the rules, as data flow, then the verbs that only look
ORDER = (
    "fetch",
    "index",
    "faces",
    "inputs",
    "train",
    "together",
    "pool",
    "final",
    "folds",
    "adopt",
    "score",
    "tables",
    "plots",
    "report",
    "partial",
)
VERBS = sorted(
    (
        path.stem.replace("_", "-")
        for path in (Path(__file__).parent / "verbs").glob("*.py")
        if not path.stem.startswith("_")
    ),
    key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name),
)


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or that of one verb: to make those of all takes as long as many a job. Modules of verbs
    are light: they import heavy parts only when they run."""
    top = argparse.ArgumentParser(
        prog="mebench", description="A reproducible benchmark of micro-expression recognition."
    )
    top.add_argument("--version", action="version", version=f"mebench {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name in [only] if only in VERBS else VERBS:
        module = importlib.import_module(f"mebench.verbs.{name.replace('-', '_')}")
        about = module.__doc__ or name
        sub = verbs.add_parser(name, help=about.splitlines()[0], description=about,
                               formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        module.arguments(sub)
        sub.set_defaults(main=module.main)
    return top


def main(argv: list[str] | None = None) -> int:
    """Entry point; gives the exit code. A UserError is printed as one sentence and gives 2."""
    argv = sys.argv[1:] if argv is None else argv
    args = parser(argv[0] if argv else None).parse_args(argv)
    from mebench.log import log, show
    from mebench.names import SHOWN

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SHOWN)
    show()
    # before any library of numbers is loaded
    instruction_set.restrict(getattr(args, "isa", instruction_set.DEFAULT))
    try:
        return args.main(args) or 0
    except UserError as error:
        log.error(f"mebench {args.verb}: {error}")
        return 2
    except BrokenPipeError:  # `mebench models | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        log.warning(f"mebench {args.verb}: interrupted; what was finished is kept")
        return 130
    except OSError as error:  # a folder without permission, a full disk
        what = error.strerror or error
        log.error(f"mebench {args.verb}: {f'{error.filename}: ' if error.filename else ''}{what}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
