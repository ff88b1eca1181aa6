"""Individual returns by territory, and other registers compared with the cases."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from openpyxl import load_workbook

from engine.commands.contracts import StartInstance
from workflows import completion
from workflows.institutions.duties import duties_of
from workflows.intake import calendar_variables
from workflows.policies.identity_card import check_character
from workflows.regions import load_pack

HOSPITAL, TOWNSHIP = "org-hospital", "org-twn-1"
ID = "999999199706150043"
OTHER = "99999919960709002" + check_character("99999919960709002")
BIRTHS = "母亲姓名,母亲证件号,出生日期,出生医学证明号\n"


def woman(county):
    return county.woman("nurse", name="测试壬", id_no=ID, handbook_no="SF-2026-0009")


def delivered(county, pregnancy_id, **changed):
    """The birth on record, as the case has it."""
    values = {
        "delivered_on": "2026-01-04",
        "fetuses": [{"order": 1, "outcome": "live_birth", "sex": "female", "weight_g": 3100}],
        **changed,
    }
    with county.services.pool.connection() as conn:
        conn.execute(
            "UPDATE instance SET variables = variables || %s::jsonb WHERE business_key = %s AND definition_key = %s",
            (json.dumps(values), pregnancy_id, "pregnancy_journey"),
        )


def sent(county, source, text, who="officer", encoding="utf-8"):
    path = f"/api/institutions/registers/{source}"
    return county.ask("POST", path, who, data=text.encode(encoding), headers={"Content-Type": "text/csv"})


def test_a_return_holds_the_own_territorys_cases_by_their_record_without_names(county):
    one = woman(county)
    delivered(county, one.pregnancy_id)

    found = county.ask("GET", "/api/institutions/returns/births?period=2026Q1", "doctor").json
    assert [row[1] for row in found["rows"]] == [one.pregnancy_id] and found["rows"][0][6] == 3100
    assert county.ask("GET", "/api/institutions/returns/births?period=2025Q1", "doctor").json["rows"] == []
    assert county.ask("GET", "/api/institutions/returns/births?period=2026Q1", "nurse").json["rows"] == []
    assert county.ask("GET", "/api/institutions/returns/nothing?period=2026Q1", "doctor").status_code == 404
    assert county.ask("GET", "/api/institutions/returns/births?period=2026Q1", "village").status_code == 403

    book = county.get("/institutions/returns/all.xlsx?period=2026Q1", "doctor")
    names = load_workbook(io.BytesIO(book.data)).sheetnames
    assert len(names) == 5 and book.headers["Content-Disposition"].endswith('filename="all-2026Q1.xlsx"')
    text = county.get("/institutions/returns/births.csv?period=2026Q1", "doctor").data.decode("utf-8-sig")
    assert one.pregnancy_id in text and "测试壬" not in text and ID not in text
    exported = [r for r in county.services.people.newest(actor="doctor") if r["action"] == "export"]
    assert {r["subject_id"] for r in exported} >= {"births", "all"}


def test_a_month_without_a_death_is_a_nil_return_and_one_with_a_death_names_the_case(county):
    nil = county.ask("GET", "/api/institutions/returns/maternal-deaths?period=2026-01", "doctor").json["rows"]
    assert [row[0] for row in nil] == ["零报告 nil"]

    one = woman(county)
    delivered(county, one.pregnancy_id, end_code="ended.maternal_death", ended_on="2026-01-04")

    (row,) = county.ask("GET", "/api/institutions/returns/maternal-deaths?period=2026-01", "doctor").json["rows"]
    assert row[1] == one.pregnancy_id


def test_registered_births_are_compared_with_the_cases_and_who_is_unknown_is_looked_into(county):
    one = woman(county)
    delivered(county, one.pregnancy_id)
    path = "/api/institutions/registers/births?period=2026Q1"
    before = county.ask("GET", path, "officer").json
    assert (before["registered"], before["on_record"], len(before["unregistered"])) == (0, 1, 1)

    text = BIRTHS + f"测试壬,{ID},2026-01-04,A1\n测试癸,{OTHER},2026-01-03,A2\n"
    answer = sent(county, "births", text, encoding="gb18030")
    assert answer.status_code == 201, answer.text
    assert (answer.json["rows"], answer.json["matched"], answer.json["unknown"]) == (2, 1, 1)
    after = county.ask("GET", path, "officer").json
    assert (after["registered"], after["matched"], after["unknown"], after["unregistered"]) == (2, 1, 1, [])
    assert sent(county, "births", text, encoding="gb18030").status_code == 409

    page = county.get("/institutions/registers?period=2026Q1", "officer").get_data(as_text=True)
    assert "测试癸" in page and OTHER not in page
    settle = f"/institutions/registers/{answer.json['id']}/2/settlement"
    assert county.post(settle, "officer", said="").status_code == 422
    assert county.post(settle, "officer", said="外县建册").status_code == 303
    assert county.post(settle, "officer", said="外县建册").status_code == 409
    assert "测试癸" not in county.get("/institutions/registers?period=2026Q1", "officer").get_data(as_text=True)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("姓名,证件号\n", "file"),
        (BIRTHS, "file"),
        ("", "file"),
        (BIRTHS + f"测试,{ID},2026-13-01,A\n", "2:出生日期"),
        (BIRTHS + f"测试,{ID},2027-01-01,A\n", "2:出生日期"),
        (BIRTHS + "测试,999999199706150044,2026-01-01,A\n", "2:母亲证件号"),
        (BIRTHS + f"测试,{ID},2026-01-01,A\n,{ID},2026-01-01,B\n", "3:母亲姓名"),
    ],
)
def test_a_file_with_one_wrong_cell_is_refused_whole_and_says_where_without_repeating_it(county, text, where):
    answer = sent(county, "births", text)

    assert answer.status_code == 422 and answer.json["errors"][0]["path"] == where
    assert "测试" not in answer.text and "99999919970615" not in answer.text
    with county.services.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM import_batch").fetchone()[0] == 0


def test_who_is_pregnant_at_a_check_before_marriage_becomes_a_lead_once_and_others_do_not(county):
    head = "姓名,证件号,检查日期,电话,现住址,是否怀孕,末次月经\n"
    text = (
        head
        + f"测试癸,{OTHER},2026-01-03,13800000007,甲镇,是,2025-12-01\n测试壬,{ID},2026-01-03,13800000008,甲镇,否,\n"
    )
    assert sent(county, "prepregnancy", text, who="nurse").status_code == 403
    answer = sent(county, "prepregnancy", text)
    assert answer.status_code == 201, answer.text
    assert answer.json["leads"] == 1

    again = sent(county, "prepregnancy", text + "\n").json  # another file that says the same
    assert again["leads"] == 0
    assert len({t.business_key for t in county.tasks(definition_key="pregnancy_lead")}) == 1
    registered = county.woman("nurse", name="测试壬", id_no=ID, handbook_no="SF-2026-0009")
    page = county.get(f"/pregnancies/{registered.pregnancy_id}", "nurse").get_data(as_text=True)
    assert (
        "婚前孕前检查" in page and page.count("2026-01-03") >= 2
    )  # of both files: they are about her case from now on
    rows = county.get("/institutions/registers", "officer").get_data(as_text=True)
    assert "测试癸" in rows and "测试壬" not in rows
    married = "姓名,证件号,登记日期,电话\n" + f"测试壬,{ID},2026-01-02,\n"
    assert sent(county, "marriages", married).json["matched"] == 1


def test_a_monthly_return_of_deaths_is_a_duty_that_knows_how_many_there_were(county):
    one = woman(county)
    delivered(county, one.pregnancy_id, end_code="ended.maternal_death", ended_on="2026-01-04")
    (owed,) = [d for d in duties_of("hospital", load_pack("cn-sp-2018"), date(2026, 1, 5)) if d.code == "death_return"]
    variables = calendar_variables(county.services, HOSPITAL)
    begun = {**variables, "duties": [owed.opened()]}
    start = StartInstance(definition_key="institution_calendar", business_key=HOSPITAL, variables=begun)
    county.services.engine.execute(start, by=county.principal("officer").actor)
    county.to("2026-01-25")

    with county.services.engine.read() as conn:
        task = county.task("task_duty", HOSPITAL)
        shown = completion.open_form(county.services, conn, task, today=date(2026, 1, 25)).answers
    assert shown["return_number"] == 1
    county.finish("task_duty", "midwife", "duty-evidence", HOSPITAL, return_reported=1, held_on="2026-01-25")
    assert "task_duty" not in county.open(HOSPITAL)


def test_a_child_who_died_after_discharge_counts_with_her_mother_and_once(county):
    one = woman(county)
    delivered(county, one.pregnancy_id, fetuses=[{"outcome": "neonatal_death"}, {"outcome": "live_birth"}])
    head = "母亲姓名,母亲证件号,出生日期,死亡日期,死亡原因,填报来源\n"

    wrong = sent(county, "child_deaths", head + f"测试壬,{ID},2020-01-04,2026-01-04,肺炎,县妇幼\n")
    assert (wrong.status_code, wrong.json["errors"][0]["path"]) == (422, "2:死亡日期")
    rows = (
        f"测试壬,{ID},2026-01-04,2026-01-05,窒息,县妇幼儿保科\n测试癸,{OTHER},2023-06-01,2026-01-05,溺水,县妇幼儿保科\n"
    )
    answer = sent(county, "child_deaths", head + rows)
    assert (answer.status_code, answer.json["matched"], answer.json["unknown"]) == (201, 1, 1)

    shown = county.ask("GET", "/api/indicators?period=2026Q1", "officer").json
    found = {row["id"]: (row["numerator"], row["denominator"]) for row in shown["indicators"]}
    assert (found["I-02"], found["I-03"]) == ((1, 2), (2, 2))  # the birth record tells of the same child
    women = county.ask("GET", "/api/indicators/I-02/women?period=2026Q1", "officer").json
    assert [w["pregnancy_id"] for w in women["items"] if w["part"] == "numerator"] == [one.pregnancy_id]


def test_counts_of_others_come_with_who_says_so_and_the_last_file_stands(county):
    head = "指标编号,机构,开始日期,结束日期,分子,分母,填报来源\n"
    first = sent(county, "counts", head + "C-01,org-mch,2025-01-01,2025-12-31,90,100,县妇幼儿保科 2025 年报\n")
    county.to("2026-01-06")
    again = sent(county, "counts", head + "C-01,org-mch,2025-01-01,2025-12-31,91,100,县妇幼儿保科 2025 年报更正\n")
    assert (first.status_code, again.status_code) == (201, 201)

    shown = county.ask("GET", "/api/indicators?period=2025", "officer").json
    (child,) = [row for row in shown["indicators"] if row["id"] == "C-01"]
    assert (child["numerator"], child["denominator"]) == (91, 100)
    women = county.ask("GET", "/api/indicators/C-01/women?period=2025", "officer").json
    assert [item["reason"] for item in women["items"]] == ["县妇幼儿保科 2025 年报更正"]

    bad = sent(county, "counts", head + "I-01,nowhere,2025-01-01,2024-12-31,5,x,来源\n")
    assert [one["path"] for one in bad.json["errors"]] == ["2:指标编号", "2:机构", "2:结束日期", "2:分母"]
