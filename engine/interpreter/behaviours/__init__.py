"""What each kind of element does when a token is on it: one small function a kind, found by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.interpreter.behaviours import activities, events, gateways
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.model.elements import Kind

Behaviour = Callable[[Run, int, Node, str | None], None]

BEHAVIOURS: Mapping[Kind, Behaviour] = {
    Kind.START: events.start,
    Kind.END: events.end,
    Kind.THROW: events.throw,
    Kind.CATCH: events.catch,
    Kind.TASK: activities.nothing,
    Kind.MANUAL_TASK: activities.nothing,
    Kind.USER_TASK: activities.user_task,
    Kind.SERVICE_TASK: activities.job,
    Kind.SEND_TASK: activities.send,
    Kind.RECEIVE_TASK: activities.receive,
    Kind.BUSINESS_RULE_TASK: activities.decide,
    Kind.SCRIPT_TASK: activities.script,
    Kind.SUB_PROCESS: activities.sub_process,
    Kind.TRANSACTION: activities.sub_process,
    Kind.CALL_ACTIVITY: activities.call,
    Kind.EXCLUSIVE: gateways.exclusive,
    Kind.PARALLEL: gateways.parallel,
    Kind.INCLUSIVE: gateways.inclusive,
    Kind.EVENT_GATEWAY: gateways.event_based,
}
