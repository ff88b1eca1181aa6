"""Every value of every region pack, shipped or made up, is read by something: it is changed here, one at a time, and a
difference is seen in what the product does: a date, a right, a form, a target, a page. A value that nobody sees fails
by its name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.errors import EngineError
from tests.unit.workflows.pack_observers import OBSERVERS, watchers
from workflows import parameters
from workflows.facts import AGE_REFERENCES
from workflows.institutions import levels
from workflows.policies.gestational_age import RULES
from workflows.regions import Pack, check_file, load_pack, pack_ids
from workflows.regions.checking import CHOICES
from workflows.regions.pack import POLICY
from workflows.routing_referral import TITLES

MADE_UP = Path(__file__).with_name("made_up_county.yaml")


@cache
def the_pack(pack_id: str) -> Pack:
    if pack_id in pack_ids():
        return load_pack(pack_id)
    pack, problems = check_file(MADE_UP)
    assert pack is not None and problems == []
    return pack


PACKS = [*pack_ids(), "cn-made-up"]
LEAVES = [(pack_id, key) for pack_id in PACKS for key, _, _ in the_pack(pack_id).leaves()]

ANOTHER: dict[str, list[str]] = {
    **{"lt": ["ge"], "le": ["ge"], "ge": ["lt"], "eq": ["lt"], "01-31": ["01-30"], "02-15": ["02-14"]},
    **{"lmp_280": ["naegele"], "naegele": ["lmp_280"], "assessment": ["edd"], "edd": ["assessment"]},
    **{"associate_chief": ["chief"], "attending": ["chief"], "chief": ["attending"]},
    **{"high_risk": ["own_colour"], "own_colour": ["high_risk"], "xf-annex5": ["none-such"]},
    **{"strictest": ["regional"], "regional": ["strictest"]},
    **{"day": ["month", "hour"], "workday": ["month", "hour"], "month": ["day"]},
    **{"midwifery_ge2": ["midwifery_ge3"], "midwifery_ge3": ["midwifery_ge2"], "pmc_county": ["midwifery"]},
    **{"last_day_of_quarter": ["never"], "optional": ["required"], "encouraged": ["required"]},
    **{"required": ["optional"]},
}
DURATION = re.compile(r"P(\d+D|T\d+[HM])")


def others(key: str, value: Any) -> list[Any]:
    """Other values of the same kind; one of them has to be seen."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, value * 3, value // 3]
    if isinstance(value, float | Decimal):
        return [value + type(value)(1)]
    if isinstance(value, date):
        return [value + timedelta(days=1)]
    if isinstance(value, list):
        return _lists(key, value)
    if value is None:
        return [{"review.near_miss.county_months": 6, "death.phone_within": "PT24H"}.get(key, "another")]
    if DURATION.fullmatch(value):
        return [f"P9{value[1:]}", "PT1H"]
    return ANOTHER.get(value, [f"{value}~"])


def _lists(key: str, value: list[Any]) -> list[Any]:
    if not value:
        return [FIRST[key]]
    if key == "risk.local_criteria":
        return [[{**row, "enabled": not row["enabled"]} for row in value]]
    if key in CHOICES:
        return [[other] for other in ANOTHER[value[0]]]
    return [found for found in (value[:-1], value[1:]) if found] or [["another"]]


FIRST: dict[str, Any] = {
    "casefile.expert_panel_colours": ["orange"],
    "risk.local_criteria": [
        {"code": "Y-90.1", "fact": "height", "op": "<=", "value": 150, "text": "身高 ≤150 cm", "enabled": True}
    ],
}


def with_value(pack: Pack, key: str, value: Any) -> Pack:
    def put(values: Any, parts: list[str]) -> Any:
        return {**values, parts[0]: put(values[parts[0]], parts[1:]) if len(parts) > 1 else value}

    return replace(pack, values=put(pack.values, key.split(".")))


def word_of(key: str) -> str:
    """How diagrams and tables name the value: by the last part, or by the name of its policy."""
    return next((name for name, whole in POLICY.items() if whole == key), key.rpartition(".")[2])


def seen_by(pack: Pack, key: str, value: Any) -> str | None:
    """Who sees a difference; the first of them. An answer that is refused was asked by somebody."""
    other = with_value(pack, key, value)
    for watch in watchers(key):
        before = observed(pack.id, watch.__name__, word_of(key))
        try:
            if watch(other, word_of(key)) != before:
                return watch.__name__
        except (KeyError, ValueError, TypeError, EngineError):
            return watch.__name__
    return None


@cache
def observed(pack_id: str, watch: str, word: str) -> list[Any]:
    return next(one for one in OBSERVERS if one.__name__ == watch)(the_pack(pack_id), word)


@pytest.mark.parametrize(("pack_id", "key"), LEAVES, ids=[f"{pack}-{key}" for pack, key in LEAVES])
def test_a_changed_value_makes_a_difference_that_somebody_sees(pack_id, key):
    pack = the_pack(pack_id)

    seen = (seen_by(pack, key, other) for other in others(key, pack.value(key)))
    found = next((watch for watch in seen if watch is not None), None)

    assert found is not None, f"nothing reads {key}: wire it"


def test_what_is_said_for_people_is_a_value_of_some_pack():
    every = {key for _, key in LEAVES}

    assert sorted(parameters.SHOWN - every) == []


def test_a_pack_may_say_only_what_its_readers_know():
    assert set(CHOICES["edd.rule"]) == set(RULES)
    assert set(CHOICES["risk.age_reference"]) == set(AGE_REFERENCES)
    assert set(CHOICES["unsuitable.min_title"]) == set(TITLES) - {"other"}
    assert set(CHOICES["risk.assessor_orgs"]) == set(CHOICES["risk.screen_positive_to"]) == set(levels.WORDS)
