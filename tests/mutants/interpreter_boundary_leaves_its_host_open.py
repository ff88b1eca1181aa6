"""The bug: an interrupting boundary event lets its activity go on."""

from engine.interpreter import catching
from engine.model.elements import Kind

CAUGHT_BY = "R03"


def plant():
    def lenient(run, wait, node, payload):
        scope_id = run.parent(wait.scope)
        run.close_wait(wait)
        run.scope(scope_id).tokens += 1
        catching.leave_boundary(run, scope_id, node, payload)

    catching.CAUGHT[Kind.BOUNDARY] = lenient
