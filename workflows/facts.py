"""What is known of a woman, by the names of the forms' items, and what follows from it by arithmetic.

A fact keeps when it was true and where it came from; rules work on `{name: value}`. Numbers are int or Decimal in
the unit below, codes are the forms' codes, dates ISO text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from workflows.policies.gestational_age import completed_months, completed_years, days_pregnant


@dataclass(frozen=True, slots=True)
class Fact:
    """`at`: when it was observed, not when it was stored. `source`: the record it was read from."""

    value: Any
    at: datetime | date | None = None
    source: str | None = None


ALT_LIMIT, AST_LIMIT = (
    Decimal(40),
    Decimal(35),
)  # U/L, women, upper reference limit WS/T 404.1 [known]; the laboratory's own rules
AT_DUE_DATE = "edd"
AGE_REFERENCES = ("assessment", AT_DUE_DATE)
ALIVE_OR_BORN = ("vaginal", "cs")  # ways a last pregnancy ended that count as a birth


def number_of(value: Any) -> Decimal | None:
    """The figure as Decimal; None for what is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def date_of(value: Any) -> date | None:
    """The calendar date of ISO text (of an instant: the date as written); None for anything else."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def body_mass_index(weight_kg: Any, height_cm: Any) -> Decimal | None:
    """kg/m2 to one decimal, halves up, as the boundary tests of the tables want it (25.0 is not above 25)."""
    weight, height = number_of(weight_kg), number_of(height_cm)
    if weight is None or not height:
        return None
    return (weight * 10000 / (height * height)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def derived(facts: Mapping[str, Any], on: date, edd: date | None = None) -> dict[str, Any]:
    """`facts` with all that follows from them on that day. What is already there is never overwritten."""
    found = {**_dates(facts, on, edd), **_history(facts), **_findings(facts)}
    return {**{name: value for name, value in found.items() if value is not None}, **_present(facts)}


def assessed(known: Mapping[str, Any], reference: str | None, edd: date | None = None) -> dict[str, Any]:
    """What was derived, as screening and grading count her age: on the day (`assessment`), or at the due date (`edd`).

    `risk.age_reference` of the pack (G-12): a woman of 34 who is 35 when the child is due counts as 35 by the latter.
    """
    birth, due = date_of(known.get("birth_date")), edd or date_of(known.get("edd_final"))
    if reference != AT_DUE_DATE or birth is None or due is None:
        return dict(known)
    return {**known, "age": completed_years(birth, due)}


def _dates(facts: Mapping[str, Any], on: date, edd: date | None) -> dict[str, Any]:
    birth, due = date_of(facts.get("birth_date")), edd or date_of(facts.get("edd_final"))
    last_end, surgery = date_of(facts.get("last_pregnancy_end_date")), date_of(facts.get("last_uterine_surgery_date"))
    conceived = date_of(facts.get("lmp")) or on
    born = last_end if facts.get("last_pregnancy_end_mode", "vaginal") in ALIVE_OR_BORN else None
    return {
        "age": completed_years(birth, on) if birth else None,
        "ga_days": days_pregnant(due, on) if due else None,
        "birth_interval_months": completed_months(born, conceived) if born and born <= conceived else None,
        "birth_interval_begun_months": _begun_months(born, conceived) if born and born < conceived else None,
        "months_since_uterine_surgery": completed_months(surgery, on) if surgery and surgery <= on else None,
        "bmi": body_mass_index(facts.get("prepregnancy_weight") or facts.get("weight"), facts.get("height")),
    }


def _begun_months(since: date, on: date) -> int:
    """Months begun: "more than five years" is true from the day after the 60th month is full."""
    return completed_months(since, on - timedelta(days=1)) + 1


def _history(facts: Mapping[str, Any]) -> dict[str, Any]:
    abortions = _sum(facts, "abortion_spont", "abortion_induced", "abortion_drug", "induction_mid")
    return {
        "abortions_total": abortions if abortions is not None else facts.get("abortions"),
        "perinatal_deaths": _sum(facts, "stillbirth_iufd", "stillbirth_intrapartum", "neonatal_death"),
        "uterine_surgeries": facts.get("parity_cs"),
        "fetuses_count": facts.get("fetus_count"),
        "assisted_reproduction": _assisted(facts),
        "heart_disease": "heart" in past if isinstance(past := facts.get("past_history"), list) else None,
        "mass_cm": _largest(facts, "fibroid_size", "ovarian_cyst_size"),
    }


def _findings(facts: Mapping[str, Any]) -> dict[str, Any]:
    alt, ast = number_of(facts.get("alt")), number_of(facts.get("ast"))
    liver = None
    if alt is not None and ast is not None:
        liver = "normal" if alt <= ALT_LIMIT and ast <= AST_LIMIT else "abnormal"
    heard = {facts.get("heart"), facts.get("lung")} - {None}
    listened = None if not heard else "abnormal" if "abnormal" in heard else "normal"
    lie = facts.get("fetal_position")
    return {"liver": liver, "auscultation": listened, "presentation": lie if lie in ("breech", "transverse") else None}


def _assisted(facts: Mapping[str, Any]) -> bool | None:
    if facts.get("conception") == "assisted" or facts.get("edd_basis") == "ivf":
        return True
    return False if facts.get("conception") == "natural" else None


def _present(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _sum(facts: Mapping[str, Any], *names: str) -> Any:
    known = [facts[name] for name in names if number_of(facts.get(name)) is not None]
    return sum(known) if known else None


def _largest(facts: Mapping[str, Any], *names: str) -> Any:
    known = [facts[name] for name in names if number_of(facts.get(name)) is not None]
    return max(known) if known else None
