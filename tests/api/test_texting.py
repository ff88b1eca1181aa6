"""M-20 by text message: with her consent only, through a gateway on this machine, and never after a death."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from runtime import settings as configuration
from runtime import texting as sending
from runtime.database.roles import as_application
from tests.api.conftest import BEGIN, problem_of
from tests.api.test_indicators import a_case, insert
from tests.api.test_reminders import VISIT, WORDS
from workflows.store import reminders

NUMBER = "13800001234"
WEEK_BEFORE = "2026-02-03T10:00:00+08:00"


class Carrier(BaseHTTPRequestHandler):
    """A gateway that keeps what it was given. `answers`: the statuses of the next requests, then 202."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((json.loads(body), dict(self.headers)))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A failing test shows what failed."""


@pytest.fixture
def carrier() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    server.taken, server.answers = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/texts"
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield server
    server.shutdown()
    running.join()
    server.server_close()


def woman(county, **variables):
    """A pregnancy with a visit due on the 10th of February, and her telephone number on record."""
    case = a_case(county, tasks=VISIT, patient_id="p-1", **variables)
    patient = {"resourceType": "Patient", "id": "p-1", "telecom": [{"system": "phone", "value": NUMBER}]}
    key = {"region_id": county.services.region_id, "type": "Patient", "id": "p-1", "version": 1, "source": "engine"}
    key |= {"updated_at": datetime.fromisoformat(WEEK_BEFORE)}
    running = county.errand()
    with psycopg.connect(county.url) as conn:  # what is asked of her case is read whole, so it has a state as others do
        conn.execute(
            "UPDATE instance SET state = (SELECT state FROM instance WHERE id = %s) WHERE business_key = %s",
            [running, case],
        )
        insert(conn, "resource", **key, engine_owned=True, owner="", content_hash="", patient_id="p-1")
        insert(conn, "resource_version", **key, deleted=False, body=json.dumps(patient), meta="{}")
    return case


def says(county, case, agreed, who="nurse"):
    return county.ask("PUT", f"/api/reminders/consents/{case}", who, json={"agreed": agreed})


def goes(county, carrier, at=WEEK_BEFORE, token=None):
    county.clock.set(datetime.fromisoformat(at))
    return sending.send_due(county.services, sending.HttpGateway(carrier.url, token))


def states(county):
    with psycopg.connect(county.url) as conn:
        return conn.execute("SELECT state, attempts, problem FROM text_sent ORDER BY on_day").fetchall()


def test_m20_who_agreed_is_written_to_once_with_date_place_and_what_to_bring(county, carrier, caplog):
    caplog.set_level(logging.DEBUG)
    case = woman(county, colour="red", purple=True, infections=["syphilis"])
    assert says(county, case, True).json["agreed"] is True

    assert goes(county, carrier, token="t-1") == 1
    assert goes(county, carrier) == 0  # it was sent
    ((body, headers),) = carrier.taken
    assert body["to"] == NUMBER and body["id"] == headers["Idempotency-Key"]
    assert headers["Authorization"] == "Bearer t-1"
    assert "2026-02-10" in body["text"] and "身份证" in body["text"] and not WORDS.search(body["text"])
    assert goes(county, carrier, at="2026-02-09T09:00:00+08:00") == 1  # and on the day before
    assert states(county) == [("sent", 1, None)] * 2
    assert NUMBER not in caplog.text


@pytest.mark.parametrize("said", [[], [False], [True, False]], ids=["never asked", "no", "taken back"])
def test_m20_without_her_consent_nothing_goes(county, carrier, said):
    case = woman(county)
    for word in said:
        assert says(county, case, word).status_code == 200

    assert goes(county, carrier) == 0 and carrier.taken == []


def test_m20_a_word_taken_back_and_given_again_counts_and_all_of_them_are_kept(county, carrier):
    case = woman(county)
    for word in (True, False, True):
        says(county, case, word)

    assert goes(county, carrier) == 1
    with psycopg.connect(county.url) as conn:
        kept = conn.execute("SELECT agreed, recorded_by FROM text_consent ORDER BY number").fetchall()
    assert kept == [(True, "nurse"), (False, "nurse"), (True, "nurse")]
    found = county.get(f"/api/reminders/consents/{case}", "nurse").json
    assert (found["agreed"], found["by"]) == (True, "nurse") and found["at"]


@pytest.mark.parametrize(
    "ended",
    [
        {"end_code": "ended.maternal_death", "ended_on": "2026-02-02"},
        {"end_code": "ended.abortion", "ended_on": "2026-02-02"},
        {"outcome": "stillbirth"},
    ],
)
def test_m20_nothing_goes_after_a_death_or_a_loss_although_she_had_agreed(county, carrier, ended):
    case = woman(county)
    says(county, case, True)
    with psycopg.connect(county.url) as conn:
        conn.execute("UPDATE instance SET variables = variables || %s WHERE business_key = %s", [Jsonb(ended), case])

    assert goes(county, carrier) == 0 and carrier.taken == []


def test_m20_who_dies_between_the_list_and_the_sending_is_not_written_to(county, carrier):
    """What was tried and not taken is tried again, and asked again before."""
    case = woman(county)
    says(county, case, True)
    carrier.answers = [503]
    assert goes(county, carrier) == 0
    with psycopg.connect(county.url) as conn:
        ended = Jsonb({"end_code": "ended.maternal_death", "ended_on": "2026-02-03"})
        conn.execute("UPDATE instance SET variables = variables || %s WHERE business_key = %s", [ended, case])

    assert goes(county, carrier, at="2026-02-03T10:05:00+08:00") == 0
    assert len(carrier.taken) == 1


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [([503, 202], 2, "sent"), ([422], 1, "refused"), ([500] * 9, 5, "given up"), ([302], 1, "trying")],
)
def test_what_a_gateway_does_not_take_is_tried_again_and_what_it_refuses_is_not(county, carrier, answers, tries, state):
    case = woman(county)
    says(county, case, True)
    carrier.answers = list(answers)

    for minute in range(0, 3 * max(tries, 1) + 3, 3) if state != "trying" else (0,):
        goes(county, carrier, at=f"2026-02-03T10:{minute:02}:00+08:00")

    ((found, attempts, problem),) = states(county)
    assert (found, attempts, len(carrier.taken)) == (state, tries, tries)
    assert problem is None or (problem.startswith("HTTP ") and NUMBER not in problem)


SENDER = """
from runtime import settings, texting, wiring
services = wiring.build(settings.read())
texting.send_due(services, texting.gateway_of(services.settings))
"""


class Holding(Carrier):
    """The first text is taken and never answered: whoever sent it dies meanwhile."""

    def do_POST(self) -> None:
        is_first = not self.server.came.is_set()
        super().do_POST() if not is_first else self.hold()

    def hold(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((json.loads(body), dict(self.headers)))
        self.server.came.set()
        self.server.gone.wait(60)


def test_m20_two_workers_send_one_text_though_one_dies_between_the_sending_and_its_record(county, carrier):
    case = woman(county)
    says(county, case, True)
    county.clock.set(datetime.fromisoformat(WEEK_BEFORE))
    carrier.came, carrier.gone, carrier.RequestHandlerClass = threading.Event(), threading.Event(), Holding
    variables = {"YUNTU_HOME": str(county.settings.home), "YUNTU_DATABASE_URL": as_application(county.url)}
    variables |= {"YUNTU_CLOCK": f"manual:{BEGIN}", "YUNTU_SMS_URL": carrier.url}
    dying = subprocess.Popen([sys.executable, "-c", SENDER], env={**os.environ, **variables})
    try:
        assert carrier.came.wait(60)
        assert goes(county, carrier, at="2026-02-03T10:05:00+08:00") == 0  # it stands still, and it still has it
    finally:
        dying.kill()
        dying.wait()
        carrier.gone.set()
    (told,) = {body["id"] for body, _ in carrier.taken}
    with psycopg.connect(county.url, autocommit=True) as conn:  # until the server has noticed that it died
        conn.execute("SELECT pg_advisory_lock(hashtextextended(concat_ws(chr(31), 'text', %s::text, %s::text), 0))",
                     [county.services.region_id, told])  # fmt: skip

    with ThreadPoolExecutor(2) as workers:
        sent = list(workers.map(lambda _: goes(county, carrier, at="2026-02-03T10:05:00+08:00"), range(2)))

    assert sorted(sent) == [0, 1] and goes(county, carrier, at="2026-02-03T10:15:00+08:00") == 0
    assert states(county) == [("sent", 2, None)]
    keys = [headers["Idempotency-Key"] for _, headers in carrier.taken]
    assert keys == [told, told], "by its key the gateway knows the second as the first"


def test_what_became_of_an_attempt_that_another_one_followed_changes_nothing(county, carrier):
    says(county, woman(county), True)
    carrier.answers = [503]
    goes(county, carrier)
    assert goes(county, carrier, at="2026-02-03T10:05:00+08:00") == 1
    (told,) = {body["id"] for body, _ in carrier.taken}

    with sending.own_connection(county.services.pool.conninfo, county.services.region_id) as conn:
        reminders.settle(conn, county.services.region_id, UUID(told), 1, "given up", "HTTP 503")

    assert states(county) == [("sent", 2, None)]


@pytest.mark.parametrize("hour", ["08:59", "20:00"])
def test_nobody_is_written_to_at_night(county, carrier, hour):
    case = woman(county)
    says(county, case, True)

    assert goes(county, carrier, at=f"2026-02-03T{hour}:00+08:00") == 0 and states(county) == []


def test_who_left_no_number_is_not_written_to_and_it_is_on_record(county, carrier):
    case = woman(county)
    says(county, case, True)
    with psycopg.connect(county.url) as conn:
        conn.execute(
            "UPDATE resource_version SET body = %s WHERE id = 'p-1'", ['{"resourceType":"Patient","id":"p-1"}']
        )

    assert goes(county, carrier) == 0 and carrier.taken == []
    assert states(county) == [("refused", 1, "no telephone number")]


def test_a_gateway_that_is_away_is_asked_again(county, carrier):
    case = woman(county)
    says(county, case, True)
    away = sending.HttpGateway("http://127.0.0.1:9/texts")
    county.clock.set(datetime.fromisoformat(WEEK_BEFORE))

    assert sending.send_due(county.services, away) == 0
    assert goes(county, carrier, at="2026-02-03T10:05:00+08:00") == 1


def test_consent_is_recorded_by_who_cares_for_her_and_refused_to_strangers(county):
    case = woman(county)

    problem_of(county.ask("PUT", f"/api/reminders/consents/{case}", "nurse2", json={"agreed": True}), 404)
    problem_of(county.ask("PUT", f"/api/reminders/consents/{case}", "it", json={"agreed": True}), 403)
    problem_of(county.ask("PUT", f"/api/reminders/consents/{case}", "nurse", json={"agreed": "perhaps"}), 422)
    problem_of(county.ask("PUT", "/api/reminders/consents/none", "nurse", json={"agreed": True}), 404)
    assert county.get(f"/api/reminders/consents/{case}", "nurse").json == {"agreed": None, "at": None, "by": None}


@pytest.mark.parametrize(("name", "value"), [("YUNTU_SMS_URL", "gateway"), ("YUNTU_SMS_TOKEN_FILE", "/no/such/file")])
def test_a_wrong_setting_is_named(name, value, tmp_path):
    with pytest.raises(configuration.WrongSetting, match=name):
        configuration.read({"YUNTU_HOME": str(tmp_path), name: value})
