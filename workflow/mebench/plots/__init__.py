"""Plots: pure functions of predictions, histories, inputs and clips. Each kind is one file."""
