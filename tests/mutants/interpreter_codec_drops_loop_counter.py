"""The bug: how many runs of a multi-instance activity are through is not stored."""

from engine.interpreter import codec

CAUGHT_BY = "R03"


def plant():
    row_of = codec._scope_row

    def forgets(scope):
        row = row_of(scope)
        if scope.loop is not None and "done" in scope.loop:
            row[8] = {**scope.loop, "done": 0}
        return row

    codec._scope_row = forgets
