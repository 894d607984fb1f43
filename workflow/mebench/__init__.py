"""mebench: a reproducible benchmark of micro-expression recognition."""

__version__ = "0.1.0"
