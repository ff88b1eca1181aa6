"""The embedded PostgreSQL: shared by the processes of a home, durable through kills, stopped by the last one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from runtime.database import embedded


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="yuntu-home-"))
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


def test_it_writes_through_to_disk_and_speaks_utf8(home):
    server = embedded.attach(home)

    with psycopg.connect(server.url()) as conn:
        settings = {name: conn.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")}
        assert settings == {"fsync": "on", "synchronous_commit": "on"}
        assert conn.execute("SELECT length('孕途')").fetchone() == (2,)
    server.release()


def test_a_second_user_of_a_home_attaches_and_the_last_to_leave_stops_it(home):
    first = embedded.attach(home)
    second = embedded.attach(home)
    assert (first.started_here, second.started_here) == (True, False)

    first.release()
    with psycopg.connect(second.url()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)

    second.release()
    assert second.postmaster_pid is None


def test_what_was_committed_survives_kill_9_of_the_postmaster_and_its_children(home):
    server = embedded.attach(home)
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute("CREATE TABLE kept (n int)")
        conn.execute("INSERT INTO kept VALUES (42)")
    postmaster = psutil.Process(server.postmaster_pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        os.kill(process.pid, signal.SIGKILL)

    again = embedded.attach(home)

    with psycopg.connect(again.url()) as conn:
        assert conn.execute("SELECT n FROM kept").fetchone() == (42,)
    server.release()
    again.release()


def test_a_pid_file_that_names_a_stranger_does_not_prevent_the_start(home):
    server = embedded.attach(home)
    server.release()
    (home / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}\n0\n5432\n\n\n\nready\n")

    again = embedded.attach(home)

    assert again.started_here
    again.release()


def test_a_home_whose_path_is_too_long_for_a_socket_works_too(home):
    deep = home / ("x" * 60) / ("y" * 60)

    server = embedded.attach(deep)

    with psycopg.connect(server.url()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    server.release()
    shutil.rmtree(server.socket_folder)


KILLED = (
    "import os, signal; from runtime.database import embedded; from pathlib import Path\n"
    "embedded.attach(Path({!r}), is_fleeting=True); os.kill(os.getpid(), signal.SIGKILL)"
)


@pytest.fixture
def memory() -> Iterator[Path]:
    """Not below pytest's own folder: each other run that begins shuts that to the account of the database."""
    folder = Path(tempfile.mkdtemp(prefix="yuntu-memory-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_what_a_killed_process_kept_in_memory_is_swept_by_the_next_and_what_is_used_is_not(memory, monkeypatch):
    monkeypatch.setattr(embedded, "_memory", lambda: memory)
    left, used = memory / f"{embedded.IN_MEMORY}left", memory / f"{embedded.IN_MEMORY}used"
    subprocess.run([sys.executable, "-c", KILLED.format(str(left))], check=False)
    postmaster = psutil.Process(int((left / "postgres/data/postmaster.pid").read_text().split()[0]))

    with (
        closing_server(embedded.attach(used, is_fleeting=True)) as server,
        embedded.throw_away(is_fleeting=True) as url,
        psycopg.connect(url) as conn,
    ):
        assert conn.execute("SHOW fsync").fetchone() == ("off",)
        assert not left.exists() and not runs(postmaster)
        with psycopg.connect(server.url()) as beside:
            assert beside.execute("SELECT 1").fetchone() == (1,)


@contextmanager
def closing_server(server: embedded.Server) -> Iterator[embedded.Server]:
    try:
        yield server
    finally:
        server.release()


def runs(process: psutil.Process) -> bool:
    """A child whose parent was killed stays in the table where nobody collects orphans, long after its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
