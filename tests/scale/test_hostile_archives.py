"""A06: what is packed to grow, or names places outside, is refused, and nothing of it is left."""

import gzip
import io
import resource
import zipfile

import pytest
from psycopg import sql

from engine.commands.contracts import Deploy
from engine.engine import Engine
from engine.errors import Incorrect
from engine.problems import Refused
from runtime.database.catalogue import start_tables
from runtime.relocation import definitions, departure, rows
from tests.store.store_kit import NURSE, Clock, World

MOST_MB = 50


@pytest.fixture
def conn(database):
    with departure.connected(database) as conn:
        yield conn


def test_a06_a_file_that_unpacks_to_hundreds_of_times_its_size_is_refused(conn, tmp_path):
    bomb = tmp_path / "bomb.copy.gz"
    bomb.write_bytes(gzip.compress(b"x\n" * (32 << 20)))
    conn.execute("CREATE TEMP TABLE arriving (line text)")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(Incorrect) as refused, conn.transaction():
        rows.read(conn, "arriving", ("line",), bomb)

    assert refused.value.code == "export-damaged"
    assert "bomb.copy.gz" in str(refused.value)
    assert conn.execute("SELECT count(*) FROM arriving").fetchone() == (0,)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MB


def test_a06_rows_of_daily_life_are_far_from_that(conn, tmp_path):
    conn.execute(
        "CREATE TEMP TABLE lived AS SELECT gen_random_uuid() AS id, repeat('the same ', 20) AS said"
        " FROM generate_series(1, 20000)"
    )
    columns, file = ("id", "said"), tmp_path / "lived.copy.gz"
    rows.write(conn, sql.SQL("SELECT id, said FROM lived"), file)

    conn.execute("CREATE TEMP TABLE arriving (LIKE lived)")
    rows.read(conn, "arriving", columns, file)

    assert conn.execute("SELECT count(*) FROM arriving").fetchone() == (20000,)


@pytest.mark.parametrize("name", ["../../etc/cron", "account", "timer_start\0"])
def test_a06_a_folder_cannot_name_a_place_outside(conn, tmp_path, name):
    carried = {"items": [], "starts": {table.name: list(table.columns) for table in start_tables(conn)}}
    carried["starts"][name] = ["id"]

    with pytest.raises(Incorrect) as refused:
        definitions.read(conn, carried, tmp_path, "it")

    assert refused.value.code == "export-damaged"


@pytest.fixture
def world(pool):
    return World(Engine(pool, region_id="here", clock=Clock()), Clock())


def zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("ending", ["bpmn", "dmn", "json", "zip"])
def test_a06_an_archive_is_no_diagram_and_its_names_are_no_places(world, tmp_path, monkeypatch, ending):
    monkeypatch.chdir(tmp_path)
    slip = zipped("../../slipped.bpmn", zipped("inner.bpmn", bytes(16 << 20)))

    with pytest.raises((Refused, Incorrect)):
        world.engine.execute(Deploy(files={f"../../slipped.{ending}": slip}), by=NURSE)

    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.parent.glob("slipped*")) == []
