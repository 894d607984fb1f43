"""Datasets: one file per dataset, a card (a literal ``CARD``) and a reader (``read(root) -> Reading``).

The file's name is the dataset's name; names that start with an underscore are shared parts, not datasets.
"""
