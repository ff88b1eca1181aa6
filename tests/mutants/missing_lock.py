"""The bug: a user task's instance is read without its row lock."""

from engine.store import transaction

CAUGHT_BY = "R10"


def plant():
    unlocked = transaction.SQL["lock_for_user_task"].replace("FOR UPDATE OF i, t", "")
    assert "FOR UPDATE" not in unlocked
    transaction.SQL = {**transaction.SQL, "lock_for_user_task": unlocked}
