"""Screening and grading -> RiskAssessment ({canon}/StructureDefinition/mch-pregnancy-risk), the colour as an
Observation, and the labels -> Flag ({canon}/StructureDefinition/mch-risk-flag).

Severity and purple are two predictions and two Flags, never one number. Whatever says purple is restricted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from fhir_adapters.dates import FIRST, local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, coding, concept, instant, reference, resource, restricted
from fhir_adapters.terminology import (
    ASSESSMENT_TYPE,
    COLOURS,
    FLAG_CATEGORY,
    FLAG_DETAIL,
    GRADING,
    OBSERVATION_CATEGORY,
    RISK_COLOUR,
    RISK_COLOUR_ITEM,
    RISK_CRITERION,
    RISK_CRITERION_EXTENSION,
    RISK_FLAG,
    RISK_OUTCOME,
    RISK_SCHEME,
    SCREENING_ITEM,
)

Grading = Mapping[str, Any]  # graded_at, colour, purple, criteria: one entry of the variable `gradings`
SCHEME_VERSION = "2017.1"
SCREENING_RESULT = {
    "positive": ("final", "筛查阳性"),
    "negative": ("final", "筛查阴性"),
    "provisional": ("preliminary", "暂定：检查未齐"),
}


def gradings_of(case: Case) -> list[Grading]:
    """All gradings so far, oldest first. One that was entered in error keeps its place and says so: `error`."""
    kept = [g for name in ("gradings", "gradings_in_error") for g in _listed(case.variables.get(name))]
    if kept:
        return sorted(kept, key=_place)
    if not case.variables.get("colour"):
        return []
    names = ("graded_at", "colour", "purple", "criteria")
    return [{name: case.variables.get(name) for name in names}]


def _place(grading: Grading) -> tuple[datetime, bool]:
    """Of two at one moment the one in error came first."""
    at = grading.get("graded_at")
    return datetime.fromisoformat(str(at)) if at else FIRST, not grading.get("error")


def _listed(kept: Any) -> list[Grading]:
    is_list = isinstance(kept, Sequence) and not isinstance(kept, str)
    return [g for g in kept if isinstance(g, Mapping) and g.get("colour")] if is_list else []


def _status(grading: Grading) -> str:
    return "entered-in-error" if grading.get("error") else "corrected" if grading.get("amends") else "final"


def to_screening(case: Case, response_id: str) -> Json | None:
    """N35 table 1: any item makes her positive; missing results make it provisional."""
    result = str(case.variables.get("screening"))
    if result not in SCREENING_RESULT:
        return None
    status, display = SCREENING_RESULT[result]
    codes = case.variables.get("screening_codes") or []
    return resource(
        "RiskAssessment",
        f"screening-{response_id}"[:64],
        status=status,
        method=_scheme("cn-n35-screening", "孕产妇妊娠风险筛查（国卫办妇幼发〔2017〕35号）"),
        code=concept(ASSESSMENT_TYPE, "screening", "妊娠风险筛查"),
        subject=case.subject,
        occurrenceDateTime=local_text(case.at),
        condition=reference("Condition", case.condition_id),
        basis=[reference("QuestionnaireResponse", response_id)],
        prediction=[
            {
                **_criteria(SCREENING_ITEM, codes),
                "outcome": concept(RISK_OUTCOME, "screening", "妊娠风险筛查"),
                "qualitativeRisk": concept(RISK_OUTCOME, result, display),
            }
        ],
    )


def to_grading(case: Case, number: int, grading: Grading, response_id: str | None) -> Json:
    """Grading `number` (from one) of the case; the one before it is its parent, of an amended one the wrong one."""
    colour, purple = str(grading["colour"]), bool(grading.get("purple"))
    criteria = [c for c in grading.get("criteria") or [] if isinstance(c, str)]
    predictions = [_severity(colour, [c for c in criteria if not c.startswith("P")])]
    if purple:
        predictions.append(_purple())  # no reason: that is a restricted fact of its own
    first = number == 1
    return resource(
        "RiskAssessment",
        grading_id(case, number),
        meta=restricted() if purple else None,
        identifier=[{"system": GRADING, "value": f"{case.pregnancy_id}-{number}"}],
        basis=[reference("QuestionnaireResponse", response_id)] if response_id else None,
        parent=None if first else reference("RiskAssessment", grading_id(case, number - 1)),
        status=_status(grading),
        method=_scheme("cn-n35", "妊娠风险评估分级（国卫办妇幼发〔2017〕35号）"),
        code=concept(ASSESSMENT_TYPE, *(("initial", "首次评估") if first else ("dynamic", "动态评估"))),
        subject=case.subject,
        occurrenceDateTime=instant(grading.get("graded_at")) or local_text(case.at),
        condition=reference("Condition", case.condition_id),
        prediction=predictions,
    )


def to_colour(case: Case, number: int, grading: Grading) -> Json:
    """The severity colour as a searchable Observation, for those who cannot read a RiskAssessment."""
    colour = str(grading["colour"])
    return resource(
        "Observation",
        f"colour-{case.pregnancy_id}-{number}"[:64],
        extension=case.episode_extension,
        status=_status(grading),
        category=[concept(OBSERVATION_CATEGORY, "survey")],
        code=concept(RISK_COLOUR_ITEM.system, RISK_COLOUR_ITEM.code, RISK_COLOUR_ITEM.display),
        subject=case.subject,
        effectiveDateTime=instant(grading.get("graded_at")) or local_text(case.at),
        valueCodeableConcept=_colour(colour),
    )


def grading_id(case: Case, number: int) -> str:
    return f"risk-{case.pregnancy_id}-{number}"[:64]


def to_flags(case: Case) -> list[Json]:
    """Every label she ever had, those that hold, those that ended and those that were an error; the sequence is their
    history."""
    gradings = gradings_of(case)
    severity = _runs(case, "severity", [(g, str(g["colour"])) for g in gradings])
    infectious = _runs(case, "infectious", [(g, "purple" if g.get("purple") else None) for g in gradings])
    return severity + infectious


def _runs(case: Case, dimension: str, values: list[tuple[Grading, str | None]]) -> list[Json]:
    numbered = [(n, grading, colour) for n, (grading, colour) in enumerate(values, start=1)]
    runs = [list(run) for _, run in groupby(numbered, key=lambda entry: (entry[2], bool(entry[1].get("error"))))]
    flags: list[Json] = []
    for at, run in enumerate(runs):
        number, grading, colour = run[0]
        if colour is None:
            continue
        following = next((later for later in runs[at + 1 :] if not later[0][1].get("error")), None)
        start = instant(grading.get("graded_at")) or local_text(case.at)
        end = instant(following[0][1].get("graded_at")) if following else local_text(case.at) if case.is_over else None
        wrong = bool(grading.get("error"))
        flags.append(_flag(case, dimension, len(flags) + 1, colour, number, start, end, wrong=wrong))
    return flags


def _flag(
    case: Case, dimension: str, n: int, colour: str, grading: int, start: str, end: str | None, *, wrong: bool
) -> Json:
    suffix = "" if n == 1 else f"/{n}"
    detail = {"url": FLAG_DETAIL, "valueReference": reference("RiskAssessment", grading_id(case, grading))}
    return resource(
        "Flag",
        f"flag-{case.pregnancy_id}-{dimension[:8]}-{n}"[:64],
        meta=restricted() if dimension == "infectious" else None,
        extension=[detail],
        identifier=[{"system": RISK_FLAG, "value": f"{case.pregnancy_id}/{dimension}{suffix}"}],
        status="entered-in-error" if wrong else "inactive" if end else "active",
        category=[concept(FLAG_CATEGORY, "clinical")],
        code=_colour(colour),
        subject=case.subject,
        period={"start": start} | ({"end": end} if end else {}),
    )


def _severity(colour: str, criteria: list[str]) -> Json:
    outcome = concept(RISK_OUTCOME, "severity", "妊娠风险分级")
    return {**_criteria(RISK_CRITERION, criteria), "outcome": outcome, "qualitativeRisk": _colour(colour)}


def _purple() -> Json:
    return {"outcome": concept(RISK_OUTCOME, "infectious", "传染病"), "qualitativeRisk": _colour("purple")}


def _colour(colour: str) -> Json:
    return concept(RISK_COLOUR, colour, COLOURS.get(colour))


def _scheme(code: str, display: str) -> Json:
    return {"coding": [{**coding(RISK_SCHEME, code, display), "version": SCHEME_VERSION}]}


def _criteria(system: str, codes: Sequence[str]) -> Json:
    found = [
        {
            "url": RISK_CRITERION_EXTENSION,
            "extension": [{"url": "code", "valueCodeableConcept": concept(system, str(code))}],
        }
        for code in codes
    ]
    return {"extension": found} if found else {}
