"""Indicators as they leave the system: over HTTP, on the command line, as a workbook."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from runtime.cli import main
from tests.api.conftest import problem_of
from tests.api.test_indicators import ORANGE, PURPLE, QUARTER, a_case
from workflows import indicators

ADDRESS = "/api/indicators?period=2026Q1"


@pytest.mark.parametrize("who", ["officer", "county"])
def test_the_county_sees_every_indicator_with_numbers_rule_and_source(county, who):
    a_case(county, screened_on="2026-01-12")

    body = county.get(ADDRESS, who).json

    assert body["period"] == {"text": "2026Q1", "from": "2026-01-01", "to": "2026-03-31"}
    found = {one["id"]: one for one in body["indicators"]}
    assert list(found) == list(indicators.definitions())
    screened = found["I-10"]
    assert (screened["numerator"], screened["denominator"], screened["rate"], screened["per"]) == (1, 1, 100.0, 100)
    assert all(one["recorded"] for one in body["indicators"])
    assert (found["I-17"]["numerator"], found["I-17"]["denominator"], found["I-17"]["rate"]) == (0, 0, None)
    assert all(one["rule"]["zh"] and one["mark"] and one["source"] for one in body["indicators"])
    assert body["organisations"]["org-twn-1"]["I-10"] == {"numerator": 1, "denominator": 1}


@pytest.mark.parametrize("who", ["nurse", "doctor", "it", "auditor", "designer"])
def test_it_is_for_the_county_alone(county, who):
    problem_of(county.get(ADDRESS, who), 403)
    problem_of(county.get("/api/indicators/I-10/women?period=2026Q1", who), 403)


def test_the_women_behind_a_number_leave_a_row_in_the_trail(county):
    pregnancy_id = a_case(county)

    body = county.get("/api/indicators/I-10/women?period=2026Q1", "officer").json

    (row,) = body["items"]
    assert (row["pregnancy_id"], row["part"], row["reason"]) == (pregnancy_id, "denominator", "not_screened")
    assert (row["message"]["zh"], row["message"]["en"]) == ("未筛查", "not screened")
    trail = county.services.people.audit_rows(subject_id="I-10")
    assert [(one["actor_id"], one["action"], one["subject_kind"]) for one in trail] == [
        ("officer", "search", "indicator")
    ]


def test_those_who_may_not_know_of_infections_are_told_how_many_are_not_shown(county):
    a_case(county, gradings=[ORANGE])
    hidden = a_case(county, gradings=[PURPLE])

    answer = county.get("/api/indicators/I-12/women?period=2026Q1", "county")

    assert (len(answer.json["items"]), answer.json["protected"]) == (1, 1)
    assert hidden not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/indicators", 400, "query"),
        ("/api/indicators?period=2026Q9", 422, "period"),
        ("/api/indicators?period=2026Q1&organisation=org-x", 404, "no-such-organisation"),
        ("/api/indicators?period=2026Q1&limit=3", 400, "query"),
        ("/api/indicators/I-99/women?period=2026Q1", 404, "no-such-indicator"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_reason(county, path, status, code):
    problem_of(county.get(path, "officer"), status, code)


def test_the_workbook_holds_the_numbers_the_places_and_the_definitions(county):
    a_case(county, screened_on="2026-01-12")
    with county.services.engine.read() as conn:
        found = indicators.report(county.services, conn, QUARTER)

    book = load_workbook(
        io.BytesIO(indicators.workbook(indicators.report_tables(found, {"org-twn-1": "=HYPERLINK()"})))
    )

    whole, places, defined = (list(sheet.values) for sheet in book)
    lines = {row[0]: row for row in whole[1:]}
    assert list(lines) == list(indicators.definitions()) and len(defined) == 1 + len(lines)
    assert lines["I-10"][2:6] == (1, 1, 0, 100)
    assert lines["I-17"][2:6] == (0, 0, 0, None)
    assert {row[0] for row in places[1:]} == {"'=HYPERLINK()"}  # text that a spreadsheet would run is text


def test_a_list_as_csv_names_women_by_their_number_and_says_how_many_are_hidden(county):
    pregnancy_id = a_case(county, gradings=[ORANGE])
    a_case(county, gradings=[PURPLE])
    by = county.services.people.actor_for_token(county.token("county"))
    with county.services.engine.read() as conn:
        rows, hidden = indicators.listed(county.services, conn, "I-12", QUARTER, by=by)

    text = indicators.as_csv(indicators.women_table(indicators.definition("I-12"), rows, hidden, {})).decode(
        "utf-8-sig"
    )

    first, second = text.splitlines()[1:]
    assert pregnancy_id in first and "没有专案 no case file" in first
    assert "另有 1 例" in second


def test_the_command_prints_json_and_writes_a_workbook(county, tmp_path):
    a_case(county)
    environment = {"YUNTU_HOME": str(county.settings.home), "YUNTU_DATABASE_URL": county.url, "YUNTU_CLOCK": "system"}
    file = tmp_path / "out.xlsx"
    arguments = [
        "indicators",
        "--region",
        county.services.region_id,
        "--period",
        "2026Q1",
        "--xlsx",
        str(file),
        "--json",
    ]

    done = CliRunner().invoke(main, arguments, env=environment)

    assert done.exit_code == 0, (done.output, done.exception)
    found = {one["id"]: one for one in json.loads(done.stdout)["indicators"]}
    assert (found["I-10"]["numerator"], found["I-10"]["denominator"]) == (0, 1)
    assert load_workbook(file).sheetnames[0] == "指标 Indicators"
    refused = CliRunner().invoke(main, [*arguments[:1], "--region", "nowhere", *arguments[3:5]], env=environment)
    assert refused.exit_code == 1 and "nowhere" in refused.output
