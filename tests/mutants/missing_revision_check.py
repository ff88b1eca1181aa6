"""The bug: nobody looks at the revision that the caller has seen."""

from engine.commands import claim_user_task, complete_user_task

CAUGHT_BY = "R10"


def plant():
    claim_user_task.require_revision = complete_user_task.require_revision = lambda current, expected: None
