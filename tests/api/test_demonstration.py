"""The demonstration county: invented people only, and a past that the real engine has lived through."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

import pytest

from engine.clock import CHINA
from engine.commands.contracts import Deploy
from engine.store import reads
from runtime.demo import identity
from runtime.demo.county import HOMES, invent, live_through
from runtime.demo.women import draw
from runtime.settings import read
from runtime.start import INSTALLER, definitions_on_disk
from tests.api.recount import recount, women_of
from workflows import indicators
from workflows.people import may_complete
from workflows.store import figures


def test_a_made_up_document_number_has_its_check_digit_and_belongs_to_no_place():
    number = identity.identity_number(date(1997, 6, 15), 1)

    weights = [pow(2, 17 - place, 11) for place in range(17)]
    remainder = sum(int(digit) * weight for digit, weight in zip(number, weights)) % 11
    assert number.startswith("99999919970615") and number[-1] == "10X98765432"[remainder]


def test_every_invented_name_says_that_it_is_invented_and_none_stands_twice():
    names = [identity.name(number) for number in range(500)]

    assert all(name.startswith("测试") for name in names) and len(set(names)) == 500


def test_the_same_seed_invents_the_same_women():
    begin, end = datetime(2025, 1, 1, tzinfo=CHINA), datetime(2025, 11, 1, tzinfo=CHINA)

    assert invent(40, 7, begin, end) == invent(40, 7, begin, end)
    assert {woman.story for woman in invent(40, 7, begin, end)} == {"green", "yellow", "orange", "red", "purple"}


def test_no_two_women_share_a_document():
    rng = Random(1)
    women = [draw(number, rng, date(2026, 1, 5), HOMES) for number in range(300)]

    assert len({woman.document for woman in women}) == 300


def test_ten_months_leave_cases_at_every_stage_that_nobody_is_stuck_in(county):
    services = county.services
    services.engine.execute(Deploy(files=definitions_on_disk()), by=INSTALLER)

    tally = live_through(services, women=4, seed=3, progress=False)

    assert (tally.refused, tally.nobody) == ({}, {})
    with services.engine.read() as conn:
        cases = figures.cases(conn, services.region_id, "pregnancy_journey")
        assert figures.stuck(conn, services.region_id) == 0
        assert reads.incidents(conn, services.region_id) == []
    assert len(cases) == 4
    assert cases[0]["variables"]["end_code"] == "closed.recovered"
    assert cases[-1]["status"] == "active"
    assert_others_have_something_to_do(services)
    last = county.services.clock()
    assert all(datetime.fromisoformat(item["created_at"]) <= last for item in open_items(county))
    assert_indicators_are_those_of_the_history(services)


def assert_others_have_something_to_do(services):
    """The county officer a lead nobody followed, the hospital a duty of last month."""
    with services.engine.read() as conn:
        found = reads.user_tasks(conn, services.region_id, limit=500).items
    tasks = {(task.element_id, task.organisation): task for task in found}
    take_over = tasks["task_county_lead", "org-mch"]
    officer = services.people.account("officer")
    principal = services.people.actor_for_token(services.people.issue_token(account=officer).access_token)
    assert may_complete(principal, take_over) and take_over.due_at > services.clock()
    assert not [place for element, place in tasks if element == "task_visit_lead"]  # the village doctor has been there
    assert ("task_duty", "org-hospital") in tasks


def assert_indicators_are_those_of_the_history(services):
    with services.pool.connection() as conn:
        women = women_of(conn, services.region_id)
        found = indicators.report(services, conn, indicators.read_period("2025-01-01/2026-12-31"))
    counted = {f.definition.id: (f.numerator, f.denominator) for f in found.figures}
    again = recount(women)

    assert {one: counted[one] for one in again} == again
    assert again["I-10"][1] == 4 and again["I-08"][1] >= 1
    for one in ("I-23", "I-24"):  # of the children, who have instances of their own
        assert counted[one][0] and counted[one][1], one


def open_items(county):
    return county.get("/api/user-tasks?limit=200", "officer").json["items"]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("YUNTU_CLOCK", "manual:2026-01-05T08:00:00+08:00", "manual_clock_at"),
        ("YUNTU_DATABASE_URL", "postgresql://x", "database_url"),
        ("YUNTU_PORT", "8123", "port"),
        ("YUNTU_WORKERS", "3,2", "worker_processes"),
        ("YUNTU_DEMO", "1", "demo"),
    ],
)
def test_each_setting_of_the_contract_changes_what_it_says(name, value, wanted):
    assert getattr(read({name: value}), wanted) != getattr(read({}), wanted)


def test_the_defaults_are_those_of_the_contract():
    settings = read({})

    assert (settings.host, settings.port, settings.demo, settings.manual_clock_at) == ("127.0.0.1", 8000, False, None)
    assert (settings.web_processes, settings.worker_processes, settings.home.name) == (2, 1, "var")
