"""A region is a file: inheritance, sources, and what is refused."""

import json
from datetime import date
from decimal import Decimal

import pytest
from click.testing import CliRunner

from runtime.commands.region import group
from workflows.regions import check_file, load_pack

CHILD = """
pack: {id: cn-test, name: 某县, base: cn-baseline, status: active, valid_from: 2026-01-01, valid_to: 2026-12-31}
report: {within: {orange: P2D}}
casefile: {face_to_face_once: false}
sources: {report.within: {mark: seed, text: 橙色 2 日内报告}}
"""


@pytest.fixture
def pack_file(tmp_path):
    def write(text):
        path = tmp_path / "pack.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def codes(path):
    return {(problem.element_id, problem.code) for problem in check_file(path)[1]}


def test_the_national_baseline_is_whole_and_every_value_says_where_it_comes_from():
    pack = load_pack("cn-baseline")

    assert pack.policy()["report_within"] == {"orange": "P3D", "red": "PT24H", "other": "P3D"}
    assert pack.policy()["report_reminder_share"] == Decimal("0.5")
    assert pack.source("report.within.red").mark == "known"
    assert pack.source("postpartum.home_visit_within").text.startswith("产妇出院后 1 周内")


def test_a_value_without_a_sentence_is_shown_as_a_local_setting():
    source = load_pack("cn-baseline").source("visits.missed_after")

    assert (source.mark, source.label) == ("default", "本地设定")


def test_a_county_changes_what_differs_and_inherits_the_rest(pack_file):
    pack, problems = check_file(pack_file(CHILD))

    assert problems == []
    assert pack.value("report.within") == {"orange": "P2D", "red": "PT24H", "other": "P3D"}
    assert pack.policy()["face_to_face"] is False
    assert pack.source("report.within.orange").text == "橙色 2 日内报告"


def test_the_bases_sentence_does_not_speak_for_a_value_that_the_county_changed(pack_file):
    pack, _ = check_file(pack_file(CHILD))

    assert pack.source("casefile.face_to_face_once").mark == "default"
    assert pack.source("casefile.colours").mark == "seed"


def test_an_expired_pack_starts_no_real_case(pack_file):
    pack, _ = check_file(pack_file(CHILD))

    assert pack.is_valid(date(2026, 12, 31))
    assert not pack.is_valid(date(2027, 1, 1))


@pytest.mark.parametrize(
    "change, expected",
    [
        (("orange: P2D", "orange: 3 days"), ("report.within.orange", "bad_duration")),
        (("face_to_face_once: false", "face_to_face_once: often"), ("casefile.face_to_face_once", "wrong_type")),
        (("face_to_face_once: false", "colours: [mauve]"), ("casefile.colours", "unknown_colour")),
        (("mark: seed", "mark: hearsay"), ("report.within", "bad_source")),
        (("report.within: {mark", "report.wthin: {mark"), ("report.wthin", "source_of_nothing")),
        (("base: cn-baseline", "base: nowhere"), ("pack.base", "no_base")),
        (("valid_to: 2026-12-31", "valid_to: 2025-12-31"), ("pack.valid_to", "ends_before_start")),
        (("id: cn-test", "id: CN test"), ("pack.id", "bad_id")),
        (("status: active", "status: maybe"), ("pack.status", "bad_status")),
    ],
)
def test_a_slip_is_named_by_its_key(pack_file, change, expected):
    assert expected in codes(pack_file(CHILD.replace(*change)))


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "!!python/object/apply:os.getcwd []", "\x00"])
def test_what_is_no_pack_is_refused_and_never_executed(pack_file, text):
    pack, problems = check_file(pack_file(text))

    assert pack is None
    assert problems


def test_visit_windows_must_not_overlap(pack_file):
    overlapping = (
        CHILD
        + "visits: {package: [{slot: 1, from_days: 0, until_days: 90}, {slot: 2, from_days: 90, until_days: 99}]}\n"
    )

    assert ("visits.package", "bad_windows") in codes(pack_file(overlapping))


def test_the_command_line_tells_programs_and_exits_with_1_when_a_file_falls_short(pack_file):
    path = pack_file(CHILD.replace("orange: P2D", "orange: soon"))

    result = CliRunner().invoke(group, ["check", str(path), "--json"])

    assert result.exit_code == 1
    report = json.loads(result.output)["files"][0]
    assert (report["opens"], report["executable"]) == (True, False)
    assert report["refused"][0]["element_id"] == "report.within.orange"


def test_a_folder_stands_for_the_packs_in_it_and_an_empty_one_is_not_good(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer" / "inner" / "pack.yaml").write_text(CHILD, encoding="utf-8")

    for folder, code, files in (("outer", 0, 1), ("empty", 1, 0)):
        result = CliRunner().invoke(group, ["check", str(tmp_path / folder), "--json"])
        assert (result.exit_code, json.loads(result.output)["summary"]["files"]) == (code, files)
