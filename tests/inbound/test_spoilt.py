"""Two thousand spoilt messages, documents and rows: none is a crash, each is understood or says where it is wrong."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
import yaml

from fhir_adapters.arrivals.masking import masked
from fhir_adapters.arrivals.model import NotUnderstood
from fhir_adapters.arrivals.profile import read_profile
from fhir_adapters.arrivals.receiving import READERS, Receiver, require_sound
from fhir_adapters.hl7v2.answers import ack
from fhir_adapters.hl7v2.parsing import header_of
from fhir_adapters.store.arrivals import Arrival
from tests.inbound.messages import PROFILE, adt, coded, oru, pressure
from tests.inbound.test_cda import document
from tests.inbound.test_tables import HEADER, line
from workflows.people.model import Principal

NOW = datetime(2026, 1, 5, tzinfo=UTC)
HIS = Principal(
    id="1",
    kind="client",
    login="his-demo",
    name="his-demo",
    organisation="org-hospital",
    scopes=frozenset({"system/*.cruds"}),
)
NASTY = (
    *(b"\x00", b"\xff", b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b"\x0b", b"\x1c", b"<", b">", b'"', b"'", b","),
    *(
        "测".encode(),
        "测".encode("gb18030"),
        b"\\X00\\",
        b"\\.br\\",
        b"9" * 400,
        b"-1",
        b"20260231",
        b"<!ENTITY x 'y'>",
    ),
)
SOURCES = {
    "hl7v2": [
        oru(*pressure(), coded(nth=3)),
        oru("OBX|1|SN|HGB^血红蛋白^L||>^61|g/L|||||F", "NTE|1||备注", "OBX|2|ED|R^报告^L||^AP^PDF^Base64^QUJD||||||F"),
        *(adt(event) for event in ("A01", "A03", "A04", "A08")),
        adt("A40", "MRG|M0002^^^COUNTY^MR"),
        oru(coded()).decode().replace("UNICODE UTF-8", "GB 18030-2000").encode("gb18030"),
    ],
    "cda": [document(), document(type_="C0015"), document(version="2")],
    "csv": [f"{HEADER}\n{line()}\n".encode(), f"{HEADER}\n{line('61', 'HGB')}\n".encode("gb18030")],
}
COUNTS = {"hl7v2": 1100, "cda": 500, "csv": 400}


def spoilt(chosen: random.Random, body: bytes) -> bytes:
    """One to four planted faults: a piece cut, doubled, moved, changed, or something nasty put in."""
    for _ in range(chosen.randint(1, 4)):
        at, end = sorted(chosen.randrange(len(body) + 1) for _ in range(2))
        end = min(end, at + chosen.choice((1, 2, 8, 60)))
        fault = chosen.randrange(6)
        if fault == 0:
            body = body[:at] + body[end:]
        elif fault == 1:
            body = body[:end] + body[at:]
        elif fault == 2:
            body = body[:at] + chosen.choice(NASTY) + body[at:]
        elif fault == 3 and at < len(body):
            body = body[:at] + bytes([chosen.randrange(256)]) + body[at + 1 :]
        elif fault == 4:
            body = body[:at] if chosen.random() < 0.3 else body
        else:
            pieces = body.split(chosen.choice((b"|", b"\r", b"^", b">", b",")))
            chosen.shuffle(pieces)
            body = b"|".join(pieces) if chosen.random() < 0.2 else body
    return body


def arrival(channel: str, body: bytes) -> Arrival:
    return Arrival(
        id=UUID(int=1), client="his-demo", channel=channel, origin="lab/a.csv line 2", control_id="", received_at=NOW,
        digest="", body=body, corrects=None, corrected_by=None,
    )  # fmt: skip


@pytest.mark.parametrize("channel", list(SOURCES))
def test_whatever_is_spoilt_is_understood_or_says_where_it_is_wrong(channel):
    chosen, profile = random.Random(20260105), read_profile(yaml.safe_load(PROFILE), "his-demo.yaml")
    results: Counter[str] = Counter()
    for _ in range(COUNTS[channel]):
        body = spoilt(chosen, chosen.choice(SOURCES[channel]))
        try:
            reading = READERS[channel](arrival(channel, body), profile)
            require_sound(reading, HIS)
            problems = []
            results["understood"] += 1
        except NotUnderstood as error:
            problems = [problem.as_json() for problem in error.problems]
            results[error.problems[0].code] += 1
            assert all(p["zh"] and p["en"] and p["code"] for p in problems)
            assert all(p["at"] or p["code"] in ("MCH-I-014", "MCH-I-017") for p in problems), (body, problems)
        masked(channel, body)
        if channel == "hl7v2":
            said = ack(header_of(body), "AE" if problems else "AA", "1", NOW, problems)
            assert said.startswith(b"MSH|^~\\&|") and b"\rMSA|A" in said and b"\x1c" not in said and b"\x0b" not in said
            assert said.count(b"\rERR|") == len(problems)
    assert results["understood"] and len(results) > 4, results


def test_spoilt_ones_are_all_kept_and_the_sound_one_among_them_is_taken(hospital):
    hospital.brings_in()
    chosen, receiver = random.Random(7), Receiver(hospital.services)
    bodies = {spoilt(chosen, body) for _ in range(10) for sources in SOURCES.values() for body in sources[:2]}
    stood = [
        receiver.receive(body, client="his-demo", channel=channel, origin="lab/a.csv line 2").state
        for body in sorted(bodies)
        for channel in (("cda" if b"Clinical" in body else "csv" if b"," in body[:200] else "hl7v2"),)
    ]
    sound = receiver.receive(oru(coded()), client="his-demo", channel="hl7v2", origin="x")

    assert set(stood) <= {"understood", "not-understood"} and sound.state == "understood"
    with hospital.pool.connection() as conn:
        fault = """SELECT problems FROM arrival_outcome WHERE problems @> '[{"code": "MCH-X-500"}]'"""
        unexpected = conn.execute(fault).fetchall()
        kept = conn.execute("SELECT count(*), count(DISTINCT digest) FROM arrival").fetchone()
    assert unexpected == []
    assert kept == (len(bodies | {oru(coded())}),) * 2
