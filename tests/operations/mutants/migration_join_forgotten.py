"""The bug: tokens that wait at a join are left behind."""

from engine.operations.migration import relocate as module


def plant(monkeypatch):
    monkeypatch.setattr(module, "_joins", lambda moved, route, scope: {})
