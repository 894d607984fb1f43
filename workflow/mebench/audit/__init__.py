"""Can a result be believed? One check per file, for prediction files of any code and for the benchmark's own runs.

``possible.py`` asks whether any confusion matrix gives printed figures. docs/audit.md says what each check finds.
"""
