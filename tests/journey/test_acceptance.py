"""The acceptance scenarios of the pathway, by named synthetic women, over HTTP alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.journey.county import flat


def registered(county, *, first_visit=None, registration=None, weeks=9, days=0, age=28, by="hospital"):
    """A woman whom the hospital sent in (or who came to her township), registered and checked for the first time."""
    come = county.send_in if by == "hospital" else county.walks_in
    woman = come(weeks=weeks, days=days, age=age)
    assert woman.open() == ["task_register"]
    woman.completes("task_register", **(registration or {}))
    woman.completes("task_first_visit", **({"height": 160, "weight": 55} | (first_visit or {})))
    return woman


def graded(woman, **answers):
    """From a positive screening to a signed grading as proposed; through the referral slip if there is one."""
    if "task_refer_positive" in woman.open():
        woman.completes("task_refer_positive")
    woman.completes("task_grade", **answers)
    return woman


def due(task) -> date:
    return datetime.fromisoformat(task["window"]["due"]).astimezone().date()


def go_through_visits(county, woman, *, until: date) -> int:
    """Do each visit on the first day of its window until the day comes; answers how many."""
    done = 0
    while True:
        visits = [t for t in woman.tasks() if t["element_id"].endswith("task_antenatal_visit")]
        if not visits:
            return done
        opens = datetime.fromisoformat(visits[0]["window"]["from"]).date()
        if opens >= until:
            return done
        county.advance_to(opens)
        woman.completes("task_antenatal_visit")
        done += 1


def to_the_end(county, woman, *, visited_within=7):
    """Birth at the due date, home after three days, visited, checked on the 42nd day, closed."""
    born = date.fromisoformat(woman.pregnancy()["edd"])
    visits = go_through_visits(county, woman, until=born)
    county.advance_to(born, 12)
    woman.delivers(born)
    for task in ("task_newborn_care", "task_check_after_birth", "task_observe_2h", "task_observe_24h"):
        woman.completes(task)
    county.advance_to(born + timedelta(days=3), 12)
    woman.completes("task_newborn_screening")
    woman.delivers(born, discharged_on=born + timedelta(days=3))
    woman.completes("task_acknowledge_discharge")

    assert due(woman.task("task_home_visit")) == born + timedelta(days=3 + visited_within)
    county.advance_to(born + timedelta(days=6))
    woman.completes("task_home_visit")
    woman.completes("task_newborn_visit")
    assert due(woman.task("task_check_42d")) == born + timedelta(days=42)
    county.advance_to(born + timedelta(days=42))
    woman.completes("task_newborn_month_visit")
    woman.completes("task_check_42d", classification="recovered", disposition="close")
    return born, visits


def finished(woman):
    woman.completes("task_close_case", end_code="closed.recovered")
    assert woman.open() == []
    assert woman.pregnancy()["end"]["code"] == "closed.recovered"
    assert woman.fhir(f"EpisodeOfCare/{woman.id}")["status"] == "finished"


def test_ac_01_a_healthy_woman_is_green_and_goes_to_the_42nd_day(county):
    woman = registered(county)

    woman.completes("task_screen")
    assert variables(county, woman)["screening"] == "negative"
    assert woman.pregnancy()["colour"]["primary"] == "green"
    assert woman.fhir(f"EpisodeOfCare/{woman.id}")["status"] == "active"
    assert not {"task_grade", "task_report_risk", "task_open_case_file"} & set(woman.open())

    _, visits = to_the_end(county, woman)
    assert visits == 4  # and the first: the five windows of the package
    assert "task_report_risk" not in came_to_pass(county, woman)
    finished(woman)


def variables(county, woman):
    """Of her case as the county sees it."""
    return county.ok("officer", "GET", f"/api/instances/{woman.pregnancy()['instances'][0]['id']}")["variables"]


def came_to_pass(county, woman):
    """Every element that her course has touched so far."""
    found = [
        county.ok("officer", "GET", f"/api/instances/{one['id']}/history") for one in woman.pregnancy()["instances"]
    ]
    return {row["element_id"].rsplit("/", 1)[-1] for rows in found for row in rows}


def test_ac_03_a_short_woman_is_positive_by_the_national_table_and_graded_green(county):
    woman = registered(county, first_visit={"height": 144, "weight": 42})
    woman.completes("task_screen")
    assert variables(county, woman)["screening_codes"] == ["S-1.2"]

    graded(woman)

    assert (variables(county, woman)["criteria"], woman.pregnancy()["colour"]["primary"]) == ([], "green")


def test_ac_05_hiv_is_a_flag_beside_green_with_a_file_a_report_in_24_hours_and_its_reason_hidden(county):
    woman = registered(county, age=25, first_visit={"hiv": "pos"})
    woman.completes("task_screen")
    graded(woman)
    graded_at = county.now()

    colour = woman.pregnancy()["colour"]
    assert (colour["primary"], colour["purple"]) == ("green", True)
    assert woman.pregnancy()["case_file"] and "task_open_case_file" in woman.open()
    assert "task_report_risk" not in woman.open()  # F-06 of purple is what a region may ask for
    report = woman.task("task_pmtct_report")
    assert datetime.fromisoformat(report["window"]["due"]) == graded_at + timedelta(hours=24)
    assert "task_pmtct_art" in woman.open()
    seen = county.ok("village", "GET", f"/api/user-tasks?state=open&pregnancy={woman.id}&limit=200")["items"]
    assert not [task for task in seen if "pmtct" in task["element_id"]]
    assert woman.pregnancy("village")["colour"]["purple"] is None
    assert county.call("village", "GET", f"/api/user-tasks/{report['id']}").status_code in (403, 404)
    for who, found in (("village", False), ("nurse", True)):
        asked = f"/fhir/Task?patient={woman.patient_id}&_count=200"
        tasks = [one["resource"] for one in county.ok(who, "GET", asked).get("entry", [])]
        assert tasks and any("pmtct" in str(task["code"]) for task in tasks) is found
    assert county.call("village", "GET", f"/fhir/Task/{report['id']}").status_code in (403, 404)


def test_ac_06_syphilis_and_a_high_pulmonary_pressure_are_red_and_purple_beside_each_other(county):
    woman = registered(county, first_visit={"syphilis": "pos", "pasp": 55})
    woman.completes("task_screen")
    graded(woman)
    graded_at = county.now()

    colour = woman.pregnancy()["colour"]
    assert (colour["primary"], colour["purple"]) == ("red", True)
    assert {"R-1.1.1", "P-1"} <= set(variables(county, woman)["criteria"])
    assert datetime.fromisoformat(woman.task("task_report_risk")["window"]["due"]) == graded_at + timedelta(hours=24)
    assert woman.task("task_assess_suitability")["window"]["due"]  # P12
    assert [task for task in woman.open() if task.startswith("task_pmtct")]
    assert len(woman.fhir(f"Flag?patient={woman.patient_id}&status=active")["entry"]) == 2


def test_ac_04_an_older_heavier_woman_is_orange_reported_within_three_days_and_followed_to_the_end(county):
    woman = registered(county, age=36, first_visit={"height": 160, "weight": 74.5})
    woman.completes("task_screen")
    graded(woman)
    graded_at = county.now()

    assert woman.pregnancy()["colour"]["primary"] == "orange"
    assert set(variables(county, woman)["criteria"]) == {"Y-1.1", "O-1.2"}
    report = woman.task("task_report_risk")
    assert datetime.fromisoformat(report["window"]["due"]) == graded_at + timedelta(days=3)
    woman.completes("task_report_risk")
    woman.completes("task_acknowledge_report")
    woman.completes("task_open_case_file")
    woman.completes("task_meet_face_to_face")
    assert woman.pregnancy()["case_file"]
    if "task_return_slip" in woman.open():
        woman.completes("task_return_slip")

    to_the_end(county, woman, visited_within=3)  # §7.3: of high risk
    finished(woman)
    flags = woman.fhir(f"Flag?patient={woman.patient_id}")
    assert "orange" in str(flags)


def test_ac_02_a_long_birth_interval_alone_is_positive_and_then_green(county):
    last = (county.today() - timedelta(days=6 * 365)).isoformat()
    woman = registered(
        county,
        by="township",
        registration={"gravidity": 2, "parity_vaginal": 1, "last_pregnancy_end_date": last},
    )
    woman.completes("task_screen")

    assert variables(county, woman)["screening_codes"] == ["S-2.1"]
    woman.completes("task_refer_positive")
    assert due(woman.task("task_grade")) == county.today() + timedelta(days=14)  # the clock of the slip
    graded(woman)
    assert (variables(county, woman)["criteria"], woman.pregnancy()["colour"]["primary"]) == ([], "green")
    assert "task_return_slip" in woman.open()
    woman.completes("task_return_slip")
    assert not {"task_return_slip", "task_report_risk", "task_grade"} & set(woman.open())


@pytest.mark.parametrize(
    ("found", "colour"),
    [
        ({"hb": 61}, "yellow"),
        ({"hb": 60}, "orange"),
        ({"hb": 40}, "red"),
        ({"plt": 30}, "orange"),
        ({"plt": 29}, "red"),
    ],
)
def test_ac_07_and_08_a_value_on_the_boundary_of_two_bands_takes_the_higher_colour(county, found, colour):
    woman = registered(county, first_visit=found)
    woman.completes("task_screen")
    graded(woman)

    assert woman.pregnancy()["colour"]["primary"] == colour


@pytest.mark.parametrize(("weeks", "days", "early"), [(12, 6, True), (13, 0, False)])
def test_ac_12_early_registration_ends_with_twelve_weeks_and_six_days(county, weeks, days, early):
    woman = registered(county, weeks=weeks, days=days)

    instance = county.ok("officer", "GET", f"/api/instances/{woman.pregnancy()['instances'][0]['id']}")
    assert instance["variables"]["early_registration"] is early
    assert woman.open() == ["task_screen"]


def test_ac_14_without_a_last_period_the_ultrasound_dates_the_pregnancy(county):
    woman = county.send_in(weeks=10)
    scan = county.today().isoformat()

    woman.completes(
        "task_register",
        lmp=None,
        lmp_unknown=True,
        edd_basis="us",
        us_date=scan,
        us_ga_weeks=10,
        us_ga_days=0,
        us_crl=31,
    )

    pregnancy = woman.pregnancy()
    assert pregnancy["edd"] == (county.today() + timedelta(days=280 - 70)).isoformat()
    assert pregnancy["gestational_age"] == "10+0"


def test_ac_18_an_abortion_at_ten_weeks_ends_the_pregnancy_and_asks_for_contraception(county):
    woman = registered(county, weeks=10)
    woman.completes("task_screen")

    woman.report_end("ended.abortion")

    assert "task_antenatal_visit" not in woman.open()
    woman.completes("task_close_case", end_code="ended.abortion", abortion_kind="spontaneous")
    assert woman.open() == ["task_contraception"]
    woman.completes("task_contraception")
    assert woman.open() == []
    assert woman.pregnancy()["end"]["code"] == "ended.abortion"
    assert woman.fhir(f"EpisodeOfCare/{woman.id}")["status"] == "finished"


def test_ac_21_without_news_a_week_after_the_due_date_somebody_traces_the_outcome(county):
    woman = registered(county)
    woman.completes("task_screen")
    edd = date.fromisoformat(woman.pregnancy()["edd"])
    go_through_visits(county, woman, until=edd)

    county.advance_to(edd + timedelta(days=6))
    assert "task_trace_outcome" not in woman.open()
    county.advance_to(edd + timedelta(days=8))
    assert "task_trace_outcome" in woman.open()


def test_ac_22_a_woman_who_has_not_recovered_is_referred_and_her_case_stays_open(county):
    woman = registered(county)
    woman.completes("task_screen")
    born = county.today()
    woman.delivers(born, discharged_on=born)
    woman.completes("task_home_visit")
    county.advance_to(born + timedelta(days=42))

    woman.completes(
        "task_check_42d",
        classification="not_recovered",
        classification_text="切口未愈",
        disposition="refer",
        referral_reason="切口未愈",
        referral_org="县医院",
        referral_department="产科",
    )

    assert "task_refer_postnatal" in woman.open()
    assert "task_close_case" not in woman.open()
    assert woman.fhir(f"EpisodeOfCare/{woman.id}")["status"] == "active"


def test_ac_23_a_woman_who_gave_birth_at_home_is_visited_the_same_day_and_the_newborn_form_says_no_institution(county):
    woman = registered(county)
    woman.completes("task_screen")
    born = date.fromisoformat(woman.pregnancy()["edd"]) - timedelta(days=4)
    go_through_visits(county, woman, until=born)
    county.advance_to(born, 9)
    birth = f"{born}T07:10:00+08:00"

    woman.completes("task_record_delivery", **at_home(birth))

    visit, care, child = (woman.task(f"task_{name}") for name in ("home_visit", "newborn_care", "newborn_visit"))
    assert {one["organisation"] for one in (visit, care, child)} == {"org-twn-1"}  # no ward looks after them
    assert "task_record_discharge" not in woman.open() and "task_acknowledge_discharge" not in woman.open()
    assert due(visit) == due(child) == born  # the same day
    assert datetime.fromisoformat(care["window"]["due"]) == datetime.fromisoformat(birth) + timedelta(hours=24)
    woman.completes("task_home_visit")
    form = county.ok("nurse", "GET", f"/api/user-tasks/{child['id']}/form")
    assert flat(form["response"])["birth_institution"] == "无"
    woman.completes("task_newborn_visit", birth_institution="无")
    woman.completes("task_newborn_care", child_apgar_1=None, child_apgar_5=None)  # nobody was there to score
    woman.completes("task_observe_24h")
    assert woman.open() == ["task_check_42d"]

    county.advance_to(born + timedelta(days=2), 7)
    assert "task_newborn_screening" not in woman.open()
    county.advance_to(born + timedelta(days=2), 8)
    assert "task_newborn_screening" in woman.open()  # from the 48th hour after birth
    stay = woman.fhir(f"Encounter/delivery-{woman.id}")
    assert (stay["class"]["code"], "serviceProvider" in stay) == ("FLD", False)
    quarter = f"{born.year}Q{(born.month + 2) // 3}"
    counted = county.ok("officer", "GET", f"/api/indicators/I-04/women?period={quarter}")["items"]
    assert [row["reason"] for row in counted if row["pregnancy_id"] == woman.id] == ["not_in_hospital"]


def at_home(birth):
    """What the hospital writes down when the family calls: born at home, nobody was admitted."""
    child = {"order": 1, "sex": "female", "weight_g": 3100, "birth_time": birth, "outcome": "live_birth"}
    where = {"delivery_place": "home", "admitted_after": False, "admitted_at": None, "attendant": "家人"}
    return {**where, "delivered_at": birth, "fetus": [child]}


def test_an_older_page_is_told_so_before_anything_else_is_said_of_its_answers(county):
    task = county.walks_in().task("task_register")
    path = f"/api/user-tasks/{task['id']}/completion"

    answer = county.call("nurse", "POST", path, json={"answers": {}}, headers={"If-Match": '"999"'})

    assert answer.status_code == 412
    assert county.call("nurse", "POST", path, json={"answers": {}}).status_code == 422
