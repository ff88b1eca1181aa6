"""The bug: an exclusive gateway takes its default flow although a condition holds."""

from engine.interpreter import behaviours
from engine.interpreter.behaviours import gateways
from engine.interpreter.lifecycle import take
from engine.model.elements import Kind

CAUGHT_BY = "R03"


def plant():
    def lazy(run, at, node, via):
        if node.default is not None:
            take(run, at, (node.default,))
        else:
            gateways.exclusive(run, at, node, via)

    behaviours.BEHAVIOURS[Kind.EXCLUSIVE] = lazy
