"""A county with its people and a small process, over HTTP: `county` answers requests as whoever is named."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg.conninfo import conninfo_to_dict

from engine.commands.contracts import Deploy
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.app import create_app
from runtime.clock import ManualClock
from runtime.database.roles import as_application
from runtime.demo.county import settle_people
from runtime.demo.logins import read_logins
from runtime.start import INSTALLER
from runtime.wiring import assemble
from tests.databases import copied

BEGIN = "2026-01-05T08:00:00+08:00"
ERRAND = Path(__file__).parent / "diagrams" / "errand.bpmn"
PLACE = {"home_organisation": "org-twn-1", "hospital_organisation": "org-hospital", "county_organisation": "org-mch"}


class County:
    """One installation; its clock stands still until moved."""

    def __init__(self, home: Path, url: str, **environment: str) -> None:
        variables = {"YUNTU_HOME": str(home), "YUNTU_CLOCK": f"manual:{BEGIN}", **environment}
        self.settings = configuration.read(variables)
        self.url = url
        self.pool = open_pool(as_application(url), max_size=6)
        self.clock = ManualClock(as_application(url))
        self.clock.set_once(datetime.fromisoformat(BEGIN).astimezone(UTC))
        self.services = assemble(
            self.settings, pool=self.pool, clock=self.clock, manual=self.clock, close=lambda: self.pool.close()
        )
        self.pool = self.services.pool
        self.app: Flask = create_app(self.services)
        self._tokens: dict[str, str] = {}

    def token(self, who: str) -> str:
        if who not in self._tokens:
            people = self.services.people
            client = people.client(who)
            owner: dict[str, Any] = {"client": client} if client else {"account": people.account(who)}
            self._tokens[who] = people.issue_token(**owner).access_token
        return self._tokens[who]

    def ask(self, method: str, path: str, who: str | None = None, **more: Any) -> Any:
        """The answer, as `who`, None being a stranger. `json=`, `data=`, `headers=`, `key=` (idempotency), `match=`."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.token(who)}"
        if key := more.pop("key", None):
            headers["Idempotency-Key"] = key
        if (match := more.pop("match", None)) is not None:
            headers["If-Match"] = f'"{match}"'
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def get(self, path: str, who: str | None = None, **more: Any) -> Any:
        return self.ask("GET", path, who, **more)

    def post(self, path: str, who: str | None = None, json: Any = None, **more: Any) -> Any:
        return self.ask("POST", path, who, **({"json": json} if json is not None else {}), **more)

    def errand(self, home: str = "org-twn-1", **variables: Any) -> str:
        """A running instance of the small process whose first task is a nurse's; answers its id."""
        given = {**PLACE, "home_organisation": home, "number": uuid.uuid4().hex, **variables}
        answer = self.post("/api/instances", "it", {"definition_key": "errand", "variables": given})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.json["id"])

    def task(self, instance_id: str, who: str = "officer", element: str | None = None) -> dict[str, Any]:
        """The open task of an instance, as `who` sees it."""
        items = self.get(f"/api/user-tasks?instance={instance_id}", who).json["items"]
        return next(item for item in items if element in (None, item["element_id"]))


@pytest.fixture(scope="session")
def county_template(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database with the county's people and the small process, to be copied; and the home with their passwords."""
    home = tmp_path_factory.mktemp("county")
    with copied(server, template, "county") as url:
        made = County(home, url)
        settle_people(made.services)
        made.services.engine.execute(Deploy(files={"errand.bpmn": ERRAND.read_bytes()}), by=INSTALLER)
        made.pool.close()
        made.clock.close()
        yield conninfo_to_dict(url)["dbname"], home


@pytest.fixture
def county(server: str, county_template: tuple[str, Path]) -> Iterator[County]:
    """Everybody is there, nothing has happened yet; it is eight o'clock on the 5th of January 2026."""
    with copied(server, county_template[0]) as url:
        opened = County(county_template[1], url)
        yield opened
        opened.pool.close()
        opened.clock.close()


@pytest.fixture
def password(county: County) -> dict[str, str]:
    return read_logins(county.settings.home)


def problem_of(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """The answer is this problem, complete and in both languages."""
    body = answer.get_json(force=True)
    assert answer.status_code == status, body
    assert answer.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "errors"} <= body.keys()
    assert body["status"] == status and body["errors"]
    assert all(error["message"]["zh"] and error["message"]["en"] for error in body["errors"])
    if code is not None:
        assert body["code"] == code
    return body
