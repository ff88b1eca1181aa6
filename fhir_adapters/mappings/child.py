"""A child's own care -> EpisodeOfCare `newborn-care`, its vaccinations -> Immunization. One per live-born child."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, fitted, instant, reference, resource, restricted
from fhir_adapters.terminology import CVX, EPISODE_TYPE

Answers = Mapping[str, Any]
HEPATITIS_B = ("08", "hepatitis B vaccine, pediatric or adolescent dosage")  # K
HBIG = ("30", "hepatitis B immune globulin")  # K
CARE_PROCESS = "newborns"  # one instance per birth, for all its children


def mother_case(case: Case) -> str:
    """The pregnancy that the child was born of; a child's process has it as a variable."""
    return str(case.variables.get("pregnancy_id") or case.pregnancy_id)


def child_of(case: Case, order: Any) -> str:
    return f"newborn-{mother_case(case)}-{order if isinstance(order, int) else 1}"


def orders(case: Case) -> list[int]:
    """Of the live-born of this birth."""
    children = [one for one in case.variables.get("newborns") or () if isinstance(one, Mapping)]
    return [
        one["order"] if isinstance(one.get("order"), int) else number for number, one in enumerate(children, start=1)
    ]


def to_care(case: Case, order: int) -> Json:
    """From birth until the child's process ends."""
    born = instant(case.variables.get("born_at")) or local_text(case.started_at)
    ended = local_text(case.at) if case.is_over else None
    child = child_of(case, order)
    return resource(
        "EpisodeOfCare",
        fitted("care", child),
        status="finished" if ended else "active",
        type=[concept(EPISODE_TYPE, "newborn-care", "新生儿保健")],
        patient=reference("Patient", child),
        managingOrganization=reference("Organization", case.variables.get("home_organisation")),
        period={"start": born} | ({"end": ended} if ended and ended >= born else {}),
    )


def to_vaccinations(form_id: str, answers: Answers, case: Case, response_id: str) -> Iterator[Json]:
    """The first dose within a day of birth, or why it was not given; where the mother has it, the globulin too."""
    given = instant(answers.get("hepb_at"))
    if form_id == "newborn-care" and (given or answers.get("hepb_not_reason")):
        yield _vaccination(
            answers, case, fitted(response_id, "hepb"), HEPATITIS_B, given, answers.get("hepb_not_reason")
        )
    done = instant(answers.get("done_at"))
    if form_id == "pmtct-child" and answers.get("infection") == "hbv" and done:
        if answers.get("hbig_iu"):
            yield _vaccination(answers, case, fitted(response_id, "hbig"), HBIG, done, None, secret=True)
        if answers.get("vaccine_dose"):
            yield _vaccination(answers, case, fitted(response_id, "hepb"), HEPATITIS_B, done, None, secret=True)


def _vaccination(
    answers: Answers,
    case: Case,
    id_: str,
    vaccine: tuple[str, str],
    given: str | None,
    why_not: Any,
    *,
    secret: bool = False,
) -> Json:
    dose = answers.get("vaccine_dose") if vaccine is HEPATITIS_B else None
    return resource(
        "Immunization",
        id_,
        meta=restricted("STD") if secret else None,
        status="completed" if given else "not-done",
        statusReason=None if given else {"text": str(why_not)},
        vaccineCode=concept(CVX, *vaccine),
        patient=reference("Patient", child_of(case, answers.get("child_order"))),
        occurrenceDateTime=given or local_text(case.at),
        recorded=local_text(case.at),
        protocolApplied=[{"doseNumberPositiveInt": dose}] if isinstance(dose, int) and dose > 0 else None,
    )
