"""R12: thousands of FHIR messages, a fifth of them twice, a fifth late, some spoilt, some under a number that was used
for another. In the end there is what there would be if each had come once and in order; what is spoilt waits for a
person; nothing is answered with 5xx.

The judge is the plan that was drawn before, and SQL of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg

from runtime.demo.county import settle_people
from runtime.start import deploy_shipped
from runtime.trials import messages_plan
from runtime.trials.county_site import CARD, CountyCell, Site, Unanswered
from runtime.trials.messages_plan import Message, Plan
from runtime.trials.verdict import at_least, none_of, verdict

SENDERS = 3
MESSAGES_OF_A_WOMAN = 250
AGAIN = 20  # times that a sender repeats what was answered with "busy"
SAID = 5
_STORED = """
SELECT r.id, r.version, v.body FROM resource r JOIN resource_version v USING (region_id, type, id, version)
 WHERE r.type = 'Observation' AND NOT r.deleted AND v.body LIKE '%urn:trial:message%'
"""
_EVENTS = "SELECT id, count(*) FROM inbound_event WHERE type = 'Observation' GROUP BY id"
_WAITING = """
SELECT convert_from(a.body, 'UTF8') FROM arrival a JOIN arrival_outcome o ON o.arrival_id = a.id
 WHERE a.channel = 'fhir' AND o.state = 'not-understood'
"""


@dataclass
class Heard:
    """What was answered, by kind of message."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def note(self, what: str, status: int) -> None:
        with self.lock:
            self.answers[what, status] += 1

    def wrong(self, what: str, *right: int) -> int:
        return sum(count for (kind, status), count in self.answers.items() if kind == what and status not in right)

    @property
    def faults(self) -> int:
        return sum(count for (_, status), count in self.answers.items() if status >= 500)


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n`: messages."""
    with TemporaryDirectory(prefix="yuntu-") as home, Site(url, home) as site:
        settle_people(site.services)
        deploy_shipped(site.services)
        site.sign_in()
        women = [registered(site, number) for number in range(max(3, n // MESSAGES_OF_A_WOMAN))]
        made = messages_plan.plan(n, [patient for patient, _ in women], seed)
        heard = Heard()
        threads = list(messages_plan.by_woman(made.sendings))
        with ThreadPoolExecutor(SENDERS) as senders:
            for done, _ in enumerate(senders.map(lambda part: _send(site, part, heard), threads), start=1):
                say(f"{done} of {len(threads)} women, {sum(heard.answers.values())} messages, faults {heard.faults}")
        facts = {number: _facts(site, pregnancy) for number, (_, pregnancy) in enumerate(women)}
        with psycopg.connect(url, autocommit=True) as conn:
            return _judged(conn, made, heard, facts, n)


def registered(site: Site, number: int) -> tuple[str, str]:
    """Patient and case of somebody new."""
    cell = CountyCell(UUID(int=number), 40_000 + number)
    who = {
        "resourceType": "Patient", "identifier": [{"system": CARD, "value": cell.card}], "name": [{"text": "试验妇女"}],
        "gender": "female", "birthDate": cell.born.isoformat(),
    }  # fmt: skip
    urn, hl7 = f"urn:uuid:{cell.id}", "http://terminology.hl7.org/CodeSystem"
    pregnant = {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{hl7}/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{hl7}/condition-ver-status", "code": "confirmed"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "Z34.9"}]},
        "subject": {"reference": urn}, "onsetDateTime": "2025-10-20",
    }  # fmt: skip
    entries = [
        {"fullUrl": urn, "resource": who, "request": {"method": "POST", "url": "Patient"}},
        {"resource": pregnant, "request": {"method": "POST", "url": "Condition"}},
    ]
    answer = site.ask("POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    place = answer.get_json(force=True)["entry"][0]["response"]["location"]
    kind, _, pregnancy = answer.headers["X-MCH-Correlated"].partition("/")
    if kind != "case":
        raise Unanswered(f"no case: {kind}")
    return place.split("/Patient/")[1].split("/")[0], pregnancy


def _send(site: Site, part: list[Message], heard: Heard) -> None:
    for message in part:
        for _ in range(AGAIN):
            status = _one(site, message)
            if status not in (409, 503):
                break
        heard.note(message.what, status)


def _one(site: Site, message: Message) -> int:
    headers = {"Idempotency-Key": message.key} if message.key else {}
    headers |= {"Authorization": f"Bearer {site.tokens['his-demo']}", "Content-Type": "application/fhir+json"}
    return int(
        site.app.test_client().open("/fhir/Observation", method="POST", data=message.body, headers=headers).status_code
    )


def _facts(site: Site, pregnancy: str) -> dict[str, Any]:
    """What the product knows of her, by our names; asked as its own rooms ask."""
    with site.services.pool.connection() as conn:
        return {name: fact.value for name, fact in site.services.facts(conn, pregnancy).items()}


NAMES = {"718-7": "hb", "8867-4": "pulse", "29463-7": "weight", "8310-5": "temperature"}


def _judged(conn: Any, made: Plan, heard: Heard, facts: dict[int, dict[str, Any]], n: int) -> dict[str, Any]:
    stored: dict[int, list[tuple[str, int, dict[str, Any]]]] = {}
    for id_, version, body in conn.execute(_STORED).fetchall():
        told = json.loads(body)
        stored.setdefault(int(told["identifier"][0]["value"]), []).append((id_, version, told))
    wanted = {number: resource for (_, number), resource in made.expected.items()}
    events = dict(conn.execute(_EVENTS).fetchall())
    ids = [copies[0][0] for number, copies in stored.items() if number in wanted]
    waiting = [row[0] for row in conn.execute(_WAITING).fetchall()]
    newest_wrong = [
        (woman, code)
        for woman in facts
        for code, value in made.newest(woman).items()
        if facts[woman].get(NAMES[code]) is None or float(facts[woman][NAMES[code]]) != float(value)
    ]
    figures = {
        "messages": len(made.sendings),
        "duplicates": made.duplicates,
        "reordered": made.reordered,
        "conflicts": made.conflicts,
        "corrupt": len(made.corrupt),
        "answered_5xx": heard.faults,
        "lost": sum(number not in stored for number in wanted),
        "doubled": sum(len(copies) - 1 for copies in stored.values()),
        "of_no_message": sum(number not in wanted for number in stored),
        "otherwise_than_sent": sum(
            _said(copies[0][2]) != _said(wanted[number]) or copies[0][1] != 1
            for number, copies in stored.items()
            if number in wanted
        ),
        "events_missing": sum(id_ not in events for id_ in ids),
        "events_doubled": sum(events.get(id_, 1) - 1 for id_ in ids),
        "newest_wrong": len(newest_wrong),
        "corrupt_not_refused": heard.wrong("corrupt", 400, 422),
        "corrupt_not_waiting": len(made.corrupt) - _found(made.corrupt, waiting),
        "others_waiting": max(0, len(waiting) - len(set(made.corrupt))),
        "conflicts_taken": heard.wrong("conflict", 422),
        "good_refused": heard.wrong("original", 200, 201) + heard.wrong("duplicate", 200, 201),
    }
    nothing = [name for name in figures if name not in ("messages", "duplicates", "reordered", "conflicts", "corrupt")]
    limits = {**none_of(*nothing), "messages": at_least(n * 0.99), "duplicates": at_least(n * 0.19)}
    return verdict("R12", figures, limits, first_wrong=newest_wrong[:SAID])


def _said(resource: dict[str, Any] | Any) -> dict[str, Any]:
    """Of a resource what the sender said, and not what the server adds."""
    return {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}


def _found(corrupt: list[bytes], waiting: list[str]) -> int:
    """A spoilt body waits as it came, or inside of the request that it was part of."""
    whole, inner = set(waiting), set()
    for text in waiting:
        try:
            told = json.loads(text)
        except ValueError:
            continue
        for one in told.get("entry", ()) if told.get("resourceType") == "Bundle" else ():
            inner.add(json.dumps(one.get("resource"), sort_keys=True))
    return sum(body.decode() in whole or _as_inner(body) in inner for body in corrupt)


def _as_inner(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return ""
