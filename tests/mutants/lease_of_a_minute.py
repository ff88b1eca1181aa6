"""The bug: what a worker takes is its own for a minute, so that a dead worker's work rests that long."""

from datetime import timedelta

from engine import due

CAUGHT_BY = "R10"


def plant():
    due.LEASE = timedelta(minutes=1)
