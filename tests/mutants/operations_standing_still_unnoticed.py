"""The bug: a case whose tokens all stand at joins for ever is nobody's."""

from engine.store import standing

CAUGHT_BY = "operations"
SMALL = {"n": 2, "seed": 56}


def plant():
    standing.look = lambda tx, held, was: None
