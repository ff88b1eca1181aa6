"""A county with the whole pathway deployed, spoken to over FHIR; its clock stands still until moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from engine.store import plain, reads
from engine.store.connections import open_pool
from runtime import settings as configuration
from runtime.app import create_app
from runtime.clock import ManualClock
from runtime.database.roles import as_application
from runtime.demo.county import settle_people
from runtime.start import deploy_shipped
from runtime.wiring import assemble
from tests.databases import copied
from tests.fhir.app_kit import Installation
from tests.fhir.fhir_kit import WOMAN, registration
from tests.fhir.subscription_kit import Receiver, Told
from tests.web.conftest import served

BEGIN = "2026-01-05T08:00:00+08:00"
FHIR_JSON = "application/fhir+json"


class Hospital:
    """One installation and whoever asks it; the hospital's own system by default."""

    def __init__(self, home: Path, url: str) -> None:
        self.settings = configuration.read({"YUNTU_HOME": str(home), "YUNTU_CLOCK": f"manual:{BEGIN}"})
        self.url = url
        self.pool = open_pool(as_application(url), max_size=12)
        self.clock = ManualClock(as_application(url))
        self.clock.set_once(datetime.fromisoformat(BEGIN).astimezone(UTC))
        self.services = assemble(
            self.settings, pool=self.pool, clock=self.clock, manual=self.clock, close=lambda: self.pool.close()
        )
        self.pool = self.services.pool
        self.app = create_app(self.services)
        self._tokens: dict[str, str] = {}

    @property
    def region_id(self) -> str:
        return self.services.region_id

    def token(self, who: str) -> str:
        if who not in self._tokens:
            people = self.services.people
            client = people.client(who)
            owner: dict[str, Any] = {"client": client} if client else {"account": people.account(who)}
            self._tokens[who] = people.issue_token(**owner).access_token
        return self._tokens[who]

    def ask(self, method: str, path: str, body: Any = None, who: str | None = "his-demo", **headers: str) -> Any:
        """`body`: a document, or bytes as they are. Header names with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent.setdefault("Authorization", f"Bearer {self.token(who)}")
        if body is not None:
            sent.setdefault("Content-Type", FHIR_JSON)
            body = body if isinstance(body, bytes) else plain.dumps(body)
        return self.app.test_client().open(f"/fhir{path}", method=method, headers=sent, data=body)

    def get(self, path: str, who: str | None = "his-demo", **headers: str) -> Any:
        return self.ask("GET", path, None, who, **headers)

    def post(self, path: str, body: Any, who: str | None = "his-demo", **headers: str) -> Any:
        return self.ask("POST", path, body, who, **headers)

    def put(self, path: str, body: Any, who: str | None = "his-demo", **headers: str) -> Any:
        return self.ask("PUT", path, body, who, **headers)

    def search(self, path: str, who: str = "his-demo") -> list[dict[str, Any]]:
        answer = self.get(path, who)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [e["resource"] for e in answer.json.get("entry", []) if e["search"]["mode"] != "outcome"]

    def brings_in(self, *more: dict[str, Any], **given: Any) -> Woman:
        """The registration Bundle of a woman; answers what came of it."""
        answer = self.post("", registration(*given.values(), *more) if given else registration(*_default(more)))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        kind, _, pregnancy_id = answer.headers["X-MCH-Correlated"].partition("/")
        assert kind == "case"
        patient_id = answer.json["entry"][0]["response"]["location"].split("/Patient/")[1].split("/")[0]
        return Woman(self, pregnancy_id, patient_id, answer)

    def count(self) -> dict[str, int]:
        """How many resource versions of each type are stored."""
        with self.pool.connection() as conn:
            return dict(conn.execute("SELECT type, count(*) FROM resource_version GROUP BY type").fetchall())


def _default(more: tuple[dict[str, Any], ...]) -> tuple[Any, ...]:
    return (WOMAN, "2025-10-20", *more)


class Woman:
    """One case."""

    def __init__(self, hospital: Hospital, pregnancy_id: str, patient_id: str, answer: Any) -> None:
        self.hospital, self.pregnancy_id, self.patient_id, self.answer = hospital, pregnancy_id, patient_id, answer

    @property
    def subject(self) -> str:
        return f"Patient/{self.patient_id}"

    def open_tasks(self) -> dict[str, Any]:
        """By element id."""
        with self.hospital.services.engine.read() as conn:
            found = reads.user_tasks(conn, self.hospital.region_id, business_key=self.pregnancy_id).items
        return {task.element_id: task for task in found}

    def variables(self) -> dict[str, Any]:
        with self.hospital.services.engine.read() as conn:
            found = reads.instance_by_business_key(
                conn, self.hospital.region_id, "pregnancy_journey", self.pregnancy_id
            )
        assert found is not None
        return dict(found.variables)


@pytest.fixture(scope="session")
def hospital_template(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    home = tmp_path_factory.mktemp("hospital")
    with copied(server, template, "hospital") as url:
        made = Hospital(home, url)
        settle_people(made.services)
        deploy_shipped(made.services)
        made.pool.close()
        made.clock.close()
        yield conninfo_to_dict(url)["dbname"], home


@contextmanager
def opened(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    with copied(server, hospital_template[0]) as url:
        made = Hospital(hospital_template[1], url)
        yield made
        made.pool.close()
        made.clock.close()


@pytest.fixture
def hospital(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    """Nothing has happened yet; it is eight o'clock on the 5th of January 2026."""
    with opened(server, hospital_template) as made:
        yield made


@pytest.fixture(scope="session")
def quiet(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    """A county in which nothing is ever stored: for everything that is refused, and for what is only described."""
    with opened(server, hospital_template) as made:
        yield made
        assert set(made.count()) == {"Organization"}


@pytest.fixture(scope="session")
def site(server: str, hospital_template: tuple[str, Path]) -> Iterator[Installation]:
    """For apps: each test registers its own."""
    with opened(server, hospital_template) as hospital, served(hospital) as base:
        yield Installation(hospital, base)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(hospital: Hospital, receiver: Receiver) -> Told:
    return Told(hospital, receiver)


@pytest.fixture(scope="session")
def both_sides(
    server: str, hospital_template: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, Any]]:
    """Two counties that refer to each other, each with its web process."""
    from tests.fhir.two_sides import installations, neighbours  # it stands upon what is above

    with installations(server, hospital_template, tmp_path_factory) as (a, b):
        neighbours(a, b)
        for side in (a, b):
            side.serve()
        yield a, b


@pytest.fixture
def sides(both_sides: tuple[Any, Any]) -> tuple[Any, Any]:
    """Whoever stops one starts it again; their clocks agree, whatever an earlier test did."""
    clocks = [side.services.clock() for side in both_sides]
    for side, now in zip(both_sides, clocks, strict=True):
        if now < max(clocks):
            side.services.timekeeper.advance_to(max(clocks))
    return both_sides
