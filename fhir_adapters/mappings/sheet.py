"""What several sign, and what lists many -> Composition of the suitability council (P12), List of a sweep (P20)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, fitted, instant, person, reference, resource
from fhir_adapters.terminology import LIST_KIND, LOINC

Answers = Mapping[str, Any]
CONCLUSIONS = {"suitable": "适宜继续妊娠", "conditional": "有条件继续妊娠", "unsuitable": "不宜继续妊娠"}
SENIOR = {"chief": "主任医师", "associate_chief": "副主任医师", "attending": "主治医师"}
XHTML = "http://www.w3.org/1999/xhtml"


def to_council(answers: Answers, case: Case, response_id: str) -> Json:
    """P12: what the council concluded; whoever signed attests it, with title and department."""
    on = instant(answers.get("assessed_on"))
    said = CONCLUSIONS.get(str(answers.get("conclusion")), "未作结论")
    text = f"{said}。{answers.get('conditions') or ''}"
    return resource(
        "Composition",
        fitted("council", response_id),
        status="final",
        type=concept(LOINC, "11488-4", "Consult note"),
        subject=case.subject,
        date=local_text(case.at),
        author=[person(case.by)],
        title="继续妊娠适宜性评估",
        event=[{"detail": [case.episode]}] if case.episode else None,
        attester=[_attester(row, on) for row in answers.get("members") or () if _has_signed(row)],
        section=[
            {
                "title": "结论",
                "text": {"status": "generated", "div": f'<div xmlns="{XHTML}"><p>{escape(text)}</p></div>'},
                "entry": [reference("QuestionnaireResponse", response_id)],
            }
        ],
    )


def _has_signed(row: Any) -> bool:
    return isinstance(row, Mapping) and row.get("member_signed") is True


def _attester(row: Mapping[str, Any], on: str | None) -> Json:
    title, department = SENIOR.get(str(row.get("member_title"))), row.get("member_department")
    named = " ".join(str(part) for part in (row.get("member_name"), title, department) if part)
    party = {"type": "Practitioner", "display": named} if named else None
    return {"mode": "professional"} | ({"time": on} if on else {}) | ({"party": party} if party else {})


def to_list(answers: Answers, case: Case, response_id: str) -> Json:
    """P20: the month's sheet of one unit. The women in it stand in the sheet, not here."""
    when = instant(answers.get("reported_on")) or local_text(case.at)
    title = " ".join(str(answers[name]) for name in ("sweep_unit", "sweep_period") if answers.get(name))
    return resource(
        "List",
        fitted("sweep", response_id),
        status="current",
        mode="snapshot",
        title=f"特殊人群孕情摸排 {title}".strip(),
        code=concept(LIST_KIND, "sweep", "特殊人群孕情摸排"),
        date=when,
        entry=[{"item": reference("QuestionnaireResponse", response_id), "date": when}],
    )
