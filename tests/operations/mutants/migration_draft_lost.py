"""The bug: an open task gets a new number, so that its row, its draft and its holder are another's."""

import sys
from dataclasses import replace

import engine.operations.migration.migrate  # noqa: F401


def plant(monkeypatch):
    module = sys.modules["engine.operations.migration.migrate"]  # the package gives its name to the function
    relocate = module.relocate

    def renumbered(state, routes):
        moved = relocate(state, routes)
        for wait in list(moved.state.waits.values()):
            if wait.kind.value == "user_task":
                del moved.state.waits[wait.id]
                moved.state.waits[moved.state.next_id] = replace(wait, id=moved.state.next_id)
                moved.state.next_id += 1
        return moved

    monkeypatch.setattr(module, "relocate", renumbered)
