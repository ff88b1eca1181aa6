"""A hospital system at work over kept connections: the served product, and a client that costs little itself."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg

from engine.clock import CHINA, system_clock
from engine.store import plain
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.benchmarks.servers import quantile
from runtime.demo.cohort import HOSPITAL_SYSTEM
from runtime.demo.county import settle_people
from runtime.demo.identity import identity_number
from runtime.trials.served import Served, serving
from runtime.wiring import assemble

CANON = "https://fhir.example.org/mch"
ID_CARD = "urn:oid:2.16.156.10011.1.3"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
PATIENT_URN = "urn:uuid:00000000-0000-4000-8000-000000000001"
WARM_UP = 30  # requests of each connection that are not counted


class Line:
    """One kept connection. Reads no more of an answer than its status and its body."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        self._rest = b""

    def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        head = f"{method} /fhir{path} HTTP/1.1\r\n{self._head}{headers}"
        if body:
            head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + body)
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else 0
        body = data[end + 4 :]
        while len(body) < length:
            body += self._more()
        self._rest = body[length:]
        return int(head[9:12]), body[:length]

    def _more(self) -> bytes:
        found = self._socket.recv(262_144)
        if not found:
            raise ConnectionError("the server closed the connection")
        return found

    def close(self) -> None:
        self._socket.close()


@dataclass
class Site:
    """A county that is served, the hospital's token, and the women that were brought in."""

    served: Served
    token: str
    region_id: str
    women: list[str] = field(default_factory=list)  # ids of their Patient resources

    def line(self) -> Line:
        return Line(self.served.port, self.token)


@contextmanager
def site(women: int, observations: int, say: Callable[[str], None], *, workers: int = 1) -> Iterator[Site]:
    """Everything as it is delivered, with so many women in care and so many blood pressures of each."""
    with serving(2, workers) as served:
        made = _with_people(served)
        with closing(made.line()) as line:
            for number in range(women):
                made.women.append(bring_in(line, number))
                if observations:
                    pressures = [_post(blood_pressure(made.women[-1], n)) for n in range(observations)]
                    _must(line.ask("POST", "", transaction(pressures)), 200)
        say(f"{women} women with {observations} blood pressures each")
        with psycopg.connect(served.database_url, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
            conn.execute("CHECKPOINT")
        yield made


def _with_people(served: Served) -> Site:
    settings = configuration.read({**served.environment})
    with open_pool(served.database_url, timeout=30) as pool:
        services = assemble(settings, pool=pool, clock=system_clock, manual=None, close=lambda: None)
        settle_people(services)
        token = services.people.issue_token(client=services.people.client(HOSPITAL_SYSTEM)).access_token
    return Site(served=served, token=token, region_id=settings.region_id)


def today() -> date:
    return system_clock().astimezone(CHINA).date()


def bring_in(line: Line, number: int) -> str:
    """The registration of a woman, twelve weeks pregnant; answers her Patient's id."""
    lmp = (today() - timedelta(weeks=12)).isoformat()
    id_card = identity_number(date(1995, 1, 1) + timedelta(days=number), number)
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": ID_CARD, "value": id_card}],
        "name": [{"text": f"测试{number}"}],
        "gender": "female",
        "birthDate": (date(1995, 1, 1) + timedelta(days=number)).isoformat(),
    }
    pregnancy = {
        "resourceType": "Condition",
        "clinicalStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "code": _coded("http://hl7.org/fhir/sid/icd-10", "Z34.9"),
        "subject": {"reference": PATIENT_URN},
        "onsetDateTime": lmp,
    }
    first = {**_post(patient), "fullUrl": PATIENT_URN}
    first["request"]["ifNoneExist"] = f"identifier={ID_CARD}|{id_card}"
    answer = _must(line.ask("POST", "", transaction([first, _post(pregnancy)])), 200)
    location: str = plain.read(answer)["entry"][0]["response"]["location"]
    return location.split("/Patient/")[1].split("/")[0]


def blood_pressure(patient_id: str, number: int) -> dict[str, Any]:
    """A panel as a ward sends it; each differs from the others by its time."""
    at = system_clock().astimezone(CHINA) - timedelta(minutes=number)
    parts = [("8480-6", 110 + number % 20), ("8462-4", 70 + number % 10)]
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [_coded("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")],
        "code": _coded(LOINC, "85354-9"),
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": at.isoformat(),
        "component": [
            {
                "code": _coded(LOINC, code),
                "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
            }
            for code, value in parts
        ],
    }


def transaction(entries: list[dict[str, Any]]) -> bytes:
    return plain.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _post(resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _must(answer: tuple[int, bytes], status: int) -> bytes:
    if answer[0] != status:
        raise RuntimeError(f"{answer[0]}: {answer[1][:500].decode(errors='replace')}")
    return answer[1]


Request = tuple[str, str, bytes, str]  # method, path, body, headers
Maker = Callable[[int, int], Request]  # connection and running number -> what it asks


@dataclass
class Run:
    seconds: float
    requests: int
    latencies_ms: list[float]  # ordered
    cpu_s: float  # of the product, database included
    client_cpu_s: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run(at: Site, connections: int, seconds: float, make: Maker, good: tuple[int, ...], warm_up: int = WARM_UP) -> Run:
    """All connections ask at once, each its next when it has an answer."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    faults: list[BaseException] = []
    barrier = threading.Barrier(connections + 1)
    ends = [0.0]

    def work(number: int) -> None:
        try:
            with closing(at.line()) as line:
                for n in range(warm_up):
                    _check(line.ask(*make(number, -1 - n)), good)
                barrier.wait(120)
                n = 0
                while time.perf_counter() < ends[0]:
                    began = time.perf_counter()
                    answer = line.ask(*make(number, n))
                    latencies[number].append((time.perf_counter() - began) * 1000)
                    _check(answer, good)
                    n += 1
        except BaseException as fault:
            faults.append(fault)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    began, cpu, own = time.perf_counter(), at.served.cpu_s(), time.process_time()
    ends[0] = began + 3600
    try:
        barrier.wait(120)
        began, cpu, own = time.perf_counter(), at.served.cpu_s(), time.process_time()
        ends[0] = began + seconds
    except threading.BrokenBarrierError:
        pass
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    took = time.perf_counter() - began
    ordered = sorted(one for each in latencies for one in each)
    return Run(took, len(ordered), ordered, at.served.cpu_s() - cpu, time.process_time() - own)


def _check(answer: tuple[int, bytes], good: tuple[int, ...]) -> None:
    if answer[0] not in good:
        raise RuntimeError(f"{answer[0]}: {answer[1][:500].decode(errors='replace')}")


def figures(name: str, unit: str, found: Run, **details: Any) -> dict[str, Any]:
    """In the shape of the contract. `cpu_ms`: what one request costs the product, database included."""
    return {
        "name": name,
        "seconds": round(found.seconds, 2),
        "rate": round(found.rate, 1),
        "unit": unit,
        "p50_ms": quantile(found.latencies_ms, 0.50),
        "p95_ms": quantile(found.latencies_ms, 0.95),
        "p99_ms": quantile(found.latencies_ms, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "requests": found.requests,
            "cpu_ms": round(found.cpu_s / max(found.requests, 1) * 1000, 3),
            "client_cpu_ms": round(found.client_cpu_s / max(found.requests, 1) * 1000, 3),
            "where": "client, web processes, worker and database on this machine",
            "web_processes": 2,
            "worker_processes": 1,
            "token": True,
            "access_check": True,
            "audit": True,
            "projection": True,
            **details,
        },
    }
