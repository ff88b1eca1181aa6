"""A county with its people, the shipped pathway and four women, as a web site: `site` for each test, `shown` for those
that only look. `browser` drives Chromium against a real server."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server

from engine.store import reads
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.app import create_app
from runtime.clock import ManualClock
from runtime.database.roles import as_application
from runtime.demo.county import settle_people
from runtime.demo.logins import read_logins
from runtime.start import deploy_shipped
from runtime.wiring import assemble
from tests.databases import copied
from workflows import completion, intake

BEGIN = "2026-01-05T08:00:00+08:00"
EXAMPLES = Path(completion.__file__).parent / "forms" / "examples"
SIGNED_IN_FOR_S = 300.0  # sessions rest by the real clock, and an idle one ends after 15 minutes
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def example(form: str) -> dict[str, Any]:
    """Answers that fill in a form rightly on the 5th of January 2026."""
    return json.loads((EXAMPLES / f"{form}.json").read_text(encoding="utf-8"))


class Site:
    """One installation under a clock that stands still. `clients` are signed in by name."""

    def __init__(self, home: Path, url: str, **more: str) -> None:
        environment = {"YUNTU_HOME": str(home), "YUNTU_CLOCK": f"manual:{BEGIN}", "YUNTU_DEMO": "1", **more}
        self.settings = configuration.read(environment)
        self.pool = open_pool(as_application(url), max_size=8)
        self.clock = ManualClock(as_application(url))
        self.clock.set_once(datetime.fromisoformat(BEGIN).astimezone(UTC))
        self.services = assemble(
            self.settings, pool=self.pool, clock=self.clock, manual=self.clock, close=lambda: self.pool.close()
        )
        self.pool = self.services.pool
        self.app: Flask = create_app(self.services)
        self._clients: dict[str, FlaskClient] = {}
        self._signed_in_at: dict[str, float] = {}

    def close(self) -> None:
        self.pool.close()
        self.clock.close()

    # --- as a person in a browser without scripts ---

    def client(self, who: str | None) -> FlaskClient:
        """A browser in which `who` has signed in; None: nobody."""
        if who is None:
            return self.app.test_client()
        if who not in self._clients or time.monotonic() - self._signed_in_at.get(who, math.inf) > SIGNED_IN_FOR_S:
            fresh = self.app.test_client()
            csrf = csrf_of(fresh.get("/sign-in"))
            form = {"login": who, "password": self.passwords[who], "csrf": csrf}
            assert fresh.post("/sign-in", data=form).status_code == 303, who
            self._clients[who], self._signed_in_at[who] = fresh, time.monotonic()
        return self._clients[who]

    def get(self, path: str, who: str | None = None) -> Any:
        return self.client(who).get(path)

    def post(self, path: str, who: str, **data: Any) -> Any:
        """A form sent from a page of this session."""
        csrf = csrf_of(self.client(who).get("/tasks"))
        return self.client(who).post(path, data={"csrf": csrf, **data})

    @property
    def passwords(self) -> dict[str, str]:
        return read_logins(self.settings.home)

    # --- as the engine knows it ---

    def task(self, element: str, organisation: str = "org-twn-1") -> Any:
        """The first open task at this element of this organisation."""
        return next(task for task in self.tasks() if (task.element_id, task.organisation) == (element, organisation))

    def tasks(self, **asked: Any) -> list[Any]:
        with self.services.engine.read() as conn:
            return list(reads.user_tasks(conn, self.services.region_id, **asked).items)

    def stored(self, task_id: Any) -> Any:
        with self.services.engine.read() as conn:
            return reads.user_task(conn, self.services.region_id, task_id)

    def woman(self, who: str, **answers: Any) -> Any:
        """A pregnancy opened by `who`; with answers, her registration form is completed."""
        by = self.principal(who)
        return intake.open_case(
            self.services, by=by, answers={**example("registration"), **answers} if answers else None
        )

    def complete(self, element: str, who: str, form: str) -> None:
        completion.complete(self.services, self.task(element).id, by=self.principal(who), answers=example(form))

    def principal(self, who: str) -> Any:
        people = self.services.people
        return people.actor_for_token(people.issue_token(account=people.account(who)).access_token)


def csrf_of(answer: Any) -> str:
    found = CSRF.search(answer.get_data(as_text=True))
    assert found is not None, answer.status
    return found.group(1)


@pytest.fixture(scope="session")
def furnished(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database to copy: everybody has an account, the pathway is deployed, four women are in care."""
    home = tmp_path_factory.mktemp("site")
    with copied(server, template, "site") as url:
        made = Site(home, url)
        settle_people(made.services)
        deploy_shipped(made.services)
        made.woman("nurse")
        made.woman("nurse", name="测试甲")
        made.complete("task_first_visit", "nurse", "anc-first")
        made.woman("nurse", name="测试丙", id_no="999999199706150043", handbook_no="SF-2026-0003")
        made.woman("nurse2", name="测试乙", id_no="999999199706150035", handbook_no="SF-2026-0002")
        made.close()
        yield psycopg.conninfo.conninfo_to_dict(url)["dbname"], home


@pytest.fixture
def site(server: str, furnished: tuple[str, Path]) -> Iterator[Site]:
    """For tests that change something."""
    with copied(server, furnished[0], "test") as url:
        opened = Site(furnished[1], url)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def shown(server: str, furnished: tuple[str, Path]) -> Iterator[Site]:
    """For tests that only look."""
    with copied(server, furnished[0], "shown") as url:
        opened = Site(furnished[1], url)
        yield opened
        opened.close()


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """A failing test shows what failed, not every file that was fetched."""


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The site on a port of this machine."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True, request_handler=Quiet)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        running.join()
        server.server_close()
