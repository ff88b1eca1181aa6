"""An earlier grading than the one in force is amended: what happened stays, what is planned is judged anew."""

from datetime import timedelta

import pytest

from engine.interpreter.contracts import WaitKind
from tests.bpmn.test_amended import amend
from tests.bpmn.test_risk import graded
from workflows import tables
from workflows.corrections.earlier import plan
from workflows.corrections.reports import Report
from workflows.policies.gradings import numbered

REPORT = "task_report_risk"


class Reports:
    """What the database knows of the reports of a case: when each was asked for, and whether it was sent."""

    def __init__(self, woman):
        self.woman, self.asked, self.keys = woman, {}, {}
        self.look()

    def look(self):
        is_open = REPORT in self.woman.open()
        if is_open:
            self.asked.setdefault(self.woman.task(REPORT).id, self.woman.now)
            self.keys.setdefault(self.woman.task(REPORT).id, self.woman.variables["report_key"])

    def list(self, sent=()):
        still = {self.woman.task(REPORT).id} if REPORT in self.woman.open() else set()
        return [
            Report(asked_at=at, is_sent=id in sent, key=self.keys[id])
            for id, at in self.asked.items()
            if id in sent or id in still
        ]


def course(*results, days=2, sent=()):
    """Graded again and again, `days` apart; the report of each result whose place is in `sent` goes out at once."""
    woman = graded(*results[0])
    reports, gone = Reports(woman), set()
    for place, criteria in enumerate(results):
        if place:
            woman.advance(timedelta(days=days))
            woman.message("message_diagnosis_received", {"text": "病情变化"})
            woman.complete("task_grade", criteria=list(criteria))
            reports.look()
        if place in sent:
            gone.add(woman.task(REPORT).id)
            woman.complete(REPORT)
    return woman, reports.list(gone)


def correct(woman, reports, place, *criteria):
    woman.advance(timedelta(hours=3))
    gradings, policy = woman.variables["gradings"], woman.variables["policy"]
    right = tables.aggregate(list(criteria), policy, woman.now.date())
    planned = plan(gradings, place, right, woman.variables, reports, now=woman.now, on=woman.now.date())
    number = next(one.number for one in numbered(woman.variables) if one.place == place)
    said = {"graded_at": gradings[place]["graded_at"], "number": number, "by": "doctor", "reason": "勾错"}
    said |= {"at": woman.now.isoformat(), "place": place + 1, "criteria": list(criteria)}
    woman.message("message_earlier_grading_amended", {"correcting": {**said, **planned}})
    return planned


def colours(woman):
    return [row["colour"] for row in woman.variables["gradings"]]


def test_the_result_in_force_stays_and_the_right_one_stands_where_the_wrong_one_stood():
    woman, reports = course(["O-1.2"], ["Y-1.1"])
    before = [row["graded_at"] for row in woman.variables["gradings"]]
    due = woman.due("task_antenatal_visit")

    correct(woman, reports, 0, "O-2.6.2")

    assert (woman.variables["colour"], woman.variables["criteria"]) == ("yellow", ["Y-1.1"])
    assert colours(woman) == ["orange", "yellow"]
    assert [row["graded_at"] for row in woman.variables["gradings"]] == before
    (wrong,) = woman.variables["gradings_in_error"]
    assert (wrong["criteria"], wrong["error"]["reason"]) == (["O-1.2"], "勾错")
    assert woman.due("task_antenatal_visit") == due
    assert woman.open().count("task_open_case_file") == 1


def test_every_result_keeps_its_number_and_a_new_one_has_the_next():
    woman, reports = course(["O-1.2"], ["Y-1.1"], ["Y-1.2"])

    correct(woman, reports, 1, "Y-1.3")
    correct(woman, reports, 1, "Y-1.4")
    woman.message("message_diagnosis_received", {"text": "病情变化"})
    woman.complete("task_grade", criteria=["O-1.1"])

    assert [(one.number, one.is_error, one.said["criteria"]) for one in numbered(woman.variables)] == [
        (1, False, ["O-1.2"]),
        (2, True, ["Y-1.1"]),
        (4, True, ["Y-1.3"]),
        (5, False, ["Y-1.4"]),
        (3, False, ["Y-1.2"]),
        (6, False, ["O-1.1"]),
    ]


def test_amended_twice_it_keeps_the_time_at_which_she_was_first_graded():
    woman = graded("O-1.2")
    first = woman.variables["gradings"][0]["graded_at"]
    for hours, code in ((5, "O-2.6.2"), (7, "O-1.1")):
        woman.advance(timedelta(hours=hours))
        amend(woman, code)

    assert woman.variables["gradings"][-1]["amends"] == first != woman.variables["gradings"][-1]["graded_at"]


def test_an_orange_that_never_was_takes_its_unsent_report_and_the_file_with_it():
    woman, reports = course(["O-1.2"], ["Y-1.1"])
    assert {REPORT, "task_open_case_file"} <= set(woman.open())

    correct(woman, reports, 0, "Y-1.2")

    assert not {REPORT, "task_open_case_file", "task_acknowledge_corrected"} & set(woman.open())
    assert woman.variables["case_file"] == "withdrawn"


def test_a_report_that_was_sent_is_told_to_the_county_as_an_error():
    woman, reports = course(["O-1.2"], ["Y-1.1"], sent=(0,))

    correct(woman, reports, 0, "Y-1.2")

    assert woman.task("task_acknowledge_corrected").data["candidate_roles"] == ["R-PM-F"]
    assert woman.due("task_acknowledge_corrected") - woman.now == timedelta(days=2)
    woman.complete("task_acknowledge_corrected")
    assert woman.variables["colour"] == "yellow"


def test_where_the_result_in_force_turns_out_to_be_the_rise_it_is_reported_from_its_own_time():
    woman, reports = course(["O-1.2"], ["O-1.1"])
    signed = woman.variables["gradings"][1]["graded_at"]

    correct(woman, reports, 0, "Y-1.1")

    assert woman.open().count(REPORT) == 1
    assert woman.due(REPORT).isoformat() == (woman.now - timedelta(hours=3) + timedelta(days=3)).isoformat()
    assert woman.variables["gradings"][-1]["clock_from"] == signed
    assert woman.open().count("task_open_case_file") == 1


def test_where_the_wrong_one_was_reported_the_new_report_has_its_whole_time():
    woman, reports = course(["R-1.1.1"], ["O-1.1"], sent=(0,))

    correct(woman, reports, 0, "Y-1.1")

    assert woman.due(REPORT) - woman.now == timedelta(days=3)
    assert "task_acknowledge_corrected" in woman.open()
    assert "task_assess_suitability" not in woman.open()


def test_a_report_of_the_result_in_force_is_not_asked_for_twice():
    woman, reports = course(["Y-1.1"], ["O-1.1"])
    due = woman.due(REPORT)

    correct(woman, reports, 0)

    assert (woman.open().count(REPORT), woman.due(REPORT)) == (1, due)


def test_what_was_higher_than_anyone_knew_opens_the_file_and_is_told_to_the_county():
    woman, reports = course(["Y-1.1"], ["Y-1.2"])

    correct(woman, reports, 0, "O-1.2")

    assert woman.variables["colour"] == "yellow" and woman.variables["case_file"] == "open"
    assert {"task_open_case_file", "task_acknowledge_corrected"} <= set(woman.open())
    assert REPORT not in woman.open()


def test_a_red_that_never_was_takes_the_suitability_evaluation_with_it():
    woman, reports = course(["R-1.1.1"], ["O-1.1"])
    assert "task_assess_suitability" in woman.open()

    correct(woman, reports, 0, "O-1.2")

    assert "task_assess_suitability" not in woman.open()
    assert woman.open().count(REPORT) == 1 and woman.variables["case_file"] == "open"


def test_a_red_in_force_keeps_the_evaluation_that_an_earlier_red_opened():
    woman, reports = course(["R-1.1.1"], ["R-1.6.4"])

    correct(woman, reports, 0, "Y-1.1")

    assert "task_assess_suitability" in woman.open()


def test_a_grading_that_is_asked_for_meanwhile_stays_asked_for():
    woman, reports = course(["O-1.2"], ["O-1.1"])
    woman.message("message_diagnosis_received", {})

    correct(woman, reports, 0, "Y-1.1")

    assert woman.open().count("task_grade") == 1 and woman.variables["grading_open"] is True


@pytest.mark.parametrize("criteria", [["R-1.1.1"], ["O-1.2", "R-1.6.4"]])
def test_a_confirmation_between_does_not_keep_the_old_report_open(criteria):
    """AC-09: orange, confirmed orange, red: the orange report gives way although the orange before the red had none."""
    woman, _ = course(["O-1.2"], ["O-1.2"], criteria, days=1)

    assert woman.open().count(REPORT) == 1
    assert woman.due(REPORT) - woman.now == timedelta(hours=24)


def test_two_results_at_one_moment_have_reports_of_their_own():
    woman = graded("O-1.2")
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["R-1.1.1"])
    first, second = woman.variables["gradings"]
    assert first["graded_at"] == second["graded_at"]
    called_back_by = [w.data["key"] for w in woman.waits(WaitKind.MESSAGE) if w.data["name"].endswith("_superseded")]
    assert called_back_by == ["p-1/2"] and woman.open().count(REPORT) == 1

    amend(woman, "O-1.2", owed=None)

    assert REPORT not in woman.open(), "the report of the red goes, and nothing else is mistaken for it"


def test_a_fall_from_a_red_that_never_was_is_not_told():
    woman, reports = course(["R-1.1.1"], ["O-1.1"])
    assert "task_note_downgrade" in woman.open()

    correct(woman, reports, 0, "Y-1.1")

    assert "task_note_downgrade" not in woman.open() and woman.open().count(REPORT) == 1


def test_a_fall_that_stays_one_is_told_as_before():
    woman, reports = course(["R-1.1.1"], ["Y-1.1"])
    due = woman.due("task_note_downgrade")

    correct(woman, reports, 0, "O-1.1")

    assert woman.due("task_note_downgrade") == due and woman.open().count("task_note_downgrade") == 1
