"""Who the invented women are: what will happen to each follows from the seed and her number alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from runtime.demo import identity

TERM = timedelta(days=280)

# What is found at the first visit, by what she is meant to become. Shares follow DESIGN's county, not any statistics.
STORIES: dict[str, Mapping[str, Any]] = {
    "green": {},
    "yellow": {"age": 36},
    "orange": {"age": 36, "height": 160, "weight": 75, "prepregnancy_weight": 74},
    "red": {"plt": 25},
    "purple": {"syphilis": "pos"},
}
SHARES = (("green", 55), ("yellow", 18), ("orange", 14), ("purple", 7), ("red", 6))


@dataclass(frozen=True, kw_only=True)
class Woman:
    """`arrives_on`: the day she registers. `habit`: "punctual" or "late" to what she is asked to come to."""

    number: int
    pregnancy_id: str
    patient_id: str
    story: str
    home: str
    registrar: str  # log-in of whoever registers her
    birth: date
    lmp: date
    arrives_on: date
    delivers_on: date
    ends: str = "closed.recovered"
    habit: str = "punctual"
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return identity.name(self.number)

    @property
    def document(self) -> str:
        return identity.identity_number(self.birth, self.number)


def draw(number: int, rng: Random, arrives_on: date, homes: list[tuple[str, str]], **fixed: str) -> Woman:
    """One woman, 6 to 13 weeks pregnant when she arrives. `fixed`: her story, end or habit, not left to luck."""
    story = rng.choices([name for name, _ in SHARES], [share for _, share in SHARES])[0]
    story = fixed.get("story", story)
    lmp = arrives_on - timedelta(days=rng.randint(6, 13) * 7 + rng.randint(0, 6))
    home, registrar = homes[number % len(homes)]
    age = STORIES[story].get("age") or rng.randint(21, 33)
    birth = date(arrives_on.year - age, 1, 1) + timedelta(days=rng.randint(0, 27))
    ends = rng.choices(["closed.recovered", "ended.abortion", "lost", "moved.out"], [92, 4, 2, 2])[0]
    return Woman(
        number=number,
        pregnancy_id=str(UUID(int=rng.getrandbits(128), version=4)),
        patient_id=str(UUID(int=rng.getrandbits(128), version=4)),
        story=story,
        home=home,
        registrar=registrar,
        birth=birth,
        lmp=lmp,
        arrives_on=arrives_on,
        delivers_on=lmp + TERM + timedelta(days=rng.randint(-14, 6)),
        ends=fixed.get("ends", ends),
        habit=fixed.get("habit", "late" if rng.random() < 0.12 else "punctual"),
        found={name: value for name, value in STORIES[story].items() if name != "age"},
    )
