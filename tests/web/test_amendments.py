"""A grading that was entered in error, amended by the doctor: the effect first, then the old one struck through."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import expect

from engine.commands.contracts import Deploy, PublishMessage
from engine.errors import Forbidden
from engine.store import reads
from tests.web.conftest import BEGIN, example, served
from tests.web.markup import assert_sound
from tests.web.visitor import visitor
from workflows import completion
from workflows.policies.gradings import numbered

PATHS = ("task_report_risk", "task_open_case_file")


def graded(site, **criteria):
    """A woman of the first township who was graded today; with criteria by their linkIds."""
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    return grade(site, case, **criteria)


def grade(site, case, **criteria):
    doctor = site.principal("doctor")
    site.services.engine.execute(PublishMessage(name="message_diagnosis_received", key=case), by=doctor.actor)
    task = next(t for t in site.tasks(business_key=case) if t.element_id == "task_grade")
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    completion.complete(site.services, task.id, by=doctor, answers={**plain, "informed_on": "2026-01-05", **criteria})
    return case


def variables(site, case):
    with site.services.engine.read() as conn:
        return reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", case).variables


def elements(site, case):
    return {task.element_id for task in site.tasks(business_key=case)}


def form(site, case, *codes, **more):
    return {"graded_at": variables(site, case)["gradings"][-1]["graded_at"], "criteria": list(codes), **more}


def test_the_effect_is_what_will_happen_and_nothing_happens_before_it_is_confirmed(site):
    case = graded(site, o_1_2=True)
    path = f"/pregnancies/{case}/grading"
    assert elements(site, case) >= set(PATHS)
    assert_sound(site.get(path, "doctor"))
    assert path in site.get(f"/pregnancies/{case}", "doctor").text

    shown = site.post(path, "doctor", **form(site, case, "Y-1.1", reason="身高体重录反"))
    assert_sound(shown)
    assert "橙 较高 → 黄 一般" in shown.text and "填报风险分级报告单" in shown.text and "建立高危专案" in shown.text
    assert (variables(site, case)["colour"], elements(site, case) >= set(PATHS)) == ("orange", True)

    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]
    done = site.post(path, "doctor", **form(site, case, "Y-1.1", reason="身高体重录反", confirmed=confirmed))
    assert done.status_code == 303
    assert (variables(site, case)["colour"], elements(site, case) & set(PATHS)) == ("yellow", set())

    page = site.get(f"/pregnancies/{case}", "nurse")
    assert_sound(page)
    struck = page.text.partition("<del>")[2].partition("</li>")[0]
    assert "橙 较高" in struck and "O-1.2" in struck and "身高体重录反" in struck and "示范产科医师" in struck


def test_another_set_of_criteria_than_the_one_shown_is_shown_again(site):
    case = graded(site, o_1_2=True)
    path = f"/pregnancies/{case}/grading"
    shown = site.post(path, "doctor", **form(site, case, "Y-1.1", reason="x"))
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]

    again = site.post(path, "doctor", **form(site, case, reason="x", confirmed=confirmed))

    assert again.status_code == 200 and variables(site, case)["colour"] == "orange"


@pytest.mark.parametrize(
    "codes, reason, status",
    [(["O-1.2"], "x", 422), (["Y-1.1"], " ", 422), (["Y-99.9"], "x", 422), (["S-1.1"], "x", 422)],
)
def test_what_changes_nothing_or_is_no_criterion_or_has_no_reason_is_refused(site, codes, reason, status):
    case = graded(site, o_1_2=True)

    answer = site.post(f"/pregnancies/{case}/grading", "doctor", **form(site, case, *codes, reason=reason))

    assert answer.status_code == status
    assert_sound(answer)
    assert variables(site, case)["colour"] == "orange"


def test_a_result_that_is_no_longer_the_newest_is_not_amended(site):
    case = graded(site, o_1_2=True)
    stale = {**form(site, case, "Y-1.1", reason="x"), "graded_at": "2026-01-04T08:00:00+08:00"}

    assert site.post(f"/pregnancies/{case}/grading", "doctor", **stale).status_code == 409


@pytest.mark.parametrize("who", ["nurse", "officer", "county", "midwife"])
def test_only_a_doctor_who_may_grade_amends(site, who):
    case = graded(site, o_1_2=True)

    assert site.get(f"/pregnancies/{case}/grading", who).status_code == 403
    assert site.post(f"/pregnancies/{case}/grading", who, **form(site, case, reason="x")).status_code == 403


@pytest.mark.parametrize("name", ["message_grading_amended", "message_graded"])
def test_nobody_sets_a_colour_by_a_message_past_the_checks(site, name):
    case = graded(site, o_1_2=True)
    people = site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('nurse')).access_token}"}
    told = {"name": name, "key": case, "payload": {"criteria": [], "colour": "green", "purple": False}}

    assert site.app.test_client().post("/api/messages", json=told, headers=headers).status_code == 403
    assert variables(site, case)["colour"] == "orange"


def test_what_was_an_infection_is_told_to_nobody_who_may_not_know(site):
    case = graded(site, p_1=True)
    path = f"/pregnancies/{case}/grading"
    shown = site.post(path, "doctor", **form(site, case, reason="HIV 初筛假阳性"))
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]
    assert (
        site.post(path, "doctor", **form(site, case, reason="HIV 初筛假阳性", confirmed=confirmed)).status_code == 303
    )

    assert "<del>" in site.get(f"/pregnancies/{case}", "nurse").text
    for who in ("village", "county"):
        text = site.get(f"/pregnancies/{case}", who).text
        assert "<del>" not in text and "HIV" not in text and "P-1" not in text


def test_the_same_over_http_with_a_dry_run_an_audit_row_and_fhir_that_says_it_was_an_error(site):
    case = graded(site, o_1_2=True)
    client, people = site.app.test_client(), site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('doctor')).access_token}"}
    body = {**form(site, case, "Y-1.1"), "reason": "勾错"}
    url = f"/api/pregnancies/{case}/corrections/grading"

    dry = client.post(url, json={**body, "dry_run": True}, headers=headers)
    assert dry.status_code == 200 and dry.json["dry_run"] is True
    assert variables(site, case)["colour"] == "orange"
    done = client.post(url, json=body, headers={**headers, "Idempotency-Key": "k-1"})
    assert done.json["cases"] == dry.json["cases"]
    assert done.json["cases"][0]["changed"]["colour"] == {"was": "orange", "now": "yellow"}
    assert client.post(url, json=body, headers={**headers, "Idempotency-Key": "k-1"}).json == done.json

    rows = [row for row in people.newest(subject_id=case) if row["action"] == "amend-grading"]
    assert len(rows) == 1 and rows[0]["actor_id"] == "doctor"
    for kind, query in (("RiskAssessment", ""), ("Flag", "&category=clinical")):
        found = client.get(f"/fhir/{kind}?patient={variables(site, case)['patient_id']}{query}", headers=headers)
        statuses = sorted(entry["resource"]["status"] for entry in found.json["entry"])
        assert "entered-in-error" in statuses, (kind, statuses)
    assert "corrected" in [
        entry["resource"]["status"]
        for entry in client.get(f"/fhir/RiskAssessment?patient={variables(site, case)['patient_id']}", headers=headers)
        .json["entry"]
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_in_a_browser_a_doctor_amends_and_reads_it_struck_through(site, chromium, lang):
    case = graded(site, o_1_2=True)
    with served(site) as base, visitor(chromium, base, lang=lang) as person:
        person.sign_in("doctor", site.passwords["doctor"])
        person.goto(f"/pregnancies/{case}/grading")
        page = person.page
        person.check()
        page.get_by_role("checkbox", name="O-1.2").uncheck()
        page.fill("#reason", "体重录错")
        page.locator("form.card button.button--main").click()
        expect(page.locator("#effect")).to_be_visible()
        person.check()
        page.locator("form.card button.button--main").click()
        expect(page.locator("del")).to_contain_text({"zh": "橙 较高", "en": "Orange raised"}[lang])
        expect(page.locator("main")).to_contain_text("体重录错")
    assert BEGIN[:10] in variables(site, case)["gradings_in_error"][0]["error"]["at"]


def test_ac31_a_township_may_propose_a_rise_and_grades_nobody(site):
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    nurse = site.principal("nurse")
    told = PublishMessage(name="message_diagnosis_received", key=case)  # she proposes
    site.services.engine.execute(told, by=nurse.actor)
    task = next(t for t in site.tasks(business_key=case) if t.element_id == "task_grade")
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}

    with pytest.raises(Forbidden):
        completion.complete(site.services, task.id, by=nurse, answers={**plain, "y_1_1": True})

    assert site.stored(task.id).is_open and task.candidate_roles == ["R-OB"]


def test_a_wrong_red_gives_back_the_unsent_report_of_the_true_orange(site):
    case = graded(site, o_1_2=True)
    due = next(t.due_at for t in site.tasks(business_key=case) if t.element_id == "task_report_risk")
    orange = variables(site, case)["gradings"][0]["graded_at"]
    site.clock.set(site.clock() + timedelta(days=2))
    doctor = site.principal("doctor")
    site.services.engine.execute(PublishMessage(name="message_diagnosis_received", key=case), by=doctor.actor)
    task = next(t for t in site.tasks(business_key=case) if t.element_id == "task_grade")
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    given = {**plain, "informed_on": "2026-01-07", "graded_on": "2026-01-07", "o_1_2": True, "r_1_1_1": True}
    completion.complete(site.services, task.id, by=doctor, answers=given)
    assert variables(site, case)["colour"] == "red"
    site.clock.set(site.clock() + timedelta(hours=3))
    path = f"/pregnancies/{case}/grading"
    shown = site.post(path, "doctor", **form(site, case, "O-1.2", reason="肺动脉压读错"))
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]

    site.post(path, "doctor", **form(site, case, "O-1.2", reason="肺动脉压读错", confirmed=confirmed))

    assert variables(site, case)["colour"] == "orange"
    assert variables(site, case)["gradings"][-1]["clock_from"] == orange
    (report,) = [t for t in site.tasks(business_key=case) if t.element_id == "task_report_risk"]
    assert report.due_at == due, "the deadline runs from the orange result, not from the slip"


@pytest.mark.parametrize("back", [timedelta(0), timedelta(hours=1)], ids=["the same moment", "a clock that went back"])
def test_which_report_went_out_is_told_by_its_number_and_not_by_the_time(site, back):
    case = graded(site, o_1_2=True)
    report = next(t for t in site.tasks(business_key=case) if t.element_id == "task_report_risk")
    completion.complete(site.services, report.id, by=site.principal("doctor"), answers=example("risk-report"))
    with site.pool.connection() as conn:  # the manual clock itself never goes back, a machine's may
        conn.execute("UPDATE manual_clock SET now = now - %s", [back])
    graded_again(site, case, "2026-01-05", o_1_2=True, r_1_1_1=True)
    assert "task_report_risk" in elements(site, case), "the red waits to be reported"

    amended(site, case, "O-1.2", reason="肺动脉压读错")

    now, waiting = variables(site, case), elements(site, case)
    assert (now["colour"], [row["colour"] for row in now["gradings"]]) == ("orange", ["orange", "orange"])
    assert "task_acknowledge_amended" not in waiting, "the county was never told of the red"
    assert "task_report_risk" not in waiting, "the orange was reported"


def amended(site, case, *codes, **more):
    path = f"/pregnancies/{case}/grading"
    shown = site.post(path, "doctor", **form(site, case, *codes, **more))
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]
    answer = site.post(path, "doctor", **form(site, case, *codes, confirmed=confirmed, **more))
    assert answer.status_code == 303, answer.text


def graded_again(site, case, on, **criteria):
    """The doctor is asked again and signs another result."""
    doctor = site.principal("doctor")
    site.services.engine.execute(PublishMessage(name="message_diagnosis_received", key=case), by=doctor.actor)
    task = next(t for t in site.tasks(business_key=case) if t.element_id == "task_grade")
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    given = {**plain, "informed_on": on, "graded_on": on, "change_reason": "病情变化", **criteria}
    completion.complete(site.services, task.id, by=doctor, answers=given)


def twice_graded(site):
    """Orange in error, and two days later a true yellow: nothing of the orange was reported."""
    case = graded(site, o_1_2=True)
    site.clock.set(site.clock() + timedelta(days=2))
    graded_again(site, case, "2026-01-07", y_1_1=True)
    assert [row["colour"] for row in variables(site, case)["gradings"]] == ["orange", "yellow"]
    return case


def earlier(site, case, *codes, **more):
    first = variables(site, case)["gradings"][0]
    return {"graded_at": first["graded_at"], "number": 1, "newest": 2, "criteria": list(codes), **more}


def test_an_earlier_result_is_amended_with_the_effect_first_and_the_one_in_force_stays(site):
    case = twice_graded(site)
    path = f"/pregnancies/{case}/grading"
    page = site.get(path, "doctor")
    assert_sound(page)
    assert f"{path}?number=1" in page.text
    assert_sound(site.get(f"{path}?number=1", "doctor"))

    shown = site.post(path, "doctor", **earlier(site, case, "Y-1.2", reason="体重录错"))
    assert_sound(shown)
    assert "那一次分级" in shown.text and "橙 较高 → 黄 一般" in shown.text
    assert "填报风险分级报告单" in shown.text and "建立高危专案" in shown.text
    assert elements(site, case) >= set(PATHS)

    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]
    done = site.post(path, "doctor", **earlier(site, case, "Y-1.2", reason="体重录错", confirmed=confirmed))
    assert done.status_code == 303
    now = variables(site, case)
    assert (now["colour"], now["criteria"]) == ("yellow", ["Y-1.1"])
    assert [row["colour"] for row in now["gradings"]] == ["yellow", "yellow"]
    assert not elements(site, case) & set(PATHS)
    struck = site.get(f"/pregnancies/{case}", "nurse").text.partition("<del>")[2].partition("</li>")[0]
    assert "O-1.2" in struck and "体重录错" in struck


@pytest.mark.parametrize(
    "changed, status",
    [
        ({"newest": 1}, 409),
        ({"number": 9}, 404),
        ({"graded_at": "2026-01-04T08:00:00+08:00"}, 404),
        ({"criteria": ["O-1.2"]}, 422),
        ({"reason": " "}, 422),
    ],
    ids=["graded again since", "no such number", "another time", "the same criteria", "no reason"],
)
def test_an_earlier_result_is_not_amended_past_what_the_doctor_saw(site, changed, status):
    case = twice_graded(site)

    answer = site.post(f"/pregnancies/{case}/grading", "doctor", **earlier(site, case, reason="x") | changed)

    assert answer.status_code == status
    assert_sound(answer)
    assert not variables(site, case).get("gradings_in_error")


def test_over_http_every_result_has_its_number_and_what_was_amended_cannot_be_amended_again(site):
    case = twice_graded(site)
    client, people = site.app.test_client(), site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('doctor')).access_token}"}
    url, body = f"/api/pregnancies/{case}/corrections/grading", earlier(site, case, "R-1.1.1", reason="漏看超声")

    dry = client.post(url, json={**body, "dry_run": True}, headers=headers).json
    done = client.post(url, json=body, headers=headers)

    assert done.status_code == 200 and done.json["cases"] == dry["cases"]
    assert done.json["noted"] == {"grading": 1, "in_force": False, "colour": {"was": "orange", "now": "red"}}
    listed = client.get(f"/api/pregnancies/{case}/gradings", headers=headers).json["items"]
    assert [(one["number"], one["colour"], one["state"]) for one in listed] == [
        (1, "orange", "in-error"),
        (3, "red", "earlier"),
        (2, "yellow", "in-force"),
    ]
    assert listed[0]["error"]["reason"] == "漏看超声" and listed[0]["error"]["by"] == "doctor"
    assert client.post(url, json=body, headers=headers).status_code == 404
    found = client.get(f"/fhir/RiskAssessment?patient={variables(site, case)['patient_id']}", headers=headers).json
    told = {entry["resource"]["id"]: entry["resource"]["status"] for entry in found["entry"]}
    graded_in_fhir = {name.rpartition("-")[2]: status for name, status in told.items() if name.startswith("risk-")}
    assert graded_in_fhir == {"1": "entered-in-error", "2": "final", "3": "corrected"}


def test_what_an_earlier_result_says_of_an_infection_is_listed_for_nobody_who_may_not_know(site):
    case = graded(site, p_1=True)
    site.clock.set(site.clock() + timedelta(days=2))
    graded_again(site, case, "2026-01-07", y_1_1=True)
    client, people = site.app.test_client(), site.services.people

    told = {}
    for who in ("doctor", "county"):
        headers = {"Authorization": f"Bearer {people.issue_token(account=people.account(who)).access_token}"}
        told[who] = client.get(f"/api/pregnancies/{case}/gradings", headers=headers).json["items"][0]

    assert [told[who]["purple"] for who in told] == [True, None]
    assert ["P-1" in told[who]["criteria"] for who in told] == [True, False]


# --- a case on a diagram of before earlier results could be amended ---------------------------------------------------

JOURNEY = Path(__file__).parents[2] / "bpmn" / "pregnancy_journey.bpmn"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def without_correcting():
    """The journey as it was before: what listens for the correction of an earlier result is not there."""
    tree = etree.parse(JOURNEY)
    listener = tree.find(f".//{BPMN}subProcess[@id='event_corrected']")
    gone = {element.get("id") for element in listener.iter() if element.get("id")}
    listener.getparent().remove(listener)
    for drawn in [one for one in tree.iter() if one.get("bpmnElement") in gone]:
        drawing = drawn.getparent()
        whole = drawing if drawing.tag.endswith("BPMNDiagram") else drawn
        if whole.getparent() is not None:
            whole.getparent().remove(whole)
    return etree.tostring(tree)


@pytest.fixture
def on_an_older_diagram(site):
    """A woman whose case began on it: orange, then yellow."""
    by = site.principal("designer").actor
    site.services.engine.execute(Deploy(files={"pregnancy_journey.bpmn": without_correcting()}), by=by)
    case = site.woman("nurse", name="测试旧版", id_no="999999199706150051", handbook_no="SF-2026-0009").pregnancy_id
    nurse = site.principal("nurse")
    for element in ("task_first_visit", "task_screen"):
        task = next(t for t in site.tasks(business_key=case) if t.element_id == element)
        completion.complete(site.services, task.id, by=nurse, answers=example(task.form))
    return case


def test_on_an_older_diagram_a_result_that_nothing_rests_on_is_amended_all_the_same(site, on_an_older_diagram):
    case = grade(site, on_an_older_diagram, y_1_1=True)
    graded_again(site, case, "2026-01-05", y_1_2=True)
    path = f"/pregnancies/{case}/grading"
    given = earlier(site, case, "Y-1.3", reason="勾错")
    shown = site.post(path, "doctor", **given)
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]

    assert site.post(path, "doctor", **given, confirmed=confirmed).status_code == 303

    now = variables(site, case)
    assert (now["colour"], now["criteria"]) == ("yellow", ["Y-1.2"])
    held = [(one.number, one.said["criteria"], one.is_error) for one in numbered(now)]
    assert held == [(1, ["Y-1.1"], True), (3, ["Y-1.3"], False), (2, ["Y-1.2"], False)]
    assert now["gradings_in_error"][0]["error"]["reason"] == "勾错"


def test_on_an_older_diagram_what_calls_a_report_back_says_who_migrates_which_case(site, on_an_older_diagram):
    case = grade(site, on_an_older_diagram, o_1_2=True)
    graded_again(site, case, "2026-01-05", y_1_1=True)
    path, before = f"/pregnancies/{case}/grading", variables(site, case)
    with site.services.engine.read() as conn:
        instance = reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", case).id

    answer = site.post(path, "doctor", **earlier(site, case, "Y-1.2", reason="勾错"))

    assert answer.status_code == 409 and "流程设计或院方信息科" in answer.text and str(instance) in answer.text
    assert f"/instances/{instance}/migration" not in answer.text, "a doctor may not migrate"
    assert_sound(answer)
    assert variables(site, case) == before

    site.services.people.grant_role("doctor", "R-DESIGN", by="test")
    both = site.post(path, "doctor", **earlier(site, case, "Y-1.2", reason="勾错"))
    assert f'href="/instances/{instance}/migration"' in both.text
