"""A07: thousands of spoilt resources and bundles over HTTP, JSON and XML. Each is refused with an OperationOutcome that
names the place in both languages, soon, and nothing of it is stored."""

from __future__ import annotations

import copy
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from engine.clock import system_clock
from engine.store.connections import open_pool
from fhir_adapters.rules.check import check
from runtime import settings as configuration
from runtime.app import create_app
from runtime.database.roles import as_application
from runtime.demo.cohort import HOSPITAL_SYSTEM
from runtime.demo.county import settle_people
from runtime.trials.spoiling import WAYS
from runtime.trials.verdict import at_least, at_most, none_of, verdict
from runtime.wiring import assemble

LONGEST_S = 2.0  # of the processor: the machine may be busy with others
SAID = 5
_SYNTAX = re.compile(r"第 \d+ 行|line \d+")
_TOO_LARGE = (413, 415)
_COUNT = "SELECT (SELECT count(*) FROM resource_version) + (SELECT count(*) FROM instance)"


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


ONLY: dict[str, Sequence[str]] = {  # ways that not every type has a place for
    "wrong_code": ("/Observation", "/Patient", "/Encounter"),
    "missing": ("/Observation", "/Encounter", "/Procedure", "/RelatedPerson"),
}
_HER = {"reference": "Patient/m1"}
_HL7 = "http://terminology.hl7.org/CodeSystem"
GOOD: dict[str, dict[str, Any]] = {
    "Patient": {
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">甲</div>'},
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "999999199706150027"}],
        "name": [{"text": "测试甲子", "use": "official"}],
        "gender": "female",
        "birthDate": "1997-06-15",
        "telecom": [{"system": "phone", "value": "13800000000"}],
        "address": [{"use": "home", "extension": [{"url": "https://a.example", "valueCode": "current"}]}],
    },
    "Observation": {
        "status": "final",
        "category": [_coded(f"{_HL7}/observation-category", "vital-signs")],
        "code": _coded("http://loinc.org", "85354-9"),
        "subject": _HER,
        "effectiveDateTime": "2026-01-05T08:00:00+08:00",
        "component": [
            {
                "code": _coded("http://loinc.org", "8480-6"),
                "valueQuantity": {"value": 121, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            }
        ],
        "referenceRange": [{"text": "x"}],
    },
    "Condition": {
        "clinicalStatus": _coded(f"{_HL7}/condition-clinical", "active"),
        "code": _coded("http://hl7.org/fhir/sid/icd-10", "Z34.9"),
        "subject": _HER,
        "onsetDateTime": "2025-10-20",
    },
    "Encounter": {
        "status": "planned",
        "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB"},
        "subject": _HER,
        "period": {"start": "2026-01-05T08:00:00+08:00"},
    },
    "Procedure": {
        "status": "completed",
        "code": {"text": "x"},
        "subject": _HER,
        "performedDateTime": "2026-01-05T08:00:00+08:00",
    },
    "DiagnosticReport": {
        "status": "final",
        "code": {"text": "x"},
        "subject": _HER,
        "issued": "2026-01-05T08:00:00.000Z",
    },
    "Immunization": {
        "status": "completed",
        "vaccineCode": {"text": "乙肝疫苗"},
        "patient": _HER,
        "occurrenceDateTime": "2026-01-05",
        "doseQuantity": {"value": 10},
    },
    "QuestionnaireResponse": {
        "status": "in-progress",
        "subject": _HER,
        "item": [{"linkId": "a", "answer": [{"valueBoolean": True}]}],
    },
    "RelatedPerson": {"patient": _HER, "gender": "male", "name": [{"text": "测试乙"}]},
    "Practitioner": {"name": [{"text": "测试丙"}], "qualification": [{"code": {"text": "x"}}]},
    "PractitionerRole": {"active": True, "availableTime": [{"daysOfWeek": ["mon"], "allDay": True}]},
    "Organization": {"name": "测试院", "contact": [{"purpose": {"text": "x"}}]},
    "Location": {"status": "active", "name": "测试室", "position": {"longitude": 120, "latitude": 30}},
}  # fmt: skip


def documents() -> dict[str, dict[str, Any]]:
    """Path to a document that is good there. Raises where one is not: then a refusal would prove nothing."""
    made: dict[str, dict[str, Any]] = {}
    for type_, parts in GOOD.items():
        resource = {"resourceType": type_, **parts}
        if problems := check(resource, type_=type_):
            raise RuntimeError(f"the sample of {type_} is not good: {problems[0]}")
        made[f"/{type_}"] = resource
    entries = [
        {"resource": made[f"/{type_}"], "request": {"method": "POST", "url": type_}}
        for type_ in ("Patient", "Observation")
    ]
    made[""] = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return made


def attempts(n: int, seed: int) -> Iterator[tuple[str, str, str, bytes, str]]:
    """Way, method, path, body, media type."""
    chance, good = Random(seed), documents()
    paths, ways = sorted(good), sorted(WAYS)
    for number in range(n):
        way = ways[number % len(ways)]
        path = chance.choice(ONLY.get(way, paths))
        document = copy.deepcopy(good[path])
        body = WAYS[way](document, chance)
        kind = "application/fhir+xml" if way == "as_xml" else "application/fhir+json"
        is_update = bool(path) and chance.random() < 0.3
        yield way, "PUT" if is_update else "POST", f"{path}/a1" if is_update else path, body, kind


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n`: documents, the ways of spoiling one after the other."""
    answers: Counter[int] = Counter()
    found: dict[str, list[str]] = {"faults": [], "taken": [], "without_place": [], "slow": []}
    slowest = 0.0
    with _hospital(url) as (ask, stored):
        before = stored()
        for number, (way, method, path, body, kind) in enumerate(attempts(n, seed)):
            began = time.process_time()
            status, text = ask(method, path, body, kind)
            took = time.process_time() - began
            answers[status] += 1
            slowest = max(slowest, took)
            about = f"{way} {method} {path} {status}: {body[:300]!r} -> {text[:300]!r}"
            if status >= 500:
                found["faults"].append(about)
            elif status < 400:
                found["taken"].append(about)
            elif not names_the_place(status, text):
                found["without_place"].append(about)
            if took > LONGEST_S:
                found["slow"].append(about)
            if number % 100 == 0:
                say(f"{number:,} of {n:,}")
        left = stored() - before
    figures = {
        "documents": sum(answers.values()),
        **{name: len(listed) for name, listed in found.items()},
        "slowest_cpu_s": round(slowest, 3),
        "stored": left,
        "answers": {str(status): number for status, number in sorted(answers.items())},
    }
    limits = {**none_of(*found, "stored"), "documents": at_least(n), "slowest_cpu_s": at_most(LONGEST_S)}
    return verdict(
        "A07", figures, limits, **{f"first_{name}": listed[:SAID] for name, listed in found.items() if listed}
    )


def names_the_place(status: int, text: bytes) -> bool:
    """An OperationOutcome in both languages, each issue with its place: a path, a line, or the body as a whole where
    it is that which is too large."""
    try:
        outcome = json.loads(text)
        issues = outcome["issue"]
        return bool(issues) and outcome["resourceType"] == "OperationOutcome" and all(
            " / " in one["details"]["text"]
            and (one.get("expression") or _SYNTAX.search(one["details"]["text"]) or status in _TOO_LARGE)
            for one in issues
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return False


@contextmanager
def _hospital(url: str) -> Iterator[tuple[Callable[[str, str, bytes, str], tuple[int, bytes]], Callable[[], int]]]:
    """The application itself behind its WSGI door, and a look at what is stored."""
    with tempfile.TemporaryDirectory(prefix="yuntu-") as home, open_pool(as_application(url), max_size=4) as pool:
        settings = configuration.read({"YUNTU_HOME": str(Path(home))})
        services = assemble(settings, pool=pool, clock=system_clock, manual=None, close=lambda: None)
        settle_people(services)
        token = services.people.issue_token(client=services.people.client(HOSPITAL_SYSTEM)).access_token
        client = create_app(services).test_client()

        def ask(method: str, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
            answer = client.open(f"/fhir{path}", method=method, data=body, headers=headers)
            return answer.status_code, answer.get_data()

        with psycopg.connect(url, autocommit=True) as conn:
            yield ask, lambda: int((conn.execute(_COUNT).fetchone() or (0,))[0])
