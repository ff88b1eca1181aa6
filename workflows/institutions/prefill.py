"""What the forms of institutions' tasks can know from the variables of their process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

Values = Mapping[str, Any]
DAYS = re.compile(r"P(\d{1,3})D", re.ASCII)


def duty(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    owed = variables.get("duty") or {}
    name = owed.get("name") or {}
    return {
        "held_on": on.isoformat(),
        "duty_name": name.get("zh"),
        "duty_topic": name.get("zh"),
        "duty_basis": owed.get("source"),
    }


def notice(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """The answer is asked for in the days that the region gives (`institution.reply_within`)."""
    within = ((variables.get("policy") or {}).get("institution") or {}).get("reply_within")
    days = DAYS.fullmatch(str(within))
    return {"notice_on": on.isoformat(), "reply_by": (on + timedelta(days=int(days[1]))).isoformat() if days else None}


def action_item(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    item = variables.get("action_item") or {}
    return {
        "action_done_on": on.isoformat(),
        "action_measure": item.get("measure"),
        "action_owner": item.get("measure_owner"),
    }


def inspection(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """The items of the region's own sheet, to be gone through, and the cases that were drawn."""
    items = [{"finding_item": item} for item in variables.get("sheet_items") or ()]
    drawn = "、".join(variables.get("sampled_cases") or ())
    return {"inspected_on": on.isoformat(), "findings": items or None, "sampled_cases": drawn or None}
