"""Run any program on leased GPUs, as training does: for rule files of models with their own code.

  mebench gpu --gpus 1 -- python official/train.py ...

It waits while other jobs have the GPUs, sets CUDA_VISIBLE_DEVICES, and becomes the program. The GPUs are free again
when the program and all processes that it started have ended.
"""

from __future__ import annotations

import argparse
import os

from mebench.errors import UserError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpus", type=int, default=1, metavar="N",
                        help="how many, where the machine has any; 0: the program sees none (default 1)")  # fmt: skip
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- PROGRAM ...", help="the program and its arguments"
    )


def main(args: argparse.Namespace) -> None:
    from mebench.runs.gpu_lease import keep_for_the_next_program, lease
    from mebench.verbs.train import say

    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command or args.gpus < 0:
        raise UserError("write a program behind --, and a number of GPUs from 0: mebench gpu --gpus 1 -- python my.py")
    with lease(args.gpus, " ".join(command)[:100], say):
        keep_for_the_next_program()
        try:
            os.execvp(command[0], command)
        except OSError as error:
            raise UserError(f"cannot start {command[0]}: {error.strerror}") from error
