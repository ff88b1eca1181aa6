"""The bug: a migration takes every task that is open for a new one, and what was typed into it is gone."""

from engine.commands.records import task_id
from engine.interpreter.contracts import WaitKind
from engine.store import instances

CAUGHT_BY = "P08"


def plant():
    save = instances.save

    def forgets(tx, held, diff, step, **how):
        opened = save(tx, held, diff, step, **how)
        if any(one.event == "migrated" for one in step.happened):
            for wait in step.state.waits.values():
                if wait.kind is WaitKind.USER_TASK:
                    tx.send("save_draft", task_id=task_id(held.id, wait.id), draft=None)
        return opened

    instances.save = forgets
