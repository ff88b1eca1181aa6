"""The demonstration county: who works where, one hospital system, and forty women on their way since ten months."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg.conninfo import make_conninfo

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.store import plain
from engine.store.connections import open_pool
from runtime.demo import beside
from runtime.demo.cohort import HOSPITAL_SYSTEM, Cohort, Tally
from runtime.demo.logins import write_logins, write_private
from runtime.demo.stepped_clock import SteppedClock
from runtime.demo.women import Woman, draw
from runtime.wiring import assemble
from workflows.institutions import directory
from workflows.people import Organisation, passwords
from workflows.services import Services

JOB_WORKER = "job-worker"  # a system that does jobs of any type, for trying
SEED = 20260105
WOMEN = 40
BACK = timedelta(days=310)  # the first women have given birth and are through their 42nd day
KEY_FILE = "his-demo-key.json"

ORGANISATIONS = (
    Organisation(id="org-county-health", kind="county_health", name="示范县卫生健康委妇幼股"),
    Organisation(id="org-mch", kind="county_mch", name="示范县妇幼保健院孕管中心", parent_id="org-county-health"),
    Organisation(id="org-hospital", kind="hospital", name="示范县人民医院", parent_id="org-county-health"),
    Organisation(id="org-twn-1", kind="township", name="甲镇卫生院", parent_id="org-mch"),
    Organisation(id="org-twn-2", kind="township", name="乙镇卫生院", parent_id="org-mch"),
    Organisation(id="org-vil-1", kind="village", name="甲镇一村卫生室", parent_id="org-twn-1"),
    Organisation(id="org-mso", kind="safety_office", name="示范县母婴安全管理办公室", parent_id="org-county-health"),
    Organisation(id="org-vil-2", kind="village", name="乙镇一村卫生室", parent_id="org-twn-2"),
)

CITY_HOSPITAL = Organisation(id="org-tertiary", kind="hospital", name="示范市人民医院")  # only referred to
# What the directory says of them: level, and which rescue centre they are (SP-43); official lines, invented
LEVELS: Mapping[str, tuple[str, str]] = {
    "org-twn-1": ("primary", "none"),
    "org-twn-2": ("primary", "none"),
    "org-hospital": ("two", "county"),
    "org-tertiary": ("three", "city"),
}
LINES: Mapping[str, str] = {"org-hospital": "0000-0000120", "org-tertiary": "0000-0000999"}

# log-in, name, organisation, roles
ACCOUNTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("village", "示范村医", "org-vil-1", ("R-VDOC",)),
    ("nurse", "示范妇幼专干", "org-twn-1", ("R-MCHW",)),
    ("midwife", "示范助产士", "org-hospital", ("R-MIDW",)),
    ("doctor", "示范产科医师", "org-hospital", ("R-OB",)),
    ("senior", "示范副主任医师", "org-hospital", ("R-OB-AC",)),
    ("officer", "示范孕管员", "org-mch", ("R-PM-F",)),
    ("county", "示范妇幼股长", "org-county-health", ("R-HCADM",)),
    ("designer", "示范流程设计", "org-mch", ("R-DESIGN",)),
    ("publisher", "示范流程发布", "org-mch", ("R-DESIGN",)),
    ("it", "示范信息科", "org-hospital", ("R-ITADM",)),
    ("auditor", "示范审计", "org-county-health", ("auditor",)),
    ("village2", "示范村医乙", "org-vil-2", ("R-VDOC",)),
    ("nurse2", "示范妇幼专干乙", "org-twn-2", ("R-MCHW",)),
    ("data", "示范兼职孕管员", "org-hospital", ("R-PM-P",)),
    ("medical", "示范医务科长", "org-hospital", ("R-MED",)),
    ("leader", "示范分管院长", "org-mch", ("R-DIR",)),
    ("director", "示范医院分管院长", "org-hospital", ("R-DIR",)),
    ("safety", "示范安全办主任", "org-mso", ("R-MSO",)),
)
NOT_YET_DURABLE = "-c synchronous_commit=off"  # a load that was interrupted is done again from nothing
COLOURS = ("green", "yellow", "green", "orange", "purple", "green", "red", "green", "yellow", "green")
ENDS = {5: "ended.abortion", 12: "moved.out", 17: "lost"}
HOMES = [("org-twn-1", "nurse"), ("org-twn-2", "nurse2")]


def load_county(services: Services, *, women: int = WOMEN, seed: int = SEED, progress: bool = False) -> Tally:
    """People, and the women's last ten months lived through on a stepped clock that ends now."""
    settle_people(services)
    tally = live_through(services, women=women, seed=seed, progress=progress)
    settle_directory(services)
    return tally


def settle_people(services: Services) -> None:
    """Organisations, accounts with new passwords, and the hospital's system with a new key."""
    for organisation in ORGANISATIONS:
        services.people.put_organisation(organisation)
    services.directory_changed()
    logins = {login: passwords.generate() for login, *_ in ACCOUNTS}
    for login, name, organisation_id, roles in ACCOUNTS:
        services.people.add_account(
            login=login, name=name, organisation_id=organisation_id, roles=roles, password=logins[login], by="yuntu"
        )
    private, public = key_pair()
    services.people.add_client(
        name=HOSPITAL_SYSTEM, organisation_id="org-hospital", scopes={"system/*.cruds"}, jwks={"keys": [public]}
    )
    services.people.add_client(name=JOB_WORKER, organisation_id="org-mch", scopes={"jobs/*"}, jwks={"keys": [public]})
    write_private(services.settings.home / KEY_FILE, plain.dumps(private))
    write_logins(services.settings.home, logins)


def settle_directory(services: Services) -> None:
    """Who is of which level and where an emergency is announced, kept by the county's officer; and the hospital of the
    city, to which the county refers."""
    services.people.put_organisation(CITY_HOSPITAL)
    services.directory_changed()
    with services.pool.connection() as conn:
        actor = Actor(id="officer", organisation="org-mch", roles=("R-PM-F",))
        officer = services.people.principal_of(conn, actor)
    for organisation, (level, centre) in LEVELS.items():
        fields = {"level": level, "centre": centre}
        directory.add(services, by=officer, organisation=organisation, kind="level", fields=fields)
    for organisation, number in LINES.items():
        fields = {"purpose": "green_channel", "number": number}
        directory.add(services, by=officer, organisation=organisation, kind="line", fields=fields)


def live_through(services: Services, *, women: int, seed: int, progress: bool) -> Tally:
    end = services.clock()
    clock = SteppedClock(end - BACK)
    with open_pool(make_conninfo(services.pool.conninfo, options=NOT_YET_DURABLE), max_size=3) as pool:
        past = assemble(services.settings, pool=pool, clock=clock, manual=None, close=lambda: None)
        cohort = Cohort(past, clock, invent(women, seed, clock(), end), seed=seed)
        cohort.meanwhile(end - beside.CALENDAR_AGO, beside.begin_calendars, past)
        cohort.meanwhile(end - beside.LEAD_AGO, beside.report_lead, past, women)
        cohort.meanwhile(end - beside.LEAD_AGO + beside.VISIT_AFTER, beside.visit_lead, past)
        with progress_bar(progress, clock(), end, "示范县") as moved:
            return cohort.run(end, moved)


def invent(women: int, seed: int, begin: datetime, end: datetime) -> list[Woman]:
    """Arrivals spread evenly, so that every stage is there at the end."""
    rng = Random(seed)
    span = (end - begin - timedelta(days=3)) / max(1, women - 1)
    days = [(begin + timedelta(days=1) + span * n).astimezone(CHINA).date() for n in range(women)]
    return [draw(n, rng, day, HOMES, **_fixed(n)) for n, day in enumerate(days)]


def _fixed(number: int) -> dict[str, str]:
    """Every colour among the newly registered as among those who have given birth, and one of each other end."""
    habit = "late" if number % 8 == 3 else "punctual"
    return {"story": COLOURS[number % len(COLOURS)], "ends": ENDS.get(number, "closed.recovered"), "habit": habit}


def key_pair() -> tuple[dict[str, Any], dict[str, Any]]:
    """A P-384 key as JSON Web Keys: the private one for the hospital, the public one for us."""
    key = ec.generate_private_key(ec.SECP384R1())
    numbers = key.private_numbers()
    public = {
        "kty": "EC",
        "crv": "P-384",
        "x": _base64(numbers.public_numbers.x),
        "y": _base64(numbers.public_numbers.y),
        "alg": "ES384",
        "use": "sig",
        "kid": base64.urlsafe_b64encode(_fingerprint(key)).rstrip(b"=").decode()[:16],
    }
    return {**public, "d": _base64(numbers.private_value)}, public


def _base64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(48, "big")).rstrip(b"=").decode()


def _fingerprint(key: ec.EllipticCurvePrivateKey) -> bytes:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()


@contextmanager
def progress_bar(shown: bool, begin: datetime, end: datetime, label: str) -> Iterator[Callable[[datetime], None]]:
    """A bar of the time lived through, on a terminal only."""
    out = sys.stderr if shown else io.StringIO()
    done = 0
    with click.progressbar(length=int((end - begin).total_seconds()), file=out, label=label) as bar:

        def move(now: datetime) -> None:
            nonlocal done
            seconds = int((now - begin).total_seconds())
            bar.update(seconds - done)
            done = seconds

        yield move
