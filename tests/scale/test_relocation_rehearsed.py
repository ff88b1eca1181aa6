"""A move is rehearsed: what would go, what stays, what stands in the way; nothing is written on either side."""

import gzip
import json

import psycopg
import pytest
from click.testing import CliRunner

from engine.engine import Engine
from engine.store.connections import open_pool
from runtime.cli import main
from runtime.database.roles import as_application
from runtime.relocation import arrival, departure, rehearsal
from tests.scale.test_relocation import (
    CASE,
    elsewhere,  # noqa: F401
    neighbour,  # noqa: F401
    other_server,  # noqa: F401
    quiet,
    rows_of,
    world,  # noqa: F401
)
from tests.store.store_kit import BEGIN, END, World, bpmn, line, user_task


def codes(found):
    return [conflict["code"] for conflict in found["conflicts"]]


def test_what_would_leave_is_what_then_leaves_and_nothing_is_frozen(database, world, neighbour, tmp_path):  # noqa: F811
    world.start("case", case="case-1")
    neighbour.start("case", case="case-1")
    before = rows_of(database, "moving")

    found = rehearsal.leaving(database, "moving", tmp_path / "out")

    assert rows_of(database, "moving") == before and not (tmp_path / "out").exists()
    world.start("case", case="case-2")
    assert (codes(found), found["instances"]) == ([], {"active": 1})
    again = rehearsal.leaving(database, "moving", tmp_path / "out")
    manifest = departure.export(database, "moving", tmp_path / "out", "it", quiet)
    assert again["tables"] == {t["name"]: t["rows"] for t in manifest["tables"] if t["rows"]}
    assert again["definitions"] == manifest["definitions"]["rows"]
    assert again["stays"] == ["region_catalogue", "region_move", "procrastinate"]


def test_what_stands_in_the_way_of_leaving_is_said_all_at_once(database, world, tmp_path):  # noqa: F811
    world.start("case")
    departure.export(database, "moving", tmp_path / "out", "it", quiet)

    assert codes(rehearsal.leaving(database, "moving", tmp_path / "out")) == ["region-frozen", "folder-exists"]
    assert codes(rehearsal.leaving(database, "nobody", tmp_path / "new")) == ["not-found"]


def test_who_would_be_waited_for_is_counted(database, world, tmp_path, monkeypatch):  # noqa: F811
    world.start("case")
    monkeypatch.setattr(rehearsal, "LONG_S", 0.0)
    with psycopg.connect(database) as step:
        step.execute("SELECT 1")
        assert rehearsal.leaving(database, "moving", tmp_path / "out")["long_transactions"] >= 1


def test_what_would_arrive_is_read_to_its_end_and_nothing_arrives(database, elsewhere, world, tmp_path):  # noqa: F811
    world.start("case")
    manifest = departure.export(database, "moving", tmp_path / "out", "it", quiet)

    found = rehearsal.arriving(elsewhere, tmp_path / "out")

    assert (codes(found), found["region_id"]) == ([], "moving")
    assert found["rows"] == sum(table["rows"] for table in manifest["tables"])
    assert sum(table["rows"] for table in rows_of(elsewhere, "moving").values()) == 0
    assert not (tmp_path / "out/receipt.json").exists()
    assert (
        arrival.import_region(elsewhere, tmp_path / "out", "there", "it", quiet)["definitions_deployed"]
        == (found["definitions"])
    )
    assert codes(rehearsal.arriving(elsewhere, tmp_path / "out")) == ["region-exists"]


@pytest.mark.parametrize(
    ("harm", "code"), [("file", "export-damaged"), ("digest", "import-differs"), ("schema", "schema-differs")]
)
def test_what_could_not_arrive_is_found(database, elsewhere, world, tmp_path, harm, code):  # noqa: F811
    world.start("case")
    manifest = departure.export(database, "moving", tmp_path / "out", "it", quiet)
    if harm == "file":
        (tmp_path / "out/timer.copy.gz").write_bytes(gzip.compress(b""))
    if harm == "digest":
        next(t for t in manifest["tables"] if t["name"] == "timer")["rows"] += 1
        (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    if harm == "schema":
        with psycopg.connect(elsewhere) as conn:
            conn.execute("UPDATE schema_migration SET sha256 = 'other' WHERE version = 8")

    assert codes(rehearsal.arriving(elsewhere, tmp_path / "out")) == [code]


def test_definitions_that_differ_are_named_with_everything_else(database, elsewhere, world, tmp_path):  # noqa: F811
    world.start("case")
    with open_pool(as_application(elsewhere)) as pool:
        other = World(Engine(pool, region_id="moving", clock=world.clock), world.clock)
        other.deploy(bpmn("case", line(BEGIN, user_task("task_other"), END)))
        other.start("case")
    departure.export(database, "moving", tmp_path / "out", "it", quiet)

    found = rehearsal.arriving(elsewhere, tmp_path / "out")

    assert codes(found) == ["region-exists", "definitions-differ"]
    assert found["conflicts"][1]["path"] == "process/case/1"


@pytest.fixture
def command(database, tmp_path, monkeypatch):
    monkeypatch.setenv("YUNTU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YUNTU_DATABASE_URL", database)
    monkeypatch.setenv("YUNTU_DATABASE_OWNER_URL", database)
    return lambda *words: CliRunner().invoke(main, ["region", *map(str, words)])


def test_the_command_says_it_in_both_languages_and_leaves_a_row_in_the_audit(
    command,
    database,
    world,  # noqa: F811
    tmp_path,
):
    world.deploy(CASE)
    world.start("case")

    told = command("export", "moving", tmp_path / "out", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "试运行 / dry run: moving" in told.output and "可以迁 / nothing stands in the way" in told.output
    done = command("export", "moving", tmp_path / "out", "--json")
    assert (done.exit_code, json.loads(done.stdout)["dry_run"]) == (0, False)
    refused = command("export", "moving", tmp_path / "out", "--dry-run", "--json")
    assert refused.exit_code == 1
    assert [c["code"] for c in json.loads(refused.stdout)["conflicts"]] == ["region-frozen", "folder-exists"]

    with psycopg.connect(database) as conn:
        rows = conn.execute("SELECT action, subject_kind, subject_id, detail FROM audit ORDER BY id").fetchall()
    assert rows == [
        ("export", "region", "moving", {"dry_run": True}),
        ("export", "region", "moving", {"dry_run": False}),
    ]
