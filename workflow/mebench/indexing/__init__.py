"""From a reading to clips.csv: checks against the card, decisions of the owner, apex by motion, the report."""
