"""Two installations that know each other: each its own database and web process, either of which may die."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from psycopg.conninfo import make_conninfo

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.store import reads
from fhir_adapters.partners import keys
from fhir_adapters.store import documents
from fhir_adapters.store import referrals as rows
from runtime import partners
from runtime.database.roles import as_application
from tests.databases import copy
from tests.fhir.conftest import BEGIN, Hospital
from tests.fhir.fhir_kit import ID_CARD
from tests.ports import free_port
from workflows import completion, occasions, referral_ends
from workflows.forms import example_answers
from workflows.institutions import directory
from workflows.people import Organisation

DOCTOR = Actor(id="doctor", organisation="org-hospital", roles=("R-OB",))
OFFICER = Actor(id="officer", organisation="org-mch", roles=("R-PM-F",))
NUMBERS = iter(f"99999919970615{n:03}X" for n in range(1, 999))  # documents of invented women


class Side:
    """One installation: what its people do, and its web process."""

    def __init__(self, home, url):
        self.hospital, self.home, self.them = Hospital(home, url), home, ""
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

    def knows(self, other, as_, name, ours):
        """The other side's system as a client, and its address in the directory. `as_`: what its institution is called
        here; `ours`: what we are called there."""
        self.them = self.them or as_
        self.services.people.put_organisation(Organisation(id=as_, kind="hospital", name=name))
        with other.hospital.pool.connection() as conn:
            jwks = keys.published(conn, other.hospital.region_id, other.services.clock())
        self.services.people.add_client(name=f"{as_}-his", organisation_id=as_, scopes=["system/*.cruds"], jwks=jwks)
        self.services.directory_changed()
        fields = {
            "base_url": f"http://127.0.0.1:{other.port}/fhir",
            "client_id": f"{ours}-his",
            "organisation_there": "org-hospital",
            "network": "loopback",
        }
        with self.hospital.pool.connection() as conn:
            by = self.services.people.principal_of(conn, OFFICER)
        directory.add(self.services, by=by, organisation=as_, kind="fhir_partner", fields=fields)

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
        return subprocess.run(argv, env=self.environment, capture_output=True, timeout=300).returncode

    def tells(self):
        return partners.tell(self.services)

    def passes(self, **by):
        self.services.timekeeper.advance_to(self.services.clock() + timedelta(**by))

    def sends(self, number=None):
        """A doctor writes a referral to the other side; answers its number and the woman's document."""
        given = {"receiving_centre": self.name_of_them(), "transportable": True}
        asked = {"requested_at": "2026-01-05T07:50:00+08:00", **given}
        return self.begins("referral", "transfer-request", number, **asked)

    def begins(self, occasion, form, number=None, **answers):
        """A doctor begins it for a woman who is in care; answers its number and her document."""
        document = number or self.document()
        woman = self.hospital.brings_in(number=document, day="2025-10-20")
        self.does(occasion, form, woman, **answers)
        with self.hospital.pool.connection() as conn:
            found = rows.recent(conn, self.hospital.region_id, ["org-hospital"])
        return next(one["referral_no"] for one in found if one["patient_id"] == woman.patient_id), document

    def does(self, occasion, form, woman, **answers):
        key = {"occasion": occasion, "pregnancy_id": woman.pregnancy_id}
        given = {name: value for name, value in {**example_answers(form), **answers}.items() if value is not None}
        occasions.begin(self.services, by=self.principal(), answers=given, **key)

    def document(self):
        """An identity card that nobody has had before."""
        return with_check(next(NUMBERS))

    def principal(self, actor=DOCTOR):
        with self.hospital.pool.connection() as conn:
            return self.services.people.principal_of(conn, actor)

    def name_of_them(self):
        return self.services.people.organisations()[self.them].name

    def waiting(self, number):
        """The tasks of its process, and whose they are."""
        with self.services.engine.read() as conn:
            instance_id = rows.instance_of(conn, self.hospital.region_id, number)
            found = reads.user_tasks(conn, self.hospital.region_id, instance_id=instance_id).items
        return {task.element_id: task.organisation for task in found}

    def case_of(self, document):
        """Her pathway: its status and variables; None where she has none."""
        (woman,) = self.hospital.search(f"/Patient?identifier={ID_CARD}|{document}") or [None]
        with self.services.engine.read() as conn:
            case = woman and self.services.patients.newest_case(conn, woman["id"])
            region = self.hospital.region_id
            return reads.instance_by_business_key(conn, region, "pregnancy_journey", case) if case else None

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
                "SELECT count(*) FROM instance WHERE definition_key IN ('referral', 'handover', 'consultation')"
                " AND variables->>'referral_no' = %s",
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


def wait_for(port, process):
    """Asked again and again until it answers, or has ended."""
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        try:
            conn = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
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


def withdraws(side, number, reason="家属改变主意"):
    """The sender takes it back on its page."""
    with side.services.engine.read() as conn:
        instance_id = rows.instance_of(conn, side.hospital.region_id, number)
    referral_ends.end(side.services, instance_id, by=side.principal(), how="withdrawn", reason=reason)


def settle(*sides):
    """Both tell until nobody has anything left."""
    while sum(side.tells() for side in sides):
        pass


@contextmanager
def installations(server, hospital_template, homes, many=2):
    """So many, each in its own database and with its own web process; they do not know each other yet."""
    names = [f"side_{n}_{uuid.uuid4().hex[:8]}" for n in range(many)]
    made = []
    with psycopg.connect(server, autocommit=True) as admin:
        for name in names:
            copy(admin, hospital_template[0], name)
        try:
            made = [Side(homes.mktemp(name), make_conninfo(server, dbname=name)) for name in names]
            for place, side in enumerate(made):
                number_from(side, place * 1000 + 1)
            yield made
        finally:
            for side in made:
                side.stop()
                side.hospital.pool.close()
                side.hospital.clock.close()
            for name in names:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def number_from(side, last):
    """Both are of one region here: their referrals have numbers of their own, as those of two regions have."""
    with side.hospital.pool.connection() as conn:
        conn.execute(
            "INSERT INTO referral_number (region_id, on_day, last)"
            " SELECT %s, day::date, %s FROM generate_series('2026-01-05'::date, '2026-02-05', '1 day') AS day",
            [side.hospital.region_id, last],
        )


def neighbours(a, b):
    """Two counties that refer to each other."""
    a.knows(b, "org-other", "邻县人民医院", ours="org-far")
    b.knows(a, "org-far", "远县人民医院", ours="org-other")
