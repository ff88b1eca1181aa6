"""The bug: a task that gets a deadline is given no place of its own for it."""

from engine.operations.migration import relocate as module


def plant(monkeypatch):
    monkeypatch.setattr(module, "_own_scope", lambda moved, scope, wait, old, new: wait.scope)
