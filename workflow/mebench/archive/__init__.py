"""Results as one file: packed for others, rebuilt from its predictions elsewhere, and merged with those of others."""
