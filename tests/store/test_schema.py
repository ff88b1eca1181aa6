"""The schema: the sum of its migrations, and the region first in every key of case data."""

import re
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from engine.errors import Busy
from engine.store import reads
from engine.store.transaction import SQL as STEPS
from fhir_adapters.store.patients import SQL as PATIENTS
from fhir_adapters.store.resources import SQL as RESOURCES
from runtime.database import migrate
from runtime.trials.databases import looking

NOT_CASE_DATA = {  # what belongs to the installation
    *("schema_migration", "deployment", "definition", "message_start"),
}


def test_the_migrations_sum_up_to_the_schema_file(database):
    with psycopg.connect(database) as conn:
        if conn.info.server_version // 10000 != 18:
            pytest.skip("schema.sql is a dump of PostgreSQL 18")

    assert migrate.dump_schema(database) == migrate.SCHEMA_FILE.read_text(encoding="utf-8"), "run: yuntu db dump"


def test_every_key_of_case_data_is_led_by_the_region(pool):
    with looking(pool) as conn:
        rows = conn.execute("""
            SELECT t.relname, i.relname, a.attname
              FROM pg_index x
              JOIN pg_class t ON t.oid = x.indrelid
              JOIN pg_class i ON i.oid = x.indexrelid
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
             WHERE x.indisunique AND t.relnamespace = 'public'::regnamespace
        """).fetchall()
    engine_tables = {t for t, _, _ in rows if _is_of_the_engine(t)}

    assert [(t, i) for t, i, first in rows if t in engine_tables and first != "region_id"] == []
    assert len(engine_tables) == 11


def _is_of_the_engine(table):
    text = (migrate.FOLDER / "0001_engine.sql").read_text(encoding="utf-8")
    return f"CREATE TABLE {table} " in text and table not in NOT_CASE_DATA


def test_a_migration_runs_once(database):
    assert migrate.migrate(database) == []
    assert migrate.status(database)["missing"] == []


def test_a_changed_migration_is_noticed(database):
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE schema_migration SET sha256 = 'other' WHERE version = 1")

    with pytest.raises(migrate.MigrationMismatch):
        migrate.migrate(database)


def test_a_database_of_a_newer_release_is_not_touched(database):
    with psycopg.connect(database) as conn:
        conn.execute("INSERT INTO schema_migration (version, name, sha256) VALUES (9999, 'future', '')")

    with pytest.raises(migrate.MigrationMismatch):
        migrate.migrate(database)


def test_a_young_database_finds_a_resource_by_its_key(pool):
    """Before there are statistics every index that begins with region and type looks equally good."""
    find = "UPDATE resource SET version = version + 1 WHERE region_id = 'here' AND type = 'Task' AND id = 'one'"

    with looking(pool) as conn:
        plan = "\n".join(row[0] for row in conn.execute(f"EXPLAIN {find}").fetchall())

    assert "resource_pkey" in plan, plan


BY_KEY = {"region_id": "here", "type": "Task", "id": "one", "episode_id": "e", "woman": "w"}


def test_what_is_asked_with_every_result_is_not_planned_with_every_result(database):
    """The server keeps to a general plan once it has seen that those for the values are not better."""
    statement, given = RESOURCES["episodes_of_patient"], {"region_id": "county", "patient_id": "p-1"}
    with psycopg.connect(database) as conn:
        for _ in range(9):
            conn.execute(statement, given, prepare=True)
        row = conn.execute(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE %s", ["%EpisodeOfCare%"]
        )

        assert row.fetchone() == (4,)
        conn.execute("SET plan_cache_mode = force_generic_plan")
        lines = conn.execute("EXPLAIN " + statement, given).fetchall()

    plan = "\n".join(row[0] for row in lines)
    assert re.search(r"Index Cond: .*patient_id = ", plan), plan


@pytest.mark.parametrize("statement", ["current", "woman_of_episode", "what_is_known_of_her"])
def test_a_young_database_reads_what_is_known_by_its_key(pool, statement):
    """The index of changes begins with region and type too; through it all resources of a type would be read, and a
    plan that was made while tables were empty stays until statistics come."""
    with looking(pool) as conn:
        plan = "\n".join(row[0] for row in conn.execute("EXPLAIN " + RESOURCES[statement], BY_KEY).fetchall())

    assert "resource_pkey" in plan and "resource_updated_idx" not in plan and "resource_version_type_idx" not in plan, (
        plan
    )


def test_what_comes_next_is_found_without_reading_what_is_over(pool):
    """Of a case with many finished tasks only the open ones are looked at: the index says which they are."""
    given = {"region_id": "here", "instance_id": UUID(int=1)}

    with looking(pool) as conn:
        plan = "\n".join(row[0] for row in conn.execute("EXPLAIN " + reads.SQL["read_open_tasks_of"], given).fetchall())

    assert "user_task_instance_idx" in plan and re.search(r"Index Cond: .*state", plan), plan


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (PATIENTS["tasks_about"], "resource_patient_idx"),
        (PATIENTS["newest_case"], "resource_patient_idx"),
        (RESOURCES["resources_of_patient"], "resource_patient_idx"),
        (RESOURCES["resources_of_episode"], "resource_episode_idx"),
    ],
)
def test_what_is_about_a_woman_is_found_by_her_in_a_young_database(pool, statement, index):
    """Registering her settles her open leads: none of the others' may be read for it."""
    given = {"region_id": "here", "patient_id": "w", "episode_id": "e", "types": ["Task", "Flag"], "ended": [1]}

    with looking(pool) as conn:
        plan = "\n".join(row[0] for row in conn.execute("EXPLAIN " + statement, given).fetchall())

    assert index in plan, plan


def test_messages_kept_for_a_case_are_found_by_what_it_waits_for(pool):
    """Every step asks; what others' messages wait for is not read for it."""
    given = {"region_id": "here", "instance_id": UUID(int=1), "now": datetime(2026, 1, 1, tzinfo=UTC)}

    with looking(pool) as conn:
        plan = "\n".join(row[0] for row in conn.execute("EXPLAIN " + STEPS["find_buffered_for"], given).fetchall())

    assert "message_buffered_idx" in plan and "message_expiry_idx" not in plan, plan


@pytest.fixture
def trial(monkeypatch):
    """A migration that this release has and the database not; it wants a whole table, and waits briefly."""
    known = migrate.on_disk()
    change = migrate.Migration(known[-1].version + 1, "trial", "ALTER TABLE instance ADD COLUMN trial integer")
    monkeypatch.setattr(migrate, "on_disk", lambda: [*known, change])
    monkeypatch.setattr(migrate, "LONGEST_WAIT", "20ms")
    return change


def test_a_migration_gives_way_to_whoever_uses_a_table_and_comes_again(database, trial, monkeypatch):
    with psycopg.connect(database) as holder, psycopg.connect(database, autocommit=True) as reader:
        reader.execute("SET statement_timeout = '20s'")
        holder.execute("SELECT FROM instance")  # an open transaction holds its share of the table
        pauses = []

        def pause(_seconds):
            reader.execute("SELECT FROM instance")  # not kept waiting behind who waits
            pauses.append("gave way")
            if len(pauses) == 3:
                holder.rollback()

        monkeypatch.setattr(migrate.time, "sleep", pause)
        assert migrate.migrate(database) == [trial]
    assert len(pauses) == 3


def test_a_migration_that_gets_no_lock_says_so_and_leaves_nothing(database, trial, monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 2)
    monkeypatch.setattr(migrate.time, "sleep", lambda _seconds: None)
    with psycopg.connect(database) as holder:
        holder.execute("SELECT FROM instance")
        with pytest.raises(Busy, match="no lock on a table in 2 tries"):
            migrate.migrate(database)
    assert migrate.status(database)["missing"] == [f"{trial.version:04}_trial"]
