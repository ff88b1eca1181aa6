"""Every open incident of one instance is tried again."""

from __future__ import annotations

from contextlib import suppress

from engine.commands.contracts import RetryIncident, RetryIncidents
from engine.errors import Conflict
from engine.store.transaction import Tx


def handle(command: RetryIncidents, tx: Tx) -> None:
    found = [row[0] for row in tx.all("read_open_incidents_of", instance_id=command.instance_id)]
    if not found:
        raise Conflict("没有待处理的事件", "no open incident", code="no-incident")
    for incident_id in found:
        with suppress(Conflict):  # one that was resolved with another
            tx.run(RetryIncident(incident_id=incident_id))
