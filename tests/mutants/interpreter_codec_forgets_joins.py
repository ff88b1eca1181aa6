"""The bug: tokens that stand at a join are not stored."""

from engine.interpreter import codec

CAUGHT_BY = "R03"


def plant():
    row_of = codec._scope_row

    def forgets(scope):
        row = row_of(scope)
        if len(row) > 7:
            row[7] = {}
        return row

    codec._scope_row = forgets
