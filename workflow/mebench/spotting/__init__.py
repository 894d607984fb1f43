"""From the score of each frame to intervals, and the tables that people hand in."""
