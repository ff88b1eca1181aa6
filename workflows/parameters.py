"""Which values of the region packs are words for people, shown on the page of the region's rules. All others drive
something; a test changes each and looks."""

from __future__ import annotations

from typing import Any

from workflows.regions import Pack
from workflows.regions.pack import Source

SHOWN: frozenset[str] = frozenset(
    {
        *("accountability.delay", "accountability.interview", "accountability.trace_back", "it.telehealth"),
        *("calendar.yearly.implement", "calendar.yearly.notice", "calendar.yearly.summary"),
        *("death.at_once", "death.phone_to", "death.facility_review_required"),
        *("calendar.yearly.three_year_summary", "focus.duties", "privacy.mental_health", "privacy.protect"),
        *("newborn.handover_log", "newborn.preterm.case_file", "newborn.preterm.kangaroo_care", "newborn.wristband"),
        *("death.notify.to", "review.near_miss.facility", "review.near_miss.scope", "risk.scheme.flags"),
        *("quality.delivery", "quality.delivery_checklist", "records.outpatient_to_inpatient", "region.cross_province"),
        *("returns.institution.rule", "returns.institution.to", "returns.regular", "risk.dynamic"),
        *("scope.institutions", "service.booked_bed_priority", "service.continuous_care", "service.priority"),
        *("service.results", "services.items", "services.periods"),
        *("supervision.closed_loop", "supervision.interview_and_notice", "supervision.key_hospital_contact"),
        *("supervision.rectify_by_date", "targets.case_mgmt_pct.score", "targets.centres.assessed"),
        *("targets.centres.city", "targets.centres.county", "targets.centres.province", "targets.model_units.op"),
        *("targets.model_units.per", "targets.model_units.value", "targets.tcm_pct.secondary"),
        *("targets.tcm_pct.tertiary", "unsuitable.inform"),
    }
)


def words(pack: Pack) -> list[tuple[str, Any, Source]]:
    """What of a pack is for people to read and act on, with its sentence, as the page of the rules shows it."""
    return [(key, value, source) for key, value, source in pack.leaves() if key in SHOWN]
