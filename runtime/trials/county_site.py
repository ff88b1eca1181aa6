"""The whole product as a trial uses it: every room, the shipped diagrams, its HTTP side without a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.app import create_app
from runtime.clock import ManualClock
from runtime.database.roles import as_application
from runtime.demo.cohort import HOSPITAL_SYSTEM
from runtime.demo.county import JOB_WORKER
from runtime.trials.engines import BEGIN, SetClock
from runtime.wiring import assemble
from workflows.forms.checks import check_digit
from workflows.people.model import Principal

CARD = "urn:oid:2.16.156.10011.1.3"
WHO = (HOSPITAL_SYSTEM, JOB_WORKER, "nurse", "officer", "doctor", "it")
_FIRST_BIRTH = date(1985, 1, 1)


@dataclass
class Site:
    """One process of the county, at a time that stands. `tokens`: by who asks, made once for all processes."""

    url: str
    home: str
    tokens: dict[str, str] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    moved_by_hand: bool = False  # its time is the one in the database that people move

    def __post_init__(self) -> None:
        self.pool = open_pool(as_application(self.url), max_size=4, timeout=30)
        said = {"YUNTU_CLOCK": f"manual:{BEGIN.isoformat()}"} if self.moved_by_hand else {}
        settings = configuration.read({"YUNTU_HOME": str(Path(self.home)), **said})
        self._clock = SetClock(BEGIN + self.ahead)
        self._manual = ManualClock(as_application(self.url)) if self.moved_by_hand else None
        if self._manual is not None:
            self._manual.set_once(BEGIN)
        self.services = assemble(
            settings, pool=self.pool, clock=self._manual or self._clock, manual=self._manual, close=lambda: None
        )

    def by_hand(self) -> Site:
        """Another process of this county, whose clock people move."""
        return Site(self.url, self.home, self.tokens, moved_by_hand=True)

    def go(self, ahead: timedelta) -> None:
        """It is so much later than in the beginning."""
        self._clock.now = BEGIN + ahead

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.services.engine.leases.close()
        if self._manual is not None:
            self._manual.close()
        self.pool.close()

    @cached_property
    def app(self) -> Any:
        return create_app(self.services)

    @cached_property
    def _client(self) -> Any:
        return self.app.test_client()

    def sign_in(self) -> None:
        people = self.services.people
        for who in WHO:
            client = people.client(who)
            owner: dict[str, Any] = {"client": client} if client else {"account": people.account(who)}
            self.tokens[who] = people.issue_token(**owner).access_token

    def principal(self, who: str) -> Principal:
        found = self.services.people.actor_for_token(self.tokens[who])
        assert found is not None
        return found

    def ask(self, method: str, path: str, body: Any = None, who: str = HOSPITAL_SYSTEM, **headers: str) -> Any:
        """Raises Unanswered where it is refused."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Authorization": f"Bearer {self.tokens[who]}"}
        if body is not None:
            sent["Content-Type"] = "application/fhir+json" if path.startswith("/fhir") else "application/json"
        content = None if body is None else json.dumps(body).encode()
        answer = self._client.open(path, method=method, data=content, headers=sent)
        if answer.status_code >= 400:
            raise Unanswered(f"{answer.status_code} {answer.get_data(as_text=True)[:300]}")
        return answer


class Unanswered(Exception):
    """The product said no to what must work."""


@dataclass
class CountyCell:
    """One act at one place of death, about a woman of its own. `found`: what the preparation knows of her."""

    id: UUID
    number: int
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def born(self) -> date:
        return _FIRST_BIRTH + timedelta(days=self.number)

    @property
    def card(self) -> str:
        first = f"999999{self.born:%Y%m%d}002"
        return first + check_digit(first)

    @property
    def subject(self) -> str:
        return f"Patient/{self.found['patient']}"

    @property
    def pregnancy(self) -> str:
        return str(self.found["pregnancy"])

    @property
    def key(self) -> Mapping[str, str]:
        """Whoever had no answer asks again under the same key."""
        return {"Idempotency_Key": str(self.id)}
