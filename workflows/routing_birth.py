"""What the forms about infections passed to a child, and about newborns, mean for the course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows.facts import number_of
from workflows.rules_of_case import policy_of

Values = Mapping[str, Any]
# infection -> the fact that tells it, and its item in the rapid tests at labour
TESTS = {"hiv": ("hiv", "rapid_hiv"), "syphilis": ("syphilis", "rapid_syphilis"), "hbv": ("hbsag", "rapid_hbsag")}
KNOWN = ("neg", "pos")
NO_INSTITUTION = frozenset({"village", "home", "on_the_way"})  # no birth in hospital: the newborn's form says 无 (S20)
MAYBE_OUTSIDE = NO_INSTITUTION | {"other"}  # asked whether she was admitted afterwards


def infections_in(facts: Values) -> list[str]:
    """Of HIV, syphilis and hepatitis B those that a result shows."""
    return [infection for infection, (fact, _) in TESTS.items() if facts.get(fact) == "pos"]


def tested_in(facts: Values) -> list[str]:
    """Those with a result of any kind: for the others her status is unknown at labour."""
    return [infection for infection, (fact, _) in TESTS.items() if facts.get(fact) in KNOWN]


def born_outside(answers: Values) -> bool:
    """Born at home or on the way, and she was not admitted afterwards: no ward looks after her or the child."""
    return answers.get("delivery_place") in MAYBE_OUTSIDE and answers.get("admitted_after") is False


def children(answers: Values) -> list[dict[str, Any]]:
    """What the course keeps of each fetus. Of twins one may be born at home and the other in the hospital."""
    names = ("order", "outcome", "sex", "weight_g", "birth_time", "birth_place")
    place = answers.get("delivery_place")
    told = ({"birth_place": place, **fetus} for fetus in answers.get("fetus") or ())
    return [{name: fetus[name] for name in names if fetus.get(name) is not None} for fetus in told]


def mother(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    viral_load = number_of(answers.get("hbv_dna"))
    limit = policy_of(facts)["pmtct"]["hbv_dna_limit"]
    return {
        "hbv_antiviral": viral_load is not None and viral_load > limit,
        "retest_done": answers.get("retest_done") is True,
        "treatment": answers.get("treatment"),
    }


def rapid(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    given = {fact: answers.get(item) for fact, item in TESTS.values()}
    return {"infections": infections_in(given), "infections_tested": tested_in(given)}


def child(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"child_result": answers.get("child_result")}


def first_care(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    weight = answers.get("child_weight_g")
    return {
        "weight_g": weight if number_of(weight) is not None else None,
        "newborn_complication": answers.get("complication") is True,
        "newborn_critical": answers.get("newborn_condition") == "critical",
    }


def screened(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """A hearing screen that was not passed or not done, or a missed blood spot, is done again; each has its window."""
    hearing = answers.get("hearing_screen") in ("failed", "not_done", "unknown")
    blood = answers.get("blood_spot") == "not_done"
    heart = answers.get("heart_screen") in ("positive", "not_done")
    return {"rescreen": hearing or blood or heart, "blood_missing": blood}


def visited(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """A death that a visit learns of is reported with what the family told."""
    return {
        "newborn_contact": answers.get("newborn_contact") or "met",
        "contact_reason": answers.get("contact_reason"),
    }


BY_FORM = {
    "pmtct-mother": mother,
    "pmtct-rapid": rapid,
    "pmtct-child": child,
    "newborn-care": first_care,
    "newborn-screening": screened,
    "newborn-visit": visited,
}
