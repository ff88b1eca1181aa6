"""`yuntu bench fhir-export`: a million resources out of the served product, written by its worker, fetched over HTTP.

The database is filled by SQL from resources that the product itself has stored: copies that differ by their ids and
identifiers, without their entries in the search index, which no export reads.
"""

from __future__ import annotations

import http.client
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from engine.store import plain
from runtime.benchmarks.fhir_load import Site, site

RESOURCES = 1_000_000
WOMEN, PRESSURES = 20, 5
LOOK_S = 0.2
PATIENCE_S = 3600.0
_FILL = """
WITH one AS (
    SELECT r.*, v.body, v.meta, row_number() OVER (ORDER BY r.id) - 1 AS place, count(*) OVER () AS places
      FROM resource r
      JOIN resource_version v USING (region_id, type, id, version)
     WHERE r.type = 'Observation' AND r.owner <> 'engine' AND length(r.id) = 36   -- not the copies
), heads AS (
    INSERT INTO resource (region_id, type, id, version, updated_at, deleted, engine_owned, source, owner, content_hash,
                          patient_id, episode_id, labels)
    SELECT one.region_id, one.type, one.id || '-' || n, 1, one.updated_at, false, false, one.source, one.owner,
           one.content_hash, one.patient_id, one.episode_id, one.labels
      FROM generate_series(%(first)s::integer, %(last)s::integer) AS n JOIN one ON one.place = n %% one.places
)
INSERT INTO resource_version (region_id, type, id, version, updated_at, deleted, source, body, meta)
SELECT one.region_id, one.type, one.id || '-' || n, 1, one.updated_at, false, one.source,
       concat('{"identifier":[{"system":"https://his.example/lab","value":"', md5(n::text), '"}],',
              substr(one.body, 2)),
       one.meta
  FROM generate_series(%(first)s::integer, %(last)s::integer) AS n JOIN one ON one.place = n %% one.places
"""
Say = Callable[[str], None]


def measure(seconds: float, scale: float, say: Say) -> dict[str, Any]:
    """`seconds` is not asked: an export takes as long as it takes."""
    wanted = max(int(RESOURCES * scale), 1000)
    with site(WOMEN, PRESSURES, say) as at:
        _fill(at, wanted, say)
        with _Watched(at) as watched:
            began, cpu = time.monotonic(), at.served.cpu_s()
            manifest = _written(at, "/fhir/$export?_type=Observation")
            written_s, written_cpu = time.monotonic() - began, at.served.cpu_s() - cpu
            say(f"written in {written_s:.1f} s")
            began, cpu = time.monotonic(), at.served.cpu_s()
            lines = packed = unpacked = 0
            for file in manifest["output"]:
                one = _fetched(at, file["url"])
                lines, packed, unpacked = lines + one[0], packed + one[1], unpacked + one[2]
            fetched_s, fetched_cpu = time.monotonic() - began, at.served.cpu_s() - cpu
    counted = sum(file["count"] for file in manifest["output"])
    if not counted == lines >= wanted:
        raise RuntimeError(f"{counted} resources were announced, {lines} came")
    return {
        "name": "fhir-export",
        "seconds": round(written_s + fetched_s, 2),
        "rate": round(counted / written_s, 1),
        "unit": "resources/s written",
        **dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "bytes_per_instance", "pgbench_rate", "ratio")),
        "details": {
            "resources": counted,
            "files": len(manifest["output"]),
            "written_s": round(written_s, 1),
            "written_cpu_s": round(written_cpu, 1),
            "per_cpu_second": round(counted / max(written_cpu, 0.01)),
            "fetched_s": round(fetched_s, 1),
            "fetched_cpu_s": round(fetched_cpu, 1),
            "bytes": unpacked,
            "bytes_packed": packed,
            "grew_mb": watched.grew_mb(),
            "where": "client, web processes, worker and database on this machine",
            "audit": True,
            "access_check": True,
        },
    }


def _fill(at: Site, wanted: int, say: Say) -> None:
    step = 50_000
    with psycopg.connect(at.served.database_url, autocommit=True) as conn:
        for first in range(0, wanted, step):
            conn.execute(_FILL, {"first": first, "last": min(first + step, wanted) - 1})
            say(f"{min(first + step, wanted):,} resources")
        conn.execute("VACUUM ANALYZE resource")
        conn.execute("VACUUM ANALYZE resource_version")
        conn.execute("CHECKPOINT")


def _asked(at: Site, path: str, **headers: str) -> http.client.HTTPResponse:
    conn = http.client.HTTPConnection("127.0.0.1", at.served.port, timeout=20)
    conn.request("GET", path, headers={"Authorization": f"Bearer {at.token}", **headers})
    return conn.getresponse()


def _written(at: Site, path: str) -> Any:
    """The manifest, when it is there."""
    with closing(_asked(at, path, Prefer="respond-async")) as answer:
        where = urlsplit(answer.headers.get("Content-Location", "")).path
        if answer.status != 202:
            raise RuntimeError(f"{answer.status}: {answer.read()[:300].decode(errors='replace')}")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with closing(_asked(at, where)) as answer:
            text = answer.read()
            if answer.status == 200:
                return plain.loads(text)
            if answer.status != 202:
                raise RuntimeError(f"{answer.status}: {text[:300].decode(errors='replace')}")
        time.sleep(LOOK_S)
    raise RuntimeError("the export is not written")


def _fetched(at: Site, url: str) -> tuple[int, int, int]:
    """Lines, bytes on the wire, bytes unpacked."""
    unpack = zlib.decompressobj(wbits=31)
    lines = packed = unpacked = 0
    with closing(_asked(at, urlsplit(url).path, **{"Accept-Encoding": "gzip"})) as answer:
        while part := answer.read(1 << 18):
            text = unpack.decompress(part)
            lines, packed, unpacked = lines + text.count(b"\n"), packed + len(part), unpacked + len(text)
    if not unpack.eof:
        raise RuntimeError("a file ended early")
    return lines, packed, unpacked


class _Watched:
    """The largest growth of memory of any process of the product meanwhile."""

    def __init__(self, at: Site) -> None:
        root = psutil.Process(at.served.process.pid)
        self._processes = [root, *root.children(recursive=True)]
        self._first = {one.pid: self._own(one) for one in self._processes}
        self._most = dict(self._first)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    @staticmethod
    def _own(process: psutil.Process) -> int:
        with suppress(psutil.Error):
            return int(process.memory_info().rss)
        return 0

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            for one in self._processes:
                self._most[one.pid] = max(self._most[one.pid], self._own(one))

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def grew_mb(self) -> float:
        return round(max(self._most[pid] - self._first[pid] for pid in self._first) / 1e6, 1)
