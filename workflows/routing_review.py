"""What is found after the birth and in reviews: D9, D13, and whether something has to be put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from workflows import tables
from workflows.facts import number_of

Values = Mapping[str, Any]
FEVER = Decimal(38)
SERIOUS = ("lochia", "uterus", "mental_state", "calf")  # bleeding or infection, poor involution, depression: D9; A-22
REFERRED = frozenset({"A-1", "A-2", "A-15", "A-16", "A-20"})  # of D8, what a township does not keep after the birth
GENERAL = ("breast", "wound", "general_health")


def route_after_birth(answers: Values, findings: Sequence[Values], on: date) -> str | None:
    """D9: "refer", "guide" or "close". None where nobody was examined. `findings`: what D8 says of this visit."""
    if answers.get("contact") in ("lost", "died"):
        return None
    temperature = number_of(answers.get("temperature"))
    feverish = temperature is not None and temperature >= FEVER
    shown = any(row["code"] in REFERRED for row in findings)
    found = {
        "serious": feverish or shown or any(answers.get(name) == "abnormal" for name in SERIOUS),
        "general": any(answers.get(name) == "abnormal" for name in GENERAL),
        "recovered": answers.get("classification") in ("normal", "recovered"),
    }
    return str(tables.evaluate("postnatal_route", {"found": found}, on))


def near_miss(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """D13: what is ticked at discharge, and what her results and transfusions show by themselves whether it is ticked
    or not."""
    ticked = [code for code in answers.get("near_miss_criteria") or () if code != "none"]
    organs = list(dict.fromkeys([*ticked, *tables.near_miss_found(facts, on, answers.get("red_cells_total"))]))
    is_one = tables.evaluate("near_miss", {"ticked": organs, "found": {}}, on)
    return {"near_miss": is_one is True, "near_miss_criteria": organs}


def reviewed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    measures = [dict(row) for row in answers.get("rectification") or ()]
    return {"rectify": bool(measures), "action_items": measures, "notice_wanted": answers.get("notice_wanted") is True}


BY_FORM = {"near-miss": reviewed, "death-review": reviewed, "newborn-death-review": reviewed}
