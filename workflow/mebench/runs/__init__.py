"""Runs on disk: shards and their workers, locks, checkpoints, records of folds, pooling, scores, GPU leases."""
