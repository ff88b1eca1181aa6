"""The bug: a migration forgets the deadline that stands at a renamed visit."""

import sys

import engine.operations.migration.migrate  # noqa: F401

CAUGHT_BY = "P08"


def plant():
    module = sys.modules["engine.operations.migration.migrate"]  # the package gives its name to the function
    relocate = module.relocate

    def forgets(state, routes):
        moved = relocate(state, routes)
        for wait in list(moved.state.waits.values()):
            if wait.kind.value == "timer" and wait.element_id == "timer_window_missed":
                del moved.state.waits[wait.id]
        return moved

    module.relocate = forgets
