"""What is agreed with a client: its file, what was entered on its page before that, and its own codes beside both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fhir_adapters.arrivals.profile import Code, Profile, Profiles
from fhir_adapters.store import tolerances


def profiles(services: Any) -> Profiles:
    def entered() -> dict[str, str]:
        with services.pool.connection() as conn:
            return dict(tolerances.all_inbound(conn, services.region_id))

    return Profiles(services.settings.inbound, entered)


def with_own_codes(services: Any, profile: Profile) -> Profile:
    """Codes that were mapped on the client's page and come without a system hold on every way in."""
    with services.pool.connection() as conn:
        rows = tolerances.all_codes(conn, services.region_id, profile.client)
    own = {row.code: Code(item=row.item, unit=row.unit) for row in rows if not row.system}
    return replace(profile, codes={**profile.codes, **own}) if own else profile
