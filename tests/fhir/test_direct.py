"""A read answered without the framework is the framework's answer, byte for byte, and leaves the framework's trace."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.fhir import direct
from engine.store.connections import for_region, open_pool
from runtime.app import create_app
from runtime.database.roles import as_application
from tests.fhir.conftest import opened
from tests.fhir.fhir_kit import coded, observation

PLAIN = [  # caller and path: what is there for him
    ("his-demo", "{woman}"),
    ("his-demo", "{pressure}"),
    ("his-demo", "{restricted}"),
    ("his-demo", "{case}"),
    ("his-demo", "Organization/org-hospital"),
    ("nurse", "{woman}"),
    ("nurse", "{restricted}"),
    ("county", "{woman}"),
    ("reader", "{woman}"),
]
REFUSED = [  # what is not
    ("his-demo", "Observation/nothing", 404),
    ("his-demo", "{deleted}", 410),
    ("his-demo", "Nothing/1", 404),
    ("his-demo", "Patient/" + "a" * 65, 404),
    ("his-demo", "Patient/a_b", 404),
    ("his-demo", "Patient/a%00b", 400),
    ("county", "{restricted}", 404),
    ("elsewhere", "{woman}", 404),
    ("elsewhere", "{pressure}", 404),
    ("reader", "{pressure}", 403),
    ("designer", "{woman}", 403),
    (None, "{woman}", 401),
    ("nonsense", "{woman}", 401),
    ("revoked", "{woman}", 401),
    ("revoked", "Nothing/1", 401),
]
ASKED = [  # query and headers of a read that wants more than the text
    ("_format=json", {}),
    ("_format=xml", {}),
    ("_format=ttl", {}),
    ("_pretty=true", {}),
    ("_elements=status", {}),
    ("_summary=text", {}),
    ("_summary=some", {}),
    ("unknown=1", {}),
    ("a=%00", {}),
    ("", {"IF_NONE_MATCH": 'W/"1"'}),
    ("", {"IF_NONE_MATCH": 'W/"7"'}),
    ("", {"IF_NONE_MATCH": "*"}),
    ("", {"IF_MODIFIED_SINCE": "Mon, 05 Jan 2026 00:00:00 GMT"}),
    ("", {"IF_MODIFIED_SINCE": "Mon, 05 Jan 2015 00:00:00 GMT"}),
    ("", {"IF_MATCH": 'W/"9"'}),
    ("", {"RANGE": "bytes=0-9"}),
    ("", {"ACCEPT": "application/fhir+xml"}),
    ("", {"ACCEPT": "text/turtle"}),
    ("", {"ACCEPT": "application/fhir+json; fhirVersion=3.0"}),
    ("", {"CONTENT_ENCODING": "gzip"}),
]
AS_PLAIN = [
    {"ACCEPT": "application/fhir+json"},
    {"ACCEPT": "application/xml;q=0.5, application/json"},
    {"ACCEPT": "*/*", "USER_AGENT": "his/1", "PREFER": "return=minimal"},
]


class Desk:
    """One county, asked through the whole application and through the framework alone."""

    def __init__(self, hospital: Any) -> None:
        self.hospital, self.app = hospital, hospital.app
        people = hospital.services.people
        keys = {"keys": [people.client("his-demo").jwks["keys"][0]]}
        for name, organisation, scopes in (
            ("elsewhere", "org-twn-2", ["system/*.cruds"]),
            ("reader", "org-hospital", ["system/Patient.rs"]),
        ):
            people.add_client(name=name, organisation_id=organisation, scopes=scopes, jwks=keys)
        woman = hospital.brings_in()
        hiv = observation("56888-1", woman.subject, valueCodeableConcept=coded("http://loinc.org", "LA6576-8"))
        gone = self._stored(observation("718-7", woman.subject, valueInteger=1))
        assert hospital.ask("DELETE", f"/{gone}").status_code == 204
        self.places = {
            "woman": woman.subject,
            "pressure": self._stored(observation("8480-6", woman.subject, valueInteger=120)),
            "restricted": self._stored(hiv),
            "case": f"EpisodeOfCare/{woman.pregnancy_id}",
            "deleted": gone,
        }
        self.nonsense = {"nonsense": "nonsense", "revoked": self._revoked()}

    def _stored(self, resource: dict[str, Any]) -> str:
        answer = self.hospital.post("/Observation", resource)
        assert answer.status_code == 201, answer.json
        return f"Observation/{answer.json['id']}"

    def _revoked(self) -> str:
        """A token that this process believes, and the database no longer."""
        people = self.hospital.services.people
        client = people.client("reader")
        token = people.issue_token(client=client).access_token
        assert people.actor_for_token(token) is not None
        with self.hospital.pool.connection() as conn:
            conn.execute("UPDATE access_token SET revoked_at = now() WHERE client_id = %s", [client.id])
        return token

    def remember(self) -> None:
        """Everybody has been here before."""
        for who in ("his-demo", "nurse", "county", "reader", "elsewhere", "designer"):
            assert self.hospital.services.people.actor_for_token(self.hospital.token(who)) is not None

    def environment(self, who: str | None, path: str, query: str = "", **headers: str) -> dict[str, Any]:
        token = self.nonsense.get(who or "") or (self.hospital.token(who) if who else None)
        place = "/fhir/" + path.format_map(self.places).replace("%00", "\0")
        given = {f"HTTP_{name}": value for name, value in headers.items()}
        return {
            **{"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": place, "QUERY_STRING": query},
            **{"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1"},
            **{"wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(b"")},
            **{"wsgi.errors": io.StringIO(), "HTTP_HOST": "127.0.0.1:8000"},
            **({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}),
            **given,
        }

    def both(self, who: str | None, path: str, query: str = "", **headers: str) -> tuple[Any, Any]:
        """What each says, and what it leaves in the trail."""
        ways = (self.app.wsgi_app, lambda *call: Flask.wsgi_app(self.app, *call))
        return tuple(self._answer(way, self.environment(who, path, query, **headers)) for way in ways)

    def _answer(self, way: Any, environment: dict[str, Any]) -> Any:
        self.remember()
        before, said = self._newest(), []
        chunks = way(environment, lambda *start: said.append(start[:2]))
        body = b"".join(chunks)
        ((status, headers),) = said
        named = [(name, value if name != "X-Request-Id" else len(value)) for name, value in headers]
        return status, named, body, self._trail(before)

    def _newest(self) -> int:
        with self.hospital.pool.connection() as conn:
            return conn.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()[0]

    def _trail(self, after: int) -> list[Any]:
        asked = "SELECT region_id, actor_id, actor_kind, organisation, action, subject_kind, subject_id, detail"
        with self.hospital.pool.connection() as conn:
            return conn.execute(f"{asked} FROM audit WHERE id > %s ORDER BY id", [after]).fetchall()

    def answered_directly(self, who: str | None, path: str, query: str = "", **headers: str) -> bool:
        self.remember()
        answer = direct.reads(self.app, self.hospital.services)
        return answer(self.environment(who, path, query, **headers)) is not None


@pytest.fixture(scope="module")
def desk(server: str, hospital_template: tuple[str, Path]) -> Iterator[Desk]:
    with opened(server, hospital_template) as hospital:
        yield Desk(hospital)


@pytest.mark.parametrize("who, path", PLAIN)
def test_what_is_there_is_the_same_whichever_way_it_is_read(desk, who, path):
    assert desk.answered_directly(who, path)

    here, framework = desk.both(who, path)

    assert here == framework
    assert here[0] == "200 OK" and len(here[3]) == 1


@pytest.mark.parametrize("headers", AS_PLAIN, ids=str)
def test_a_header_that_changes_nothing_is_no_detour(desk, headers):
    assert desk.answered_directly("his-demo", "{pressure}", **headers)

    here, framework = desk.both("his-demo", "{pressure}", **headers)

    assert here == framework


@pytest.mark.parametrize("who, path, status", REFUSED)
def test_what_is_refused_is_refused_by_the_framework(desk, who, path, status):
    assert not desk.answered_directly(who, path)

    here, framework = desk.both(who, path)

    assert here == framework
    assert here[0].startswith(str(status)), here[0]


@pytest.mark.parametrize("query, headers", ASKED, ids=str)
def test_whoever_asks_for_more_than_the_text_is_served_by_the_framework(desk, query, headers):
    assert not desk.answered_directly("his-demo", "{pressure}", query, **headers)

    here, framework = desk.both("his-demo", "{pressure}", query, **headers)

    assert here == framework


@pytest.mark.parametrize("path", ["Questionnaire/anc-visit", "Subscription/1", "Patient/1/_history/1", "metadata", ""])
def test_other_addresses_are_the_frameworks(desk, path):
    assert not desk.answered_directly("his-demo", path)


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE", "OPTIONS"])
def test_other_methods_are_the_frameworks(desk, method):
    answer = direct.reads(desk.app, desk.hospital.services)

    assert answer({**desk.environment("his-demo", "{woman}"), "REQUEST_METHOD": method}) is None


def test_what_is_taken_away_is_gone_at_the_next_request(desk):
    people = desk.hospital.services.people
    client = people.client("reader")
    token = people.issue_token(client=client).access_token
    desk.nonsense["leaver"] = token
    assert people.actor_for_token(token) is not None
    assert direct.reads(desk.app, desk.hospital.services)(desk.environment("leaver", "{woman}")) is not None

    with desk.hospital.pool.connection() as conn:  # as another process does it: nothing here is told
        conn.execute("UPDATE client SET active = false WHERE id = %s", [client.id])
    before = desk._newest()
    answer = direct.reads(desk.app, desk.hospital.services)(desk.environment("leaver", "{woman}"))
    with desk.hospital.pool.connection() as conn:
        conn.execute("UPDATE client SET active = true WHERE id = %s", [client.id])

    assert answer is None
    assert desk._trail(before) == []


def test_a_database_that_is_away_is_told_by_the_framework(desk, caplog):
    gone = open_pool(as_application(desk.hospital.url), max_size=1)
    gone.close()
    services = replace(desk.hospital.services, pool=for_region(gone, desk.hospital.region_id))
    desk.app = create_app(services)

    here, framework = desk.both("his-demo", "{pressure}")

    desk.app = desk.hospital.app
    assert here == framework and here[0].startswith("503")
    assert "not answered directly: PoolClosed" in caplog.text
