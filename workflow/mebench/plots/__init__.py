"""Plots: pure functions of predictions, histories and inputs. ``KINDS`` names them; each is one file."""

from __future__ import annotations

KINDS = ("confusion", "subjects", "curves", "seeds", "flow")
