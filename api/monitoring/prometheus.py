"""Prometheus text: how much waits, how late it is, how long a step takes. No name of a person, a place or a case."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.errors import Busy
from engine.store import insight
from fhir_adapters.store import arrivals
from fhir_adapters.store.subscriptions import Backlog, Subscriptions
from workflows.services import Services

Labels = Mapping[str, str]
STATES = ("requested", "active", "error", "off")  # of a subscription


@dataclass
class Sheet:
    """Lines by metric, each with its help and type once."""

    lines: list[str] = field(default_factory=list)

    def family(self, name: str, kind: str, meaning: str) -> None:
        self.lines += [f"# HELP yuntu_{name} {meaning}", f"# TYPE yuntu_{name} {kind}"]

    def sample(self, name: str, value: float, labels: Labels | None = None) -> None:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in (labels or {}).items())
        self.lines.append(f"yuntu_{name}{{{inside}}} {_number(value)}" if inside else f"yuntu_{name} {_number(value)}")

    def gauge(self, name: str, meaning: str, value: float) -> None:
        self.family(name, "gauge", meaning)
        self.sample(name, value)

    def gauges(self, name: str, meaning: str, label: str, values: Mapping[str, float]) -> None:
        self.family(name, "gauge", meaning)
        for key, value in sorted(values.items()):
            self.sample(name, value, {label: key})

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def page(services: Services) -> str:
    """Also without the database: then only what this machine knows by itself."""
    sheet = Sheet()
    try:
        with services.engine.read() as conn:
            now = services.clock()
            found = insight.figures(conn, services.region_id, now)
            late = insight.overdue_timers(conn, services.region_id, now)
            untold = Subscriptions(conn, services.region_id).backlogs()
            arrived = arrivals.counts(conn, services.region_id)
    except Exception as error:
        if not (isinstance(error, Busy) or services.database_is_away(error)):
            raise
        sheet.gauge("up", "The database answers", 0)
    else:
        sheet.gauge("up", "The database answers", 1)
        _backlog(sheet, found)
        _lateness(sheet, late)
        _untold(sheet, untold, now)
        _arrived(sheet, arrived)
    _latency(sheet, services.latencies())
    _pool(sheet, services.pool.get_stats())
    return sheet.text()


def _backlog(sheet: Sheet, found: insight.Figures) -> None:
    sheet.gauge("instances_active", "Process instances that have not ended", found.instances.get("active", 0))
    sheet.gauges("instances", "Process instances that have not ended, by state", "state", found.instances)
    sheet.gauge("user_tasks_open", "User tasks that wait for a person", found.user_tasks_open)
    sheet.gauge("user_tasks_overdue", "Open user tasks past their due time", found.user_tasks_overdue)
    sheet.gauge("timers_waiting", "Timers that have not fired", found.timers_waiting)
    waiting = sum(n for state, n in found.jobs.items() if state != "failed")
    sheet.gauge("jobs_waiting", "Jobs that wait for a worker or are with one", waiting)
    sheet.gauges("jobs", "Jobs by state", "state", found.jobs)
    sheet.gauge("open_incidents", "Incidents that nobody has resolved", sum(found.incidents.values()))
    sheet.gauges("incidents_open", "Incidents that nobody has resolved, by kind", "kind", found.incidents)
    sheet.gauges("messages_unmatched", "Messages without a receiver, by state", "state", found.messages)


def _lateness(sheet: Sheet, late: list[insight.OverdueTimers]) -> None:
    """The histogram is of what is late now: it needs no `rate`, and falls when timers fire."""
    oldest = max((one.oldest_s for one in late), default=0.0)
    sheet.gauge("oldest_due_timer_s", "How long the oldest due timer has been due, in seconds", oldest)
    sheet.family("timers_overdue", "gauge", "Timers that should have fired, by process and element")
    for one in late:
        sheet.sample("timers_overdue", one.count, _of(one))
    sheet.family("overdue_timer_age_seconds", "histogram", "How late the timers are that should have fired")
    for one in late:
        bounds = zip(insight.LATE_S, one.within, strict=True)
        _buckets(sheet, "overdue_timer_age_seconds", _of(one), bounds, one.count, one.seconds)


def _untold(sheet: Sheet, found: Mapping[str, Backlog], now: datetime) -> None:
    """Every state is there, also with nothing in it: an alert on a figure that is missing never fires."""
    every = {state: found.get(state, Backlog()) for state in STATES}
    counts = {state: one.count for state, one in every.items()}
    events = {state: one.events for state, one in every.items()}
    sheet.gauges("subscriptions", "Subscriptions of hospital systems, by state", "status", counts)
    sheet.gauges("subscription_events_untold", "Events that subscribers have not taken, by state", "status", events)
    oldest = min((at for state in ("requested", "active") if (at := every[state].since)), default=now)
    waiting = max(0.0, (now - oldest).total_seconds())
    sheet.gauge("oldest_untold_event_s", "How long the oldest event waits of a subscription that is tried", waiting)


def _arrived(sheet: Sheet, found: list[arrivals.Counted]) -> None:
    """By client and channel: what is kept of what came, how it stands, and how often a sender came again."""
    sheet.family("arrivals", "gauge", "Messages, documents and rows that arrived, by client, channel and state")
    for one in sorted(found, key=lambda c: (c.client, c.channel, c.state)):
        sheet.sample("arrivals", one.arrivals, {"client": one.client, "channel": one.channel, "state": one.state})
    sheet.family("arrival_repeats", "gauge", "How often senders sent again what had arrived, by client and channel")
    repeats: dict[tuple[str, str], int] = {}
    for one in found:
        repeats[one.client, one.channel] = repeats.get((one.client, one.channel), 0) + one.repeats
    for (client, channel), count in sorted(repeats.items()):
        sheet.sample("arrival_repeats", count, {"client": client, "channel": channel})
    open_now = sum(one.arrivals for one in found if one.state in ("waiting", "not-understood"))
    sheet.gauge("arrivals_open", "Arrivals that a person is to look at, or nobody has looked at", open_now)


def _of(one: insight.OverdueTimers) -> Labels:
    return {"definition": one.definition_key, "element": one.element_id}


def _latency(sheet: Sheet, latencies: Mapping[str, Any]) -> None:
    sheet.family("command_seconds", "histogram", "How long a command's transaction takes, the wait for a lock included")
    for command, row in latencies["by_command"].items():
        *counts, seconds = row
        below, cumulative = 0.0, []
        for count in counts:
            below += count
            cumulative.append(below)
        bounds = zip(latencies["bounds"], cumulative, strict=False)
        _buckets(sheet, "command_seconds", {"command": command}, bounds, below, seconds)


def _buckets(
    sheet: Sheet, name: str, labels: Labels, bounds: Iterator[tuple[float, float]], count: float, seconds: float
) -> None:
    for bound, number in bounds:
        sheet.sample(f"{name}_bucket", number, {**labels, "le": _number(bound)})
    sheet.sample(f"{name}_bucket", count, {**labels, "le": "+Inf"})
    sheet.sample(f"{name}_sum", seconds, labels)
    sheet.sample(f"{name}_count", count, labels)


def _pool(sheet: Sheet, stats: Mapping[str, int]) -> None:
    """Of the process that answers; the label says which."""
    process = str(os.getpid())
    sheet.family("pool_connections", "gauge", "Connections of the process that answers, by state")
    size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
    for state, number in (("free", free), ("used", size - free)):
        sheet.sample("pool_connections", number, {"process": process, "state": state})
    sheet.family("pool_requests_waiting", "gauge", "Requests that wait for a connection")
    sheet.sample("pool_requests_waiting", stats.get("requests_waiting", 0), {"process": process})


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
