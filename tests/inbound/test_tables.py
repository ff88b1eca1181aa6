"""Files that a hospital drops, and views of its database: each row stored first, each fault with line and column."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from engine.errors import Incorrect
from fhir_adapters.arrivals.profile import Profiles, read_profile
from runtime.inbound import views
from runtime.inbound.folder import Folder
from runtime.inbound.views import Views
from tests.fhir.fhir_kit import WOMAN
from tests.inbound.conftest import write_profile
from tests.inbound.messages import PROFILE

HEADER = "病历号,身份证号,姓名,出生日期,检验单号,检验时间,报告时间,项目代码,项目名称,结果,单位,状态"


def line(value="3+", code="URPRO", order="L1", card=WOMAN, at="2026-01-05 08:00:00", status="已审核", unit=""):
    return f"M0001,{card},测试甲子,1997-06-15,{order},{at},2026-01-05 08:20:00,{code},尿蛋白,{value},{unit},{status}"


@pytest.fixture
def folder(hospital, receiver):
    home = hospital.settings.inbound / "his-demo" / "lab"
    home.mkdir(parents=True, exist_ok=True)
    for path in home.rglob("*.csv"):
        path.unlink()
    return Folder(receiver), home


def drop(home, name, *lines, encoding="utf-8"):
    (home / name).write_bytes(("\n".join([HEADER, *lines]) + "\n").encode(encoding))


def stands(hospital):
    with hospital.pool.connection() as conn:
        found = conn.execute(
            "SELECT state::text, problems, repeats FROM arrival_outcome ORDER BY received_at"
        ).fetchall()
    return [(state, [p["at"] for p in problems], repeats) for state, problems, repeats in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_dropped_file_becomes_results_whatever_its_characters(hospital, folder, encoding):
    woman = hospital.brings_in()
    drop(folder[1], "a.csv", line(), line("61", "HGB", unit="g/L"), encoding=encoding)

    assert (folder[0].look(), folder[0].look()) == (0, 2)

    assert stands(hospital) == [("understood", [], 0)] * 2
    found = hospital.search(
        f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0,http://loinc.org|718-7"
    )
    assert sorted(o["code"]["coding"][0]["code"] for o in found) == ["5804-0", "718-7"]
    assert [p.name for p in (folder[1] / "done").iterdir()] == ["a.csv"]


def test_a_file_that_is_still_being_written_is_let_alone(hospital, folder):
    watcher, home = folder
    hospital.brings_in()
    drop(home, "a.csv", line())
    assert watcher.look() == 0
    drop(home, "a.csv", line(), line("61", "HGB", unit="g/L"))

    assert (watcher.look(), watcher.look()) == (0, 2)


def test_the_same_file_again_and_a_row_in_another_file_are_the_same_rows(hospital, folder):
    watcher, home = folder
    hospital.brings_in()
    for name, rows in (("a.csv", [line()]), ("a.csv", [line()]), ("b.csv", [line(), line("61", "HGB", unit="g/L")])):
        drop(home, name, *rows)
        watcher.look()
        watcher.look()

    assert stands(hospital) == [("understood", [], 2), ("understood", [], 0)]
    assert sorted(p.name for p in (home / "done").iterdir()) == ["a-2.csv", "a.csv", "b.csv"]


def test_each_wrong_row_says_line_and_column_and_the_others_are_taken(hospital, folder):
    watcher, home = folder
    hospital.brings_in()
    half = line("61", "HGB")[:70]
    wrong = [line(at="昨天"), line(card="999999199706150028"), line(status="?"), line(code=""), half]
    drop(home, "a.csv", line(), *wrong)
    watcher.look()
    watcher.look()

    first, *others = stands(hospital)
    assert first == ("understood", [], 0)
    assert [state for state, _, _ in others] == ["not-understood"] * 5
    assert [places[0] for _, places, _ in others] == [
        *("line 3, 检验时间", "line 4, 身份证号", "line 5, 状态", "line 6, 项目代码", "line 7")
    ]


def test_a_file_with_another_header_is_kept_whole_with_the_columns_it_lacks(hospital, folder):
    watcher, home = folder
    (home / "a.csv").write_text("病历号,结果\nM1,3+\n", encoding="utf-8")
    watcher.look()
    watcher.look()

    [(state, places, _)] = stands(hospital)
    assert state == "not-understood" and "line 1, 检验时间" in places
    with hospital.pool.connection() as conn:
        assert bytes(conn.execute("SELECT body FROM arrival").fetchone()[0]).decode() == "病历号,结果\nM1,3+\n"


def test_two_processes_that_watch_one_folder_take_each_row_once(hospital, folder, receiver):
    watcher, home = folder
    other = Folder(receiver)
    hospital.brings_in()
    drop(home, "a.csv", line())
    watcher.look()
    other.look()
    taken = other._take

    def late(*arguments):  # the first has taken it between the look of the second and its reading
        watcher.look()
        return taken(*arguments)

    other._take = late

    assert other.look() == 0 and stands(hospital) == [("understood", [], 0)]


def test_a_facility_that_two_files_claim_is_nobodys_and_a_broken_file_stops_nobody_else(hospital):
    profiles = Profiles(hospital.settings.inbound)
    assert profiles.by_facility("HIS", "COUNTY").client == "his-demo"
    write_profile(hospital, "client: [", "broken")
    assert profiles.by_facility("HIS", "COUNTY").client == "his-demo"
    with pytest.raises(Incorrect):
        profiles.of("broken")
    write_profile(hospital, PROFILE.replace("client: his-demo", "client: other"), "other")
    try:
        assert profiles.by_facility("HIS", "COUNTY") is None
    finally:
        for name in ("broken", "other"):
            (hospital.settings.inbound / f"{name}.yaml").unlink()


def test_a_profile_that_is_wrong_is_refused_with_its_places():
    told = {
        "client": "his",
        "codes": {"X": "no-such-item"},
        "files": [{"name": "lab", "columns": {"a": "value"}}],
        "views": [{"name": "v", "columns": {"a": "mrn"}}],
        "more": 1,
    }
    with pytest.raises(Incorrect) as refused:
        read_profile(told, "his.yaml")

    places = {fault.path for fault in refused.value.faults}
    assert {"his.yaml: more", "his.yaml: codes.X", "his.yaml: files[0].columns", "his.yaml: views[0].query"} <= places


def test_rows_of_a_view_are_taken_once_also_when_they_come_to_light_late(hospital, receiver, monkeypatch):
    woman = hospital.brings_in()
    view = PROFILE + (
        "views:\n  - {name: results, query: his_results, high_water: updated, overlap_s: 600, database: HIS_DATABASE,\n"
        "     columns: {mrn: mrn, card: id_card, order_no: order, tested: observed_at, code: code, result: value,"
        " unit: unit, updated: updated_at}}\n"
    )
    write_profile(hospital, view)
    with psycopg.connect(hospital.url, autocommit=True) as his:
        his.execute(
            "CREATE TABLE his_results (mrn text, card text, order_no text, tested timestamp, code text, result text,"
            " unit text, updated timestamptz)"
        )
        add = "INSERT INTO his_results VALUES ('M1', %s, %s, '2026-01-05 07:50', 'URPRO', %s, '', %s)"
        now = hospital.services.clock()
        polling = Views(hospital.services, receiver, {"HIS_DATABASE": hospital.url})
        his.execute(add, [WOMAN, "V1", "1+", now])
        assert polling.look() == 1
        his.execute(add, [WOMAN, "V2", "2+", now - timedelta(minutes=5)])  # its transaction was slow
        assert polling.look() == 2
        with monkeypatch.context() as few:  # more than a portion lies within the overlap, at one and the same time
            few.setattr(views, "PORTION", 1)
            for number in range(3):
                his.execute(add, [WOMAN, f"V{number + 3}", "±", now])
            assert polling.look() == 5

    assert stands(hospital) == [("understood", [], 2), ("understood", [], 1), *[("understood", [], 0)] * 3]
    found = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0")
    assert sorted(o["valueCodeableConcept"]["text"] for o in found) == ["1+", "2+", "±", "±", "±"]
    broken = replace(Profiles(hospital.settings.inbound).of("his-demo").views[0], query="no_such_view")
    with pytest.raises(psycopg.Error):
        polling.poll(Profiles(hospital.settings.inbound).of("his-demo"), broken)
