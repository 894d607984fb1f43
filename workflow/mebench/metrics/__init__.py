"""Metrics, computed once from pooled predictions."""
