"""The bug: now and then a step's last history row is not written."""

from itertools import count

from engine.store import derive

CAUGHT_BY = "R08"


def plant():
    calls, history_rows = count(1), derive.history_rows
    derive.history_rows = lambda happened: history_rows(happened if next(calls) % 5 else happened[:-1])
