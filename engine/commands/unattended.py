"""Commands about work that nobody stands by for: the table that the engine adds to its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.commands import (
    contracts,
    deliveries,
    evaluate_conditions,
    messages_failed,
    report_zombie,
    settle_incident,
    start_by_timer,
    timer_changes,
)

UNATTENDED: Mapping[type, Callable[[Any, Any], Any]] = {
    contracts.AssignIncident: settle_incident.assign,
    contracts.ClaimDeliveries: deliveries.claim,
    contracts.Delivered: deliveries.delivered,
    contracts.DeliveryFailed: deliveries.failed,
    contracts.DiscardDelivery: deliveries.discard,
    contracts.EvaluateConditions: evaluate_conditions.handle,
    contracts.FailMessage: messages_failed.fail,
    contracts.FailStart: start_by_timer.fail,
    contracts.FireTimerNow: timer_changes.fire,
    contracts.MoveOutbox: deliveries.lay_out,
    contracts.MoveStart: start_by_timer.move,
    contracts.MoveTimer: timer_changes.move,
    contracts.ReportZombie: report_zombie.handle,
    contracts.RetryDelivery: deliveries.retry,
    contracts.RetryMessage: messages_failed.retry,
    contracts.SkipIncident: settle_incident.skip,
    contracts.StartByTimer: start_by_timer.handle,
}
