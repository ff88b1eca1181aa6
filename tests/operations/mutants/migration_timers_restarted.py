"""The bug: every timer begins again."""

from engine.operations.migration.plan import Plan, TimerRule


def plant(monkeypatch):
    monkeypatch.setattr(Plan, "rule", lambda plan, element_id: TimerRule.RESTART)
