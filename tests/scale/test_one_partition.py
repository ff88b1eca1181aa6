"""On a schema partitioned by region every statement of a step touches one partition: that of its region."""

import re
from datetime import timedelta

import psycopg
import pytest
from psycopg import errors

from engine.commands.contracts import BroadcastSignal, IdempotencyKey, PublishMessage, StartInstance, SweepRegion
from engine.commands.records import ServiceTask
from engine.engine import Engine
from engine.errors import Busy, Conflict
from engine.store.connections import open_pool
from engine.store.transaction import SQL
from fhir_adapters.projection import project
from runtime.database import partition
from runtime.database.catalogue import case_tables
from runtime.database.roles import as_application
from runtime.relocation import departure
from runtime.trials.databases import looking
from tests.store.store_kit import (
    BEGIN,
    END,
    NURSE,
    Clock,
    World,
    bpmn,
    line,
    message,
    receive,
    service_task,
    user_task,
    wait_for,
)

HERE, THERE = "here", "there"
CASE = bpmn(
    "case",
    line(BEGIN, user_task("task_a"), wait_for("wait", "P1D"), service_task("work", "w"), receive("news"), END),
    message("news"),
)
OF_THE_INSTALLATION = {
    *("deployment", "definition", "message_start", "schema_migration", "region_move", "manual_clock"),
    "region_catalogue",
}
TYPES = {
    "now": "timestamptz",
    "at": "timestamptz",
    "until": "timestamptz",
    "lock_for": "interval",
    "backoff": "interval",
    "leases": "text[]",
    "ids": "uuid[]",
    "types": "text[]",
    "tried": "uuid[]",
}


@pytest.fixture
def partitioned(database):
    assert partition.partition(database, [HERE, THERE]) == ["region_here", "region_there"]
    return database


@pytest.fixture
def plan(partitioned):
    """The plan of a statement for region `here`, whatever its other values are."""
    with psycopg.connect(partitioned) as conn:
        conn.execute("SET enable_seqscan = off")

        def explain(statement):
            numbers = {}

            def place(match):
                name = match[1]
                if name == "region_id":
                    return f"'{HERE}'::text"
                number = numbers.setdefault(name, len(numbers) + 1)
                is_typed = name not in TYPES or match.string.startswith("::", match.end())
                return f"${number}" if is_typed else f"${number}::{TYPES[name]}"

            text = re.sub(r"%\((\w+)\)s", place, statement).replace("%%", "%")
            try:
                with conn.transaction():
                    (found,) = conn.execute(f"EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {text}").fetchone()
                return found
            except UNTYPED:  # without values PostgreSQL cannot tell the type of each place
                return None

        yield explain


def partitions_of(plan):
    """Schemas of all tables that a plan reads or changes, the parents aside."""
    if isinstance(plan, list):
        return {schema for part in plan for schema in partitions_of(part)}
    if not isinstance(plan, dict):
        return set()
    own = {plan["Schema"]} if "Relation Name" in plan and plan["Relation Name"] not in OF_THE_INSTALLATION else set()
    return own.union(*(partitions_of(part) for part in plan.values())) - {"public"}


UNTYPED = (
    errors.CannotCoerce,
    errors.DatatypeMismatch,
    errors.UndefinedFunction,
    errors.IndeterminateDatatype,
    errors.AmbiguousFunction,
)
FRAGMENT = re.compile(r"^(where|after|order)_")  # completes a statement, is none


def test_every_statement_of_the_engine_is_planned_for_one_partition(plan):
    whole = [name for name in SQL if not FRAGMENT.match(name) and not SQL[name].startswith("LOCK")]

    astray = {name: found for name in whole if (found := partitions_of(plan(SQL[name]))) - {"region_here"}}

    assert astray == {}
    assert len(whole) > 60
    unplanned = [name for name in whole if plan(SQL[name]) is None]
    assert len(unplanned) < len(whole) / 20, f"give their places a type in TYPES: {unplanned}"
    assert partitions_of(plan(SQL["lock_for_user_task"])) == {"region_here"}


def test_a_statement_that_forgets_its_region_is_seen(plan):
    assert partitions_of(plan("SELECT t.id FROM user_task t WHERE t.id = %(id)s")) > {"region_here"}


def touched(url, schema):
    """How often each table of a schema was read or written since it was made."""
    with psycopg.connect(url) as conn:
        return dict(
            conn.execute(
                "SELECT relname, seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del"
                " FROM pg_stat_user_tables WHERE schemaname = %s",
                [schema],
            ).fetchall()
        )


def test_whole_cases_leave_the_partitions_of_other_regions_untouched(partitioned):
    """What runs inside of `save_step` and its kind is not seen by EXPLAIN; PostgreSQL's own counters see it."""
    before = touched(partitioned, "region_there")
    with open_pool(as_application(partitioned)) as pool:  # closing it makes its connections tell what they did
        clock = Clock()
        engine = Engine(
            pool,
            region_id=HERE,
            clock=clock,
            fires_at_due_time=True,
            projection=project,
            service_tasks={"w": ServiceTask(run=lambda job: {"worked": True})},
        )
        world = World(engine, clock)
        world.deploy(CASE)
        key = IdempotencyKey(client="c", key="k", request_hash="h")
        variables = {"case": "1", "pregnancy_id": "p", "patient_id": "w"}
        started = StartInstance(definition_key="case", business_key="1", variables=variables)
        instance = engine.execute(started, by=NURSE, idempotency=key).instance_id
        world.complete(instance, "task_a")
        world.drive(days=2)
        engine.run_due(10)
        engine.execute(BroadcastSignal(name="s"), by=NURSE)
        engine.execute(PublishMessage(name="news", key="1", ttl=timedelta(days=1)), by=NURSE)
        engine.execute(SweepRegion(), by=NURSE)
        assert world.instance(instance).status == "completed"

    after = touched(partitioned, "region_there")
    assert {name: count - before[name] for name, count in after.items() if count != before[name]} == {}
    assert {"instance", "user_task", "timer", "history", "resource"} <= {
        name for name, count in touched(partitioned, "region_here").items() if count
    }


def test_rows_that_are_there_find_their_partition(database, pool):
    world = World(Engine(pool, region_id="old", clock=Clock(), fires_at_due_time=True), Clock())
    world.deploy(CASE)
    world.start("case", "1", case="1")
    with looking(pool) as conn:
        conn.execute("INSERT INTO organisation VALUES ('old', 'o', 'village', 'o', NULL)")

    partition.partition(database, ["new"])

    with looking(pool) as conn:
        assert conn.execute("SELECT count(*) FROM region_old.instance").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM region_old.organisation").fetchone() == (1,)
    with pytest.raises(Conflict) as taken:
        world.start("case", "1", case="1")
    assert taken.value.code == "business-key-taken", "a partition's index is called like that of the whole table"


def test_partitions_keep_what_the_tables_promise(database):
    def promises(conn):
        """Per table: its columns, indexes, constraints and triggers by name."""
        return {
            table.name: (
                table.columns,
                conn.execute(
                    "SELECT array_agg(c.relname ORDER BY c.relname)"
                    " FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = %s::regclass",
                    [f"public.{table.name}"],
                ).fetchone(),
                conn.execute(
                    "SELECT array_agg(conname ORDER BY conname) FROM pg_constraint"
                    " WHERE conrelid = %s::regclass AND contype <> 'n' AND conparentid = 0",
                    [f"public.{table.name}"],
                ).fetchone(),
                conn.execute(
                    "SELECT array_agg(tgname ORDER BY tgname) FROM pg_trigger"
                    " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                    [f"public.{table.name}"],
                ).fetchone(),
            )
            for table in case_tables(conn)
        }

    with psycopg.connect(database) as conn:
        before = promises(conn)
    partition.partition(database, ["a"])

    with psycopg.connect(database) as conn:
        assert promises(conn) == before
        conn.execute("INSERT INTO organisation VALUES ('a', 'o', 'village', 'o', NULL)")
        with pytest.raises(errors.UniqueViolation, match="organisation_pkey"):
            conn.execute("INSERT INTO organisation VALUES ('a', 'o', 'village', 'o', NULL)")


def test_a_region_of_a_partitioned_installation_is_frozen_and_written_like_any(partitioned, tmp_path):
    with open_pool(as_application(partitioned)) as pool:
        here, there = (World(Engine(pool, region_id=region, clock=Clock()), Clock()) for region in (HERE, THERE))
        here.deploy(CASE)
        here.start("case", case="1")

        manifest = departure.export(partitioned, HERE, tmp_path / "out", "it", lambda _: None)

        with pytest.raises(Busy):
            here.start("case", case="2")
        there.start("case", case="2")
    assert {t["name"]: t["rows"] for t in manifest["tables"]}["instance"] == 1
