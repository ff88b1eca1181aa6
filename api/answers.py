"""What goes out: JSON with the digits kept, instants in China's offset, and the shapes of the contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from engine.clock import CHINA
from engine.store import plain


def reply(body: Any, status: int = 200, *, revision: int | None = None) -> Response:
    response = Response(plain.dumps(body), status=status, content_type="application/json")
    if revision is not None:
        response.headers["ETag"] = f'"{revision}"'
    return response


def at(moment: datetime | None) -> str | None:
    """An instant as people in China read it: with their offset."""
    return moment.astimezone(CHINA).isoformat() if moment is not None else None


def task_json(task: Any, now: datetime) -> dict[str, Any]:
    """One item of `GET /api/user-tasks`."""
    limit = task.due_at or task.until_at
    is_open = task.is_open
    return {
        "id": str(task.id),
        "revision": task.revision,
        "element_id": task.element_id,
        "path": task.path,
        "name": task.name,
        "instance_id": str(task.instance_id),
        "definition_key": task.definition_key,
        "definition_version": task.definition_version,
        "pregnancy_id": task.business_key,
        "state": "open" if is_open else str(task.state),
        "assignee": task.assignee,
        "candidate_roles": list(task.candidate_roles or ()),
        "organisation": task.organisation,
        "created_at": at(task.created_at),
        "window": {"from": at(task.window_from), "due": at(task.due_at), "until": at(task.until_at)},
        "overdue": bool(is_open and limit is not None and limit < now),
        "priority": task.priority,
        "form": task.form,
    }


def definition_json(definition: Any) -> dict[str, Any]:
    return {
        "kind": definition.kind,
        "key": definition.key,
        "version": definition.version,
        "name": definition.name,
        "sha256": definition.sha256,
        "deployed_at": at(definition.deployed_at),
        "deployed_by": definition.deployed_by,
        "suspended": definition.suspended,
    }
