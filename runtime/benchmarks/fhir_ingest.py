"""`yuntu bench fhir-ingest`: a laboratory sends the results of everybody at once; what each means is decided.

Every woman is in care and has been graded; her result calls for another grading, whatever her colour is. Results wait
for others of their burst, as the rule says (`bursts.QUIET`), so the last decision cannot be there before that moment of
quiet is over: how long after it is `decided_after_quiet_s`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg

from engine.clock import system_clock
from engine.commands.contracts import Actor
from engine.store import plain, reads
from engine.store.connections import open_pool
from fhir_adapters.inbound.bursts import QUIET
from fhir_adapters.store import resources
from runtime import settings as configuration
from runtime.benchmarks.fhir_load import LOINC, Run, Site, blood_pressure, bring_in, figures, site, today
from runtime.demo.answers import answers_for
from runtime.demo.women import Woman, draw
from runtime.wiring import assemble
from workflows import completion, task_access

WOMEN, CONNECTIONS, WORKERS = 5_000, 8, 2
LOCAL = "https://his.example/lab"
TO_HER_COLOUR = ("call_registration", "call_risk_screening", "call_risk_grading")
WARM_UP = 40  # women whose results are told before: every process has then done everything once
IDLE_S = 5.0  # for so long the processes are watched while they have nothing to do
LIMIT_S, LIMIT_OF_ONE_S = 600.0, 0.5  # for all decisions: at least, and for each
_WAITING = "SELECT count(*) FROM inbound_burst WHERE region_id = %s"
_DUE_NOW = "UPDATE inbound_burst SET due_at = first_at"
_DECIDED = """
SELECT count(DISTINCT instance_id) FROM user_task
 WHERE region_id = %s AND path LIKE 'call\\_regrading/%%'
"""
Used = dict[str, float]  # processor time, by kind of process


def measure(seconds: float, scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """`seconds` asks for nothing: it lasts as long as it takes."""
    women = max(int(WOMEN * min(scale, 1.0)), CONNECTIONS)
    with site(0, 0, say, workers=WORKERS) as at:
        at.women = _brought_in(at, women + WARM_UP)
        say(f"{len(at.women):,} women brought in")
        _put_in_care(at, say)
        _sent(at, range(WARM_UP))
        _make_due(at)
        _all_decided(at, WARM_UP)
        idle = _idle(at)
        say(f"{women:,} results are sent")
        before, began = at.served.cpu_by_kind_s(), time.perf_counter()
        latencies = _sent(at, range(WARM_UP, len(at.women)))
        answered = time.perf_counter()
        say(f"answered in {answered - began:.1f} s; decisions are waited for")
        decided = _all_decided(at, len(at.women)) - WARM_UP
        took, after = time.perf_counter() - began, time.perf_counter() - answered
        each = _each(before, at.served.cpu_by_kind_s(), idle, took, women)
    quiet = QUIET.total_seconds()
    found = Run(took, women, sorted(latencies), sum(each.values()) * women / 1000, 0.0)
    result = figures("fhir-ingest", "resources/s", found, connections=CONNECTIONS, worker_processes=WORKERS)
    result["rate"] = round(women / (took - min(quiet, after)), 1)  # the moment of quiet is nobody's work
    del result["details"]["client_cpu_ms"]
    result["details"] |= {
        "women": women,
        "decided": decided,
        "answered_per_s": round(women / (answered - began), 1),
        "quiet_s": quiet,
        "cpu_ms_by_process": each,  # of one result; without what the processes use while they wait
        "idle_cpu_ms_per_s": {kind: round(used * 1000, 2) for kind, used in idle.items()},
        "decided_after_last_s": round(after, 2),
        "decided_after_quiet_s": round(max(after - quiet, 0.0), 2),
    }
    return result


def _make_due(at: Site) -> None:
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        conn.execute(_DUE_NOW)


def _idle(at: Site) -> Used:
    """What a second costs in which nobody asks for anything."""
    before = at.served.cpu_by_kind_s()
    time.sleep(IDLE_S)
    after = at.served.cpu_by_kind_s()
    return {kind: (after[kind] - before[kind]) / IDLE_S for kind in after}


def _each(before: Used, after: Used, idle: Used, took: float, women: int) -> Used:
    """Milliseconds of one result."""
    used = {kind: after[kind] - before[kind] - idle[kind] * took for kind in after}
    return {kind: round(max(seconds, 0.0) / women * 1000, 2) for kind, seconds in used.items()}


def _brought_in(at: Site, women: int) -> list[str]:
    found: list[str] = [""] * women

    def bring(line: Any, number: int) -> None:
        found[number] = bring_in(line, number)

    _shared_out(at, women, bring)
    return found


def _put_in_care(at: Site, say: Callable[[str], None]) -> None:
    """Registered, seen, screened and graded, as their carers do it, through the engine."""
    settings = configuration.read({**at.served.environment})
    with open_pool(at.served.database_url, timeout=30) as pool:
        services = assemble(settings, pool=pool, clock=system_clock, manual=None, close=lambda: None)
        for number in range(len(at.women)):
            if number % 500 == 499:
                say(f"{number + 1:,} of them in care")
            drawn = draw(number, Random(number), today(), [("", "")], story="green")
            woman = replace(drawn, lmp=today() - timedelta(weeks=12), birth=date(1995, 1, 1) + timedelta(days=number))
            with services.engine.read() as conn:
                episodes = resources.of_patient(conn, at.region_id, at.women[number], ("EpisodeOfCare",))
            while _finish_one(services, episodes[0].id, woman):
                pass


def _finish_one(services: Any, pregnancy_id: str, woman: Woman) -> bool:
    """One task on the way to her first colour; False when there is none."""
    with services.engine.read() as conn:
        tasks = reads.user_tasks(conn, services.region_id, business_key=pregnancy_id).items
        task = next((one for one in tasks if one.path.partition("/")[0] in TO_HER_COLOUR), None)
        if task is None:
            return False
        opened = completion.open_form(services, conn, task, today=today())
        variables = task_access.variables_of(services, conn, task)
    assert opened.form is not None
    answers = answers_for(opened.form.id, woman, opened.answers, variables, today())
    by = Actor(id="bench", organisation=task.organisation, roles=tuple(task.candidate_roles))
    completion.complete(services, task.id, by=by, answers=answers)
    return True


def _sent(at: Site, numbers: Sequence[int]) -> list[float]:
    latencies: list[float] = []

    def send(line: Any, which: int) -> None:
        number, began = numbers[which], time.perf_counter()
        status, answer = line.ask("POST", "/Observation", plain.dumps(_result(at.women[number], number)))
        latencies.append((time.perf_counter() - began) * 1000)
        if status != 201:
            raise RuntimeError(f"{status}: {answer[:500].decode(errors='replace')}")

    _shared_out(at, len(numbers), send)
    return latencies


def _shared_out(at: Site, number: int, do: Callable[[Any, int], None]) -> None:
    """Each connection does its share, one after the other."""
    faults: list[BaseException] = []

    def work(first: int) -> None:
        try:
            with closing(at.line()) as line:
                for n in range(first, number, CONNECTIONS):
                    do(line, n)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def _result(woman: str, number: int) -> dict[str, Any]:
    """A reagin test, positive: whatever her colour is, she has to be graded again."""
    body = blood_pressure(woman, 0)
    del body["component"]
    body["identifier"] = [{"system": LOCAL, "value": str(number)}]
    body["category"][0]["coding"][0]["code"] = "laboratory"
    return {**body, "code": {"coding": [{"system": LOINC, "code": "20507-0"}]}, "valueCodeableConcept": {"text": "pos"}}


def _all_decided(at: Site, women: int) -> int:
    """Every woman's re-grading stands on a work list. While results wait, only that is asked: counting the decisions
    among all tasks again and again would be a good part of the work."""
    deadline, decided = time.monotonic() + max(LIMIT_S, women * LIMIT_OF_ONE_S), 0
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        while decided < women and time.monotonic() < deadline:
            time.sleep(0.2)
            if _count(conn, _WAITING, at.region_id) == 0:
                decided = _count(conn, _DECIDED, at.region_id)
    return decided


def _count(conn: Any, statement: Any, region_id: str) -> int:
    return int(conn.execute(statement, [region_id]).fetchone()[0])
