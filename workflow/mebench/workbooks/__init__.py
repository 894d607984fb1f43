"""Workbooks of labels: which file it is, its sheets as they are shown, its table by the names of its columns."""
