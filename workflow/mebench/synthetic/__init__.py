"""Generated datasets: made-up faces with known motion, in the native layout of the real datasets."""
