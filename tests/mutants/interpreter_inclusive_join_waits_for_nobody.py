"""The bug: an inclusive join goes on with the first token that comes."""

from engine.interpreter import joins

CAUGHT_BY = "R03"


def plant():
    joins._something_can_come = lambda run, scope, join: False
