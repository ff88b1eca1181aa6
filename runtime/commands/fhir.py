"""`yuntu fhir`: what an integrator runs against a test system."""

from __future__ import annotations

import os

import click

from runtime.commands.output import json_option, show, table
from runtime.conformance import Server, base_of
from runtime.conformance import check as run_checks


@click.group()
def group() -> None:
    """FHIR 接口 / The FHIR interface."""


@group.command("check")
@click.argument("url")
@json_option
@click.pass_context
def check(ctx: click.Context, url: str, as_json: bool) -> None:
    """符合性自检 / Check a FHIR server over HTTP; nothing is stored there. The token is read from YUNTU_TOKEN.

    Example: YUNTU_TOKEN=… yuntu fhir check http://127.0.0.1:8000/fhir --json
    """
    base = base_of(url)
    if base is None:
        raise click.UsageError("URL 应为 http(s) 地址 / an http(s) address is expected")
    try:
        checks = run_checks(Server(base, os.environ.get("YUNTU_TOKEN")))
    except OSError as error:
        raise click.ClickException(f"没有应答 / nobody answers: {type(error).__name__}") from error
    good = sum(one["ok"] for one in checks)
    rows = [("✓" if one["ok"] else "✗", one["name"], one["detail"]) for one in checks]
    show({"url": base, "checks": checks, "summary": {"checks": len(checks), "ok": good}}, as_json, lambda: table(rows))
    ctx.exit(0 if good == len(checks) else 1)
