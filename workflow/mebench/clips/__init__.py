"""Clips and long videos as readers describe them, and the one spelling of subjects, emotions and numbers."""
