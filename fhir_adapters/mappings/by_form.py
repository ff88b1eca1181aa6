"""Which forms say more than their Observations: form -> the resources that its answers become. One table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fhir_adapters.mappings import care, child, communication, consent, outcome, request, risk, sheet
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json
from fhir_adapters.mappings.observation import Source
from workflows.forms import Form

Answers = Mapping[str, Any]
Maker = Callable[[Form, Answers, Case, Source], Iterable[Json | None]]


def _report(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [communication.to_report(form.id, answers, case, source.response_id)]


def _attempt(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [communication.to_attempt(form.id, answers, case, source.response_id)]


def _urging(form: Form, answers: Answers, case: Case, source: Source) -> list[Json | None]:
    return [communication.to_urging(answers, case, source.response_id)]


def _choice(form: Form, answers: Answers, case: Case, source: Source) -> list[Json | None]:
    return [consent.to_consent(form.id, answers, case, source.response_id)]


def _part(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [care.to_part(form.id, answers, case)]


def _team(form: Form, answers: Answers, case: Case, source: Source) -> list[Json | None]:
    return [care.to_team(answers, case)]


def _focus(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [care.to_focus(form, answers, case)]


def _outcomes(form: Form, answers: Answers, case: Case, source: Source) -> Iterable[Json]:
    return outcome.to_outcomes(answers, case)


def _infection(form: Form, answers: Answers, case: Case, source: Source) -> list[Json | None]:
    return [outcome.to_infection(answers, case)]


def _death(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [outcome.to_death(answers, case)]


def _vaccinations(form: Form, answers: Answers, case: Case, source: Source) -> Iterable[Json]:
    return child.to_vaccinations(form.id, answers, case, source.response_id)


def _slip(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [request.to_screening_referral(answers, case, source.response_id)]


def _consultation(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    if case.variables.get("from_elsewhere"):
        return []  # the other side's request says it
    return [request.to_consultation(answers, case, source.response_id)]


def _test(form: Form, answers: Answers, case: Case, source: Source) -> Iterable[Json]:
    return request.to_prenatal_test(answers, case, source.response_id)


def _result(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [request.to_result(form, answers, case, source)]


def _recheck(form: Form, answers: Answers, case: Case, source: Source) -> list[Json | None]:
    return [risk.to_recheck(form.id, answers, case, source.response_id)]


def _council(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [sheet.to_council(answers, case, source.response_id)]


def _list(form: Form, answers: Answers, case: Case, source: Source) -> list[Json]:
    return [sheet.to_list(answers, case, source.response_id)]


_TABLE: tuple[tuple[Maker, Iterable[str]], ...] = (
    (_report, communication.REPORTS),
    (_attempt, communication.ATTEMPTS),
    (_urging, ("anc-visit",)),
    (_choice, consent.CHOICES),
    (_part, care.PARTS),
    (_team, ("case-file",)),
    (_focus, ("focus-register",)),
    (_outcomes, ("delivery",)),
    (_infection, ("pmtct-mother",)),
    (_death, ("death-report",)),
    (_vaccinations, ("newborn-care", "pmtct-child")),
    (_slip, ("screening-referral",)),
    (_consultation, ("consultation-request", "consultation-answer")),
    (_test, ("prenatal-screening",)),
    (_result, request.RESULTS),
    (_recheck, risk.RECHECKS),
    (_council, ("suitability",)),
    (_list, ("sweep",)),
)
ABOUT_NOBODY = frozenset({"sweep", "official-notice"})  # of an institution, not of a woman


def _by_form() -> dict[str, tuple[Maker, ...]]:
    found: dict[str, tuple[Maker, ...]] = {}
    for maker, forms in _TABLE:
        for form in forms:
            found[form] = (*found.get(form, ()), maker)
    return found


BY_FORM = _by_form()


def made_of(form: Form, answers: Answers, case: Case, source: Source) -> Iterator[Json]:
    """Everything beside the response and its Observations. Of a sheet about no woman only what such a sheet may say."""
    if case.pregnancy_id is None and form.id not in ABOUT_NOBODY:
        return
    for maker in BY_FORM.get(form.id, ()):
        for one in maker(form, answers, case, source):
            if one is not None:
                yield one
