"""Look at a benchmark while it runs: which folds are done, which failed and why, and what would run again."""
