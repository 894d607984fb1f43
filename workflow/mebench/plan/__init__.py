"""The plan: from a configuration to every run and every file of the benchmark, known when the Snakefile is parsed.

Importing this room and building a plan reads cards as literals and imports neither torch, cv2 nor pandas.
"""

from mebench.plan.plan import Plan
from mebench.plan.runs import Run

__all__ = ["Plan", "Run"]
