"""Fuzzing: `make fuzz` looks for faults within a time; ``test_fuzz.py`` is the short part of every test run."""
