"""The bug: a number that a sender repeats is not recognised."""

from engine.commands import publish_message

CAUGHT_BY = "R10"


def plant():
    publish_message._store = lambda command, tx, row: True
