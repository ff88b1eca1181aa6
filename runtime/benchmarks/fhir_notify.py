"""`yuntu bench fhir-notify`: from a change to its notification at the receiver; what one that was away gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import psycopg

from engine.clock import system_clock
from engine.store import plain
from engine.store.connections import configure
from fhir_adapters.store.subscriptions import Subscriptions
from runtime.benchmarks.fhir_load import Line, Site, blood_pressure, site
from runtime.benchmarks.servers import quantile

PER_SECOND = 50.0
LATE_LIMIT_S = 60.0
LOCAL = "https://his.example/lab"


class Receiver:
    """Keeps when which number of which subscription came; while `is_away` it refuses."""

    def __init__(self) -> None:
        self.came: list[tuple[int, str, float]] = []
        self.is_away = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                number = self.headers.get("X-MCH-Event-Number")
                if number and not receiver.is_away:
                    receiver.came.append((int(number), self.path.rpartition("/")[2], time.time()))
                self.send_response(503 if receiver.is_away else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/told"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def measure(seconds: float, scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    with site(10, 0, say) as at, closing(Receiver()) as receiver, closing(at.line()) as line:
        _register(at, receiver)
        _subscribe(line, receiver)
        sent = _send(at, line, seconds, 0)
        _wait(lambda: len(receiver.came) >= len(sent))
        first = len(receiver.came)
        latencies = sorted((came - sent[id_]) * 1000 for _, id_, came in receiver.came if id_ in sent)
        say(f"{first} notifications; the receiver goes away")
        receiver.is_away = True
        later = _send(at, line, seconds / 3, 1_000_000)
        receiver.is_away = False
        _come_back(at)
        _wait(lambda: len(receiver.came) >= first + len(later))
    numbers = [number for number, _, _ in receiver.came]
    told = {id_ for _, id_, _ in receiver.came}
    return {
        "name": "fhir-notify",
        "seconds": seconds,
        "rate": round(first / seconds, 1),
        "unit": "notifications/s",
        "p50_ms": quantile(latencies, 0.50),
        "p95_ms": quantile(latencies, 0.95),
        "p99_ms": quantile(latencies, 0.99),
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {
            "changes": len(sent) + len(later),
            "missing": len((sent.keys() | later.keys()) - told),
            "twice": len(numbers) - len(set(numbers)),
            "in_order": numbers == sorted(numbers),
            "without_gaps": sorted(set(numbers)) == list(range(1, len(set(numbers)) + 1)),
            "while_away": len(later),
            "subscriptions": 1,
        },
    }


def _register(at: Site, receiver: Receiver) -> None:
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        configure(conn)
        row = conn.execute("SELECT id FROM client WHERE name = 'his-demo'").fetchone()
        client_id = UUID(str(row[0])) if row else UUID(int=0)
        rows = Subscriptions(conn, at.region_id)
        rows.put_endpoint(client_id, receiver.url, "loopback", ["bench"], system_clock())


def _subscribe(line: Line, receiver: Receiver) -> None:
    wish = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "bench",
        "criteria": "Observation?code=http://loinc.org|85354-9",
        "channel": {"type": "rest-hook", "endpoint": receiver.url, "payload": "application/fhir+json"},
    }
    status, body = line.ask("POST", "/Subscription", plain.dumps(wish))
    if status != 201:
        raise RuntimeError(f"{status}: {body.decode()}")


def _send(at: Site, line: Line, seconds: float, first: int) -> dict[str, float]:
    """Fifty a second; by id of the resource when its answer was there."""
    sent: dict[str, float] = {}
    began = time.perf_counter()
    n = first
    while (now := time.perf_counter()) - began < seconds:
        body = blood_pressure(at.women[n % len(at.women)], n)
        body["identifier"] = [{"system": LOCAL, "value": str(n)}]
        status, answer = line.ask("POST", "/Observation", plain.dumps(body))
        if status != 201:
            raise RuntimeError(f"{status}: {answer.decode()}")
        sent[plain.read(answer)["id"]] = time.time()
        n += 1
        time.sleep(max(0.0, 1 / PER_SECOND - (time.perf_counter() - now)))
    return sent


def _come_back(at: Site) -> None:
    """The rest that was to be waited for is over."""
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        conn.execute("UPDATE subscription SET due_at = now() WHERE failing_since IS NOT NULL")


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LATE_LIMIT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
