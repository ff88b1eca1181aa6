"""What runs here, as FHIR -> PlanDefinition, ActivityDefinition, Library: processes, decision tables, regional packs.

They are made when they are read, from what is deployed: immutable once active, a new version beside the old one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.common import Json, concept, kebab, resource
from fhir_adapters.terminology import CANONICAL_BASE, TASK_CODE

LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
PROCESS, DECISION = "process", "decision"  # kinds of what is deployed
XML = "application/xml"
_USER_TASK = re.compile(r'<(?:\w+:)?userTask id="task_([A-Za-z0-9_]+)"(?: name="([^"]*)")?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One version of a diagram or a table. `is_newest`: the one that new cases begin with."""

    kind: str
    key: str
    version: int
    name: str | None
    deployed_at: datetime
    is_newest: bool
    content: bytes

    @property
    def slug(self) -> str:
        """A table may have the name of a process."""
        return f"decision-{kebab(self.key)}" if self.kind == DECISION else kebab(self.key)

    @property
    def id(self) -> str:
        """The newest under its plain name, every other version under its name with the number."""
        return self.slug if self.is_newest else f"{self.slug}.{self.version}"

    @property
    def status(self) -> str:
        return "active" if self.is_newest else "retired"


def user_tasks(content: bytes) -> dict[str, str]:
    """Kind to title of everything that a person does in a diagram."""
    return {kebab(id_): title or id_ for id_, title in _USER_TASK.findall(content.decode("utf-8", "replace"))}


def to_plan(deployed: Deployed) -> Json:
    """A process as a workflow definition whose actions are its user tasks; a decision table as a rule."""
    is_process = deployed.kind == PROCESS
    type_ = ("workflow-definition", "Workflow Definition") if is_process else ("eca-rule", "ECA Rule")
    actions = [
        {"title": title, "definitionCanonical": f"{CANONICAL_BASE}/ActivityDefinition/{kind}|{deployed.version}"}
        for kind, title in user_tasks(deployed.content).items()
    ]
    return resource(
        "PlanDefinition",
        deployed.id,
        **_head("PlanDefinition", deployed),
        type=concept(PLAN_TYPE, *type_),
        library=[f"{CANONICAL_BASE}/Library/{deployed.slug}|{deployed.version}"],
        action=actions if is_process else None,
    )


def to_library(deployed: Deployed) -> Json:
    """The file itself, as it was uploaded."""
    return resource(
        "Library",
        deployed.id,
        **_head("Library", deployed),
        type=concept(LIBRARY_TYPE, "logic-library", "Logic Library"),
        content=[{"contentType": XML, "data": base64.b64encode(deployed.content).decode()}],
    )


def to_activity(kind: str, title: str, deployed: Deployed) -> Json:
    """What a person does in a process; its Tasks name this."""
    head = {
        **_head("ActivityDefinition", deployed),
        "url": f"{CANONICAL_BASE}/ActivityDefinition/{kind}",
        "name": _name(kind),
        "title": title,
    }
    return resource(
        "ActivityDefinition",
        kind,
        **head,
        kind="Task",
        intent="order",
        code=concept(TASK_CODE, kind, title),
    )


def to_pack(pack_id: str, name: str, version: str, values: Mapping[str, Any], *, text: bytes, active: bool) -> Json:
    """A region's rules, with the file that says where each value comes from."""
    return resource(
        "Library",
        f"pack-{pack_id}",
        url=f"{CANONICAL_BASE}/Library/pack-{pack_id}",
        version=version,
        name=_name(f"pack-{pack_id}"),
        title=name,
        status="active" if active else "retired",
        type=concept(LIBRARY_TYPE, "asset-collection", "Asset Collection"),
        description=f"地区方案包：{len(values)} 组设定",
        content=[{"contentType": "application/yaml", "data": base64.b64encode(text).decode()}],
    )


def _head(type_: str, deployed: Deployed) -> Json:
    return {
        "url": f"{CANONICAL_BASE}/{type_}/{deployed.slug}",
        "version": str(deployed.version),
        "name": _name(deployed.slug),
        "title": deployed.name or deployed.key,
        "status": deployed.status,
        "date": local_text(deployed.deployed_at),
    }


def _name(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-._]", text) if part)
