"""The past of ended instances goes to files that can be proved, then leaves the database, and can come back."""

import gzip
from datetime import timedelta

import pytest

from engine.engine import Engine
from engine.errors import Incorrect, NotFound
from engine.operations.reconcile import reconcile
from runtime.retention import archive as archives
from runtime.retention.archive import Place
from runtime.retention.policies import DEFAULT_DAYS, DEFAULT_MARK, SET_MARK, policies, set_policy
from runtime.trials.databases import looking
from tests.store.store_kit import ONE_TASK, TWO_TASKS, Clock, World

REGION = "test-region"


@pytest.fixture
def world(pool):
    clock = Clock()
    world = World(Engine(pool, region_id=REGION, clock=clock), clock)
    world.deploy(ONE_TASK, TWO_TASKS)
    return world


@pytest.fixture
def place(world, pool):
    with looking(pool) as conn:
        yield lambda **later: Place(conn, REGION, world.clock.now + timedelta(**later), "it")


def quiet(_):
    """Nobody watches."""


def ended(world, key="one_task", **values):
    instance = world.start(key, **values)
    world.complete(instance, "task_a")
    return instance


def stored(pool, instance):
    with looking(pool) as conn:
        return [
            conn.execute(
                f"SELECT to_jsonb(t) FROM {name} t WHERE region_id = %s AND {key} = %s", [REGION, instance]
            ).fetchall()
            for name, key in (("instance", "id"), ("user_task", "instance_id"), ("history", "instance_id"))
        ]


def test_an_ended_instance_stays_as_long_as_its_process_wants(world, place, tmp_path):
    ended(world)
    ended(world)
    now = place()
    set_policy(now.conn, REGION, "two_tasks", 10, "a county's rule", now.now, "it")

    def due(**later):
        at = place(**later)
        return {p.definition_key: (p.due, p.mark) for p in policies(at.conn, REGION, at.now)}

    assert due(days=DEFAULT_DAYS - 1) == {"one_task": (0, DEFAULT_MARK), "two_tasks": (0, SET_MARK)}
    assert due(days=DEFAULT_DAYS) == {"one_task": (2, DEFAULT_MARK), "two_tasks": (0, SET_MARK)}
    assert archives.archive(place(days=1), tmp_path, quiet) == []


def test_what_is_archived_swept_and_restored_is_what_it_was(world, pool, place, tmp_path):
    over, going_on = ended(world, weight=3), world.start("two_tasks")
    world.complete(going_on, "task_a")
    before, untouched = stored(pool, over), stored(pool, going_on)

    later = place(days=DEFAULT_DAYS)
    (file,) = archives.archive(later, tmp_path, quiet)
    assert stored(pool, over) == before, "an archive deletes nothing"
    assert archives.sweep(later, tmp_path, quiet, dry_run=True) == {file: 1}
    assert stored(pool, over) == before

    assert archives.sweep(later, tmp_path, quiet) == {file: 1}
    assert stored(pool, over) == [[], [], []]
    assert stored(pool, going_on) == untouched
    with looking(pool) as conn:
        assert reconcile(conn, REGION) == (1, [])

    assert archives.restore(later, tmp_path, over)
    assert stored(pool, over) == before


def test_nothing_is_swept_when_its_file_is_missing_or_changed(world, pool, place, tmp_path):
    over = ended(world)
    later = place(days=DEFAULT_DAYS)
    (file,) = archives.archive(later, tmp_path, quiet)

    with pytest.raises(Incorrect) as missing:
        archives.sweep(later, tmp_path / "elsewhere", quiet)
    (tmp_path / file).write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(Incorrect) as damaged:
        archives.sweep(later, tmp_path, quiet)

    assert (missing.value.code, damaged.value.code) == ("archive-missing", "archive-damaged")
    assert stored(pool, over)[0] != []


def test_an_instance_is_written_once_and_one_that_moved_since_is_not_swept(world, pool, place, tmp_path):
    over = ended(world)
    later = place(days=DEFAULT_DAYS)
    archives.archive(later, tmp_path, quiet)
    assert archives.archive(later, tmp_path, quiet) == []

    with looking(pool) as conn:
        conn.execute("UPDATE instance SET revision = revision + 1 WHERE id = %s", [over])

    assert list(archives.sweep(later, tmp_path, quiet).values()) == [0]
    assert stored(pool, over)[0] != []


def test_an_instance_that_was_never_archived_cannot_be_restored(world, place, tmp_path):
    with pytest.raises(NotFound):
        archives.restore(place(), tmp_path, ended(world))


def test_a_file_says_until_when_it_may_not_be_destroyed(world, place, tmp_path):
    ended(world)
    (file,) = archives.archive(place(days=DEFAULT_DAYS), tmp_path, quiet)

    header, document, trailer = gzip.decompress((tmp_path / file).read_bytes()).splitlines()

    assert b'"keep_until":"2058-01-05"' in header
    assert b'"history":[' in document
    assert b'"instances":1' in trailer
    assert (tmp_path / file).stat().st_mode & 0o077 == 0
