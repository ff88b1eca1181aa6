"""What cannot be is refused where it is entered, in words that a nurse uses, by page and over HTTP alike, and nothing
is half done. One row for each kind of impossible entry: forms first, then what no form holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from engine.commands.contracts import PublishMessage
from tests.databases import copied
from tests.unit.dmn.tables import table
from tests.web.conftest import Site, csrf_of, example
from tests.web.markup import assert_sound
from tests.web.test_amendments import graded
from tests.web.test_task_page import as_form

CHINESE, ENGLISH = re.compile(r"[一-鿿]"), re.compile(r"[a-z]{3}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One impossible entry into the form of a task. `of_the_child` changes the first child of a birth."""

    element: str
    who: str
    changes: dict[str, Any] = field(default_factory=dict)
    of_the_child: dict[str, Any] = field(default_factory=dict)
    at: str  # the field that is named
    says: str = ""  # part of the sentence in Chinese


REGISTRATION = {"element": "task_register", "who": "nurse"}
FIRST_VISIT = {"element": "task_first_visit", "who": "nurse2"}
VISIT = {"element": "task_antenatal_visit", "who": "nurse"}
BIRTH = {"element": "task_record_delivery", "who": "midwife"}
GRADING = {"element": "task_grade", "who": "doctor"}
STILLBORN = {"outcome": "stillbirth_iufd", "apgar_1": None, "apgar_5": None, "apgar_10": None}
TWINS = [{**example("delivery")["fetus"][0]}] * 2

FORMS = {
    "last period after today": Row(**REGISTRATION, changes={"lmp": "2026-02-01"}, at="lmp", says="晚于"),
    "last period longer ago than a pregnancy lasts": Row(
        **REGISTRATION, changes={"lmp": "2025-01-01"}, at="lmp", says="超过 300 天"
    ),
    "a day that does not exist": Row(**REGISTRATION, changes={"lmp": "2026-02-30"}, at="lmp", says="没有这一天"),
    "birth date that is not that of her number": Row(
        **REGISTRATION, changes={"birth_date": "1991-03-07"}, at="birth_date", says="身份证号"
    ),
    "a child as the mother": Row(**REGISTRATION, changes={"birth_date": "2019-03-07"}, at="birth_date"),
    "check digit of her number": Row(
        **REGISTRATION, changes={"id_no": "110101199003077599"}, at="id_no", says="校验位"
    ),
    "more births than pregnancies": Row(
        **REGISTRATION, changes={"gravidity": 1, "parity_vaginal": 3}, at="parity", says="产次"
    ),
    "pressure no gauge shows": Row(**FIRST_VISIT, changes={"sbp": 500}, at="sbp", says="280"),
    "diastolic above systolic": Row(**FIRST_VISIT, changes={"sbp": 110, "dbp": 120}, at="dbp", says="收缩压"),
    "height of a doll": Row(**FIRST_VISIT, changes={"height": 12}, at="height", says="100"),
    "nought for what was not measured": Row(**FIRST_VISIT, changes={"hb": 0}, at="hb", says="20"),
    "text for a number": Row(**FIRST_VISIT, changes={"weight": "很重"}, at="weight", says="数"),
    "a visit of tomorrow": Row(**VISIT, changes={"visit_date": "2026-01-06"}, at="visit_date", says="晚于"),
    "a heart rate that cannot be": Row(**VISIT, changes={"fhr": [400]}, at="fhr", says="260"),
    "none and something at once": Row(
        **VISIT, changes={"danger_signs": ["none", "bleeding"]}, at="danger_signs", says="无"
    ),
    "delivery before registration": Row(
        **BIRTH, changes={"delivered_at": "2026-01-02T06:20:00+08:00"}, at="delivered_at", says="早于建册日期"
    ),
    "delivery of tomorrow": Row(
        **BIRTH, changes={"delivered_at": "2026-01-06T06:20:00+08:00"}, at="delivered_at", says="晚于"
    ),
    "admitted after giving birth in the hospital": Row(
        **BIRTH, changes={"admitted_at": "2026-01-05T07:00:00+08:00"}, at="admitted_at", says="院外分娩"
    ),
    "a stillborn child with an Apgar score": Row(
        **BIRTH, of_the_child={**STILLBORN, "apgar_5": 7}, at="fetus[0].apgar_5", says="死胎、死产没有 Apgar 评分"
    ),
    "a stillborn child that is transferred": Row(
        **BIRTH, of_the_child={**STILLBORN, "transfer": "新生儿科"}, at="fetus[0].transfer", says="死胎、死产"
    ),
    "a child of ten kilograms": Row(**BIRTH, of_the_child={"weight_g": 10000}, at="fetus[0].weight_g", says="7000"),
    "an Apgar score of eleven": Row(**BIRTH, of_the_child={"apgar_1": 11}, at="fetus[0].apgar_1", says="10"),
    "two children of one order": Row(**BIRTH, changes={"fetus_count": 2, "fetus": TWINS}, at="fetus", says="胎次"),
    "fewer rows than children": Row(**BIRTH, changes={"fetus_count": 2}, at="fetus", says="胎数"),
    "a vaginal birth after her death": Row(
        **BIRTH, changes={"maternal_outcome": "died", "death_period": "antepartum"}, at="death_period", says="剖宫取胎"
    ),
    "a grading signed tomorrow": Row(**GRADING, changes={"graded_on": "2026-01-06"}, at="graded_on", says="晚于"),
}


@pytest.fixture(scope="module")
def county(server, furnished):
    """Everything that the rows are entered into, once: what is refused changes nothing."""
    with copied(server, furnished[0], "matrix") as url:
        opened = Site(furnished[1], url)
        case = graded(opened)
        doctor = opened.principal("doctor")
        opened.services.engine.execute(PublishMessage(name="message_diagnosis_received", key=case), by=doctor.actor)
        yield opened
        opened.close()


def bearer(site, who):
    people = site.services.people
    return {"Authorization": f"Bearer {people.issue_token(account=people.account(who)).access_token}"}


def stored(site):
    """What would be different if anything had been done."""
    with site.pool.connection() as conn:
        return conn.execute(
            "SELECT (SELECT count(*) FROM instance), (SELECT count(*) FROM history), (SELECT count(*) FROM definition),"
            " (SELECT count(*) FROM user_task WHERE state NOT IN ('completed', 'cancelled'))"
        ).fetchone()


def task_of(site, element, who):
    """The one that this person may do; of registrations the one that nobody has filled in."""
    own = site.principal(who).organisation
    return next(task for task in site.tasks(limit=200) if task.element_id == element and task.organisation == own)


def answers_of(row, form):
    answers = {**example(form), **row.changes}
    if row.of_the_child:
        answers["fetus"] = [{**answers["fetus"][0], **row.of_the_child}]
    return {name: value for name, value in answers.items() if value is not None}


def both(site, task, who, answers):
    """The same answers by the form of the page and over HTTP."""
    sent = {"idempotency_key": str(uuid4()), "revision": str(task.revision), **as_form(answers)}
    sent |= {f"fhr[{n}]": str(rate) for n, rate in enumerate(answers.get("fhr", ()))}  # one field for each fetus
    page = site.post(f"/tasks/{task.id}", who, **sent)
    path = f"/api/user-tasks/{task.id}/completion"
    return page, site.app.test_client().post(path, json={"answers": answers}, headers=bearer(site, who))


@pytest.mark.parametrize("row", FORMS.values(), ids=FORMS)
def test_what_cannot_be_stands_at_its_field_and_nothing_is_stored(county, row):
    task = task_of(county, row.element, row.who)
    before = stored(county)

    page, http = both(county, task, row.who, answers_of(row, task.form))

    assert (page.status_code, http.status_code) == (422, 422), http.get_data(as_text=True)
    faults = {fault["path"]: fault["message"] for fault in http.json["errors"]}
    (named,) = [path for path in faults if path.startswith(row.at)][:1] or [None]
    assert named, faults
    assert row.says in faults[named]["zh"] and CHINESE.search(faults[named]["zh"]), faults[named]
    assert ENGLISH.search(faults[named]["en"]) and not CHINESE.search(faults[named]["en"]), faults[named]
    assert f'href="#f-{row.at.partition("[")[0]}' in page.text and faults[named]["zh"] in page.text
    assert_sound(page)
    assert (stored(county), county.stored(task.id).state) == (before, task.state)


def test_a_second_open_pregnancy_is_refused_with_the_first_in_words(county):
    known = {name: example("registration")[name] for name in ("id_no", "birth_date")}
    task, before = task_of(county, "task_register", "nurse"), stored(county)
    answers = {**example("registration"), **known}

    page = county.post("/register", "nurse", idempotency_key="r-1", **as_form(answers))
    on_task, http = both(county, task, "nurse", answers)

    assert (page.status_code, on_task.status_code, http.status_code) == (409, 409, 409), on_task.text
    for answer in (page, on_task):
        assert "已有在管妊娠" in answer.text
        assert_sound(answer)
    assert "pregnancy" in http.json["detail"] and CHINESE.search(http.json["detail"])
    assert stored(county) == before


def test_who_may_not_grade_grades_and_amends_nobody(county):
    task, before = task_of(county, "task_grade", "doctor"), stored(county)
    case = task.business_key
    amended = {"graded_at": "x", "criteria": ["Y-1.1"], "reason": "x"}

    for who in ("nurse", "village", "midwife", "officer"):
        page, http = both(county, task, who, example("risk-grading"))
        assert page.status_code in (403, 404) and http.status_code in (403, 404), who
        assert county.post(f"/pregnancies/{case}/grading", who, **amended).status_code == 403
        path = f"/api/pregnancies/{case}/corrections/grading"
        refused = county.app.test_client().post(path, json=amended, headers=bearer(county, who))
        assert refused.status_code in (403, 404), who
    assert stored(county) == before


def test_rules_that_overlap_are_refused_at_their_rule(county):
    number = {"types": {"x": "number", "r": "string"}}
    wrong = table(["x"], ["r"], [("< 10", '"low"'), ("< 5", '"lower"')], **number)
    client, before = county.client("designer"), stored(county)
    headers = {"X-CSRF-Token": csrf_of(client.get("/tasks")), "Content-Type": "application/xml"}

    http = county.app.test_client().post("/api/definitions", data=wrong, headers=bearer(county, "designer"))
    page = client.post("/design/check", data=wrong, headers=headers)

    assert (http.status_code, page.status_code) == (422, 422), page.get_data(as_text=True)
    [fault] = [f for f in http.json["errors"] if f["path"].endswith("d/2")]
    assert CHINESE.search(fault["message"]["zh"]) and ENGLISH.search(fault["message"]["en"])
    assert next(p["element_id"] for p in page.json["problems"] if p["severity"] == "error").endswith("d/2")
    right = table(["x"], ["r"], [("< 5", '"low"'), (">= 5", '"high"')], **number)
    assert client.post("/design/check", data=right, headers=headers).status_code == 200
    assert stored(county) == before


def test_an_expired_pack_starts_no_real_case(server, furnished):
    with copied(server, furnished[0], "expired") as url:
        site = Site(furnished[1], url, YUNTU_DEMO="0", YUNTU_PACK="cn-xf-2022")
        try:
            before = stored(site)
            answers = {**example("registration"), "id_no": "110101199003077598", "birth_date": "1990-03-07"}

            page = site.post("/register", "nurse", idempotency_key="e-1", **as_form(answers))
            http = site.app.test_client().post(
                "/api/instances", json={"definition_key": "pregnancy_journey"}, headers=bearer(site, "nurse")
            )

            assert (page.status_code, http.status_code) == (409, 409), http.get_data(as_text=True)
            assert "2023-04-30" in page.text and "2023-04-30" in str(http.json)
            assert_sound(page)
            assert stored(site) == before
        finally:
            site.close()
