"""What the forms of prenatal screening and diagnosis mean for the course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows.facts import date_of, number_of
from workflows.policies.gestational_age import completed_years

Values = Mapping[str, Any]


def age_at(birth_date: Any, edd: date) -> int | None:
    """Her age at the due date in completed years: what prenatal diagnosis is advised by (G-12)."""
    born = date_of(birth_date)
    return completed_years(born, edd) if born else None


def sampled(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"prenatal_sampled": answers.get("prenatal_method") != "none"}


def result(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """What the table judges; a figure that was not measured is no figure."""
    names = {"t21": "t21_one_in", "t18": "t18_one_in", "afp_mom": "afp_mom"}
    figures = {name: number_of(answers.get(item)) for name, item in names.items()}
    return {"prenatal_found": {**figures, "conclusion": answers.get("prenatal_conclusion")}}


def consulted(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"prenatal_agreed": answers.get("prenatal_decision") == "agrees"}


def diagnosed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"prenatal_abnormal": answers.get("diagnosis_result") in ("abnormal", "uncertain")}


def scanned(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"scan_abnormal": answers.get("scan_result") == "abnormal"}


def thalassaemia(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Both partners carriers: the child may be ill ([known])."""
    return {"both_carriers": answers.get("thal_mother") is True and answers.get("thal_partner") is True}


BY_FORM = {
    "structural-scan": scanned,
    "thalassaemia-screen": thalassaemia,
    "prenatal-screening": sampled,
    "prenatal-result": result,
    "prenatal-consult": consulted,
    "prenatal-diagnosis": diagnosed,
}
