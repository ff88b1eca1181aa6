"""Whoever reads for organisations is shown by the database no case and no task of other women, and every one of theirs.

Random cases, areas and actors, against the rule written down once more in plain sets."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from engine.store import reads
from runtime.trials.databases import looking
from tests.store.store_kit import ONE_TASK
from workflows.people.model import Principal
from workflows.people.roles import ROLES
from workflows.people.visibility import may_see
from workflows.reading_cases import EVERY_CASE, narrow
from workflows.store import people

PLACES = [f"org-{n}" for n in range(6)]
CARE = ("home_organisation", "hospital_organisation", "county_organisation", "organisation")
WOMEN = 15
SHOWN = {
    "instance": "SELECT id FROM instance",
    "task": "SELECT id FROM user_task",
    "history": "SELECT DISTINCT instance_id FROM history",
    "comment": "SELECT user_task_id FROM user_task_comment",
    "incident": "SELECT DISTINCT instance_id FROM incident",
}


@dataclass
class County:
    """What was made. `areas`: (patient, organisation)."""

    cases: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[UUID, tuple[UUID, str | None]] = field(default_factory=dict)
    areas: set[tuple[str, str]] = field(default_factory=set)

    def knows(self, mine: set[str], case: UUID) -> bool:
        values = self.cases[case]
        care = {values[name] for name in CARE if name in values}
        woman = values.get("patient_id")
        return bool(care & mine) or (not care and not woman) or any((woman, place) in self.areas for place in mine)

    def shown(self, mine: set[str]) -> dict[str, set[UUID]]:
        cases = {case for case in self.cases if self.knows(mine, case)}
        tasks = {id for id, (case, place) in self.tasks.items() if place is None or place in mine or case in cases}
        return {"instance": cases, "task": tasks, "history": cases, "comment": tasks, "incident": cases}


def made(world, chance: random.Random) -> County:
    county = County()
    world.deploy(ONE_TASK)
    for number in range(40):
        values = {name: chance.choice(PLACES) for name in CARE if chance.random() < 0.3}
        if chance.random() < 0.8:
            values["patient_id"] = f"p-{chance.randrange(WOMEN)}"
        case = world.start("one_task", business_key=f"c-{number}", **values)
        county.cases[case] = values
        county.tasks[world.tasks(case)[0].id] = (case, chance.choice([None, *PLACES]))
    county.areas = {(f"p-{chance.randrange(WOMEN)}", chance.choice(PLACES)) for _ in range(WOMEN)}
    region = world.engine.region_id
    with looking(world.engine.pool) as conn:
        for id, (_, place) in county.tasks.items():
            conn.execute("UPDATE user_task SET organisation = %s WHERE id = %s", [place, id])
            conn.execute(
                "INSERT INTO user_task_comment (region_id, user_task_id, number, instance_id, body, at, by)"
                " SELECT region_id, id, 1, instance_id, 'x', now(), 'somebody' FROM user_task WHERE id = %s",
                [id],
            )
        for woman, place in county.areas:
            conn.execute("INSERT INTO patient_area VALUES (%s, %s, %s)", [region, woman, place])
        conn.execute(
            "INSERT INTO incident"
            " (region_id, id, instance_id, kind, element_id, path, message_zh, message_en, opened_at)"
            " SELECT region_id, gen_random_uuid(), id, 'element', 'task_a', 'task_a', 'x', 'x', now() FROM instance"
        )
    return county


def actor(chance: random.Random, role: str) -> Principal:
    mine = frozenset(chance.sample(PLACES, chance.randrange(4)))
    place = min(mine, default="org-none")
    return Principal(
        id="a", kind="person", login="a", name="a", organisation=place, roles=frozenset({role}), organisations=mine
    )


def seen(conn) -> dict[str, set[UUID]]:
    return {what: {row[0] for row in conn.execute(query).fetchall()} for what, query in SHOWN.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_each_actor_is_shown_what_the_rule_says_and_nothing_that_the_product_lets_them_see_is_hidden(world, seed):
    chance = random.Random(seed)
    county = made(world, chance)
    region = world.engine.region_id
    with world.engine.read() as conn:
        everything = seen(conn)
        care = people.care_of_all(conn, region, list(county.cases))
        tasks = {id: reads.user_task(conn, region, id) for id in county.tasks}
    assert everything["instance"] == set(county.cases) and everything["task"] == set(county.tasks)

    narrowed = 0
    for _ in range(40):
        caller = actor(chance, chance.choice(sorted(ROLES.keys() - EVERY_CASE)))
        with world.engine.read() as conn:
            narrow(conn, caller)
            found = seen(conn)
        assert found == county.shown(set(caller.organisations)), caller
        allowed = {id for id, task in tasks.items() if may_see(caller, task, care[task.instance_id])}
        assert allowed <= found["task"], caller
        narrowed += found["task"] != everything["task"]
    assert narrowed > 30


@pytest.mark.parametrize("role", ["R-ITADM", "R-PM-F", "R-HCADM"])
def test_who_keeps_the_machines_running_and_whose_role_reaches_the_region_sees_every_case(world, role):
    county = made(world, random.Random(3))

    with world.engine.read() as conn:
        narrow(conn, actor(random.Random(3), role))
        assert seen(conn)["instance"] == set(county.cases)


def test_for_whom_is_forgotten_with_the_transaction_and_a_step_is_not_narrowed(world):
    county = made(world, random.Random(4))
    nobody = Principal(id="a", kind="person", login="a", name="a", organisation="x", roles=frozenset({"R-MCHW"}))
    with world.engine.read() as conn:
        narrow(conn, nobody)
        assert seen(conn)["instance"] < set(county.cases)

    for case in county.cases:
        world.complete(case, "task_a")

    with world.engine.read() as conn:
        assert seen(conn)["instance"] == set(county.cases)
