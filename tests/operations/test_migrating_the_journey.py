"""The pathway as it ships, with women in it, goes over to a changed version: nothing that was promised is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands.contracts import ClaimUserTask, CreateBatch, Deploy, SaveDraft
from engine.operations import batches
from engine.operations.batches import BatchRunner
from engine.operations.reconcile import reconcile
from engine.operations.suggestion import suggestion
from engine.store import reads
from runtime.demo.county import live_through, settle_people
from runtime.start import INSTALLER, deploy_shipped
from tests.web.conftest import Site

KEY = "pregnancy_journey"
TEN_DAYS = '=duration("P10D")'
CHANGES = {  # another id in the pathway and in a process that it calls; another length of a deadline; another name
    "pregnancy_journey": {"task_confirm_edd": "task_settle_edd"},
    "antenatal_visits": {
        "task_antenatal_visit": "task_visit",
        "=duration(policy.trace_again_after)": TEN_DAYS,
        'name="窗口过后3天"': 'name="窗口过后"',
    },
}


@pytest.fixture
def county(database, tmp_path):
    """Women in every stage, under a clock that stands still; one task is claimed and half filled in."""
    site = Site(tmp_path, database)
    settle_people(site.services)
    deploy_shipped(site.services)
    live_through(site.services, women=5, seed=5, progress=False)
    yield site
    site.close()


def changed_files():
    files = {}
    for key, renamed in CHANGES.items():
        text = Path(f"bpmn/{key}.bpmn").read_text(encoding="utf-8")
        for old, new in renamed.items():
            assert old in text, f"{key} says {old} no longer"
            text = text.replace(old, new)
        files[f"{key}.bpmn"] = text.encode()
    return files


def waits(site):
    """Everything that any woman's case waits for, and until when."""
    region, found = site.services.region_id, {}
    with site.services.engine.read() as conn:
        for instance in reads.instances(conn, region, definition_key=KEY, status="active", limit=1000):
            for wait in reads.waiting(conn, region, instance.id):
                found[instance.id, wait.wait_id] = (wait.element_id, wait.kind, wait.task_id, wait.due_at, wait.key)
    return found


def renamed(found):
    names = {old: new for renamed in CHANGES.values() for old, new in renamed.items() if old.startswith("task_")}
    return {
        place: ("/".join(names.get(part, part) for part in path.split("/")), *rest)
        for place, (path, *rest) in found.items()
    }


def batch(site, operation, of_version, **parameters):
    query = {"definition_key": KEY, "version": of_version}
    command = CreateBatch(operation=operation, query=query, parameters=parameters, rate=10_000)
    batch_id = site.services.engine.execute(command, by=INSTALLER)
    runner = BatchRunner(site.services.engine)
    for _ in range(40):
        runner._rest_until = 0.0
        runner.run_some()
    with site.services.engine.read() as conn:
        region = site.services.region_id
        return batches.batch(conn, region, batch_id), batches.results(conn, region, batch_id, state="failed")


def agreed(site):
    with site.services.engine.read() as conn:
        return reconcile(conn, site.services.region_id)[1]


def test_a_changed_pathway_takes_over_every_case_with_its_deadlines_and_drafts_and_gives_it_back(county):
    engine = county.services.engine
    task = next(t for t in county.tasks(limit=500) if t.element_id == "task_antenatal_visit")
    engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse"), by=INSTALLER)
    engine.execute(SaveDraft(user_task_id=task.id, draft={"systolic": 128}), by=INSTALLER)
    before = waits(county)
    timers = sorted(due for _, kind, _, due, _ in before.values() if kind == "timer")
    assert len(timers) >= 4 and len({instance for instance, _ in before}) >= 3

    engine.execute(Deploy(files=changed_files()), by=INSTALLER)
    found = suggestion(engine, KEY, 1)
    plan = {
        "version": 2,
        "mapping": found["mapping"],
        "called": {
            name: {"version": one["to"], "mapping": one["mapping"]}
            for name, one in found["called"].items()
            if one["from"] != one["to"]
        },
    }
    assert plan["mapping"] == {"task_confirm_edd": "task_settle_edd"}
    assert plan["called"] == {"antenatal_visits": {"version": 2, "mapping": {"task_antenatal_visit": "task_visit"}}}
    tried = batches.trial(engine, "migrate", {"definition_key": KEY, "version": 1}, plan, INSTALLER)
    assert (tried.done, tried.failures) == (tried.total, {})
    assert waits(county) == before, "a dry run leaves everything as it is"

    done, failed = batch(county, "migrate", 1, **plan)
    assert (done.state, done.done, failed) == ("completed", tried.total, [])
    assert waits(county) == renamed(before), "the same waits, the same tasks, due at the same moments"
    kept = county.stored(task.id)
    assert (kept.element_id, kept.definition_version, kept.assignee) == ("task_visit", 2, "nurse")
    assert kept.draft == {"systolic": 128}
    assert agreed(county) == []

    back, failed = batch(county, "revert", 2)
    assert (back.done, failed) == (tried.total, [])
    assert waits(county) == before and county.stored(task.id).draft == {"systolic": 128}
    assert agreed(county) == []

    batch(county, "migrate", 1, **plan)
    due = [when for when in timers if when <= timers[0] + (timers[-1] - timers[0]) / 4]
    assert county.services.timekeeper.advance_to(due[-1]) >= len(due), "each deadline fires in the new version"
    with engine.read() as conn:
        assert reads.incidents(conn, county.services.region_id) == []
    assert agreed(county) == []
