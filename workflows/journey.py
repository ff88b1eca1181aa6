"""Between a form and the diagram: what a new case begins with, what a completed form means for the course, and what
a form can know before anybody types.

`answers` are the form's values by linkId, calculated ones among them; `facts` is `{name: value}` of everything
recorded. Nothing here reads a clock: `on` is today in China.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows import prefill as prefilling
from workflows import routing
from workflows.facts import date_of
from workflows.policies import gestational_age as ages
from workflows.policies.advice import advice
from workflows.regions import Pack

__all__ = ["advice", "derive", "gestational_age_text", "prefill", "start_variables"]


def start_variables(
    *,
    pregnancy_id: str,
    patient_id: str,
    home_organisation: str,
    hospital_organisation: str | None,
    county_organisation: str | None,
    on: date,
    pack: Pack,
    village_organisation: str | None = None,
    lmp: str | None = None,
    edd: str | None = None,
    edd_basis: str | None = None,
    first_contact: str = "primary",
) -> dict[str, Any]:
    """What a new instance of pregnancy_journey begins with. An LMP without a due date proposes one."""
    policy = pack.policy()
    if lmp is not None and edd is None:
        edd, edd_basis = ages.due_date(date.fromisoformat(lmp), policy["edd_rule"]).isoformat(), edd_basis or "lmp"
    return {
        "pregnancy_id": pregnancy_id,
        "patient_id": patient_id,
        "home_organisation": home_organisation,
        "hospital_organisation": hospital_organisation,
        "county_organisation": county_organisation,
        "village_organisation": village_organisation,
        "first_contact": first_contact,
        "registered_on": on.isoformat(),
        "lmp": lmp,
        "edd": edd,
        "edd_basis": edd_basis,
        "pack": pack.id,
        "pack_version": pack.version,
        "scheme": policy["scheme"]["id"],
        "policy": policy,
        "plan_colours": list(pack.values.get("casefile", {}).get("plan_colours") or ()),
        "responsible_required": policy["responsible_doctor"] == "required",
        "edd_rule": policy["edd_rule"],
        "stage": "registered",
    }


def derive(form_id: str, answers: Mapping[str, Any], facts: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The routing variables that completing the form sets; none for a form that routes nothing."""
    rule = routing.BY_FORM.get(form_id)
    return {} if rule is None else rule(answers, facts, on)


def prefill(form_id: str, facts: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    """Values by linkId to begin the form with; what is not known is left out."""
    rule = prefilling.BY_FORM.get(form_id)
    found = {} if rule is None else rule(facts, variables, on)
    return {name: value for name, value in found.items() if value is not None}


def gestational_age_text(variables: Mapping[str, Any], on: date) -> str | None:
    """`W+D` on that day, or on the day the pregnancy ended; None without a due date or outside any pregnancy."""
    edd = date_of(variables.get("edd"))
    ended = date_of(variables.get("delivered_on")) or date_of(variables.get("ended_on"))
    if edd is None:
        return None
    days = ages.days_pregnant(edd, min(on, ended) if ended else on)
    return ages.written(days) if 0 <= days <= ages.LONGEST else None
