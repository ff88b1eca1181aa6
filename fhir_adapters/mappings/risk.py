"""Screening and grading -> RiskAssessment ({canon}/StructureDefinition/mch-pregnancy-risk), the colour as an
Observation, and the labels -> Flag ({canon}/StructureDefinition/mch-risk-flag).

Severity and purple are two predictions and two Flags, never one number. Whatever says purple is restricted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, coding, concept, fitted, instant, reference, resource, restricted
from fhir_adapters.mappings.risk_labels import Says, labels_of
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
from workflows.policies.gradings import Numbered, numbered

ABORTION = "ended.abortion"
Grading = Mapping[str, Any]  # graded_at, colour, purple, criteria: one entry of the variable `gradings`
SCHEME_VERSION = "2017.1"
SCREENING_RESULT = {
    "positive": ("final", "筛查阳性"),
    "negative": ("final", "筛查阴性"),
    "provisional": ("preliminary", "暂定：检查未齐"),
}


def gradings_of(case: Case) -> list[Grading]:
    """All gradings so far, oldest first. One that was entered in error keeps its place and says so: `error`."""
    return [one.said for one in _every(case)]


def numbers_of(case: Case) -> list[int]:
    """The number of each of `gradings_of`. It is what its resources are named by and never changes."""
    return [one.number for one in _every(case)]


def amended_of(case: Case) -> Iterator[tuple[int, Grading]]:
    """What was found to be an error last, and what took its place."""
    every = _every(case)
    wrong = list(case.variables.get("gradings_in_error") or ())[-1:]
    for one in every:
        if one.said in wrong:
            yield one.number, one.said
            yield from ((o.number, o.said) for o in every if not o.is_error and o.said.get("replaces") == one.number)


def _every(case: Case) -> list[Numbered]:
    kept = numbered(case.variables)
    if kept or not case.variables.get("colour"):
        return kept
    names = ("graded_at", "colour", "purple", "criteria")
    return [Numbered(number=1, said={name: case.variables.get(name) for name in names}, place=0)]


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
    """Grading `number` of the case; the one before it is its parent, of an amended one the wrong one."""
    colour, purple = str(grading["colour"]), bool(grading.get("purple"))
    criteria = [c for c in grading.get("criteria") or [] if isinstance(c, str)]
    predictions = [_severity(colour, [c for c in criteria if not c.startswith("P")])]
    if purple:
        predictions.append(_purple())  # no reason: that is a restricted fact of its own
    return resource(
        "RiskAssessment",
        grading_id(case, number),
        meta=restricted() if purple else None,
        identifier=[{"system": GRADING, "value": f"{case.pregnancy_id}-{number}"}],
        basis=[reference("QuestionnaireResponse", response_id)] if response_id else None,
        parent=_parent(case, number),
        status=_status(grading),
        method=_scheme("cn-n35", "妊娠风险评估分级（国卫办妇幼发〔2017〕35号）"),
        code=concept(ASSESSMENT_TYPE, *_kind(case, number, grading)),
        subject=case.subject,
        occurrenceDateTime=instant(grading.get("graded_at")) or local_text(case.at),
        condition=reference("Condition", case.condition_id),
        prediction=predictions,
    )


RECHECKS = {  # form -> the answers that propose a colour and purple, and when it was looked at
    "postnatal-visit": ("risk_recheck", "risk_recheck_purple", "visit_date", "postpartum", "产后评估"),
    "discharge": ("discharge_colour", "discharge_purple", "discharged_at", "discharge", "出院评估"),
    "labour-assessment": ("labour_colour", "labour_purple", "admitted_at", "admission", "入院评估"),
}


def to_recheck(form_id: str, answers: Mapping[str, Any], case: Case, response_id: str) -> Json | None:
    """What the bedside or the visitor proposes: preliminary, it may only lead to a grading. None without a colour."""
    colour, purple, when, code, display = RECHECKS[form_id]
    if not answers.get(colour):
        return None
    is_purple = answers.get(purple) is True
    return resource(
        "RiskAssessment",
        fitted("recheck", response_id),
        meta=restricted() if is_purple else None,
        status="preliminary",
        method=_scheme("cn-n35", "妊娠风险评估分级（国卫办妇幼发〔2017〕35号）"),
        code=concept(ASSESSMENT_TYPE, code, display),
        subject=case.subject,
        occurrenceDateTime=instant(answers.get(when)) or local_text(case.at),
        condition=reference("Condition", case.condition_id),
        basis=[reference("QuestionnaireResponse", response_id)],
        prediction=[_severity(str(answers[colour]), []), *([_purple()] if is_purple else [])],
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


def _kind(case: Case, number: int, grading: Grading) -> tuple[str, str]:
    """The first one, a later one, or one that found nothing changed (D-3)."""
    if number == 1:
        return "initial", "首次评估"
    before = _before(case, number)
    looks = [(one.get("colour"), bool(one.get("purple"))) for one in (grading, before.said if before else {})]
    if looks[0] == looks[1] and not grading.get("amends"):
        return "confirmed-unchanged", "复评不变"
    return "dynamic", "动态评估"


def _parent(case: Case, number: int) -> Json | None:
    before = _before(case, number)
    return reference("RiskAssessment", grading_id(case, before.number)) if before else None


def _before(case: Case, number: int) -> Numbered | None:
    """The result before this one; of what took the place of an error, the error."""
    every = _every(case)
    at = next((n for n, one in enumerate(every) if one.number == number), 0)
    return every[at - 1] if at else None


def grading_id(case: Case, number: int) -> str:
    return f"risk-{case.pregnancy_id}-{number}"[:64]


def to_flags(case: Case) -> list[Json]:
    """Every label she ever had, those that hold, those that ended and those that were an error; the sequence is their
    history."""
    severity = _runs(case, "severity", lambda one: str(one.said["colour"]))
    infectious = _runs(case, "infectious", lambda one: "purple" if one.said.get("purple") else None)
    return severity + infectious


def _runs(case: Case, dimension: str, says: Says) -> list[Json]:
    every = _every(case)
    labels = labels_of(every, says)
    entries = [(one.number, one.said, says(one)) for one in every]
    runs = [list(run) for _, run in groupby(entries, key=lambda entry: (entry[2], entry[1].get("error") and entry[0]))]
    flags: list[Json] = []
    for at, run in enumerate(runs):
        number, grading, colour = run[0]
        if colour is None:
            continue
        following = next((later for later in runs[at + 1 :] if not later[0][1].get("error")), None)
        start = instant(grading.get("graded_at")) or local_text(case.at)
        end = instant(following[0][1].get("graded_at")) if following else _labels_end(case, start)
        wrong = bool(grading.get("error"))
        flags.append(_flag(case, dimension, labels[number], colour, number, start, end, wrong=wrong))
    return flags


def _labels_end(case: Case, start: str) -> str | None:
    """Labels end with the case; those of a pregnancy that ended before 28 weeks on the day it ended, from which on she
    counts in no denominator (§6.6 E2)."""
    ended = str(case.variables.get("ended_on") or "")[:10]
    if case.variables.get("end_code") == ABORTION and ended:
        return max(ended, start[:10])
    return local_text(case.at) if case.is_over else None


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
