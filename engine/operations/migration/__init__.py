"""Migration: a state of one version and a plan in, a state of another version out. Pure; see `migrate`."""

from engine.operations.migration.migrate import migrate
from engine.operations.migration.plan import Note, Outcome, Plan, TimerRule

__all__ = ["Note", "Outcome", "Plan", "TimerRule", "migrate"]
