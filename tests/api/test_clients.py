"""Each hospital system: what it asked for, what it was refused, what waits; counted without a statement of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.fhir.traffic import general
from engine.clock import system_clock
from engine.errors import Busy
from fhir_adapters import clients, traffic
from fhir_adapters.store import traffic as rows
from fhir_adapters.store.traffic import What
from fhir_adapters.traffic import Traffic
from runtime.cli import main
from tests.fhir.conftest import Hospital, hospital_template, opened
from tests.fhir.fhir_kit import WOMAN, entry, observation, patient, transaction

__all__ = ["hospital_template"]


@pytest.fixture(scope="module")
def county(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    with opened(server, hospital_template) as made:
        made.woman = made.brings_in()
        yield made


def ask(county: Hospital, path: str, who: str = "it") -> Any:
    headers = {"Authorization": f"Bearer {county.token(who)}"}
    return county.app.test_client().get(f"/api/clients{path}", headers=headers)


def counted(county: Hospital, kind: str) -> dict[tuple[Any, ...], int]:
    names = {"traffic": "status", "errors": "code", "tolerated": "tolerance"}
    found = ask(county, "/his-demo").json[kind]
    return {(one["type"], one["interaction"], one[names[kind]], one["place"]): one["count"] for one in found}


def test_every_request_is_counted_by_day_type_interaction_and_status(county):
    before = counted(county, "traffic")

    county.get(county.woman.subject.replace("Patient", "/Patient"))
    county.get(f"/Patient/{county.woman.patient_id}", Accept="application/fhir+json")
    county.get("/Patient/none-such")
    county.get("/Observation?_count=1")
    county.post("/Observation", observation("8867-4", county.woman.subject, valueInteger=80))
    county.post("", transaction(entry(observation("8867-4", county.woman.subject, valueInteger=81))))
    county.get("/Patient/none-such", who="officer")  # a person is no system

    after = counted(county, "traffic")
    more = {what: count - before.get(what, 0) for what, count in after.items() if count != before.get(what, 0)}
    assert more == {
        ("Patient", "read", 200, None): 2,
        ("Patient", "read", 404, None): 1,
        ("Observation", "search", 200, None): 1,
        ("Observation", "create", 201, None): 1,
        (None, "transaction", 200, None): 1,
        ("Observation", "create", 201, "Bundle.entry"): 1,
    }


def test_errors_are_counted_by_code_and_place_without_indices_and_name_nobody(county):
    wrong = {**observation("8867-4", county.woman.subject), "status": "nonsense"}
    sent = [entry(patient()), entry(wrong), entry(wrong)]

    county.post("", transaction(*sent))

    found = counted(county, "errors")
    assert found[None, "transaction", "MCH-V-0102", "Bundle.entry[].resource.status"] == 2
    assert WOMAN not in ask(county, "/his-demo").get_data(as_text=True)
    assert general("Bundle.entry[12].resource.name[0]") == "Bundle.entry[].resource.name[]"


def test_who_may_see_it_and_who_not(county):
    assert {who: ask(county, "", who).status_code for who in ("it", "officer", "auditor", "nurse", "designer")} == {
        "it": 200, "officer": 200, "auditor": 200, "nurse": 403, "designer": 403,
    }  # fmt: skip
    assert ask(county, "/none-such").status_code == 404
    assert [ask(county, f"/his-demo?days={days}").status_code for days in ("0", "91", "x")] == [400, 422, 400]
    [standing] = [one for one in ask(county, "").json["items"] if one["name"] == "his-demo"]
    assert standing["last_seen_at"] and (standing["untold"], standing["in_trouble"]) == (0, 0)


# --- what it costs ---


def test_counting_sends_nothing_and_a_flush_is_one_statement():
    written: list[Any] = []
    counts = Traffic(written.append, every_s=None)

    for number in range(10_000):
        counts.add("his", [("traffic", "Patient", "read", str(200 + number % 3), "")])
    assert written == []
    counts.flush()
    counts.flush()

    assert len(written) == 1 and sorted(count for count, _ in written[0].values()) == [3333, 3333, 3334]


def test_what_could_not_be_written_is_written_later_and_not_twice():
    written: list[Any] = []
    is_away = [True]

    def write(found: Any) -> None:
        if is_away[0]:
            raise Busy("x", "x")
        written.append(found)

    counts = Traffic(write, every_s=None)
    counts.add("his", [("traffic", "Patient", "read", "200", "")])
    counts.flush()
    counts.add("his", [("traffic", "Patient", "read", "200", "")])
    is_away[0] = False
    counts.flush()

    assert [count for found in written for count, _ in found.values()] == [2]


def test_no_sender_can_make_it_hold_more_than_so_much(monkeypatch):
    monkeypatch.setattr(traffic, "MOST", 10)
    written: list[Any] = []
    counts = Traffic(written.append, every_s=None)

    counts.add("his", [("error", "Patient", "create", "MCH-V-0004", f"Patient.x{n}") for n in range(100)])
    counts.flush()

    assert len(written[0]) == 10


def test_two_processes_add_to_the_same_day(county):
    now = system_clock()
    what = What("two", clients.today(), "traffic", "Patient", "read", "200")
    with county.pool.connection() as conn:
        for count in (3, 4):
            rows.add(conn, county.region_id, {what: (count, now)})
        [found] = rows.of_client(conn, county.region_id, "two", clients.today())

    assert (found.count, found.last_at) == (7, now)


def test_counts_of_long_ago_are_forgotten(county):
    old, recent = clients.today() - clients.KEPT - timedelta(days=1), clients.today()
    with county.pool.connection() as conn:
        for day in (old, recent):
            rows.add(conn, county.region_id, {What("old", day, "traffic", "", "read", "200"): (1, system_clock())})

    assert clients.forget(county.services) == 1


# --- the command line says the same ---


@pytest.fixture
def command(county, monkeypatch):
    from contextlib import contextmanager

    from runtime.commands import client_settings

    @contextmanager
    def built() -> Iterator[Any]:
        yield county.services

    monkeypatch.setattr(client_settings, "services", built)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["client", *arguments])

    return run


def test_the_command_line_sets_and_shows_what_the_interface_does(county, command):
    from engine.store import plain

    assert command("tolerances", "--name", "his-demo", "--add", "zone", "--add", "numbers").exit_code == 0
    assert ask(county, "/his-demo").json["tolerances"] == ["numbers", "zone"]
    shown = plain.loads(command("tolerances", "--name", "his-demo", "--remove", "zone", "--json").output)
    assert shown["tolerances"] == ["numbers"]
    assert command("tolerances", "--name", "his-demo", "--remove", "numbers").exit_code == 0
    assert command("tolerances", "--name", "his-demo", "--add", "everything").exit_code == 1

    done = command("codes", "map", "--name", "his-demo", "--code", "HGB", "--item", "hb", "--unit", "g/L", "--json")
    assert (done.exit_code, plain.loads(done.output)) == (0, {"changed": 0, "failed": 0})
    assert "HGB" in command("codes", "list", "--name", "his-demo").output
    assert command("codes", "drop", "--name", "his-demo", "--code", "HGB").exit_code == 0

    told = plain.loads(command("show", "--name", "his-demo", "--json").output)
    assert told.keys() == ask(county, "/his-demo").json.keys()
    assert "his-demo" in command("standing").output
    assert command("inbound", "--name", "his-demo").output.startswith("client: his-demo")
