"""A region moves to another installation with everything that it has, or not at all."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.commands.contracts import PublishMessage, StartInstance, SuspendDefinition
from engine.engine import Engine
from engine.errors import Busy, Conflict, Incorrect
from engine.operations.reconcile import reconcile
from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from runtime.database.catalogue import case_tables
from runtime.database.roles import as_application
from runtime.relocation import arrival, departure
from tests.store.store_kit import BEGIN, END, Clock, World, bpmn, line, message, receive, user_task, wait_for

CASE = bpmn("case", line(BEGIN, wait_for("wait", "P3D"), user_task("task_a"), receive("news"), END), message("news"))


@pytest.fixture(scope="module")
def other_server():
    with embedded.throw_away() as url:
        migrate.migrate(url)
        yield url


@pytest.fixture
def elsewhere(other_server):
    """The database of another installation, on a server of its own."""
    name = f"elsewhere_{uuid4().hex[:8]}"
    with psycopg.connect(make_conninfo(other_server, dbname="postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE yuntu')
        yield make_conninfo(other_server, dbname=name)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def world(pool):
    """Region `moving` of an installation that region `staying` works in too."""
    clock = Clock()
    world = World(Engine(pool, region_id="moving", clock=clock, fires_at_due_time=True), clock)
    world.deploy(CASE)
    return world


@pytest.fixture
def neighbour(pool, world):
    return World(Engine(pool, region_id="staying", clock=world.clock), world.clock)


def quiet(_):
    """Nobody watches."""


def rows_of(url, region_id):
    with departure.connected(url) as conn:
        return {
            t.name: departure.rows.described(conn, departure.rows.rows_of_region(t.name, region_id, t.columns))
            for t in case_tables(conn)
        }


def test_a_region_arrives_with_its_cases_and_goes_on_there(database, elsewhere, world, neighbour, tmp_path):
    waiting = world.start("case", "case-1", case="case-1")
    working = world.start("case", "case-2", case="case-2")
    world.drive(days=4)
    world.start("case", "case-3", case="case-3")
    world.engine.execute(PublishMessage(name="news", key="case-2", ttl=timedelta(days=9)), by=world.by)
    before = rows_of(database, "moving")

    departure.export(database, "moving", tmp_path / "out", "it", quiet)
    receipt = arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)
    departure.mark_moved(database, receipt, "it")

    assert rows_of(elsewhere, "moving") == before
    with open_pool(as_application(elsewhere)) as pool:
        there = World(Engine(pool, region_id="moving", clock=world.clock, fires_at_due_time=True), world.clock)
        there.complete(working, "task_a")
        assert there.instance(working).status == "completed", "the message that waited came along"
        assert there.open(waiting) == ["task_a"]
        assert there.drive(days=4) == 1, "the timer of the third case"
        with there.engine.read() as conn:
            assert reconcile(conn, "moving") == (3, [])


def test_a_version_that_starts_nothing_starts_nothing_there_either(database, elsewhere, world, tmp_path):
    world.start("case", "case-1", case="case-1")
    world.engine.execute(SuspendDefinition(key="case", reason="wrong deadline"), by=world.by)

    departure.export(database, "moving", tmp_path / "out", "it", quiet)
    arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)

    with open_pool(as_application(elsewhere)) as pool:
        there = World(Engine(pool, region_id="moving", clock=world.clock), world.clock)
        with pytest.raises(Conflict) as refused:
            there.start("case", "case-2", case="case-2")
    assert refused.value.code == "suspended"


def test_while_a_region_is_frozen_its_neighbours_work_and_it_does_not(database, world, neighbour, tmp_path):
    moving, staying = world.start("case"), neighbour.start("case")
    world.drive(days=4)
    departure.export(database, "moving", tmp_path / "out", "it", quiet)

    with pytest.raises(Busy):
        world.complete(moving, "task_a")
    with pytest.raises(Busy):
        world.start("case")
    neighbour.drive(days=4)
    assert neighbour.open(staying) == ["task_a"]

    departure.give_up(database, "moving")
    world.complete(moving, "task_a")


def test_freezing_waits_for_the_step_that_is_on_its_way(database, world, tmp_path):
    instance = world.start("case")
    with psycopg.connect(database) as step, ThreadPoolExecutor() as threads:
        step.execute("UPDATE instance SET revision = revision + 1 WHERE id = %s", [instance])
        leaving = threads.submit(departure.export, database, "moving", tmp_path / "out", "it", quiet)
        _until_somebody_waits(database)
        step.commit()
        leaving.result()

    assert b"\t2\t" in gzip.decompress((tmp_path / "out/instance.copy.gz").read_bytes()), "its revision"


def _until_somebody_waits(url):
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
            pass


def test_numbers_that_the_database_gives_go_on_after_those_that_came(database, elsewhere, world, tmp_path):
    row = (
        "INSERT INTO audit (region_id, at, actor_id, actor_kind, action, subject_kind)"
        " VALUES (%s, now(), 'nurse', 'person', 'read', 'case')"
    )
    with psycopg.connect(database) as conn:
        for _ in range(3):
            conn.execute(row, ["moving"])
    departure.export(database, "moving", tmp_path / "out", "it", quiet)
    arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)

    with psycopg.connect(elsewhere) as conn:
        conn.execute(row, ["moving"])
        ids = conn.execute("SELECT id FROM audit ORDER BY id").fetchall()

    assert len(set(ids)) == 4


@pytest.mark.parametrize("harm", ["file", "manifest", "region", "schema"])
def test_what_differs_in_anything_is_not_imported(database, elsewhere, world, tmp_path, harm):
    world.start("case")
    manifest = departure.export(database, "moving", tmp_path / "out", "it", quiet)
    if harm == "file":
        (tmp_path / "out/timer.copy.gz").write_bytes(gzip.compress(b""))
    if harm == "manifest":
        table = next(t for t in manifest["tables"] if t["name"] == "timer")
        table["digest"] = table["digest"].replace(table["digest"][0], "x", 1)
        (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    with psycopg.connect(elsewhere) as conn:
        if harm == "region":
            conn.execute("INSERT INTO organisation VALUES ('moving', 'o', 'village', 'o')")
        if harm == "schema":
            conn.execute("UPDATE schema_migration SET sha256 = 'other' WHERE version = 8")

    with pytest.raises((Incorrect, Conflict)):
        arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)

    assert rows_of(elsewhere, "moving")["instance"]["rows"] == 0
    assert not (tmp_path / "out/receipt.json").exists()


def test_definitions_that_differ_are_named(database, elsewhere, world, tmp_path):
    world.start("case")
    with open_pool(as_application(elsewhere)) as pool:
        World(Engine(pool, region_id="other", clock=world.clock), world.clock).deploy(
            bpmn("case", line(BEGIN, user_task("task_other"), END))
        )
    departure.export(database, "moving", tmp_path / "out", "it", quiet)

    with pytest.raises(Conflict) as refused:
        arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)

    assert [fault.path for fault in refused.value.faults] == ["process/case/1"]


def test_only_the_receipt_of_this_export_marks_the_region_as_moved(database, elsewhere, world, tmp_path):
    world.start("case")
    departure.export(database, "moving", tmp_path / "out", "it", quiet)
    receipt = arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)

    with pytest.raises(Conflict):
        departure.mark_moved(database, {**receipt, "digest": "0" * 64}, "it")
    departure.mark_moved(database, receipt, "it")

    with pytest.raises(Conflict):
        departure.give_up(database, "moving")
    with pytest.raises(Busy):
        world.engine.execute(StartInstance(definition_key="case"), by=world.by)
