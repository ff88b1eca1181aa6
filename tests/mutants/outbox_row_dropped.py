"""The bug: now and then nothing is put into the outbox."""

from itertools import count

from engine.store import derive

CAUGHT_BY = "R08"


def plant():
    calls, told_events = count(1), derive.told_events
    derive.told_events = lambda *step: told_events(*step) if next(calls) % 5 else []
