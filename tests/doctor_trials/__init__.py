"""Trials of the doctor: random networks, backward passes written by hand in NumPy, one mistake planted in each.

Nothing here uses the doctor's own replays or its catalogue, so nothing is compared with itself. ``python -m
tests.doctor_trials`` runs them; `tests.doctor_trials.verdict` says what counts as named right.
"""
