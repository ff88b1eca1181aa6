"""R08's model: what must have happened to each woman, by counting days. It knows the plan and nothing of the engine."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

INTERVALS = {"green": 28, "yellow": 21, "orange": 14, "red": 7, "purple": 28}  # days between two visits
ARRIVALS = 28  # women register within so many days
FOLLOWED = 210  # days from registration in the tenth week to the due date
TRACED_AFTER, HOME_AFTER, CHECK_AFTER = 2, 7, 42
LABS = 4
TWINS = 0.03


@dataclass(frozen=True)
class Woman:
    """Days count from the first. `lab_days`: when the laboratory means to send."""

    id: UUID
    colour: str
    arrives: int
    delivers: int
    newborns: int
    lab_days: tuple[int, ...]

    @property
    def case(self) -> str:
        return str(self.id)

    @property
    def interval(self) -> int:
        return INTERVALS[self.colour]


@dataclass(frozen=True)
class Plan:
    women: tuple[Woman, ...]
    down: frozenset[int]  # days on which nothing of ours runs and nobody works
    days: int

    def first_up(self, day: int) -> int:
        while day in self.down:
            day += 1
        return day


def draw(n: int, seed: int, followed: int = FOLLOWED) -> Plan:
    chance = random.Random(seed)
    days = ARRIVALS + followed + 20 + 2 * CHECK_AFTER
    down: set[int] = set()
    for _ in range(days // 30):
        begin = chance.randrange(1, days - CHECK_AFTER)
        down |= set(range(begin, begin + chance.randint(1, 5)))
    return Plan(tuple(_woman(chance, followed) for _ in range(n)), frozenset(down), days)


def _woman(chance: random.Random, followed: int) -> Woman:
    arrives = chance.randrange(ARRIVALS)
    delivers = arrives + followed + chance.randint(-14, 6)
    labs = sorted(chance.sample(range(arrives + 1, delivers - 1), LABS))
    colour = chance.choices(list(INTERVALS), [55, 18, 14, 6, 7])[0]
    newborns = 2 if chance.random() < TWINS else 1
    return Woman(UUID(int=chance.getrandbits(128)), colour, arrives, delivers, newborns, tuple(labs))


def expected(plan: Plan, woman: Woman) -> Mapping[str, Any]:
    """Completed elements by name, labs, and the instance's last revision."""
    done: Counter[str] = Counter({"task_grade": 1, "task_open_file": 1})
    fired = 0
    delivered = plan.first_up(woman.delivers)
    due = plan.first_up(woman.arrives) + woman.interval
    while due <= delivered:  # what falls due on the day of delivery is done that morning
        visited = plan.first_up(due)
        fired += 1
        if visited - due >= TRACED_AFTER:
            fired += 1
            done["task_trace"] += 1
        done["task_visit"] += 1
        due = visited + woman.interval
    done["task_newborn"] = woman.newborns
    fired += 2
    done |= Counter({"task_home": 1, "task_check": 1})
    steps = 1 + done.total() + fired + 1 + len(woman.lab_days)  # its start, the delivery
    return {"done": dict(done), "labs": len(woman.lab_days), "revision": steps, "fired": fired, "status": "completed"}
