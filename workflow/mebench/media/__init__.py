"""Frames on disk: which there are, decoding them, their digests, and the geometry of crops and of flow."""
