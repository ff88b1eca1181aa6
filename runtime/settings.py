"""Configuration: environment variables in, one frozen value out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


class WrongSetting(ValueError):
    """An environment variable cannot be understood; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    home: Path
    database_url: str | None  # None: the embedded server under `home`
    host: str
    port: int
    manual_clock_at: datetime | None  # None: the machine's clock
    demo: bool
    web_processes: int  # of this host; 0 where it only works
    worker_processes: int
    region_id: str
    pack: str  # the region pack new cases start with
    base_url: str | None  # as others reach us, where a proxy stands in front
    direct_url: str | None = None  # the same database past a pooler, for what needs a connection of its own
    prepares: bool = True  # whether statements are left prepared on connections
    owner_url: str | None = None  # the same database as the role that owns its tables; for migrations and `yuntu db`
    notify_url: str | None = None  # an address that is told by HTTP what happened
    sms_url: str | None = None  # whoever carries text messages; None: nobody is written to
    sms_token_file: Path | None = None  # what it is asked with
    timer_spread_s: float = 0.0  # timers due at one moment are taken over this long
    holidays: Path = Path("var/holidays")  # a file for each year of holidays that came out after this release
    inbound: Path = Path("var/inbound")  # a file per hospital system, and the folders where it drops files
    mllp: tuple[str, int] | None = None  # where HL7 v2 is listened for; None: nowhere
    mllp_tls: tuple[Path, Path, Path] | None = None  # certificate, key, and who signs the senders' certificates

    @property
    def address(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Raises WrongSetting."""
    env = os.environ if environment is None else environment
    web, workers = _workers(env.get("YUNTU_WORKERS", "2,1"))
    home = Path(env.get("YUNTU_HOME") or Path(__file__).parent.parent / "var").expanduser().resolve()
    return Settings(
        home=home,
        database_url=env.get("YUNTU_DATABASE_URL") or None,
        direct_url=env.get("YUNTU_DATABASE_DIRECT_URL") or None,
        prepares=_yes(env.get("YUNTU_DATABASE_PREPARES") or "1", "YUNTU_DATABASE_PREPARES"),
        owner_url=env.get("YUNTU_DATABASE_OWNER_URL") or None,
        host=env.get("YUNTU_HOST") or "127.0.0.1",
        port=_port(env.get("YUNTU_PORT") or "8000"),
        manual_clock_at=_clock(env.get("YUNTU_CLOCK") or "system"),
        demo=_yes(env.get("YUNTU_DEMO") or "0"),
        web_processes=web,
        worker_processes=workers,
        region_id=env.get("YUNTU_REGION") or "county",
        pack=env.get("YUNTU_PACK") or "cn-baseline",
        base_url=(env.get("YUNTU_BASE_URL") or "").rstrip("/") or None,
        notify_url=_address(env.get("YUNTU_NOTIFY_URL") or ""),
        sms_url=_address(env.get("YUNTU_SMS_URL") or "", "YUNTU_SMS_URL"),
        sms_token_file=_file(env.get("YUNTU_SMS_TOKEN_FILE") or "", "YUNTU_SMS_TOKEN_FILE"),
        timer_spread_s=_spread(env.get("YUNTU_TIMER_SPREAD") or "0"),
        holidays=Path(env.get("YUNTU_HOLIDAYS") or home / "holidays").expanduser().resolve(),
        inbound=Path(env.get("YUNTU_INBOUND") or home / "inbound").expanduser().resolve(),
        mllp=listener(env.get("YUNTU_MLLP") or ""),
        mllp_tls=_three_files(env.get("YUNTU_MLLP_TLS") or ""),
    )


def listener(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    if not text:
        return None
    if not host or not port.isdecimal() or not int(port) < 65536:
        raise WrongSetting(f"YUNTU_MLLP={text}: give an address and a port, like 127.0.0.1:2575")
    return host.strip("[]"), int(port)


def _three_files(text: str) -> tuple[Path, Path, Path] | None:
    parts = [Path(part).expanduser() for part in text.split(",") if part]
    if not parts:
        return None
    if len(parts) != 3 or not all(part.is_file() for part in parts):
        raise WrongSetting("YUNTU_MLLP_TLS: give three files: certificate, key, and the authority of the senders")
    return parts[0], parts[1], parts[2]


def _workers(text: str) -> tuple[int, int]:
    try:
        web, workers = (int(part) for part in text.split(","))
    except ValueError as error:
        raise WrongSetting(f"YUNTU_WORKERS={text}: give web and worker processes, like 2,1") from error
    if not (0 <= web <= 64 and 0 <= workers <= 64 and web + workers):
        raise WrongSetting(f"YUNTU_WORKERS={text}: at least one process, at most 64 of each kind")
    return web, workers


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise WrongSetting(f"YUNTU_PORT={text}: give a port, 1 to 65535")
    return int(text)


def _clock(text: str) -> datetime | None:
    if text == "system":
        return None
    kind, _, moment = text.partition(":")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if kind != "manual" or at is None or at.tzinfo is None:
        raise WrongSetting(f"YUNTU_CLOCK={text}: give system, or manual:2026-01-05T08:00:00+08:00")
    return at.astimezone(UTC)


def _address(text: str, name: str = "YUNTU_NOTIFY_URL") -> str | None:
    if text and not text.startswith(("http://", "https://")):
        raise WrongSetting(f"{name}={text}: give an http or https address")
    return text or None


def _file(text: str, name: str) -> Path | None:
    path = Path(text).expanduser() if text else None
    if path is not None and not path.is_file():
        raise WrongSetting(f"{name}={text}: give a file that can be read")
    return path


def _spread(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise WrongSetting(f"YUNTU_TIMER_SPREAD={text}: give seconds, 0 to 3600")
    return seconds


def _yes(text: str, name: str = "YUNTU_DEMO") -> bool:
    if text not in {"0", "1"}:
        raise WrongSetting(f"{name}={text}: give 0 or 1")
    return text == "1"
