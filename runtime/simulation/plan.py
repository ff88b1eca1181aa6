"""What is to be lived through: who, for how long, under which rates and rules."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from engine.clock import CHINA
from runtime.demo.county import HOMES
from runtime.simulation.passing import Passing, passing_through
from runtime.simulation.persons import Person, arrivals, draw
from runtime.simulation.rates import OFTEN, RATES, Rates
from workflows.regions import Pack, load_pack

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=CHINA)
LONGEST_CASE = 350  # days from registration to closure of a woman who came at six weeks


# What some region asks for, or none yet: of whichever pack rules, everything is asked for.
EVERY_RULE: Mapping[str, Any] = {
    "appointments.enabled": True,
    "casefile.expert_panel_colours": ["orange", "red"],
    "casefile.face_to_face_once": True,
    "death.phone_within": "PT24H",
    "focus.enabled": True,
    "prenatal_tests.structural_scan": True,
    "prenatal_tests.thalassaemia": True,
    "review.near_miss.county_months": 6,
    "sweep.enabled": True,
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`rules`: values that stand instead of the pack's, by dotted key, for what no shipped pack switches on."""

    births: int
    seed: int
    days: int
    rates: Rates = RATES
    rules: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def everything(cls, *, births: int, seed: int, days: int) -> Plan:
        """A small county that goes every way of every diagram."""
        return cls(births=births, seed=seed, days=days, rates=OFTEN, rules=EVERY_RULE)

    @property
    def end(self) -> datetime:
        return BEGIN + timedelta(days=self.days)

    @property
    def arriving_days(self) -> int:
        """Who comes later would not be through by the end."""
        return max(1, self.days - LONGEST_CASE)

    def people(self) -> list[Person]:
        days = arrivals(self.births, self.seed, BEGIN.date(), self.arriving_days)
        return [draw(number, self.seed, on, HOMES, self.rates) for number, on in enumerate(days)]

    def leads_alone(self) -> list[Passing]:
        return passing_through(self.births, self.seed, BEGIN.date(), self.arriving_days, self.rates)

    def pack(self, pack_id: str) -> Pack:
        """As the shipped one, with this plan's rules."""
        pack = load_pack(pack_id)
        if not self.rules:
            return pack
        values = deepcopy(dict(pack.values))
        for key, value in self.rules.items():
            *groups, last = key.split(".")
            inner = values
            for group in groups:
                inner = inner[group]
            inner[last] = value
        return replace(pack, values=values)
