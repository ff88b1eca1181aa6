"""Jobs outside of any step, on Procrastinate: deferred in our own transaction, done by its worker, taken over when one
dies; and the address that is told what happened."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg
import pytest

from engine.outbox import Destination, dispatch
from engine.store.reads import SQL
from runtime.background import BEAT_S, LOOK_S, STALLED_S, Background, app_for, take_over, work
from runtime.database.roles import as_application
from runtime.foreground import WEB, PeopleWait
from runtime.notify import to_address
from runtime.settings import WrongSetting, read
from tests.store.test_outbox import Receiver


def serve(app, *, before=None):
    async def until_nothing_is_left():
        async with app.open_async():
            if before is not None:
                await before(app)
            await work(app, wait=False)

    with ThreadPoolExecutor(1) as elsewhere:  # a browser of another test may keep a loop in this thread
        elsewhere.submit(lambda: asyncio.run(until_nothing_is_left())).result()


def defer(county, task, **arguments):
    with county.pool.connection() as conn:
        conn.execute(SQL["defer_task"], {"task": task, "args": json.dumps(arguments)})


def queued(county):
    with county.pool.connection() as conn:
        return conn.execute("SELECT task_name, status::text FROM procrastinate.procrastinate_jobs").fetchall()


def numbers(county):
    with county.pool.connection() as conn:
        return {number for (number,) in conn.execute("SELECT id FROM procrastinate.procrastinate_jobs")}


def test_a_task_is_deferred_with_the_transaction_or_not_at_all(county):
    with county.pool.connection() as conn, conn.transaction(force_rollback=True):
        conn.execute(SQL["defer_task"], {"task": "forget", "args": "{}"})
    assert queued(county) == []

    defer(county, "forget", timestamp=0)

    assert queued(county) == [("forget", "todo")]


def test_housekeeping_forgets_what_opens_nothing_any_more(county):
    county.get("/api/user-tasks", "nurse")
    county.post("/api/clock", "it", {"advance": "PT0S"}, key="k-1")
    with county.pool.connection() as conn:
        conn.execute("UPDATE access_token SET expires_at = now() - interval '8 days' WHERE account_id IS NOT NULL")
        conn.execute("UPDATE http_answer SET at = now() - interval '8 days'")
    defer(county, "forget", timestamp=0)

    serve(app_for(county.services))

    with county.pool.connection() as conn:
        counts = [conn.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("access_token", "http_answer")]
    assert counts == [0, 0]
    assert queued(county) == [], "what succeeded leaves no row"


def test_the_outbox_is_told_by_a_task(county):
    instance = county.errand()
    receiver = Receiver()
    defer(county, "tell", timestamp=0)

    serve(app_for(county.services, [receiver.destination]))

    assert [str(entry.stream) for entry in receiver.taken] == [instance]


def dead_workers_task(county, task, **columns):
    """What a worker was at when it died; its last sign of life is as old as it takes to be missed."""
    with county.pool.connection() as conn:
        worker = conn.execute(
            "INSERT INTO procrastinate.procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id",
            [timedelta(seconds=STALLED_S + 0.1)],
        ).fetchone()[0]
        conn.execute(
            "INSERT INTO procrastinate.procrastinate_jobs"
            " (queue_name, task_name, status, worker_id, args, queueing_lock, lock)"
            " VALUES (%s, %s, 'doing', %s, '{\"timestamp\": 0}', %s, %s)",
            [county.services.region_id, task, worker, columns.get("queueing_lock"), columns.get("lock")],
        )


def test_a_task_whose_worker_died_is_done_by_another(county):
    dead_workers_task(county, "forget")

    serve(app_for(county.services), before=take_over)

    assert queued(county) == []


def test_a_teller_that_died_keeps_nothing_waiting_though_the_next_round_waits_already(county):
    """The lock that the dead one's task holds is free, and the task that was put off behind it runs."""
    instance, receiver = county.errand(), Receiver()
    app = app_for(county.services, [receiver.destination])
    region = county.services.region_id
    dead_workers_task(county, "tell", queueing_lock=f"tell:{region}", lock=f"tell:{region}")
    app_tell, waiting = app.tasks["tell"], set()

    async def next_round(opened):
        await app_tell.defer_async(timestamp=1)
        await work(opened, wait=False)
        assert receiver.taken == [], "it waits for the one that died"
        waiting.update(numbers(county))
        await take_over(opened)

    serve(app, before=next_round)

    assert [str(entry.stream) for entry in receiver.taken] == [instance]
    assert len(waiting) == 2 and not waiting & numbers(county)  # the clock may have put off a next round meanwhile


def test_a_worker_looks_for_what_the_dead_left_by_itself_and_soon(county):
    """Nobody asks for it. Signs of life, looks and polls together stay within the time that a death may cost."""
    county.errand()
    told, region = threading.Event(), county.services.region_id
    destination = Destination(name="his", send=lambda entry: told.set())
    dead_workers_task(county, "tell", queueing_lock=f"tell:{region}", lock=f"tell:{region}")
    background = Background(app_for(county.services, [destination]))
    background.start()
    try:
        assert told.wait(240)
    finally:
        background.stop()

    assert STALLED_S + LOOK_S + LOOK_S <= 5.0 and 3 * BEAT_S < STALLED_S


def test_a_region_s_tasks_are_its_own_and_carry_nothing_that_would_have_to_move_with_it(county):
    app = app_for(county.services, [Receiver().destination])
    ours = {name: task for name, task in app.tasks.items() if "builtin" not in name}
    looks = {entry.task.name for entry in app.periodic_registry.periodic_tasks.values()}

    assert ours.keys() - {"take_over"} == looks == {"tell", "forget"}, (
        "each only looks what stands in rows of the region"
    )
    assert {task.queue for task in ours.values()} == {county.services.region_id}
    with county.pool.connection() as conn:
        conn.execute(SQL["defer_task"], {"task": "forget", "args": '{"timestamp": 0}'})
        conn.execute("UPDATE procrastinate.procrastinate_jobs SET queue_name = 'another-county'")
    serve(app)
    assert ("forget", "todo") in queued(county), "another region's is left to its workers"


def test_only_a_web_process_at_work_makes_the_backlog_yield(county):
    people_wait = PeopleWait(county.pool)
    assert people_wait() is False

    with psycopg.connect(as_application(county.url), application_name=WEB, autocommit=True) as web:
        web.execute("SELECT 1")
        assert people_wait() is True


class Hospital(BaseHTTPRequestHandler):
    answers: list[tuple[int, dict[str, str]]] = []
    heard: list[tuple[str, dict[str, object]]] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append((self.headers["Idempotency-Key"], body))
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hospital():
    Hospital.answers, Hospital.heard = [], []
    server = HTTPServer(("127.0.0.1", 0), Hospital)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/told"
    server.shutdown()
    serving.join()
    server.server_close()


def tell(county, destination: Destination):
    return dispatch(county.services.engine, [destination])


def test_an_address_is_told_what_happened_by_ids_only(county, hospital):
    instance = county.errand()

    assert tell(county, to_address(hospital)) == 1

    key, body = Hospital.heard[0]
    assert (key, body["stream"], body["key"]) == (f"{instance}:1:notify", instance, key)
    assert [event["event"] for event in body["events"]] == ["user_task_opened", "instance_started"]


@pytest.mark.parametrize(
    ("answer", "state"), [((410, {}), "dead"), ((503, {"Retry-After": "600"}), "waiting"), ((302, {}), "waiting")]
)
def test_what_the_address_answers_decides_what_becomes_of_it(county, hospital, answer, state):
    county.errand()
    Hospital.answers.append(answer)

    assert tell(county, to_address(hospital)) == 0

    listed = county.get(f"/api/deliveries?state={state}", "it").json["items"]
    assert [(d["revision"], d["attempts"]) for d in listed] == [(1, 1)]
    if "Retry-After" in answer[1]:
        assert listed[0]["due_at"] == "2026-01-05T08:10:00+08:00"


def test_a_dead_letter_is_sent_again_by_hand(county, hospital):
    county.errand()
    Hospital.answers.append((410, {}))
    tell(county, to_address(hospital))
    dead = county.get("/api/deliveries", "it").json["items"][0]
    place = f"/api/deliveries/{dead['destination']}/{dead['stream']}/{dead['revision']}"

    assert county.post(f"{place}/retry", "it").json == {"key": dead["key"]}
    assert tell(county, to_address(hospital)) == 1

    assert county.post(f"{place}/retry", "it").status_code == 404
    assert county.post(f"{place}/discard", "it").status_code == 404


def test_an_address_that_is_none_is_refused_at_the_start():
    with pytest.raises(WrongSetting):
        read({"YUNTU_NOTIFY_URL": "ftp://x"})
