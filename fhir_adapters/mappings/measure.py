"""An indicator → Measure, its figure in a period → MeasureReport: https://fhir.example.org/mch/StructureDefinition/mch-indicator

Counts always stand beside a rate, because with few cases a rate says nothing; what nothing records yet has no report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_adapters.dates import local_text
from fhir_adapters.terminology import CANONICAL_BASE
from workflows.indicators import Definition, Figure, Listed, Report

Json: TypeAlias = dict[str, Any]

VERSION = "1"
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
SCORING = "http://terminology.hl7.org/CodeSystem/measure-scoring"
IMPROVEMENT = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation"
RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UCUM = "http://unitsofmeasure.org"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
# A sentence for people: the code that counts is a function of the database, in no language of the value set.
NO_LANGUAGE = {"extension": [{"url": ABSENT_REASON, "valueCode": "not-applicable"}]}
PARTS = ("denominator", "numerator", "denominator-exclusion")
IS_PART = {"excluded": "denominator-exclusion"}
UNITS = {1: ("1", "1"), 100: ("%", "%"), 1000: ("‰", "[ppth]"), 100_000: ("/100000", "10*-5")}
RATIOS = frozenset({"I-01", "I-02", "I-03"})  # who dies is counted in another period than who is born
OF_INSTITUTIONS = frozenset({"I-26", "I-29", "I-30"})  # about no woman
INCREASE, DECREASE = frozenset({"ge"}), frozenset({"lt", "le", "eq"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a row of an indicator is about: a reference such as `Patient/7`, and in which part it counts."""

    part: str
    reference: str


def canonical(indicator: str) -> str:
    return f"{CANONICAL_BASE}/Measure/{indicator}"


def to_measure(known: Definition) -> Json:
    """The definition as it stands, in both languages. A measure that nothing records yet is a draft."""
    texts = {"numerator": known.numerator, "denominator": known.denominator}
    return {
        "resourceType": "Measure",
        "id": known.id,
        "meta": {"profile": [f"{CANONICAL_BASE}/StructureDefinition/mch-indicator"]},
        "url": canonical(known.id),
        "version": VERSION,
        "name": known.id.replace("-", "_"),
        "title": known.name.zh,
        "_title": _english(known.name.en),
        "status": "active" if known.is_recorded else "draft",
        "experimental": False,
        "subjectCodeableConcept": {"coding": [{"system": RESOURCE_TYPES, "code": _subject_type(known)}]},
        "description": known.rule.zh if known.is_recorded or known.missing is None else known.missing.zh,
        "_description": _english(known.rule.en if known.is_recorded or known.missing is None else known.missing.en),
        "usage": f"[{known.mark}] {known.source}",
        "scoring": _coded(SCORING, _scoring(known)),
        "group": [
            {
                "population": [
                    {
                        "code": _coded(POPULATION, part),
                        "description": text.zh,
                        "_description": _english(text.en),
                        "criteria": {"expression": text.zh, "_language": NO_LANGUAGE},
                    }
                    for part, text in texts.items()
                ],
                "stratifier": [{"code": {"text": "organisation"}}],
            }
        ],
    }


def to_report(figure: Figure, report: Report, subjects: Sequence[Subject] | None = None) -> Json:
    """The figure of `report` in its period. With `subjects` those who are counted stand in contained Lists, as far as
    the caller may know of them: the counts are those of everybody."""
    known = figure.definition
    places = {place: _of(figures, known.id) for place, figures in sorted(report.by_organisation.items())}
    made: Json = {
        "resourceType": "MeasureReport",
        "meta": {"profile": [f"{CANONICAL_BASE}/StructureDefinition/mch-indicator-report"]},
        "contained": _lists(known, subjects) or None,
        "status": "complete",
        "type": "summary" if subjects is None else "subject-list",
        "measure": f"{canonical(known.id)}|{VERSION}",
        "date": local_text(report.counted_at),
        "reporter": {"reference": f"Organization/{report.organisation}"} if report.organisation else None,
        "period": {"start": report.period.first.isoformat(), "end": report.period.last.isoformat()},
        "improvementNotation": _improvement(figure),
        "group": [
            {
                **_counted(figure, subjects),
                "stratifier": [
                    {
                        "code": [{"text": "organisation"}],
                        "stratum": [
                            {"value": {"text": place}, **_counted(part, None)}
                            for place, part in places.items()
                            if part is not None and (part.numerator or part.denominator or part.excluded)
                        ],
                    }
                ],
            }
        ],
    }
    if not made["group"][0]["stratifier"][0]["stratum"]:
        del made["group"][0]["stratifier"]
    return {name: value for name, value in made.items() if value is not None}


def to_bundle(report: Report) -> Json:
    """A collection: every Measure, and the summary of each that is counted."""
    entries = [
        resource
        for figure in report.figures
        for resource in (
            to_measure(figure.definition),
            *((to_report(figure, report),) if figure.definition.is_recorded else ()),
        )
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}


def subjects_of(rows: Iterable[Listed], patients: Mapping[str, str]) -> list[Subject]:
    """`patients`: of whom each pregnancy is. A row about no woman is its organisation's."""
    found = []
    for row in rows:
        if row.pregnancy_id is not None and row.pregnancy_id in patients:
            found.append(Subject(part=row.part, reference=f"Patient/{patients[row.pregnancy_id]}"))
        elif row.pregnancy_id is None and row.organisation is not None:
            found.append(Subject(part=row.part, reference=f"Organization/{row.organisation}"))
    return found


def _counted(figure: Figure, subjects: Sequence[Subject] | None) -> Json:
    counts = {
        "denominator": figure.denominator,
        "numerator": figure.numerator,
        "denominator-exclusion": figure.excluded,
    }
    population = []
    for part in PARTS:
        said: Json = {"code": _coded(POPULATION, part), "count": counts[part]}
        if subjects is not None and any(one.part == part for one in _by_part(subjects)):
            said["subjectResults"] = {"reference": f"#{part}"}
        population.append(said)
    return {"population": population, **({"measureScore": _score(figure)} if figure.rate is not None else {})}


def _lists(known: Definition, subjects: Sequence[Subject] | None) -> list[Json]:
    made = []
    for part in PARTS:
        members = [one.reference for one in _by_part(subjects or ()) if one.part == part]
        if members:
            made.append(
                {
                    "resourceType": "List",
                    "id": part,
                    "status": "current",
                    "mode": "snapshot",
                    "title": f"{known.id} {part}",
                    "entry": [{"item": {"reference": reference}} for reference in members],
                }
            )
    return made


def _by_part(subjects: Iterable[Subject]) -> list[Subject]:
    """Whoever is in the numerator is in the denominator too."""
    found = []
    for one in subjects:
        found.append(Subject(part=IS_PART.get(one.part, one.part), reference=one.reference))
        if one.part == "numerator":
            found.append(Subject(part="denominator", reference=one.reference))
    return found


def _of(figures: Iterable[Figure], indicator: str) -> Figure | None:
    return next((one for one in figures if one.definition.id == indicator), None)


def _score(figure: Figure) -> Json:
    unit, code = UNITS[figure.definition.factor]
    return {"value": _plain(figure.rate), "unit": unit, "system": UCUM, "code": code}


def _plain(value: Decimal | None) -> Decimal | None:
    return value if value is None else Decimal(f"{value:f}")


def _scoring(known: Definition) -> str:
    if known.measure == "reads":
        return "continuous-variable"
    return "ratio" if known.id in RATIOS else "proportion"


def _subject_type(known: Definition) -> str:
    return "Organization" if known.id in OF_INSTITUTIONS else "Patient"


def _improvement(figure: Figure) -> Json | None:
    op = figure.target.op if figure.target else None
    code = "increase" if op in INCREASE else "decrease" if op in DECREASE else None
    return _coded(IMPROVEMENT, code) if code else None


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _english(text: str) -> Json:
    said = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": text}]
    return {"extension": [{"url": TRANSLATION, "extension": said}]}
