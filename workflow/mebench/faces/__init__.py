"""Faces: one detection per clip, on its onset frame, and 68 landmarks that every crop of the clip is cut by."""
