"""Two installations send a woman to each other over FHIR: each its own database and web process; either may die at any
point, and both come to say the same, with every time as its own side said it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.clock import CHINA
from engine.commands.contracts import Actor, PublishMessage
from engine.store import reads
from fhir_adapters.documents import travelling
from fhir_adapters.partners import keys
from fhir_adapters.store import documents
from fhir_adapters.store import referrals as rows
from runtime import partners
from runtime.database.roles import as_application
from runtime.trials.referral_loop import RECEIVING, SENDING
from tests.fhir.conftest import BEGIN, Hospital
from tests.fhir.fhir_kit import ID_CARD
from workflows import completion, occasions
from workflows.forms import example_answers
from workflows.institutions import directory
from workflows.people import Organisation

DOCTOR = Actor(id="doctor", organisation="org-hospital", roles=("R-OB",))
OFFICER = Actor(id="officer", organisation="org-mch", roles=("R-PM-F",))
TYPE = "DocumentReference"
NUMBERS = iter(f"99999919970615{n:03}X" for n in range(1, 999))  # documents of invented women


class Side:
    """One installation: what its people do, and its web process."""

    def __init__(self, home, url, them, their_name):
        self.hospital, self.them, self.home = Hospital(home, url), them, home
        self.port = free_port()
        self.services = self.hospital.services
        self.process = None
        self.environment = {
            **os.environ,
            "YUNTU_HOME": str(home),
            "YUNTU_DATABASE_URL": as_application(url),
            "YUNTU_PORT": str(self.port),
            "YUNTU_CLOCK": f"manual:{BEGIN}",
        }
        self.services.people.put_organisation(Organisation(id=them, kind="hospital", name=their_name))

    def knows(self, other):
        """The other side's system as a client, and its address in the directory."""
        with other.hospital.pool.connection() as conn:
            jwks = keys.published(conn, other.hospital.region_id, other.services.clock())
        people, name = self.services.people, f"{self.them}-his"
        people.add_client(name=name, organisation_id=self.them, scopes=["system/*.cruds"], jwks=jwks)
        self.services.directory_changed()
        fields = {
            "base_url": f"http://127.0.0.1:{other.port}/fhir",
            "client_id": f"{other.them}-his",
            "organisation_there": "org-hospital",
            "network": "loopback",
        }
        with self.hospital.pool.connection() as conn:
            by = people.principal_of(conn, OFFICER)
        directory.add(self.services, by=by, organisation=self.them, kind="fhir_partner", fields=fields)

    def serve(self, point=None):
        self.stop()
        argv = [sys.executable, "-m", "runtime.trials.referral_loop", "web", *([point] if point else [])]
        with open(self.home / "web.log", "ab") as log:
            self.process = subprocess.Popen(argv, env=self.environment, stdout=log, stderr=log)
        wait_for(self.port, self.process)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tells_and_dies(self, point):
        argv = [sys.executable, "-m", "runtime.trials.referral_loop", "tell", point]
        return subprocess.run(argv, env=self.environment, capture_output=True, timeout=120).returncode

    def tells(self):
        return partners.tell(self.services)

    def passes(self, **by):
        self.services.timekeeper.advance_to(self.services.clock() + timedelta(**by))

    def sends(self, number=None):
        """A doctor writes a referral to the other side; answers its number and the woman's document."""
        document = number or with_check(next(NUMBERS))
        woman = self.hospital.brings_in(number=document, day="2025-10-20")
        with self.hospital.pool.connection() as conn:
            by = self.services.people.principal_of(conn, DOCTOR)
        answers = {
            **example_answers("transfer-request"),
            "requested_at": "2026-01-05T07:50:00+08:00",
            "receiving_centre": self.services.people.organisations()[self.them].name,
            "transportable": True,
        }
        occasions.begin(self.services, by=by, occasion="referral", pregnancy_id=woman.pregnancy_id, answers=answers)
        with self.hospital.pool.connection() as conn:
            found = rows.recent(conn, self.hospital.region_id, ["org-hospital"])
        return next(one["referral_no"] for one in found if one["patient_id"] == woman.patient_id), document

    def fill(self, number, element, **answers):
        with self.services.engine.read() as conn:
            instance_id = rows.instance_of(conn, self.hospital.region_id, number)
            (task,) = reads.user_tasks(conn, self.hospital.region_id, instance_id=instance_id, element_id=element).items
        given = {**example_answers(task.form), **answers}
        completion.complete(self.services, task.id, by=DOCTOR, answers=given)

    def steps(self, number):
        """Step and the time that its own side said."""
        with self.hospital.pool.connection() as conn:
            found = rows.steps(conn, self.hospital.region_id, number)
        return [(one.step, f"{one.happened_at.astimezone(CHINA):%H:%M}") for one in found]

    def state(self, number, step):
        with self.hospital.pool.connection() as conn:
            found = rows.steps(conn, self.hospital.region_id, number)
        return next((one.state, one.problem) for one in found if one.step == step)

    def papers(self, number):
        """The documents of this referral, to the letter, and who sent them."""
        with self.hospital.pool.connection() as conn:
            found = documents.of_referral(conn, self.hospital.region_id, number, restricted=True)
        return [(one.kind, one.body, one.came_from) for one in found]

    def count(self, number):
        """How many processes, Tasks and requests there are of this referral."""
        with self.hospital.pool.connection() as conn:
            (instances,) = conn.execute(
                "SELECT count(*) FROM instance WHERE definition_key = 'referral' AND variables->>'referral_no' = %s",
                [number],
            ).fetchone()
        system = "https://fhir.example.org/mch/sid"
        tasks = self.hospital.search(f"/Task?identifier={system}/task|{number}-1", f"{self.them}-his")
        requests = self.hospital.search(
            f"/ServiceRequest?requisition={system}/referral-no|{number}", f"{self.them}-his"
        )
        return instances, len(tasks), len(requests)


def with_check(text):
    """The last character of an identity card, by MOD 11-2."""
    digits = text[:17]
    weights = [2 ** (17 - n) % 11 for n in range(17)]
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(port, process):
    """Asked again and again until it answers, or has ended."""
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            conn = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            conn.request("GET", "/health/live")
            if conn.getresponse().status == 200:
                return
        except OSError:
            process_waits()
        finally:
            conn.close()
    raise AssertionError("the web process does not answer")


def process_waits():
    time.sleep(0.05)


@pytest.fixture(scope="module")
def sides(server, hospital_template, tmp_path_factory):
    names = [f"side_{n}_{uuid.uuid4().hex[:8]}" for n in "ab"]
    with psycopg.connect(server, autocommit=True) as admin:
        for name in names:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{hospital_template[0]}"')
        homes = [tmp_path_factory.mktemp(name) for name in names]
        a = Side(homes[0], make_conninfo(server, dbname=names[0]), "org-other", "邻县人民医院")
        b = Side(homes[1], make_conninfo(server, dbname=names[1]), "org-far", "远县人民医院")
        a.knows(b), b.knows(a)
        for side in (a, b):
            side.serve()
        yield a, b
        for side, name in zip((a, b), names, strict=True):
            side.stop()
            side.hospital.pool.close()
            side.hospital.clock.close()
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def settle(*sides):
    """Both tell until nobody has anything left."""
    while sum(side.tells() for side in sides):
        pass


def test_the_whole_loop_leaves_both_sides_with_every_time_of_both(sides):
    a, b = sides
    number, document = a.sends()

    settle(a, b)
    b.fill(number, "task_answer_transfer", answered_at="2026-01-05T07:58:00+08:00", bed="3-12")
    settle(b)
    a.fill(number, "task_depart", departed_at="2026-01-05T08:20:00+08:00")
    settle(a)
    b.fill(number, "task_arrive", arrived_at="2026-01-05T09:05:00+08:00", handed_over_at="2026-01-05T09:10:00+08:00")
    b.fill(number, "task_transfer_result")
    settle(b)

    steps = ["requested", "received", "accepted", "departed", "arrived", "returned"]
    assert [step for step, _ in a.steps(number)] == steps and a.steps(number) == b.steps(number)
    assert [at for _, at in a.steps(number)][2:5] == ["07:58", "08:20", "09:05"]
    assert a.count(number) == b.count(number) == (1, 1, 1)
    (woman,) = b.hospital.search(f"/Patient?identifier={ID_CARD}|{document}")
    assert woman["name"][0]["text"] == "测试甲子"


def test_the_documents_travel_with_their_steps_and_are_the_same_on_both_sides(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)
    b.fill(number, "task_answer_transfer")
    a_leaves_and_b_returns(a, b, number)

    sent, came = a.papers(number), b.papers(number)
    assert [kind for kind, _, _ in sent] == ["referral", "reply"]
    assert [paper[:2] for paper in sent] == [paper[:2] for paper in came]
    assert [origin for *_, origin in sent] == [None, a.them] and [origin for *_, origin in came] == [b.them, None]
    made = json.loads(came[0][1])
    said = " ".join(one["text"]["div"] for one in made["entry"][0]["resource"]["section"])
    assert "高危孕产妇转诊" in said and "末次月经" in said
    reply = json.loads(sent[1][1])["entry"][0]["resource"]["section"][0]["text"]["div"]
    assert "处理经过 硫酸镁、降压" in reply and "stays" not in reply  # what was chosen, in words
    for side, where in ((a, "output"), (b, "input")):
        named = [one["valueReference"] for one in task_of(side, number)[where] if "valueReference" in one]
        found = side.hospital.search(f"/{TYPE}?patient={task_of(side, number)['for']['reference']}", f"{side.them}-his")
        assert len(named) == 1 and named[0]["reference"] in {f"{TYPE}/{one['id']}" for one in found}


def a_leaves_and_b_returns(a, b, number):
    settle(b)
    a.fill(number, "task_depart")
    settle(a)
    b.fill(number, "task_arrive")
    b.fill(number, "task_transfer_result")
    settle(b)


@pytest.mark.parametrize(
    ("spoilt", "place"),
    [
        ({"data": "!"}, "value.data"),
        ({"hash": "AAAA"}, "value.data"),
        ({"data": base64.b64encode(b'{"resourceType": "Bundle"}').decode()}, "value.data"),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_place_and_nothing_is_kept(sides, spoilt, place):
    a, b = sides
    number, _ = a.sends()
    whole = travelling.attached
    travelling.attached = lambda *args: {
        **(made := whole(*args)),
        "valueAttachment": {**made["valueAttachment"], "hash": None, **spoilt},
    }
    try:
        settle(a)
    finally:
        travelling.attached = whole

    state, problem = a.state(number, "requested")
    assert state == "refused" and "422" in problem and b.steps(number) == [] and b.papers(number) == []


def test_a_refusal_reaches_the_sender_with_its_reason(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    b.fill(number, "task_answer_transfer", answer="refuse", answer_reason="无床位")
    settle(b)

    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][0] == "refused"


def test_a_withdrawal_ends_it_on_the_other_side_too(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    withdraw(a, number, "withdrawn", "家属改变主意")
    settle(a)

    assert a.steps(number) == b.steps(number) and b.steps(number)[-1][0] == "withdrawn"
    (request,) = b.hospital.search(f"/ServiceRequest?requisition=https://fhir.example.org/mch/sid/referral-no|{number}")
    assert request["status"] == "revoked"


def withdraw(side, number, ended_as, reason):
    payload = {"ended_as": ended_as, "ended_reason": reason, "ended_at": side.services.clock().isoformat()}
    side.services.engine.execute(PublishMessage(name="message_referral_ended", key=number, payload=payload), by=DOCTOR)


def test_a_withdrawal_and_an_acceptance_at_once_end_as_withdrawn_on_both_sides(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)

    withdraw(a, number, "withdrawn", "不转了")
    b.fill(number, "task_answer_transfer")
    settle(a, b)

    ends = [find["status"] for find in (task_of(a, number), task_of(b, number))]
    assert ends == ["cancelled", "cancelled"] and b.state(number, "accepted")[0] == "refused"
    assert sorted(a.steps(number)) == sorted(b.steps(number))  # when it was accepted stands on both sides all the same


def task_of(side, number):
    (found,) = side.hospital.search(
        f"/Task?identifier=https://fhir.example.org/mch/sid/task|{number}-1", f"{side.them}-his"
    )
    return found


def test_who_did_not_come_is_traced_where_she_was_sent_from(sides):
    a, b = sides
    number, _ = a.sends()
    settle(a, b)
    b.fill(number, "task_answer_transfer")

    withdraw(b, number, "no-show", "未到")
    settle(b)

    assert a.steps(number) == b.steps(number) and task_of(a, number)["status"] == "failed"
    with a.services.engine.read() as conn:
        instance_id = rows.instance_of(conn, a.hospital.region_id, number)
        waiting = reads.user_tasks(conn, a.hospital.region_id, instance_id=instance_id).items
    assert [task.element_id for task in waiting] == ["task_trace_no_show"]


def test_while_the_other_side_is_away_everything_waits_in_order(sides):
    a, b = sides
    b.stop()
    number, _ = a.sends()
    assert a.tells() == 1 and a.state(number, "requested")[0] == "waiting"
    withdraw(a, number, "withdrawn", "改在本院处理")
    assert a.tells() == 0  # the first rests, the second waits for it

    b.serve()
    a.passes(seconds=5)
    settle(a, b)

    assert [step for step, _ in b.steps(number)] == ["requested", "received", "withdrawn"]
    assert {step for step, _ in a.steps(number)} == {"requested", "received", "withdrawn"}


@pytest.mark.parametrize("point", SENDING)
def test_a_sender_that_dies_on_the_way_sends_one_referral(sides, point):
    a, b = sides
    number, _ = a.sends()

    assert a.tells_and_dies(point) == 42
    settle(a, b)

    assert a.count(number) == b.count(number) == (1, 1, 1) and a.steps(number) == b.steps(number)
    assert [one[:2] for one in a.papers(number)] == [one[:2] for one in b.papers(number)] and len(a.papers(number)) == 1


@pytest.mark.parametrize("point", RECEIVING)
def test_a_receiver_that_dies_on_the_way_has_one_referral(sides, point):
    a, b = sides
    number, _ = a.sends()
    b.serve(point)

    assert a.tells() == 1 and a.state(number, "requested")[0] == "waiting"
    assert b.process.wait(timeout=30) == 42
    b.serve()
    a.passes(seconds=5)
    settle(a, b)

    assert a.count(number) == b.count(number) == (1, 1, 1) and a.steps(number) == b.steps(number)
    assert len(a.papers(number)) == len(b.papers(number)) == 1
