"""`yuntu organisation`: the institutions of a region; accounts, systems and women belong to them."""

from __future__ import annotations

from typing import Any

import click

from runtime import start
from runtime.commands.output import json_option, services, show, table
from workflows.institutions.directory import KINDS_OF_INSTITUTION
from workflows.people.model import Organisation


@click.group()
def group() -> None:
    """机构 / The institutions of the region."""


@group.command("put")
@click.argument("organisation_id", metavar="ID")
@click.option("--kind", required=True, type=click.Choice([*KINDS_OF_INSTITUTION]), help="what it is / 类别")
@click.option("--name", required=True, help="as people call it / 名称")
@click.option("--parent", "parent_id", metavar="ID", help="the institution above it / 上级机构")
@json_option
def put(organisation_id: str, kind: str, name: str, parent_id: str | None, as_json: bool) -> None:
    """新增或更正 / Add an institution, or correct its kind, name and place in the tree.

    Example: yuntu organisation put org-mch --kind county_mch --name 县妇幼保健院 --parent org-county-health
    """
    given = Organisation(id=organisation_id, kind=kind, name=name, parent_id=parent_id)
    with services() as built:
        built.people.put_organisation(given)
        built.people.audit(start.AT_THE_MACHINE, "PutOrganisation", "organisation", organisation_id, {"kind": kind})
        built.directory_changed()
    show(_as_json(given), as_json, lambda: table([_line(given)]))


@group.command("list")
@json_option
def listed(as_json: bool) -> None:
    """列出 / All of them, with the one above each."""
    with services() as built:
        found = [*built.people.organisations().values()]
    show({"items": [_as_json(one) for one in found]}, as_json, lambda: table([_line(one) for one in found]))


def _as_json(one: Organisation) -> dict[str, Any]:
    return {"id": one.id, "kind": one.kind, "name": one.name, "parent": one.parent_id}


def _line(one: Organisation) -> tuple[str, ...]:
    return (one.id, KINDS_OF_INSTITUTION[one.kind].zh, one.name, one.parent_id or "")
