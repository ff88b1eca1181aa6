"""A date of what was done for her that lies before this pregnancy began: mostly last year's number in January. Who is
signing is asked once more; with her last period corrected since, it may be right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.errors import Fault, Text
from workflows.facts import date_of

DONE_ON = {  # form: when it was done
    "anc-first": "filled_on",
    "anc-visit": "visit_date",
    "risk-screening": "screened_on",
    "risk-grading": "graded_on",
    "face-to-face": "f2f_date",
    "structural-scan": "scan_done_on",
    "prenatal-result": "prenatal_result_on",
    "transfer-request": "requested_at",
    "consultation-request": "consult_requested_at",
    "delivery": "delivered_at",
    "postnatal-visit": "visit_date",
    "postnatal-42d": "visit_date",
}


def doubts(form: str, values: Mapping[str, Any], lmp: Any) -> list[Fault]:
    """One at the date, where the case knows her last period and it lies before."""
    name = DONE_ON.get(form, "")
    done, began = _day(values.get(name)), _day(lmp)
    if done is None or began is None or done >= began:
        return []
    return [
        Fault(
            path=name,
            message=Text(
                zh=f"{done.isoformat()} 早于她的末次月经 {began.isoformat()}，请核对年份和日期",
                en=f"{done.isoformat()} is before her last period of {began.isoformat()}: check the year and the day",
            ),
        )
    ]


def _day(value: Any) -> date | None:
    return date_of(str(value)[:10]) if value is not None else None
