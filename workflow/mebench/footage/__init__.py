"""Footage of one's own: a video or a clip that is in no dataset, given to a network that was trained on everyone."""
