"""Many results at once, looked at by several worker processes: each case is one's, none is lost, and what comes of
them is what one process alone makes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Barrier

import psycopg
import pytest

from engine.store import reads
from fhir_adapters.store import inbound
from runtime.bursts import AT_A_TIME, TOGETHER, Bursts
from runtime.database.roles import as_application
from runtime.demo.identity import identity_number
from tests.fhir.conftest import BEGIN, opened
from tests.fhir.test_inbound import haemoglobin, told

BORN = date(1996, 3, 1)
WOMEN = 9
LATER = timedelta(minutes=1)


def results_of_everybody(hospital, women=WOMEN):
    """Each a case with a result that calls for a grading, or, of every third woman, does not."""
    found = []
    for number in range(women):
        woman = hospital.brings_in(number=identity_number(BORN, number), day="2025-10-20")
        hospital.post("/Observation", haemoglobin(woman.subject, 120 if number % 3 == 0 else 60 + number))
        found.append(woman)
    return found


def what_came_of(hospital, women):
    """Of each: what is open, what the process knows, what happened; without what is named or timed anew each time."""
    found = []
    for woman in women:
        variables = {name: value for name, value in woman.variables().items() if not name.endswith("_id")}
        with hospital.services.engine.read() as conn:
            held = reads.instance_by_business_key(conn, hospital.region_id, "pregnancy_journey", woman.pregnancy_id)
            events = [(one.element_id, one.event) for one in reads.history(conn, hospital.region_id, held.id)]
        tasks = [one["status"] for one in hospital.search(f"/Task?patient={woman.subject}&_sort=authored-on")]
        found.append((sorted(woman.open_tasks()), variables, events, tasks))
    return found


@pytest.fixture
def another(server, hospital_template):
    with opened(server, hospital_template) as made:
        yield made


def due(hospital):
    with hospital.services.engine.read() as conn:
        return inbound.due_bursts(conn, hospital.region_id, hospital.services.clock() + LATER, 1000)


def test_three_at_once_make_of_them_what_one_alone_makes(hospital, another):
    women, same_women = results_of_everybody(hospital), results_of_everybody(another)
    now = hospital.services.clock() + LATER

    assert Bursts(another.services.engine).look(now) == WOMEN
    together, begin = [Bursts(hospital.services.engine) for _ in range(3)], Barrier(3)
    with ThreadPoolExecutor(3) as threads:
        shares = list(threads.map(lambda one: (begin.wait(), one.share(now))[1], together))

    assert sum(shares) == WOMEN and due(hospital) == []
    assert told(hospital) == told(another) == WOMEN
    assert what_came_of(hospital, women) == what_came_of(another, same_women)
    assert {"task_grade" in tasks for tasks, *_ in what_came_of(hospital, women)} == {True, False}


def test_what_one_has_claimed_is_not_given_to_another_until_it_ends(hospital):
    results_of_everybody(hospital, 4)
    engine, now = hospital.services.engine, hospital.services.clock() + LATER

    with engine.pool.connection() as one, engine.pool.connection() as other:
        mine = inbound.claim_bursts(one, hospital.region_id, now, 3, 100)
        theirs = inbound.claim_bursts(other, hospital.region_id, now, 3, 100)
        assert len(mine) == 3 and len(theirs) == 1 and not set(mine) & set(theirs)
        assert Bursts(engine).share(now) == 0 and told(hospital) == 0

    assert Bursts(engine).share(now) == 4 and told(hospital) == 4


def test_a_result_that_comes_while_its_case_is_claimed_is_not_lost(hospital):
    (woman,) = results_of_everybody(hospital, 1)
    engine, now = hospital.services.engine, hospital.services.clock() + LATER

    with engine.pool.connection() as held:
        inbound.claim_bursts(held, hospital.region_id, now, 1, 100)
        assert hospital.post("/Observation", haemoglobin(woman.subject, 61)).status_code == 201

    assert Bursts(engine).share(now) == 1
    assert told(hospital) == 1 and "task_grade" in woman.open_tasks()


KILLED = """
import os, signal, sys
from datetime import datetime
from runtime import settings
from runtime.bursts import Bursts
from runtime.wiring import build

services = build(settings.read(), connections=3)
looking, told = Bursts(services.engine), []
look_at = services.engine.execute

def and_die(command, **given):
    if len(told) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    told.append(look_at(command, **given))
    return told[-1]

services.engine.execute = and_die
looking.share(datetime.fromisoformat(sys.argv[1]))
"""


def test_a_worker_that_is_killed_gives_back_what_it_had_claimed_at_once(hospital):
    women = results_of_everybody(hospital)
    now = hospital.services.clock() + LATER
    given = {"YUNTU_DATABASE_URL": as_application(hospital.url), "YUNTU_HOME": str(hospital.settings.home)}

    environment = os.environ | given | {"YUNTU_CLOCK": f"manual:{BEGIN}"}
    killed = subprocess.run([sys.executable, "-c", KILLED, now.isoformat()], env=environment, timeout=120)

    assert killed.returncode == -signal.SIGKILL and told(hospital) == TOGETHER
    assert Bursts(hospital.services.engine).share(now) == WOMEN - TOGETHER
    assert told(hospital) == WOMEN and due(hospital) == []
    assert sum("task_grade" in woman.open_tasks() for woman in women) == WOMEN * 2 // 3


def test_one_case_that_cannot_be_told_does_not_keep_the_others_waiting(hospital, monkeypatch):
    women = results_of_everybody(hospital, 3)
    engine, now = hospital.services.engine, hospital.services.clock() + LATER
    execute, broken = engine.execute, due(hospital)[0]

    def unless_broken(command, **given):
        if broken in command.episode_ids:
            raise ValueError("no rule knows this")
        return execute(command, **given)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(engine, "execute", unless_broken)
        Bursts(engine).share(now)

    assert told(hospital) == 2 and due(hospital) == [broken]
    assert Bursts(engine).share(now) == 1 and told(hospital) == len(women)


def test_a_mapping_that_raises_for_one_case_leaves_its_incident_there_alone(hospital, monkeypatch):
    women = results_of_everybody(hospital, 3)
    engine, now = hospital.services.engine, hospital.services.clock() + LATER
    project, broken = engine._setting.projection, due(hospital)[1]

    def unless_broken(record):
        if record.business_key == broken:
            raise ValueError("this mapping has a fault")
        return project(record)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(engine, "_setting", replace(engine._setting, projection=unless_broken))
        assert Bursts(engine).share(now) == 3

    assert told(hospital) == 3 and due(hospital) == []
    with engine.read() as conn:
        incidents = [one.instance_id for one in reads.incidents(conn, hospital.region_id)]
        held = reads.instance_by_business_key(conn, hospital.region_id, "pregnancy_journey", broken)
    assert incidents == [held.id] and broken in {woman.pregnancy_id for woman in women}


def test_a_result_that_comes_while_several_are_told_spoils_none_of_them(hospital, monkeypatch):
    women = results_of_everybody(hospital, 3)
    engine, now, late = hospital.services.engine, hospital.services.clock() + LATER, []
    bursts_of = inbound.bursts_of

    def and_another(conn, region_id, episode_ids):
        found = bursts_of(conn, region_id, episode_ids)
        if not late:
            late.append(hospital.post("/Observation", haemoglobin(women[1].subject, 71)).status_code)
        return found

    monkeypatch.setattr(inbound, "bursts_of", and_another)
    assert Bursts(engine).share(now) == 3

    assert late == [201] and told(hospital) == 3 and due(hospital) == []
    assert "task_grade" in women[1].open_tasks()


def test_what_is_told_was_observed_when_it_was_observed(hospital):
    """Also where a newer result of the same kind is known already."""
    woman = hospital.brings_in()
    at = hospital.services.clock() - timedelta(days=3)
    hospital.post("/Observation", haemoglobin(woman.subject, 118))
    Bursts(hospital.services.engine).share(hospital.services.clock() + LATER)
    hospital.post("/Observation", haemoglobin(woman.subject, 64, effectiveDateTime=at.isoformat()))
    with psycopg.connect(hospital.url) as conn:
        ((observed,),) = conn.execute("SELECT observed ->> 'hb' FROM inbound_burst").fetchall()

    assert datetime.fromisoformat(observed) == at


def test_one_process_takes_no_more_than_it_does_in_a_moment(hospital):
    results_of_everybody(hospital, AT_A_TIME + 1)
    now = hospital.services.clock() + LATER

    assert [Bursts(hospital.services.engine).share(now) for _ in range(3)] == [AT_A_TIME, 1, 0]
