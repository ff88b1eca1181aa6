"""The due date is moved by a doctor only, by the region's limits; the home visit goes where she rests."""

from datetime import date

from workflows.facts import Fact
from workflows.facts_on_demand import Known
from workflows.journey import derive, prefill
from workflows.people.model import Organisation
from workflows.places import with_places
from workflows.regions import load_pack

ON = date(2026, 1, 5)
TREE = {
    row[0]: Organisation(id=row[0], kind=row[1], name=row[2], parent_id=row[3])
    for row in (
        ("org-twn-2", "township", "乙镇卫生院", None),
        ("org-vil-2", "village", "丙村卫生室", "org-twn-2"),
        ("org-hospital", "hospital", "县医院", None),
    )
}


def test_a_doctor_who_accepts_gives_the_new_date_its_basis_and_the_reason():
    answers = {"decision": "accept", "edd_confirmed": "2026-08-16", "confirmed_basis": "us", "decision_reason": "CRL"}

    said = derive("edd-confirmation", answers, {}, ON)

    assert (said["redated"], said["confirmed_edd"], said["confirmed_basis"]) == (True, "2026-08-16", "us")
    assert "edd" not in said  # the case's date moves by its message, so that what hangs on it moves with it


def test_a_scan_is_compared_with_the_cases_date_not_with_what_was_copied_onto_the_form():
    scan = {"filled_on": "2026-01-05", "us_date": "2026-01-05", "us_ga_weeks": 9, "us_ga_days": 0}

    said = derive("anc-first", {**scan, "edd_final": "2026-07-01"}, {"edd_final": "2026-08-10"}, ON)

    assert "edd_proposed" not in said


def test_a_doctor_who_keeps_the_date_changes_nothing():
    said = derive("edd-confirmation", {"decision": "keep", "edd_confirmed": "2026-08-16"}, {}, ON)

    assert (said["redated"], said["confirmed_edd"]) == (False, None)


def test_the_form_begins_with_both_dates():
    begun = prefill("edd-confirmation", {}, {"edd": "2026-08-10", "edd_proposed": "2026-08-16"}, ON)

    assert (begun["edd_current"], begun["edd_proposed"], begun["confirmed_basis"]) == ("2026-08-10", "2026-08-16", "us")


def test_the_visit_goes_to_the_township_that_the_discharge_form_names():
    said = derive("discharge", {"discharged_at": "2026-01-05T10:00:00+08:00", "receiving_org": "乙镇卫生院"}, {}, ON)

    assert with_places(said, TREE)["postpartum_organisation"] == "org-twn-2"
    assert "receiving_org" not in with_places(said, TREE)


def test_a_village_post_stands_for_its_township_and_a_stranger_for_nobody():
    assert with_places({"receiving_org": "org-vil-2"}, TREE) == {"postpartum_organisation": "org-twn-2"}
    assert with_places({"receiving_org": "外省某镇"}, TREE) == {}
    assert with_places({"receiving_org": "县医院"}, TREE) == {}


def test_a_form_counts_by_the_rules_that_the_case_was_started_with():
    """AC-15: six days' difference moves the date only where the region's threshold is five."""
    policy = {**load_pack("cn-baseline").policy(), "redate_table": [{"until_days": 400, "more_than_days": 5}]}
    scan = {"filled_on": "2026-01-05", "us_date": "2026-01-05", "us_ga_weeks": 10, "us_ga_days": 0}
    facts = {"edd_final": Fact(value="2026-08-09")}

    def proposed(rules):
        return derive("anc-first", scan, Known(lambda: facts, rules), date(2026, 1, 5)).get("edd_proposed")

    assert (proposed(None), proposed(policy)) == (None, "2026-08-03")
    assert proposed({"redate_table": policy["redate_table"]}) == "2026-08-03"  # a case older than the other rules
