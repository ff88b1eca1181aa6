"""The region's organisations as Organization resources, so that what refers to one can be followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fhir_adapters.mappings.organization import to_organization
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from workflows.people import Organisation


def save_organizations(conn: Any, region_id: str, organisations: Sequence[Organisation], now: datetime) -> None:
    """Unchanged ones keep their version."""
    drafts = [Draft(resource=to_organization(one)) for one in organisations]
    resources.save(conn, region_id, now, ENGINE, drafts, engine_owned=True)
