"""A standby takes over: PostgreSQL's own streaming replication, and an address that names both servers."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import threading
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest

from engine.commands.contracts import IdempotencyKey, StartInstance
from engine.engine import Engine
from engine.errors import Busy
from engine.operations.reconcile import reconcile
from engine.store import reads
from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from tests.store.store_kit import BEGIN, END, NURSE, Clock, World, bpmn, line, user_task, wait_for

CASE = bpmn("case", line(BEGIN, wait_for("wait", "P3D"), user_task("task_a"), END))
STEPS, BEFORE = 120, 40


@pytest.fixture
def pair(tmp_path):
    """Two servers, the second a synchronous standby of the first."""
    primary = embedded.attach(tmp_path / "a")
    migrate.migrate(primary.url())
    data = tmp_path / "b" / "postgres" / "data"
    data.parent.mkdir(parents=True)
    as_owner(
        data.parent,
        "pg_basebackup",
        "-h",
        str(primary.socket_folder),
        "-U",
        embedded.ROLE,
        "-D",
        str(data),
        "-R",
        "-c",
        "fast",
    )
    standby = embedded.attach(tmp_path / "b")
    with psycopg.connect(primary.url(), autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        conn.execute("SELECT pg_reload_conf()")
    yield primary, standby
    for server in (standby, primary):
        server.release()


def as_owner(folder, program, *arguments):
    """As the account that the servers run as; it may write into the folder."""
    account = {}
    if os.geteuid() == 0:
        owner = pwd.getpwuid((folder.parent.parent / "a" / "postgres" / "data").stat().st_uid)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        for step in (folder, *folder.parents):
            step.chmod(step.stat().st_mode | 0o001)
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    subprocess.run([str(embedded.program(program)), *arguments], check=True, capture_output=True, cwd="/", **account)


class Client(threading.Thread):
    """Starts cases one after the other, each until it is acknowledged, always with the same key."""

    def __init__(self, engine: Engine, first: int = 0) -> None:
        super().__init__()
        self.engine = engine
        self.first = first
        self.acknowledged: list[UUID] = []
        self.under_way = threading.Event()

    def run(self) -> None:
        for number in range(self.first, self.first + STEPS):
            self.acknowledged.append(self.started(number))
            if len(self.acknowledged) == BEFORE:
                self.under_way.set()

    def started(self, number: int) -> UUID:
        key = IdempotencyKey(client="failover", key=str(number), request_hash=str(number))
        command = StartInstance(definition_key="case", variables={"number": number})
        while True:
            try:
                return self.engine.execute(command, by=NURSE, idempotency=key).instance_id
            except Busy:
                continue  # the same request again, as any client would


def test_the_standby_takes_over_with_every_step_that_was_acknowledged_and_none_twice(pair):
    primary, standby = pair
    hosts = ",".join(quote(str(server.socket_folder), safe="") for server in pair)
    url = f"postgresql://{embedded.ROLE}@/yuntu?host={hosts}&target_session_attrs=read-write&connect_timeout=2"
    with open_pool(url, max_size=4) as pool:
        clock = Clock()
        world = World(Engine(pool, region_id="county", clock=clock, fires_at_due_time=True), clock)
        world.deploy(CASE)
        client = Client(world.engine)
        client.start()
        assert client.under_way.wait(60)

        os.kill(primary.postmaster_pid, signal.SIGKILL)
        with psycopg.connect(standby.url(), autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            assert conn.execute("SELECT pg_promote(wait => true, wait_seconds => 60)").fetchone() == (True,)
            conn.execute("SELECT pg_reload_conf()")
        client.join(120)

        assert not client.is_alive()
        with world.engine.read() as conn:
            found = reads.instances(conn, "county", definition_key="case", limit=1000)
            assert sorted(i.variables["number"] for i in found) == list(range(STEPS)), "none lost, none twice"
            assert {i.id for i in found} == set(client.acknowledged)
            assert reconcile(conn, "county") == (STEPS, [])
        clock.now += timedelta(days=3)
        assert world.engine.drive(clock.now) == STEPS, "the deadlines came along"
        assert world.open(client.acknowledged[0]) == ["task_a"]
