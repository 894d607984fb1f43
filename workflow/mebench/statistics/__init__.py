"""How sure figures and differences are: resampling of subjects, tests on the same clips, and power.

All of it is computed from counts[seed, subject, truth, prediction] (``counts.py``), which predictions of any code give
(``reading.py``). docs/statistics.md says what each figure is. Everything is deterministic: streams are fixed.
"""
