"""Indicators that forms alone hold: against mother-to-child transmission, hearing, newborn deaths, defects, caesareans
by every kind of record, popular science. Each is traced to its women."""

from __future__ import annotations

import json
import uuid

import psycopg
import pytest

from tests.api.test_indicators import BORN, a_case, a_form, at, coded, counted, insert, listed, shares
from workflows import indicators
from workflows.regions import load_pack

BORN_AT = {"delivered_on": "2026-02-10", "delivered_at": "2026-02-10T08:00:00+08:00"}
ONE = [{"outcome": "live_birth"}]
MOTHERS = {"hiv": "I-22a", "syphilis": "I-22c"}
CHILDREN = {"hiv": ("I-22b", "arv"), "syphilis": ("I-22d", "penicillin"), "hbv": ("I-22e", "hbig_vaccine")}


def infected(county, *infections, fetuses=ONE, **more):
    return a_case(county, **{**BORN_AT, "fetuses": fetuses, "infections": list(infections), **more})


def number(item, value):
    return {"linkId": item, "answer": [{"valueInteger": value}]}


def instant(item, value):
    return {"linkId": item, "answer": [{"valueDateTime": value}]}


def reasons(county, indicator):
    return sorted(row.reason or "" for row in listed(county, indicator)[0])


def test_a_woman_is_tested_when_all_three_tests_are_there_before_or_at_labour(county):
    whole = ["hiv", "syphilis", "hbv"]
    a_case(county, **BORN, infections_tested=whole)
    late = a_case(county, **BORN, infections_tested=["hbv"])
    a_case(county, about=late, process="newborns", infections_tested=["hiv", "syphilis"])
    a_case(county, **BORN, infections_tested=["hiv", "hbv"])
    a_case(county, **BORN)

    assert shares(county, "I-22") == {"I-22": (2, 4)}
    assert reasons(county, "I-22") == ["", "", "not_tested", "not_tested"]


@pytest.mark.parametrize("infection", sorted(MOTHERS))
def test_a_mother_is_treated_by_what_her_visits_say_of_this_infection(county, infection):
    other = next(one for one in MOTHERS if one != infection)
    for said in (["started", "completed"], ["declined", "started"], ["declined"], ["not_needed"], []):
        case = infected(county, infection)
        for treatment in said:
            a_form(county, case, "pmtct-mother", [coded("infection", infection), coded("treatment", treatment)])
    case = infected(county, infection)
    a_form(county, case, "pmtct-mother", [coded("infection", other), coded("treatment", "started")])
    infected(county, other)
    infected(county)

    indicator = MOTHERS[infection]
    assert shares(county, indicator) == {indicator: (2, 5)}
    assert reasons(county, indicator) == ["", "", "declined", "not_treated", "not_treated", "treatment_not_needed"]


@pytest.mark.parametrize("infection", sorted(CHILDREN))
def test_each_exposed_child_is_given_what_its_infection_asks_for(county, infection):
    indicator, step = CHILDREN[infection]

    def given(case, child, step=step, at="2026-02-10T12:00:00+08:00"):
        what = [
            number("child_order", child),
            coded("infection", infection),
            coded("step", step),
            instant("done_at", at),
        ]
        a_form(county, case, "pmtct-child", what)

    twins = infected(county, infection, fetuses=ONE * 2)
    given(twins, 1), given(twins, 1)
    both = infected(county, infection, fetuses=ONE * 2)
    given(both, 1), given(both, 2)
    infected(county, infection)
    given(infected(county, infection), 1, "not_needed")
    infected(county, infection, fetuses=[{"outcome": "stillbirth_iufd"}])
    infected(county)

    assert shares(county, indicator) == {indicator: (3, 5)}
    assert reasons(county, indicator) == ["", "not_given", "not_given", "treatment_not_needed"]


@pytest.mark.parametrize(
    ("policy", "given", "known", "met", "reason"),
    [
        ({}, "2026-02-10T20:00:00+08:00", True, 1, ""),  # twelve hours to the minute
        ({}, "2026-02-10T20:01:00+08:00", True, 0, "given_late"),
        ({"pmtct": {"child_hbig_within": "PT24H"}}, "2026-02-10T20:01:00+08:00", True, 1, ""),
        ({}, "2026-02-10T09:00:00+08:00", False, 0, "birth_time_missing"),
    ],
)
def test_immunoglobulin_counts_within_the_limit_she_was_started_by(county, policy, given, known, met, reason):
    case = infected(county, "hbv", policy=policy, **({} if known else {"delivered_at": None}))
    what = [
        number("child_order", 1),
        coded("infection", "hbv"),
        coded("step", "hbig_vaccine"),
        instant("done_at", given),
    ]
    a_form(county, case, "pmtct-child", what)

    assert shares(county, "I-22e") == {"I-22e": (met, 1)}
    assert reasons(county, "I-22e") == [reason]


def test_who_is_in_the_list_for_an_infection_is_told_to_those_alone_who_may_know(county):
    infected(county, "hiv")

    for indicator in ("I-22a", "I-22b"):
        assert listed(county, indicator, "county") == ([], 1)
        assert len(listed(county, indicator, "officer")[0]) == 1


def test_the_first_vaccine_counts_within_a_day_wherever_it_is_recorded(county):
    def care(case, child, at):
        a_form(county, case, "newborn-care", [number("child_order", child), instant("hepb_at", at)])

    twins = a_case(county, **BORN_AT, fetuses=ONE * 2)
    care(twins, 1, "2026-02-11T08:00:00+08:00"), care(twins, 2, "2026-02-11T08:01:00+08:00")
    exposed = infected(county, "hbv")
    what = [coded("infection", "hbv"), coded("step", "hbig_vaccine"), instant("done_at", "2026-02-10T09:00:00+08:00")]
    a_form(county, exposed, "pmtct-child", [number("child_order", 1), *what])
    a_case(county, **BORN_AT, fetuses=ONE)

    assert shares(county, "I-22f") == {"I-22f": (2, 4)}
    assert reasons(county, "I-22f") == ["", "given_late", "not_given"]


def test_hearing_is_screened_whatever_came_of_it(county):
    twins = a_case(county, **BORN_AT, fetuses=ONE * 2)
    for child, code in ((1, "failed"), (1, "passed"), (2, "not_done")):
        a_form(county, twins, "newborn-screening", [number("child_order", child), coded("hearing_screen", code)])
    one = a_case(county, **BORN)
    a_form(county, one, "newborn-screening", [number("child_order", 1), coded("hearing_screen", "passed")])

    assert shares(county, "I-24a") == {"I-24a": (2, 3)}
    assert reasons(county, "I-24a") == ["", "hearing_not_screened"]


def test_a_newborn_who_dies_within_28_days_counts_once(county):
    both = a_case(county, **BORN | {"fetuses": [{"outcome": "neonatal_death"}]})
    for case, day in (
        (both, "2026-02-10"),
        (a_case(county, **BORN), "2026-03-09"),
        (a_case(county, **BORN), "2026-03-10"),
    ):
        what = [number("child_order", 1), instant("child_died_at", f"{day}T10:00:00+08:00")]
        a_form(county, case, "newborn-death", what)

    assert shares(county, "I-02a") == {"I-02a": (2, 3)}
    assert reasons(county, "I-02a") == ["", "newborn_died", "newborn_died"]


def test_a_defect_is_severe_where_the_birth_record_says_so(county):
    def born(*defects):
        case = a_case(county, **BORN_AT, fetuses=ONE * len(defects))
        fetuses = [
            {
                "linkId": "fetus",
                "item": [
                    coded("defect", "yes" if d else "none"),
                    *([coded("defect_severe", d)] if d and d != "?" else []),
                ],
            }
            for d in defects
        ]
        a_form(county, case, "delivery", fetuses)

    born("yes", None), born("none"), born(None), born("?")

    assert shares(county, "I-28") == {"I-28": (1, 4)}
    assert reasons(county, "I-28") == ["", "", "severe_defect", "severity_not_recorded"]


def a_procedure(county, pregnancy_id, code, system="urn:oid:2.16.156.10011.2.3.3.12"):
    key = {"region_id": county.services.region_id, "type": "Procedure", "id": str(uuid.uuid4())}
    row = {**key, "version": 1, "updated_at": at("2026-02-10"), "source": "client"}
    body = {"resourceType": "Procedure", "status": "completed", "code": {"coding": [{"system": system, "code": code}]}}
    with psycopg.connect(county.url) as conn:
        insert(conn, "resource", **row, engine_owned=False, owner="", content_hash="", episode_id=pregnancy_id)
        text = json.dumps(body, separators=(",", ":"))
        insert(conn, "resource_version", **row, deleted=False, body=text, meta="{}")


def test_a_caesarean_is_one_whoever_recorded_it(county):
    cases = [a_case(county, **BORN) for _ in range(8)]
    a_form(county, cases[0], "delivery", [coded("delivery_mode", "cs"), coded("cs_reason", "none")])
    a_form(county, cases[1], "delivery", [coded("delivery_mode", "cs"), coded("cs_reason", "yes")])
    a_form(county, cases[2], "delivery", [coded("delivery_mode", "forceps")])
    a_form(county, cases[3], "birth-observation", [coded("birth_mode", "cs")])
    a_form(county, cases[4], "cs-times", [instant("delivered_at", "2026-02-10T08:00:00+08:00")])
    a_procedure(county, cases[5], "74.1")
    a_procedure(county, cases[6], "73.59")

    assert shares(county, "I-19", "I-19a") == {"I-19": (5, 7), "I-19a": (1, 5)}
    assert reasons(county, "I-19") == ["", "", "", "", "", "mode_not_recorded", "other_mode", "other_mode"]
    assert reasons(county, "I-19a").count("indication_not_recorded") == 2


def test_works_are_summed_and_their_reads_stand_beside(county):
    for works, reads in ((3, 900), (2, 4000), (None, None)):
        a_case(
            county,
            process="institution_duty",
            duty={"code": "popular_science"},
            tasks=[("task_duty", "2026-02-20", None)],
        )
        if works is not None:
            the_duty_says(county, [number("works_count", works), number("reads_average", reads)])
    a_case(county, process="institution_duty", duty={"code": "drill"}, tasks=[("task_duty", "2026-02-20", None)])

    figure = counted(county)["I-30"]

    assert (figure.numerator, figure.denominator, figure.rate, figure.median) == (5, 0, None, 2450)
    assert reasons(county, "I-30") == ["", "", "works_not_recorded"]


def the_duty_says(county, items):
    """The form of the last duty, tied to its task as the projection ties it."""
    key = {"region_id": county.services.region_id, "version": 1, "updated_at": at("2026-02-20"), "source": "engine"}
    response = str(uuid.uuid4())
    with psycopg.connect(county.url) as conn:
        (task,) = conn.execute(
            "SELECT t.id FROM user_task t WHERE t.element_id = 'task_duty'"
            " AND NOT EXISTS (SELECT FROM resource r WHERE r.id = t.id::text) ORDER BY t.ctid DESC LIMIT 1"
        ).fetchone()
        bodies = {
            ("QuestionnaireResponse", response): {"item": items},
            ("Task", str(task)): {"output": [{"valueReference": {"reference": f"QuestionnaireResponse/{response}"}}]},
        }
        for (kind, id_), body in bodies.items():
            row = {**key, "type": kind, "id": id_}
            insert(conn, "resource", **row, engine_owned=True, owner="", content_hash="")
            insert(conn, "resource_version", **row, deleted=False, body=json.dumps(body), meta="{}")


@pytest.mark.parametrize("pack", ["cn-2018"])
def test_the_targets_of_2018_stand_beside_what_is_counted(county, pack):
    infected(county, "hbv")
    found = counted(county, pack=load_pack(pack))

    wanted = {"I-22a": 90, "I-22b": 90, "I-22c": 90, "I-22d": 90, "I-22e": 95, "I-24": 90, "I-24a": 70, "I-23": 85}
    assert {one: found[one].target.value for one in wanted} == wanted
    assert (str(found["I-02"].target.value), str(found["I-03"].target.value)) == ("7.5", "9.5")  # CN-37
    assert (found["I-22e"].rate, found["I-22e"].is_met, found["I-24a"].is_met) == (0, False, False)


def test_ac29_both_years_of_2025_are_there_and_differ_by_their_quarters(county):
    """AC-29: the statistical year and the calendar year."""
    for day in ("2024-09-30", "2024-10-01", "2025-01-01", "2025-09-30", "2025-10-01", "2025-12-31"):
        a_case(county, registered_on=day)

    statistical, calendar = indicators.read_period("S2025"), indicators.read_period("2025")

    assert (str(statistical.first), str(statistical.last)) == ("2024-10-01", "2025-09-30")
    assert shares(county, "I-10", period=statistical) == {"I-10": (0, 3)}
    assert shares(county, "I-10", period=calendar) == {"I-10": (0, 4)}
    assert county.get("/api/indicators?period=S2025", "officer").json["period"]["from"] == "2024-10-01"
