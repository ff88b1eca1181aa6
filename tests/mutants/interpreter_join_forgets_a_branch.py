"""The bug: a parallel join goes on as soon as all branches but one have come."""

from engine.interpreter import joins
from engine.interpreter.behaviours import gateways

CAUGHT_BY = "R03"


def plant():
    def hasty(run, scope_id, node):
        standing = run.scope(scope_id).joins.get(node.id, {})
        if len(standing) < len(node.element.incoming) - 1:
            return False
        joins._merge(run, scope_id, node)
        return True

    gateways.complete_set = hasty
