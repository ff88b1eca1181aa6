"""A conclusion "nothing abnormal" beside values that are: who is signing is asked once more, with what was found. The
course acts on the findings (D8) whatever is concluded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.errors import Fault, Text
from workflows import routing, tables
from workflows.forms import Form
from workflows.task_access import known, over, variables_of

CONCLUSIONS = {  # form: the item that concludes, and what it says where nothing was found
    "anc-first": ("overall", "normal"),
    "anc-visit": ("classification", "normal"),
    "postnatal-visit": ("classification", "normal"),
    "postnatal-42d": ("classification", "recovered"),
}
DAYS_AFTER_BIRTH = {"postnatal-visit": 0, "postnatal-42d": 42}
ASKED_ABOUT = frozenset({"warn", "urgent", "emergency"})  # levels of D8 that no "nothing abnormal" goes with silently


def doubts(services: Any, conn: Any, task: Any, form: Form, values: Mapping[str, Any], on: date) -> list[Fault]:
    """One at the concluding item, naming every finding; none where the conclusion does not contradict."""
    name, nothing = CONCLUSIONS.get(form.id, ("", ""))
    if not name or values.get(name) != nothing:
        return []
    variables = variables_of(services, conn, task)
    facts = known(services, over(conn), task.business_key, variables)
    with tables.as_published(services, over(conn)):
        since = {"postpartum_days": DAYS_AFTER_BIRTH[form.id]} if form.id in DAYS_AFTER_BIRTH else {}
        found = routing.findings({**since, **values}, facts, on)
    named = [f"{row['text']}（{row['code']}）" for row in found if row["level"] in ASKED_ABOUT]
    if not named:
        return []
    option = form.by_link_id[name].option(nothing)
    said = option.text if option else Text(zh=nothing, en=nothing)
    listed = "；".join(named)
    return [
        Fault(
            path=name,
            message=Text(
                zh=f"所填数据有异常：{listed}。与“{said.zh}”不符，请核对",
                en=f"what was measured is not normal ({listed}): check “{said.en}”",
            ),
        )
    ]
