"""A running instance goes over to another version of its process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.commands.contracts import MigrateInstance
from engine.errors import Conflict, Incorrect, NotFound, Text
from engine.interpreter import Closure
from engine.interpreter.codec import encode
from engine.interpreter.contracts import Step
from engine.lifecycle import Status
from engine.operations.migration import Note, Plan, TimerRule, migrate
from engine.operations.migration.plan import refusal
from engine.operations.steps import detail_of, keep_way_back, lock_with_tasks, rename, require_open
from engine.problems import Refused
from engine.store import instances
from engine.store.library import Entry, Pins
from engine.store.transaction import Tx

NOT_MIGRATED = Text(zh="不能这样迁移，流程实例没有改动", en="it cannot be migrated like this; nothing was changed")
RULES = frozenset(rule.value for rule in TimerRule)


def handle(command: MigrateInstance, tx: Tx) -> list[dict[str, Any]]:
    """What an operator should know of it. The way back is kept where nothing moved."""
    held, tasks = lock_with_tasks(tx, command.instance_id)
    require_open(held.status)
    plan = plan_of(command, held.definition_key)
    target = _target(tx, held.definition_key, command.version)
    pins = tx.library.pins(tx, target, {k: called.version for k, called in command.called.items() if called.version})
    if (target.version, pins) == (held.definition_version, held.pins):
        raise Conflict("流程实例已是此版本", "the instance runs in this version already", code="version-unchanged")
    before_it, after_it = held.closure(tx), tx.library.closure(tx, held.definition_key, target.version, pins)
    _require_called(command, before_it, after_it)
    outcome = migrate(
        before_it,
        after_it,
        held.state,
        plan,
        tx.now,
        since=_since(tx, held),
        moves=held.status == Status.ACTIVE,
        detail=detail_of(command, **{"from": held.definition_version, "to": target.version}),
    )
    if outcome.problems:
        raise Refused(outcome.problems, NOT_MIGRATED)
    before = (held.definition_version, held.pins, encode(held.state))
    rename(tx, held, tasks, target.version, pins, outcome.step)
    _keep_way_back(tx, held, outcome.step, *before)
    return [note_json(note) for note in outcome.notes]


def _require_called(command: MigrateInstance, *closures: Closure) -> None:
    """Raises Refused for a process that neither version calls: a slip of the pen would go unnoticed."""
    known = {key for closure in closures for key in closure.programs}
    if unknown := sorted(command.called.keys() - known):
        raise Refused(
            [
                refusal(key, None, "element-unknown", f"两个版本都不调用流程“{key}”", f"neither version calls '{key}'")
                for key in unknown
            ],
            NOT_MIGRATED,
        )


def plan_of(command: MigrateInstance, root: str) -> Plan:
    """Raises Incorrect for a rule that does not exist."""
    wrong = [rule for rule in command.timers.values() if rule not in RULES]
    if wrong:
        raise Incorrect(
            f"没有定时规则“{wrong[0]}”：只有 keep、restart、recompute",
            f"no such rule for timers: {wrong[0]}; there are keep, restart, recompute",
        )
    mappings = {root: command.mapping, **{key: called.mapping for key, called in command.called.items()}}
    return Plan(root=root, mappings=mappings, timers={k: TimerRule(rule) for k, rule in command.timers.items()})


def note_json(note: Note) -> dict[str, Any]:
    message = {"zh": note.message.zh, "en": note.message.en}
    return {"element_id": note.element_id, "code": note.code, "message": message}


def _target(tx: Tx, key: str, version: int | None) -> Entry:
    catalogue = tx.library.catalogue(tx)
    found = catalogue.startable("process", key) if version is None else catalogue.exact("process", key, version)
    if found is None:
        raise NotFound(f"没有流程“{key}”或此版本", f"no process {key} of this version")
    return found


def _since(tx: Tx, held: instances.Held) -> Callable[[str], datetime | None]:
    """Read only when something is to be recomputed."""
    entered: dict[str, datetime] = {}

    def since(element_id: str) -> datetime | None:
        if not entered:
            entered.update({"": held.started_at, **dict(tx.all("read_entered", instance_id=held.id))})
        return entered.get(element_id)

    return since


def _keep_way_back(tx: Tx, held: instances.Held, step: Step, version: int, pins: Pins, state: bytes) -> None:
    moved = len(step.happened) > 1 or step.written or step.published
    if not moved:
        keep_way_back(tx, held, version, pins, state)
