"""SP-43: a referral proposes the centre that the directory's levels show, with the reason; who refers decides."""

from __future__ import annotations

import pytest

from runtime.demo.county import settle_directory
from tests.web.markup import assert_sound
from tests.web.test_occasions import Case
from workflows.institutions import directory, receivers
from workflows.people import Organisation
from workflows.task_access import today_in_china


@pytest.fixture
def site(site):
    settle_directory(site.services)
    return site


def proposed(site, **asked):
    known = {"sender": "org-hospital", "upward": "tertiary", "emergency": False, "without": frozenset()}
    with site.services.engine.read() as conn:
        on = today_in_china(site.services)
        found = receivers.proposed(site.services, conn, on=on, **{**known, **asked})
    return (found.organisation, found.centre, found.why) if found else None


def recorded(site, organisation, level, centre):
    site.services.people.put_organisation(Organisation(id=organisation, kind="hospital", name=f"示范{organisation}"))
    fields = {"level": level, "centre": centre}
    directory.add(site.services, by=site.principal("officer"), organisation=organisation, kind="level", fields=fields)


def test_step_by_step_from_the_township_and_from_the_county(site):
    assert proposed(site, sender="org-twn-1") == ("org-hospital", "county", "step_up")
    assert proposed(site, sender="org-hospital") == ("org-tertiary", "city", "step_up")
    assert proposed(site, sender="org-tertiary") is None


def test_a_level_is_left_out_where_the_next_one_has_no_fitting_centre_or_has_refused(site):
    recorded(site, "org-zz-province", "three", "province")

    assert proposed(site, without=frozenset({"org-tertiary"})) == ("org-zz-province", "province", "across_levels")
    recorded(site, "org-tertiary", "two", "city")
    assert proposed(site) == ("org-zz-province", "province", "across_levels")
    assert proposed(site, upward="city_centre") == ("org-tertiary", "city", "step_up")


def test_an_emergency_goes_to_the_nearest_that_can_treat_her(site):
    recorded(site, "org-zz-province", "three", "province")
    recorded(site, "org-tertiary", "two", "city")

    assert proposed(site, emergency=True) == ("org-tertiary", "city", "nearest")


def test_a_place_that_the_region_names_and_an_empty_directory_propose_nothing(site):
    assert proposed(site, upward="自治区人民医院") is None
    for line in directory.lines(site.services, kind="level"):
        directory.withdraw(site.services, line.id, by=site.principal("officer"))
    assert proposed(site) is None


@pytest.mark.parametrize("form", ["transfer-request", "transfer-next"])
def test_the_reason_cannot_be_typed(form):
    from workflows.forms import forms_on_disk

    assert all(forms_on_disk()[form].by_link_id[name].read_only for name in ("receiving_why", "receiving_level"))


def test_the_form_shows_the_centre_the_level_and_why(site):
    case = Case(site)

    page = site.get(f"/pregnancies/{case.id}/begin/referral", "doctor")

    assert_sound(page)
    assert page.status_code == 200 and 'value="示范市人民医院"' in page.text
    assert "逐级上转" in page.text and "市级" in page.text


def test_the_demonstration_county_says_who_is_of_which_level(site):
    found = {line.organisation: line.body["centre"] for line in directory.lines(site.services, kind="level")}

    assert (found["org-hospital"], found["org-tertiary"], found["org-twn-1"]) == ("county", "city", "none")
    assert len(found) == 4
