"""Two hosts work on one server: each timer fires once, and when one host dies the other goes on.

The hosts are network namespaces joined to ours by a cable each; making them needs root.
"""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.clock import system_clock
from engine.engine import Engine
from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from runtime.database.roles import as_application
from tests.store.store_kit import BEGIN, END, World, bpmn, line, user_task, wait_for

YUNTU = str(Path(sys.executable).parent / "yuntu")
REGION = "county"
TIMERS = 400
LIMIT_S = 240  # a busy machine; on a quiet one it takes seconds
CASE = bpmn("case", line(BEGIN, wait_for("wait", "PT0S"), user_task("task_a"), END))


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def host(number):
    """A namespace at the other end of a cable; gives its name and our address on it."""
    name, net = f"yt{uuid4().hex[:8]}", f"10.{200 + number}.{os.getpid() % 250}"
    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        ip("addr", "add", f"{net}.1/24", "dev", f"{name}a")
        ip("link", "set", f"{name}a", "up")
        ip("-n", name, "addr", "add", f"{net}.2/24", "dev", f"{name}b")
        ip("-n", name, "link", "set", f"{name}b", "up")
        yield name, f"{net}.1"
    finally:
        ip("netns", "del", name)  # takes the cable along


@pytest.fixture(scope="module")
def hosts():
    with ExitStack() as stack:
        try:
            made = [stack.enter_context(host(number)) for number in range(2)]
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"network namespaces cannot be made here: {error}")
        yield made


@pytest.fixture(scope="module")
def server(hosts, tmp_path_factory):
    """A PostgreSQL that listens on both cables, and only there."""
    home = tmp_path_factory.mktemp("two-hosts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(embedded.SETTINGS, "listen_addresses", ",".join(address for _, address in hosts))
        patch.setitem(embedded.SETTINGS, "port", "5432")
        running = embedded.attach(home)
    with (home / "postgres/data/pg_hba.conf").open("a") as rules:
        rules.writelines(f"host all all {address}/24 trust\n" for _, address in hosts)
    with psycopg.connect(running.url()) as conn:
        conn.execute("SELECT pg_reload_conf()")
    migrate.migrate(running.url())
    yield running.url()
    running.release()


@pytest.fixture
def world(server):
    """Cases whose timers are all due, and nobody here who fires them."""
    with open_pool(as_application(server)) as pool:
        world = World(Engine(pool, region_id=REGION, clock=system_clock), system_clock)
        world.deploy(CASE)
        for _ in range(TIMERS):
            world.start("case")
        yield world


@contextmanager
def working(hosts, url, home):
    """`yuntu worker` on both hosts, each by its own cable."""
    started = []
    try:
        for name, address in hosts:
            there = make_conninfo(as_application(url), host=address, port=5432, application_name=name)
            environment = os.environ | {"YUNTU_HOME": str(home / name), "YUNTU_DATABASE_URL": there}
            command = ["ip", "netns", "exec", name, YUNTU, "worker"]
            started.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def watch(url, claim):
    """Ask until the claim is true, for as long as a busy machine may need."""
    with psycopg.connect(url, autocommit=True) as conn:
        deadline = time.monotonic() + LIMIT_S
        while not claim(conn):
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.05)


def fired(conn):
    query = "SELECT count(*) FROM history WHERE region_id = %s AND element_id = 'task_a'"
    (count,) = conn.execute(query, [REGION]).fetchone()
    return count


def addresses(conn):
    """From where the workers are connected."""
    query = "SELECT DISTINCT host(client_addr) FROM pg_stat_activity WHERE client_addr IS NOT NULL"
    return {row[0] for row in conn.execute(query).fetchall()}


def test_two_hosts_fire_each_timer_once_and_one_goes_on_alone(hosts, server, world, tmp_path):
    theirs = {address.removesuffix(".1") + ".2" for _, address in hosts}

    with working(hosts, server, tmp_path) as (one, other):
        watch(server, lambda conn: addresses(conn) == theirs)
        watch(server, lambda conn: fired(conn) > 0)
        one.kill()
        watch(server, lambda conn: fired(conn) >= TIMERS)

        for _ in range(20):
            world.start("case")
        watch(server, lambda conn: fired(conn) >= TIMERS + 20)
        assert other.poll() is None

    with psycopg.connect(server) as conn:
        query = (
            "SELECT count(*), count(DISTINCT instance_id) FROM history WHERE region_id = %s AND element_id = 'task_a'"
        )
        assert conn.execute(query, [REGION]).fetchone() == (TIMERS + 20, TIMERS + 20)
        assert conn.execute("SELECT count(*) FROM timer").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM incident").fetchone() == (0,)
