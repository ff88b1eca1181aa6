"""Large values of an instance's start stand apart from those that its steps write, and nobody sees a difference."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from engine.commands.contracts import SetVariables
from engine.operations import batches
from engine.operations.reconcile import reconcile
from engine.store import given, plain, reads
from runtime.database import migrate
from tests.store.store_kit import NURSE, TWO_TASKS

RULES = {f"rule_{n}": {"weeks": n, "share": Decimal("0.50"), "text": "孕周"} for n in range(60)}
ROW = "SELECT variables, given FROM instance WHERE id = %s"


def stored(world, instance):
    with world.engine.read() as conn:
        return conn.execute(ROW, [instance]).fetchone()


def test_a_large_value_of_the_start_stands_apart_and_every_reader_sees_it_whole(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks", business_key="p-1", policy=RULES, colour="green", little={"a": 1})
    task = world.tasks(instance)[0]

    assert stored(world, instance) == ({"colour": "green", "little": {"a": 1}}, {"policy": RULES})
    whole = {"colour": "green", "little": {"a": 1}, "policy": RULES}
    region = world.engine.region_id
    with world.engine.read() as conn:
        assert reads.variables(conn, region, [instance]) == {instance: whole}
        assert reads.task_in_case(conn, region, task.id)[1] == whole
        assert reads.instance(conn, region, instance).variables == whole
        assert next(one for one in reads.instances(conn, region) if one.id == instance).variables == whole
        assert reconcile(conn, region)[1] == []

    world.complete(instance, "task_a", colour="red")

    assert stored(world, instance) == ({"colour": "red", "little": {"a": 1}}, {"policy": RULES})
    assert world.variables(instance) == {**whole, "colour": "red"}


def test_what_is_written_later_counts_before_what_was_given(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks", policy=RULES)

    world.engine.execute(SetVariables(instance_id=instance, variables={"policy": {"rule_1": None}}), by=NURSE)

    assert world.variables(instance) == {"policy": {"rule_1": None}}
    world.complete(instance, "task_a", other=1)
    assert world.variables(instance) == {"policy": {"rule_1": None}, "other": 1}


def test_a_batch_finds_its_instances_by_what_they_were_given(world):
    world.deploy(TWO_TASKS)
    world.start("two_tasks", policy=RULES)
    query = {"definition_key": "two_tasks", "variables": {"policy": {"rule_7": {"weeks": 7}}}}

    found = batches.trial(world.engine, "suspend", query, {"reason": "r"}, NURSE)
    other = batches.trial(
        world.engine, "suspend", {**query, "variables": {"policy": {"rule_7": {"weeks": 8}}}}, {"reason": "r"}, NURSE
    )

    assert (found.total, other.total) == (1, 0)


def test_what_is_remembered_of_a_text_stays_what_the_text_says(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks", policy=RULES)
    world.complete(instance, "task_a", colour="red")
    world.complete(instance, "task_b", colour="green")

    assert given._KNOWN and all(plain.read(text) == known for text, known in given._KNOWN.items())
    assert len(given._KNOWN) <= given.MOST


def test_an_upgraded_database_keeps_everything_in_one_place_until_the_upgrade_is_finished(database, world):
    """As a process of the release before, which reads `variables` alone, would need it."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE OR REPLACE FUNCTION given_is_apart() RETURNS boolean LANGUAGE sql AS 'SELECT false'")
    world.deploy(TWO_TASKS)
    before = world.start("two_tasks", policy=RULES, colour="green")

    assert stored(world, before) == ({"policy": RULES, "colour": "green"}, {})
    assert (migrate.finish_upgrade(database), migrate.finish_upgrade(database)) == (True, False)

    after = world.start("two_tasks", policy=RULES, colour="green")
    assert stored(world, after) == ({"colour": "green"}, {"policy": RULES})
    world.complete(before, "task_a", colour="red")
    assert world.variables(before) == {"policy": RULES, "colour": "red"}
