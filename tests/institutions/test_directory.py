"""The directory: lines and who keeps them, the change log, staff against what is wanted, and who did how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from workflows.institutions import directory, staff
from workflows.people import Organisation

HOSPITAL, TOWNSHIP, OFFICER = "org-hospital", "org-twn-1", "org-mch"
LINE = {"organisation": HOSPITAL, "kind": "line", "fields": {"purpose": "green_channel", "number": "0797-3300120"}}


def add(county, who, **body):
    return county.ask("POST", "/api/institutions/directory", who, json=body)


def test_every_kind_of_line_is_said_in_both_languages():
    for kind in directory.kinds().values():
        for text in (kind.name, *(f.name for f in kind.fields), *(t for f in kind.fields for t in f.choices.values())):
            assert text.zh and text.en and text.zh != text.en
        assert kind.by in ("county", "own")


@pytest.mark.parametrize("kind", ["ems", "blood", "cdc", "supervision"])
def test_the_emergency_service_and_the_blood_centre_are_institutions_with_official_lines(county, kind):
    county.services.people.put_organisation(Organisation(id=f"org-{kind}", kind=kind, name=f"示范{kind}"))
    place = {"organisation": f"org-{kind}", "kind": "line", "fields": {"purpose": "dispatch", "number": "120"}}

    assert add(county, "officer", **place).status_code == 201
    page = county.get("/institutions/directory", "nurse").get_data(as_text=True)
    assert f"示范{kind}" in page and "急救调度" in page


@pytest.mark.parametrize(
    ("who", "change", "status"),
    [
        ("officer", {}, 201),
        ("doctor", {}, 201),  # a line of their own hospital
        ("nurse", {}, 403),
        ("doctor", {"kind": "level", "fields": {"level": "two", "centre": "county"}}, 403),  # the county's to say
        ("village", {}, 403),
        ("officer", {"organisation": "nowhere"}, 404),
        ("officer", {"kind": "horoscope"}, 404),
        ("officer", {"fields": {"purpose": "green_channel", "number": "13800000000"}}, 422),  # a personal mobile number
        ("officer", {"fields": {"purpose": "whatever", "number": "120"}}, 422),
        ("officer", {"fields": {"purpose": "duty", "number": "120", "colour": "red"}}, 422),
        ("officer", {"fields": {"purpose": "duty"}}, 422),
        ("officer", {"kind": "licence", "fields": {"type": "midwifery", "number": "XF-1"}}, 422),  # no last day
    ],
)
def test_who_keeps_which_line_and_what_it_takes(county, who, change, status):
    answer = add(county, who, **{**LINE, **change})

    assert answer.status_code == status, answer.text
    if status == 422:
        assert all(one["message"]["zh"] and one["message"]["en"] and one["path"] for one in answer.json["errors"])
        assert county.ask("GET", "/api/institutions/directory", "officer").json["items"] == []


def test_a_new_level_takes_the_place_of_the_old_one_which_stays_in_the_log(county):
    level = {"organisation": HOSPITAL, "kind": "level"}
    add(county, "officer", **level, fields={"level": "two", "centre": "none"})
    add(county, "officer", **level, fields={"level": "three", "centre": "county"})

    path = f"/api/institutions/directory?organisation={HOSPITAL}&kind=level"
    (now,) = county.ask("GET", path, "doctor").json["items"]
    assert now["fields"] == {"level": "three", "centre": "county"}
    log = county.ask("GET", f"{path}&log=1", "doctor").json["items"]
    assert sorted(one["withdrawn"] for one in log) == [False, True]
    assert county.post(f"/institutions/directory/{now['id']}/withdrawal", "nurse").status_code == 403
    assert county.post(f"/institutions/directory/{now['id']}/withdrawal", "officer").status_code == 303
    assert county.ask("GET", path, "doctor").json["items"] == []


def test_posts_are_held_against_what_the_region_wants_with_its_sentence(county):
    for name in ("甲", "乙"):
        add(county, "officer", organisation=OFFICER, kind="staff", fields={"name": name, "post": "full_time_officer"})
    found = staff.standards(county.services, county.principal("officer"))

    have = {(one.organisation, one.post.en): (one.have, one.want, one.missing) for one in found}
    assert have[OFFICER, "Full-time officer"] == (2, 3, 1)
    assert have[TOWNSHIP, "Part-time officer"] == (0, 1, 1)
    assert all(one.source and one.mark == "seed" for one in found)
    page = county.get("/institutions/staff", "officer").get_data(as_text=True)
    assert "专职孕管员" in page and 'class="is-overdue"' in page


def test_a_licence_that_ends_soon_is_shown_until_another_follows_it(county):
    licence = {"organisation": HOSPITAL, "kind": "licence", "since": "2023-01-01"}
    add(county, "officer", **licence, until="2026-03-01", fields={"type": "midwifery", "number": "旧证"})
    by, on = county.principal("officer"), date(2026, 1, 5)
    assert [line.body["number"] for line in staff.ending(county.services, by, on)] == ["旧证"]

    add(county, "officer", **licence, until="2029-03-01", fields={"type": "midwifery", "number": "新证"})
    assert staff.ending(county.services, by, on) == []


def test_who_learnt_this_year_is_held_against_what_the_region_wants(county):
    for name in ("甲", "乙", "丙"):
        add(county, "officer", organisation=HOSPITAL, kind="staff", fields={"name": name, "post": "midwife"})
    for name, passed, since in (
        ("甲", "passed", "2026-01-04"),
        ("乙", "failed", "2026-01-04"),
        ("丙", "none", "2025-12-31"),
    ):
        learnt = {"name": name, "topic": "新生儿复苏", "passed": passed}
        add(county, "doctor", organisation=HOSPITAL, kind="education", fields=learnt, since=since)
    by = county.principal("doctor")
    chongqing = replace(county.services, settings=replace(county.services.settings, pack="cn-cq-2022"))

    found = staff.learners(chongqing, by, 2026)
    assert {one.name: (one.times, one.want) for one in found} == {"甲": (1, 1), "乙": (0, 1), "丙": (0, 1)}
    assert staff.learners(county.services, by, 2026) == []  # the other region asks for none


def test_what_each_person_finished_is_counted_with_what_was_late(county):
    county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    county.to("2026-02-05")
    county.finish("task_first_visit", "nurse", "anc-first", TOWNSHIP, filled_on="2026-02-05")

    (row,) = county.ask("GET", "/api/institutions/staff?period=2026Q1", "officer").json["workload"]
    assert (row["account"], row["finished"], row["late"], row["women"]) == ("nurse", 2, 1, 1)
    assert county.ask("GET", "/api/institutions/staff?period=2026Q1", "doctor").json["workload"] == []


def test_the_page_of_one_institution_takes_a_line_and_says_what_is_wrong(county):
    page = county.get(f"/institutions/directory?organisation={HOSPITAL}&kind=on_call", "doctor").get_data(as_text=True)
    assert 'name="f_post"' in page and 'name="until"' in page
    sent = {"organisation": HOSPITAL, "kind": "on_call", "f_name": "示范", "f_post": "obstetrics", "f_number": "120"}
    refused = county.post("/institutions/directory", "doctor", **sent)
    assert refused.status_code == 422 and "请填到期日" in refused.get_data(as_text=True)

    assert county.post("/institutions/directory", "doctor", **sent, until="2026-01-11").status_code == 303
    assert "2026-01-11" in county.get("/institutions/directory", "nurse").get_data(as_text=True)
