"""Who keeps the installation running sees what waits to be told, and has it told again."""

from __future__ import annotations

from runtime.demo.logins import read_logins
from tests.web.conftest import csrf_of
from tests.web.markup import assert_sound


def test_who_keeps_it_running_sees_the_backlog_and_has_it_told_again(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    hospital.brings_in()
    told.round()
    client, it = hospital.app.test_client(), {"Authorization": f"Bearer {hospital.token('it')}"}

    [listed] = client.get("/api/deliveries/subscriptions", headers=it).json["items"]
    again = client.post(f"/api/deliveries/subscriptions/{id_}/replay", json={"from": 1}, headers=it)
    told.round()

    assert (listed["client"], listed["waiting"], listed["status"]) == ("his-demo", 0, "active")
    assert again.status_code == 200 and receiver.numbers() == [1, 1]


def test_the_operators_page_shows_each_client_with_its_trouble_and_tells_it_again(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    hospital.brings_in()
    told.round()
    receiver.answer = 500
    hospital.brings_in(number="999999199707150028", day="2025-10-21")
    told.round()
    it, place = signed_in(hospital, "it"), f"/operations/subscriptions/{id_}/replay"

    page = it.get("/operations?tab=subscriptions")

    assert_sound(page)
    assert [part for part in ("his-demo", id_[:8], "HTTP 500", f'action="{place}"') if part not in page.text] == []
    assert receiver.url not in page.text and "999999" not in page.text
    receiver.answer, told_before = 200, len(receiver.numbers())
    for wrong in ("", "0", "-1", "x", "٣"):
        assert it.post(place, data={"csrf": csrf_of(page), "from": wrong}).status_code == 422
    assert it.post(f"{place[:-8]}x/replay", data={"csrf": csrf_of(page), "from": "1"}).status_code == 404
    assert it.post(place, data={"csrf": csrf_of(page), "from": "1"}).status_code == 303
    told.round()
    assert receiver.numbers()[told_before:] == list(
        range(1, int(told.status(id_)["events-since-subscription-start"]) + 1)
    )
    assert signed_in(hospital, "nurse").get("/operations?tab=subscriptions").status_code == 403
    assert "/replay" not in signed_in(hospital, "auditor").get("/operations?tab=subscriptions").text


def signed_in(hospital, who):
    """A browser of this person."""
    client, password = hospital.app.test_client(), read_logins(hospital.settings.home)[who]
    form = {"login": who, "password": password, "csrf": csrf_of(client.get("/sign-in"))}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def test_monitoring_is_told_how_much_waits_for_how_long_and_what_is_in_error(told, receiver, hospital):
    id_ = told.subscribe()
    told.round()
    receiver.answer = 500
    hospital.brings_in()
    told.round()
    told.pass_time(hours=1)
    waiting, untold = figures(hospital), told.status(id_)["waiting"]

    assert waiting['subscriptions{status="active"}'] == 1 and waiting['subscriptions{status="error"}'] == 0
    assert waiting['subscription_events_untold{status="active"}'] == untold > 0
    assert waiting["oldest_untold_event_s"] == 3600
    for _ in range(2):
        told.pass_time(hours=36)
    given_up = figures(hospital)

    assert given_up['subscriptions{status="error"}'] == 1 and given_up["oldest_untold_event_s"] == 0
    assert given_up['subscription_events_untold{status="error"}'] == untold


def figures(hospital) -> dict[str, float]:
    lines = hospital.app.test_client().get("/metrics").get_data(as_text=True).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name.removeprefix("yuntu_"): float(value) for name, value in pairs}
