"""A clock that runs while somebody looks at it: from the decision for an emergency caesarean to the birth (T-14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.store import reads

RECORDS_TIMES = "task_record_caesarean"


@dataclass(frozen=True, kw_only=True)
class Running:
    """`warn_at`, `target_at`: when the office is warned, and when the region's target is reached."""

    since: datetime
    warn_at: datetime
    target_at: datetime
    now: datetime
    task_id: Any

    @property
    def minutes(self) -> int:
        return int((self.now - self.since).total_seconds() // 60)

    @property
    def target(self) -> int:
        return int((self.target_at - self.since).total_seconds() // 60)

    @property
    def state(self) -> str:
        return "overdue" if self.now >= self.target_at else "soon" if self.now >= self.warn_at else "open"


def of_tasks(services: Any, conn: Any, tasks: Iterable[Any], now: datetime) -> list[Running]:
    """One for each emergency caesarean among these open tasks."""
    found = []
    for task in tasks:
        if not task.is_open or task.element_id.rsplit("/", 1)[-1] != RECORDS_TIMES:
            continue
        instance = reads.instance(conn, services.region_id, task.instance_id)
        known = instance.variables if instance is not None else {}
        decided = known.get("cs_decision_at")
        if isinstance(decided, str):
            rules = known["policy"]["emergency"]
            since = datetime.fromisoformat(decided)
            found.append(
                Running(
                    since=since,
                    warn_at=since + timedelta(minutes=int(rules["ddi_warn_min"])),
                    target_at=since + timedelta(minutes=int(rules["ddi_target_min"])),
                    now=now,
                    task_id=task.id,
                )
            )
    return found
