"""Whether a version of a process starts instances."""

from __future__ import annotations

from flask import Response, g, redirect, request, url_for

from engine.commands.contracts import ActivateDefinition, SuspendDefinition
from engine.errors import NotFound
from web.pages.blueprint import bp, services
from workflows import audited


@bp.post("/design/<key>/<int:version>/<action>")
def hold_definition(key: str, version: int, action: str) -> Response:
    """The newest version that is not held takes its place; what runs goes on."""
    reason = request.form.get("reason", "")[:1000]
    if action == "suspend":
        command: SuspendDefinition | ActivateDefinition = SuspendDefinition(key=key, version=version, reason=reason)
    elif action == "activate":
        command = ActivateDefinition(key=key, version=version)
    else:
        raise NotFound("没有这个操作", "no such operation")
    told = {"version": version, **({"reason": reason} if reason else {})}
    audited.execute(services(), command, g.principal, "definition", key, told)
    return redirect(url_for("web.definitions", done=1), 303)  # type: ignore[return-value]
