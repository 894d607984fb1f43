"""The report: one HTML page with everything that a benchmark made, and provenance.json beside it."""
