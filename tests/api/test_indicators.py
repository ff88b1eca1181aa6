"""Indicators: every row of the specification, counted by its rule, with the women behind each number."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

from engine.clock import CHINA
from engine.errors import Incorrect, NotFound
from workflows import indicators
from workflows.regions import load_pack, pack_ids

QUARTER = indicators.read_period("2026Q1")
ORANGE = {"colour": "orange", "purple": False, "graded_at": "2026-01-20T10:00:00+08:00"}
PURPLE = {"colour": "green", "purple": True, "graded_at": "2026-01-20T10:00:00+08:00"}
BORN = {"delivered_on": "2026-02-10", "fetuses": [{"order": 1, "outcome": "live_birth"}]}


def a_case(county, *, tasks=(), process="pregnancy_journey", about=None, **variables):
    """One pregnancy as its rows would stand; `tasks` are (element, done at, due at). `about`: an earlier one, of which
    this is another process."""
    instance_id, pregnancy_id = uuid.uuid4(), about or str(uuid.uuid4())
    known = {"registered_on": "2026-01-10", "home_organisation": "org-twn-1", "hospital_organisation": "org-hospital"}
    case = {"region_id": county.services.region_id, "definition_key": process, "definition_version": 1}
    with psycopg.connect(county.url) as conn:
        insert(
            conn,
            "instance",
            **{**case, "id": instance_id, "business_key": pregnancy_id, "status": "active", "revision": 1, "codec": 1},
            **{"state": b"", "variables": Jsonb({**known, **variables}), "pins": Jsonb({})},
            started_at=at("2026-01-10"),
        )
        for number, (element, done_at, due_at) in enumerate(tasks):
            insert(
                conn,
                "user_task",
                **{**case, "id": uuid.uuid4(), "instance_id": instance_id, "wait_id": number, "element_id": element},
                **{
                    "business_key": pregnancy_id,
                    "path": element,
                    "organisation": "org-hospital",
                    "state": "completed" if done_at else "created",
                },
                **{"due_at": at(due_at), "created_at": at("2026-01-20"), "completed_at": at(done_at)},
            )
    return pregnancy_id


def insert(conn, table, **row):
    names, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    conn.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def at(day):
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=CHINA) if day else None


def counted(county, period=QUARTER, **more):
    with county.services.engine.read() as conn:
        found = indicators.report(county.services, conn, period, **more)
    return {f.definition.id: f for f in found.figures}


def shares(county, *ids, **more):
    found = counted(county, **more)
    return {one: (found[one].numerator, found[one].denominator) for one in ids}


def listed(county, indicator, who="officer", period=QUARTER):
    by = county.services.people.actor_for_token(county.token(who))
    with county.services.engine.read() as conn:
        return indicators.listed(county.services, conn, indicator, period, by=by)


def test_every_row_of_the_specification_is_defined_in_both_languages_with_its_mark_and_source():
    known = indicators.definitions()

    of_files = [f"C-{n:02}" for n in range(1, 7)]  # child care: brought in as files (seed:000 二.3, seed:003 附2 二)
    assert [one for one in known if len(one) == 4] == [*(f"I-{n:02}" for n in range(1, 31)), *of_files]
    parts = ["I-02a", "I-19a", "I-22a", "I-22b", "I-22c", "I-22d", "I-22e", "I-22f", "I-24a"]
    assert [one for one in known if len(one) > 4] == parts
    for one in known.values():
        for text in (one.name, one.numerator, one.denominator, one.rule):
            assert text.zh and text.en and text.zh != text.en
        assert one.mark in ("seed", "src", "known", "default") and one.source and one.factor >= 1
        assert one.place in ("residence", "institution") and one.period in ("month", "quarter", "year")


def test_every_target_that_a_definition_names_is_a_value_of_a_pack():
    wanted = {key for one in indicators.definitions().values() for key in one.targets}
    given = {key for pack in pack_ids() for key, _, _ in load_pack(pack).leaves()}
    groups = {key.rpartition(".")[0] for key in given}

    assert wanted and wanted <= given | groups


def test_every_row_is_counted_and_without_anything_to_count_there_is_no_rate(county):
    found = counted(county)

    assert {one for one, figure in found.items() if figure.numerator is None} == set()
    assert (found["I-10"].numerator, found["I-10"].denominator, found["I-10"].rate) == (0, 0, None)


def test_births_are_counted_per_child_and_women_per_woman(county):
    twins = {"delivered_on": "2026-02-10", "fetuses": [{"outcome": "live_birth"}, {"outcome": "neonatal_death"}]}
    mixed = {"delivered_on": "2026-02-10", "fetuses": [{"outcome": "live_birth"}, {"outcome": "stillbirth"}]}
    still = {"delivered_on": "2026-02-10", "fetuses": [{"outcome": "stillbirth"}], "checked_on": "2026-03-24"}
    a_case(county, **twins, early_registration=True, visits=["d"] * 5, checked_on="2026-03-24")
    a_case(county, **mixed, early_registration=False, visits=["d"] * 4)
    a_case(county, **still, early_registration=True, visits=["d"] * 9)
    a_case(county, **BORN | {"delivered_on": "2026-04-01"}, early_registration=True)  # the next quarter's
    a_case(county, **BORN, end_code="void")

    assert shares(county, "I-05", "I-06", "I-08") == {"I-05": (1, 3), "I-06": (1, 3), "I-08": (2, 3)}
    assert sorted(row.reason or "" for row in listed(county, "I-06")[0]) == [
        "",
        "fewer_than_five_checks",
        "no_live_birth",
    ]


def test_visits_that_her_case_never_learnt_of_count_where_a_death_ended_her_course(county):
    """She died after a birth nobody had told of: the process of her visits was interrupted before it gave them back."""
    first, later = ("task_first_visit", "2026-01-10", None), ("task_antenatal_visit", "2026-01-28", None)
    died = {**BORN, "early_registration": True, "visits": ["d"], "end_code": "ended.maternal_death"}
    a_case(county, **died, ended_on="2026-02-11", tasks=[first, *[later] * 4])
    a_case(county, **died, ended_on="2026-02-11", tasks=[first, *[later] * 3, ("task_antenatal_visit", None, None)])

    assert shares(county, "I-06") == {"I-06": (1, 2)}


def test_a_visit_at_which_she_was_not_found_is_none(county):
    first, later = ("task_first_visit", "2026-01-10", None), ("task_antenatal_visit", "2026-01-28", None)
    case = a_case(county, **BORN, visits=["d"], tasks=[first, *[later] * 4])
    a_form(county, case, "anc-visit", [coded("contact", "lost")])

    assert shares(county, "I-06") == {"I-06": (0, 1)}


def test_a_death_is_counted_on_its_day_and_the_count_stands_beside_the_rate(county):
    a_case(county, **BORN, end_code="ended.maternal_death", ended_on="2026-02-11")
    a_case(county, **BORN)
    a_case(county, end_code="ended.maternal_death", ended_on="2026-04-02")

    figure = counted(county, pack=load_pack("cn-xf-2022"))["I-01"]

    assert (figure.numerator, figure.denominator, figure.rate) == (1, 2, Decimal("50000.0"))
    assert (figure.target.value, figure.target.op, figure.is_met) == (4, "lt", False)


@pytest.mark.parametrize(
    ("discharged", "visited", "met", "reason"),
    [
        ("2026-02-13T09:00:00+08:00", "2026-03-13", 1, None),  # 28 days after discharge
        ("2026-02-13T09:00:00+08:00", "2026-03-14", 0, "visited_late"),
        ("2026-02-12T17:00:00Z", "2026-03-13", 1, None),  # one in the morning of the 13th in China
        (None, "2026-02-20", 0, "discharge_not_recorded"),
        ("2026-02-13", None, 0, "not_visited"),
    ],
)
def test_a_visit_counts_within_28_days_of_discharge(county, discharged, visited, met, reason):
    a_case(county, **BORN, discharged_at=discharged, visited_on=visited)

    assert shares(county, "I-07") == {"I-07": (met, 1)}
    assert [row.reason for row in listed(county, "I-07")[0]] == [reason]


def test_systematic_management_wants_all_four_and_names_the_first_that_is_missing(county):
    whole = {**BORN, "early_registration": True, "visits": ["d"] * 5, "visited_on": "2026-02-20"}
    a_case(county, **whole)
    a_case(county, **whole | {"visits": ["d"] * 4})
    a_case(county, **whole | {"early_registration": None})

    assert shares(county, "I-04") == {"I-04": (0, 3)}
    reasons = sorted(row.reason for row in listed(county, "I-04")[0])
    assert reasons == ["fewer_than_five_checks", "first_check_late", "place_not_recorded"]


@pytest.mark.parametrize(
    ("graded", "met", "reason"), [("19", 1, None), ("20", 0, "graded_late"), (None, 0, "not_graded")]
)
def test_a_positive_screening_is_to_be_graded_by_the_fourteenth_day(county, graded, met, reason):
    gradings = [{"colour": "yellow", "graded_at": f"2026-01-{graded}T23:00:00+08:00"}] if graded else []
    county.clock.set(at("2026-03-01"))
    a_case(county, screening="positive", screened_on="2026-01-05", gradings=gradings)

    assert shares(county, "I-11") == {"I-11": (met, 1)}
    assert [row.reason for row in listed(county, "I-11")[0]] == [reason]


def test_high_risk_women_need_a_case_file_and_leave_when_the_pregnancy_ends_early(county):
    a_case(county, gradings=[ORANGE], case_file="open")
    a_case(county, gradings=[ORANGE], case_file=None)
    a_case(county, gradings=[ORANGE | {"colour": "yellow"}])
    a_case(county, gradings=[ORANGE], end_code="ended.abortion", ended_on="2026-02-01")
    a_case(county, gradings=[ORANGE], end_code="ended.abortion", ended_on="2026-05-01", case_file="closed")

    assert shares(county, "I-12") == {"I-12": (2, 3)}
    assert [row.reason for row in listed(county, "I-12")[0] if row.part == "excluded"] == ["ended_before_28_weeks"]


def test_the_colours_of_her_own_pack_say_who_is_high_risk(county):
    a_case(county, gradings=[ORANGE], policy={"case_file_colours": ["red"]})
    a_case(county, gradings=[ORANGE], policy={"case_file_colours": ["orange"]}, case_file="open")

    assert shares(county, "I-12") == {"I-12": (1, 1)}


def test_who_is_there_for_an_infectious_disease_alone_is_counted_for_all_and_listed_for_few(county):
    seen, hidden = a_case(county, gradings=[ORANGE]), a_case(county, gradings=[PURPLE])

    assert shares(county, "I-12") == {"I-12": (0, 2)}
    assert {row.pregnancy_id for row in listed(county, "I-12", "officer")[0]} == {seen, hidden}
    rows, unseen = listed(county, "I-12", "county")
    assert ([row.pregnancy_id for row in rows], unseen) == ([seen], 1)


def test_the_list_holds_the_women_of_the_readers_places_only(county):
    mine, other = a_case(county), a_case(county, home_organisation="org-twn-2")

    assert {row.pregnancy_id for row in listed(county, "I-10", "nurse")[0]} == {mine}
    assert {row.pregnancy_id for row in listed(county, "I-10", "officer")[0]} == {mine, other}
    assert shares(county, "I-10", organisation="org-twn-2") == {"I-10": (0, 1)}
    assert shares(county, "I-10", organisation="org-mch") == {"I-10": (0, 2)}  # what is below it, too
    with pytest.raises(NotFound):
        shares(county, "I-10", organisation="org-nowhere")


def test_a_report_in_time_is_one_sent_by_its_due_moment(county):
    county.clock.set(at("2026-02-15"))
    report = "task_report_risk"
    a_case(county, tasks=[(report, "2026-01-23", "2026-01-23")])
    a_case(county, tasks=[(report, "2026-01-24", "2026-01-23")])
    a_case(county, tasks=[(report, None, "2026-01-23")])
    a_case(county, tasks=[(report, None, "2026-03-23")])

    assert shares(county, "I-13") == {"I-13": (1, 3)}
    assert counted(county)["I-13"].excluded == 1


def test_referrals_are_followed_within_two_weeks(county):
    county.clock.set(at("2026-03-30"))
    a_case(county, tasks=[("task_refer_positive", "2026-01-20", None), ("task_return_slip", "2026-02-03", None)])
    a_case(county, tasks=[("task_request_transfer", "2026-01-20", None), ("task_transfer_result", "2026-02-04", None)])
    a_case(county, tasks=[("task_refer_positive", "2026-01-20", None)])

    assert shares(county, "I-14") == {"I-14": (1, 3)}
    assert sorted(row.reason or "" for row in listed(county, "I-14")[0]) == ["", "followed_late", "not_followed"]


def test_caesareans_and_their_minutes_come_from_the_birth_record(county):
    for minutes, category in ((20, "emergency"), (31, "emergency"), (None, "emergency"), (90, "elective")):
        record_birth(county, a_case(county, **BORN), minutes, category)
    a_case(county, **BORN)

    found = counted(county)

    assert (found["I-16"].numerator, found["I-16"].denominator, found["I-16"].excluded) == (1, 2, 1)
    assert found["I-16"].median == Decimal("25.5")
    assert (found["I-19"].numerator, found["I-19"].denominator, found["I-19"].excluded) == (4, 4, 1)
    assert list(counted_places(county, "I-19")) == ["org-hospital"]


def record_birth(county, pregnancy_id, minutes, category):
    def item(link, value):
        return {"linkId": link, "answer": [value]}

    birth = [
        item("delivery_mode", {"valueCoding": {"code": "cs"}}),
        item("cs_category", {"valueCoding": {"code": category}}),
    ]
    ddi = [item("ddi_minutes", {"valueQuantity": {"value": minutes}})] if minutes else []
    a_form(county, pregnancy_id, "delivery", [{"linkId": "birth", "item": birth}, {"linkId": "ddi", "item": ddi}])


def a_form(county, pregnancy_id, form, items, on="2026-02-10"):
    """One filled-in form about a pregnancy."""
    questionnaire = f"https://fhir.example.org/mch/Questionnaire/{form}|1"
    body = {"status": "completed", "questionnaire": questionnaire, "item": items}
    key = {"region_id": county.services.region_id, "type": "QuestionnaireResponse", "id": str(uuid.uuid4())}
    row = {**key, "version": 1, "updated_at": at(on), "source": "engine"}
    text = json.dumps(body, separators=(",", ":"))
    with psycopg.connect(county.url) as conn:
        insert(conn, "resource", **row, engine_owned=True, owner="", content_hash="", episode_id=pregnancy_id)
        insert(conn, "resource_version", **row, deleted=False, body=text, meta="{}")


def coded(item, code):
    return {"linkId": item, "answer": [{"valueCoding": {"code": code}}]}


def test_an_avoidable_death_is_what_the_last_review_says(county):
    died = {"end_code": "ended.maternal_death", "ended_on": "2026-02-10"}
    for reviews in (("1",), ("3", "1"), ("1", "2"), ()):
        case = a_case(county, **died)
        for day, code in enumerate(reviews, 11):
            a_form(county, case, "death-review", [coded("avoidable", code)], f"2026-02-{day}")

    assert shares(county, "I-21") == {"I-21": (2, 4)}
    assert sorted(row.reason or "" for row in listed(county, "I-21")[0]) == ["", "", "not_avoidable", "not_reviewed"]


def test_each_child_is_screened_once_its_blood_was_taken_at_first_or_later(county):
    twins = a_case(county, delivered_on="2026-02-10", fetuses=[{"outcome": "live_birth"}] * 2)
    for child, code in ((1, "sampled"), (1, "sampled"), (2, "refused")):
        order = {"linkId": "child_order", "answer": [{"valueInteger": child}]}
        a_form(county, twins, "newborn-screening", [order, coded("blood_spot", code)])
    a_case(county, **BORN)

    assert shares(county, "I-24") == {"I-24": (1, 3)}
    assert {row.reason for row in listed(county, "I-24")[0]} == {"no_blood_spot"}


def test_what_an_institution_owes_by_its_calendar_is_done_due_or_not_due_yet(county):
    county.clock.set(at("2026-03-10"))
    for done, due in (("2026-02-20", "2026-02-05"), (None, "2026-02-05"), (None, "2026-03-20")):
        tasks = [("task_drill", done, due), ("task_pmc_supervision", done, due)]
        a_case(county, process="institution_calendar", tasks=tasks)

    assert shares(county, "I-29") == {"I-29": (1, 2)}
    assert sorted(row.reason or "" for row in listed(county, "I-29")[0]) == ["", "not_due_yet", "not_held"]
    for code, done in (("joint_meeting", "2026-02-05"), ("equipment_check", None)):  # the table's; one is not counted
        a_case(county, process="institution_duty", duty={"code": code}, tasks=[("task_duty", done, "2026-02-06")])
    assert shares(county, "I-29") == {"I-29": (2, 3)}


def test_each_newborn_is_visited_and_a_preterm_one_followed(county):
    twins = {"delivered_on": "2026-02-10", "fetuses": [{"outcome": "live_birth"}] * 2}
    first = a_case(county, **twins, edd="2026-03-03")  # 37+0
    second = a_case(county, **BORN, edd="2026-03-04")  # 36+6
    a_case(county, about=first, process="newborns", tasks=[("task_newborn_visit", "2026-02-20", None)])
    a_case(county, about=second, process="newborns", tasks=[("task_preterm_follow", None, "2026-03-01")])
    a_case(county, **BORN, edd="2026-04-01")

    assert shares(county, "I-23", "I-25") == {"I-23": (1, 4), "I-25": (1, 2)}
    assert [row.reason for row in listed(county, "I-25")[0]] == ["no_preterm_file", None]


def test_near_misses_are_counted_from_their_own_process_and_lead_to_the_woman(county):
    woman = a_case(county)
    review = {"process": "near_miss_review", "pregnancy_id": woman}
    a_case(county, **review, tasks=[("task_near_miss_facility", "2026-02-01", None)])
    a_case(county, **review)

    assert shares(county, "I-20", "I-10") == {"I-20": (1, 2), "I-10": (0, 1)}
    assert {row.pregnancy_id for row in listed(county, "I-20")[0]} == {woman}


def test_a_monthly_return_is_in_time_by_its_due_moment_and_is_about_no_woman(county):
    county.clock.set(at("2026-03-10"))
    for done in ("2026-02-05", "2026-02-06", None):
        a_case(county, process="special_sweep", tasks=[("task_sweep", done, "2026-02-05")])
    a_case(county, process="special_sweep", tasks=[("task_sweep", None, "2026-03-20")])

    assert shares(county, "I-26") == {"I-26": (1, 3)}
    rows = listed(county, "I-26")[0]
    assert sorted(row.reason or "" for row in rows) == ["", "not_due_yet", "not_reported", "reported_late"]
    assert {row.pregnancy_id for row in rows} == {None}


def counted_places(county, indicator):
    with county.services.engine.read() as conn:
        found = indicators.report(county.services, conn, QUARTER)
    return {
        place: f
        for place, figures in found.by_organisation.items()
        for f in figures
        if f.definition.id == indicator and f.denominator
    }


def test_the_numbers_of_the_places_add_up_to_the_countys_and_lists_to_their_numbers(county):
    for home in ("org-twn-1", "org-twn-1", "org-twn-2"):
        a_case(county, home_organisation=home, screened_on="2026-01-12", **BORN, visits=["d"] * 5)

    found = counted(county)
    for one in ("I-05", "I-06", "I-08", "I-10", "I-27"):
        places = counted_places(county, one).values()
        assert sum(f.numerator for f in places) == found[one].numerator
        assert sum(f.denominator for f in places) == found[one].denominator == 3
        rows = listed(county, one)[0]
        assert sum(row.part == "numerator" for row in rows) == found[one].numerator


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026Q4", "2026-10-01", "2026-12-31"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("S2026", "2025-10-01", "2026-09-30"),
        ("2026-07-01/2026-07-15", "2026-07-01", "2026-07-15"),
    ],
)
def test_periods_are_read_as_people_write_them(text, first, last):
    found = indicators.read_period(text)

    assert (found.first, found.last) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["", "2026Q5", "2026-13", "26", "2026-02-02/2026-02-01", "S26", "2026Q3 ", "0000"])
def test_a_period_that_is_none_is_refused_in_both_languages(text):
    with pytest.raises(Incorrect) as refused:
        indicators.read_period(text)

    assert "2026Q3" in refused.value.message.zh and "2026Q3" in refused.value.message.en


def test_the_last_quarter_day_and_the_first_belong_to_it(county):
    for day in (QUARTER.first, QUARTER.last, QUARTER.first - timedelta(days=1), QUARTER.last + timedelta(days=1)):
        a_case(county, registered_on=day.isoformat())

    assert shares(county, "I-10") == {"I-10": (0, 2)}


def visited(county, *days, enabled=True, booked=()):
    """A woman with antenatal checks on these days, the visits made in the hospital; `booked`: confirmed for these."""
    tasks = [("task_antenatal_visit", day, day) for day in days]
    case = a_case(county, tasks=tasks, visits=list(days), policy={"appointments": {"enabled": enabled}})
    for day in booked:
        said = {"booked": True, "booked_for": f"{day}T09:00:00+08:00"}
        a_case(county, process="appointment", about=case, **said)
        with psycopg.connect(county.url) as conn:  # it has ended: another may begin
            conn.execute(
                "UPDATE instance SET status = 'completed', ended_at = %s WHERE definition_key = 'appointment'",
                (at(day),),
            )
    return case


def test_return_visits_by_appointment_are_counted_visit_by_visit_in_the_hospital_that_saw_her(county):
    days = ("2026-01-12", "2026-02-12", "2026-03-12")
    visited(county, *days, booked=("2026-02-13", "2026-03-20"))  # a day off is hers, eight days are not
    visited(county, "2026-01-15", "2026-02-15", enabled=False)

    assert shares(county, "I-17", "I-18") == {"I-17": (1, 3), "I-18": (1, 2)}
    assert counted(county)["I-18"].excluded == 1 and list(counted_places(county, "I-18")) == ["org-hospital"]
    assert sorted(row.reason or "" for row in listed(county, "I-18")[0]) == [
        "",
        "came_without_booking",
        "no_booking_here",
    ]


def test_a_newborn_who_died_counts_as_an_infant_and_as_a_child_under_five_on_the_day_of_the_birth_record(county):
    a_case(county, **BORN | {"fetuses": [{"outcome": "live_birth"}, {"outcome": "neonatal_death"}]})
    a_case(county, **BORN)

    assert shares(county, "I-02", "I-03") == {"I-02": (1, 3), "I-03": (1, 3)}
    assert "newborn_died" in {row.reason for row in listed(county, "I-02")[0]}
