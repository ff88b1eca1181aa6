"""PgBouncer hands each transaction to whichever connection is free: nothing of ours may rest on the one before.

Debian's `pgbouncer` in transaction mode, before a database of the wheel, on loopback ports. Statements that stay
prepared need 1.21; without them (`YUNTU_DATABASE_PREPARES=0`) any version will do.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.clock import system_clock
from engine.commands.contracts import IdempotencyKey, PublishMessage, StartInstance
from engine.engine import Engine
from engine.operations.reconcile import reconcile
from engine.store.connections import for_region, open_pool
from fhir_adapters.store.subscriptions import Subscriptions
from runtime import settings as configuration
from runtime.database import embedded, migrate
from runtime.database.roles import as_application
from runtime.serve import is_ready
from runtime.subscribers import own_connection
from runtime.wiring import assemble
from tests.ports import free_port
from tests.store.store_kit import BEGIN, END, NURSE, Clock, World, bpmn, line, user_task, wait_for

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
YUNTU = str(Path(sys.executable).parent / "yuntu")
SINCE = (1, 21)
CASE = bpmn("case", line(BEGIN, user_task("task_a"), user_task("task_b"), END))
CALLERS, CASES, SHARED = 6, 60, 3  # fewer connections to the database than callers: each gets another's
CONFIGURATION = """
[databases]
* = host={socket} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {shared}
ignore_startup_parameters = extra_float_digits
{more}
"""


def version() -> tuple[int, ...]:
    if PROGRAM is None:
        return (0, 0)
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else (0, 0)


VERSION = version()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's pgbouncer")
prepared = pytest.param(
    True,
    marks=pytest.mark.skipif(VERSION < SINCE, reason=f"prepared statements need PgBouncer 1.21, here is {VERSION}"),
)


@contextmanager
def bouncing(url: str, folder: Path, *, prepares: bool) -> Iterator[str]:
    """Address of the same database, past a PgBouncer of its own."""
    place, listen = conninfo_to_dict(url), free_port()
    more = "max_prepared_statements = 200" if prepares else ""
    written, users = folder / "pgbouncer.ini", folder / "users"
    users.write_text(f'"{place["user"]}" ""\n')
    written.write_text(
        CONFIGURATION.format(
            socket=place["host"], port=place.get("port", 5432), listen=listen, users=users, shared=SHARED, more=more
        )
    )  # fmt: skip
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = os.stat(Path(str(place["host"])) / f".s.PGSQL.{place.get('port', 5432)}")
        account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        for step in (folder, *folder.parents):
            step.chmod(step.stat().st_mode | 0o005)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(PROGRAM), str(written)], stdout=log, stderr=log, cwd="/", **account)
    past = make_conninfo(url, host="127.0.0.1", port=listen, connect_timeout=60)
    try:
        _wait_for(past, process)
        yield past
    finally:
        process.terminate()
        process.wait(120)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline


@pytest.fixture(scope="module")
def migrated() -> Iterator[str]:
    with embedded.throw_away() as url:
        migrate.migrate(url)
        yield url


@pytest.fixture(params=[False, prepared], ids=["unprepared", "prepared"])
def pooled(request: pytest.FixtureRequest, migrated: str, tmp_path: Path) -> Iterator[tuple[str, str, bool]]:
    """The database directly, past the pooler, and whether statements stay prepared."""
    with bouncing(as_application(migrated), tmp_path, prepares=request.param) as past:
        yield as_application(migrated), past, request.param


def test_many_callers_over_few_connections_lose_nothing_and_double_nothing(pooled):
    _, past, prepares = pooled
    region = f"region-{prepares}"
    with open_pool(past, max_size=CALLERS, timeout=60, prepares=prepares) as pool:
        world = World(Engine(pool, region_id=region, clock=Clock()), Clock())
        world.deploy(CASE)

        def one(number: int) -> None:
            key = IdempotencyKey(client="past", key=str(number), request_hash=str(number))
            command = StartInstance(definition_key="case", variables={"number": number})
            instance = world.engine.execute(command, by=NURSE, idempotency=key).instance_id
            assert world.engine.execute(command, by=NURSE, idempotency=key).instance_id == instance
            world.complete(instance, "task_a")
            world.complete(instance, "task_b")
            world.engine.execute(PublishMessage(name="news", key=str(number), message_id="one"), by=NURSE)

        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(one, range(CASES)))
        with world.engine.read() as conn:
            assert reconcile(conn, region)[1] == []
            done = conn.execute("SELECT count(*) FROM instance WHERE status = 'completed'").fetchone()
            sent = conn.execute("SELECT count(*) FROM message").fetchone()
        assert (done, sent) == ((CASES,), (CASES,))


def test_for_whom_a_transaction_acts_is_forgotten_with_it(pooled):
    """The next caller on the same connection of the pooler sees nothing before he says for whom he acts."""
    _, past, prepares = pooled
    with open_pool(past, max_size=CALLERS, timeout=60, prepares=prepares) as pool:
        regional = for_region(pool, f"region-{prepares}")
        with regional.connection() as conn:
            assert conn.execute("SELECT current_setting('app.region')").fetchone() == (f"region-{prepares}",)
        for _ in range(3 * SHARED):
            with psycopg.connect(past, autocommit=True, prepare_threshold=None) as stranger:
                assert stranger.execute("SELECT count(*) FROM instance").fetchone() == (0,)


def test_what_needs_a_connection_of_its_own_goes_past_the_pooler(pooled, tmp_path):
    """A lock of the connection (subscriptions, exports) holds as long as it lives, and nobody else has it."""
    direct, past, prepares = pooled
    environment = {
        "YUNTU_HOME": str(tmp_path), "YUNTU_DATABASE_URL": past, "YUNTU_DATABASE_DIRECT_URL": direct,
        "YUNTU_DATABASE_PREPARES": "1" if prepares else "0",
    }  # fmt: skip
    settings = configuration.read(environment)
    assert (settings.direct_url, settings.prepares) == (direct, prepares)
    with open_pool(past, max_size=2, timeout=60, prepares=settings.prepares) as pool:
        services = assemble(settings, pool=pool, clock=Clock(), manual=None, close=lambda: None)
        place, region = services.pool.conninfo, services.region_id
        with own_connection(place, region) as one, own_connection(place, region) as other:
            assert Subscriptions(one, region).try_sender("s-1")
            for _ in range(3 * SHARED):
                assert not Subscriptions(other, region).try_sender("s-1")
            one.close()
            assert _soon(lambda: Subscriptions(other, region).try_sender("s-1"))


WAITS = bpmn("waits", line(BEGIN, wait_for("wait", "PT0.1S"), user_task("task_a"), END))


def test_a_web_process_and_a_worker_work_through_it_as_the_docs_say(pooled, migrated, tmp_path):
    """Pages are answered, a timer fires, and what the worker asks all the time goes past the pooler."""
    direct, past, prepares = pooled
    port = free_port()
    environment = {
        **os.environ, "YUNTU_HOME": str(tmp_path / "home"), "YUNTU_PORT": str(port), "YUNTU_WORKERS": "1,1",
        "YUNTU_DEMO": "0", "YUNTU_REGION": f"served-{prepares}", "YUNTU_DATABASE_URL": past,
        "YUNTU_DATABASE_DIRECT_URL": direct, "YUNTU_DATABASE_OWNER_URL": migrated,
        "YUNTU_DATABASE_PREPARES": "1" if prepares else "0",
    }  # fmt: skip
    settings = configuration.read(environment)
    with (tmp_path / "said").open("wb") as said:
        served = subprocess.Popen([YUNTU, "serve"], env=environment, stdout=said, stderr=said)
    try:
        with open_pool(direct, max_size=2, timeout=60) as pool:
            world = World(Engine(pool, region_id=settings.region_id, clock=system_clock), Clock())
            assert _soon(lambda: is_ready(settings)), (tmp_path / "said").read_text()
            world.deploy(WAITS)
            instance = world.start("waits")
            assert _soon(lambda: world.open(instance) == ["task_a"])
        log = (tmp_path / "home/log/worker.log").read_text()
        assert "prepared statement" not in log, log[-2000:]
    finally:
        served.send_signal(signal.SIGINT)
        served.wait(120)


def _soon(claim: Any) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.02)
    return False
