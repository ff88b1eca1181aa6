"""The pages people see: server-rendered, Chinese first, asking the same services as the interfaces do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint


def blueprints(services: Any) -> list[Blueprint]:
    """Everything to register on the application; `services` is found at `app.extensions["yuntu"]`."""
    from web.pages import bp

    return [bp]
