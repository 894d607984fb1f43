"""Plots: pure functions of predictions, histories, inputs and clips. Each kind is one file."""

from __future__ import annotations

TASK_KINDS = ("confusion", "subjects", "curves", "seeds")  # one of each per task
KINDS = (*TASK_KINDS, "input", "dataset", "task", "datasets")
