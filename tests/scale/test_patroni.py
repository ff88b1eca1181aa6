"""Patroni decides: the primary's host is gone, the standby is promoted, and no acknowledged step is missing.

Debian's `patroni` and `etcd-server` run as `docs/operations/standby.md` describes them, with the shortest times they
allow: one etcd, two databases from our wheel, all on loopback ports. A planned switchover, then a power failure.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.engine import Engine
from engine.operations.reconcile import reconcile
from engine.store import reads
from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from tests.ports import free_port
from tests.scale.test_failover import CASE, STEPS, Client
from tests.store.store_kit import Clock, World

PATRONI, ETCD = shutil.which("patroni"), shutil.which("etcd")
pytestmark = pytest.mark.skipif(not (PATRONI and ETCD), reason="needs Debian's patroni and etcd-server")

ROLE = "yuntu"
LIMIT_S = 240  # a busy machine; on a quiet one a promotion takes a quarter of it
TTL_S = 20  # the shortest that Patroni takes


def account() -> dict[str, Any]:
    """PostgreSQL does not run as root: then it is whoever owns nothing of value."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass
class Node:
    name: str
    folder: Path
    port: int
    api: int
    process: subprocess.Popen[bytes] | None = None

    def configuration(self, etcd: int) -> str:
        """JSON is YAML. What concerns Yuntu is what `standby.md` prints; the rest is addresses."""
        local = {"username": ROLE, "password": "synthetic"}
        return json.dumps(
            {
                "scope": "yuntu",
                "name": self.name,
                "restapi": {"listen": f"127.0.0.1:{self.api}", "connect_address": f"127.0.0.1:{self.api}"},
                "etcd3": {"hosts": f"127.0.0.1:{etcd}"},
                "bootstrap": {
                    "dcs": {
                        "ttl": TTL_S,
                        "loop_wait": 2,
                        "retry_timeout": 5,
                        "maximum_lag_on_failover": 0,
                        "synchronous_mode": True,
                        "synchronous_mode_strict": False,
                        "postgresql": {
                            "use_pg_rewind": True,
                            "parameters": {
                                "wal_level": "replica",
                                "synchronous_commit": "on",
                                "client_connection_check_interval": "1s",
                                "idle_in_transaction_session_timeout": "30s",
                                "io_method": "sync",
                                "shared_buffers": "32MB",
                            },
                        },
                    },
                    "initdb": [
                        {"encoding": "UTF8"},
                        "data-checksums",
                        {"locale-provider": "builtin"},
                        {"builtin-locale": "C.UTF-8"},
                    ],
                    "pg_hba": [
                        "local all all trust",
                        "host all all 127.0.0.1/32 trust",
                        "host replication all 127.0.0.1/32 trust",
                    ],
                },
                "postgresql": {
                    "listen": f"127.0.0.1:{self.port}",
                    "connect_address": f"127.0.0.1:{self.port}",
                    "data_dir": str(self.folder / "data"),
                    "bin_dir": str(embedded.program("postgres").parent),
                    "pgpass": str(self.folder / "pgpass"),
                    "authentication": {"superuser": local, "replication": local, "rewind": local},
                    "parameters": {"unix_socket_directories": ""},
                },
                "watchdog": {"mode": "off"},
            }
        )

    def start(self, etcd: int) -> None:
        settings = self.folder / "patroni.yml"
        settings.write_text(self.configuration(etcd))
        with open(self.folder / "patroni.log", "ab") as log:
            self.process = subprocess.Popen([str(PATRONI), str(settings)], stdout=log, stderr=log, cwd="/", **account())

    def says(self, path: str) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api}{path}", timeout=LIMIT_S) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return {"status": error.code}
        except OSError:
            return {}

    def is_(self, role: str) -> bool:
        """Patroni's health checks answer 200 to the name of the role that a node has, 503 to another."""
        return self.says(f"/{role}").get("state") == "running"

    def cut_the_power(self) -> None:
        """The agent first, so that it cannot start its server again."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def until(what: str, holds, nodes: list[Node]) -> float:
    """Seconds until it holds; the logs' ends when it never does."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > LIMIT_S:
            ends = "\n".join((node.folder / "patroni.log").read_text()[-2000:] for node in nodes)
            raise AssertionError(f"{what}: not within {LIMIT_S} s\n{ends}")
        time.sleep(0.2)  # other programs' work, which nothing here can be told of
    return time.monotonic() - begun


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[list[Node], int]]:
    for step in (tmp_path, *tmp_path.parents):
        step.chmod(step.stat().st_mode | 0o011)
    who = account()
    client, peer = free_port(), free_port()
    folders = [tmp_path / name for name in ("etcd", "pg1", "pg2")]
    for folder in folders:
        folder.mkdir(mode=0o700)
        if who:
            os.chown(folder, who["user"], who["group"])
    etcd = subprocess.Popen(
        [
            *(str(ETCD), "--data-dir", str(folders[0] / "data"), "--log-level", "error"),
            *(
                "--listen-client-urls",
                f"http://127.0.0.1:{client}",
                "--advertise-client-urls",
                f"http://127.0.0.1:{client}",
            ),
            *(
                "--listen-peer-urls",
                f"http://127.0.0.1:{peer}",
                "--initial-advertise-peer-urls",
                f"http://127.0.0.1:{peer}",
            ),
            *("--initial-cluster", f"default=http://127.0.0.1:{peer}"),
        ],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **who,
    )
    nodes = [Node(folder.name, folder, free_port(), free_port()) for folder in folders[1:]]
    try:
        nodes[0].start(client)
        until("the first node leads", lambda: nodes[0].is_("primary"), nodes[:1])
        nodes[1].start(client)
        until("the second is a synchronous standby", lambda: nodes[1].is_("synchronous"), nodes)
        yield nodes, client
    finally:
        for node in reversed(nodes):
            if node.process and node.process.poll() is None:
                node.process.terminate()  # stops its server too
                node.process.wait(LIMIT_S)
        etcd.terminate()
        etcd.wait(LIMIT_S)


def switch_over(leader: Node, candidate: Node) -> None:
    body = json.dumps({"leader": leader.name, "candidate": candidate.name}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{leader.api}/switchover", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
        assert answer.status == 200


def test_patroni_promotes_the_standby_and_every_step_that_was_acknowledged_is_there_once(cluster):
    nodes, _ = cluster
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    url = f"postgresql://{ROLE}:synthetic@{hosts}/yuntu?target_session_attrs=read-write&connect_timeout=2&tcp_user_timeout=20000"
    with psycopg.connect(f"postgresql://{ROLE}:synthetic@127.0.0.1:{nodes[0].port}/postgres", autocommit=True) as conn:
        conn.execute("CREATE DATABASE yuntu")
    migrate.migrate(url)
    with open_pool(url, max_size=4) as pool:
        clock = Clock()
        world = World(Engine(pool, region_id="county", clock=clock, fires_at_due_time=True), clock)
        world.deploy(CASE)
        client = Client(world.engine)
        client.start()
        assert client.under_way.wait(60)

        switch_over(nodes[0], nodes[1])
        until("planned: the second leads", lambda: nodes[1].is_("primary"), nodes)
        until("planned: the first follows", lambda: nodes[0].is_("synchronous"), nodes)
        client.join(LIMIT_S)
        assert not client.is_alive()

        again = Client(world.engine, first=STEPS)
        again.start()
        assert again.under_way.wait(60)
        nodes[1].cut_the_power()
        until("power failure: the first leads again", lambda: nodes[0].is_("primary"), nodes)
        again.join(LIMIT_S)
        assert not again.is_alive()

        with world.engine.read() as conn:
            found = reads.instances(conn, "county", definition_key="case", limit=1000)
            assert sorted(i.variables["number"] for i in found) == list(range(2 * STEPS)), "none lost, none twice"
            assert {i.id for i in found} == {*client.acknowledged, *again.acknowledged}
            assert reconcile(conn, "county") == (2 * STEPS, [])
        clock.now += timedelta(days=3)
        assert world.engine.drive(clock.now) == 2 * STEPS, "the deadlines came along"
