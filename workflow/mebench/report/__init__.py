"""The report: one HTML page that shows everything a benchmark made, and the provenance beside it."""
