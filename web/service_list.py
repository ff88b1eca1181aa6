"""The services of the whole course on the woman's page, where her region counts them."""

from __future__ import annotations

from typing import Any

from engine.errors import NotFound
from engine.store import reads
from web.woman import Woman
from workflows.service_map import SERVICES, Service


def of(services: Any, conn: Any, woman: Woman) -> list[tuple[Service, str]]:
    """Empty where the region pack names no number of services."""
    try:
        pack = services.regions(str(woman.variables.get("pack") or services.settings.pack))
    except NotFound:  # a case older than the packs that come with this release
        return []
    if "services" not in pack.values:
        return []
    asked: dict[str, Any] = {"business_key": woman.pregnancy_id, "state": None, "order": "created", "limit": 500}
    tasks = reads.user_tasks(conn, services.region_id, **asked).items
    done = {task.element_id for task in tasks if task.state == "completed"}
    now = {task.element_id for task in tasks if task.is_open}
    return [(service, service.state(done, now)) for service in SERVICES]
