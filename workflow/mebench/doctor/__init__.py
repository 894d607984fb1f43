"""What this machine and the configured datasets need before a run can start, in words that a person acts on."""
