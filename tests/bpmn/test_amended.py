"""A grading that was entered in error is amended: what rested on it goes, what the right one asks for comes."""

from datetime import timedelta

from tests.bpmn.test_risk import graded


def amend(woman, *criteria, sent=False, owed=None):
    wrong = woman.variables["gradings"][-1]["graded_at"]
    amending = {"graded_at": wrong, "at": woman.now.isoformat(), "by": "doctor", "reason": "勾错", "report_sent": sent}
    amending["owed"] = owed
    woman.message("message_grading_amended", {"criteria": list(criteria), "amending": amending})


def test_orange_in_error_leaves_no_report_no_file_and_the_visits_of_her_right_colour():
    woman = graded("O-1.2")
    green = graded()
    due = woman.task("task_antenatal_visit").data["due"]
    woman.advance(timedelta(hours=5))

    amend(woman)

    assert woman.open() == green.open()
    assert woman.variables["colour"] == "green"
    assert (woman.variables["case_file_open"], woman.variables["case_file"]) == (False, "withdrawn")
    assert due != woman.task("task_antenatal_visit").data["due"] == green.task("task_antenatal_visit").data["due"]
    (wrong,) = woman.variables["gradings_in_error"]
    assert (wrong["colour"], wrong["error"]["by"], wrong["error"]["reason"]) == ("orange", "doctor", "勾错")
    assert [row["colour"] for row in woman.variables["gradings"]] == ["green"]


def test_the_same_colour_by_other_criteria_keeps_the_file_and_the_deadline_of_the_report():
    woman = graded("O-1.2")
    due = woman.due("task_report_risk")
    woman.advance(timedelta(hours=5))

    amend(woman, "O-2.6.2")

    assert (woman.open().count("task_report_risk"), woman.due("task_report_risk")) == (1, due)
    assert "task_open_case_file" in woman.open() and woman.variables["case_file"] == "open"


def test_a_second_slip_does_not_lengthen_the_deadline_either():
    woman = graded("O-1.2")
    due = woman.due("task_report_risk")
    for hours, code in ((5, "O-2.6.2"), (7, "O-1.1")):
        woman.advance(timedelta(hours=hours))
        amend(woman, code)

    assert (woman.due("task_report_risk"), len(woman.variables["gradings_in_error"])) == (due, 2)


def test_a_higher_colour_is_reported_from_the_hour_it_is_known():
    woman = graded("Y-1.1")
    woman.advance(timedelta(hours=5))

    amend(woman, "R-1.1.1")

    assert woman.due("task_report_risk") - woman.now == timedelta(hours=24)
    assert {"task_assess_suitability", "task_open_case_file"} <= set(woman.open())


def test_a_red_that_never_was_takes_the_suitability_evaluation_with_it():
    woman = graded("R-1.1.1")
    assert "task_assess_suitability" in woman.open()

    amend(woman, "Y-1.1")

    assert not {"task_assess_suitability", "task_report_risk", "task_open_case_file"} & set(woman.open())


def test_a_report_that_was_sent_is_called_back_at_the_county_and_the_right_one_has_its_own_clock():
    woman = graded("O-1.2")
    woman.complete("task_report_risk")
    assert "task_acknowledge_report" in woman.open()
    woman.advance(timedelta(hours=5))

    amend(woman, "O-1.1", sent=True)

    assert "task_acknowledge_report" not in woman.open()
    assert woman.task("task_acknowledge_amended").data["candidate_roles"] == ["R-PM-F"]
    assert woman.due("task_report_risk") - woman.now == timedelta(days=3)


def test_what_an_earlier_true_result_opened_stays_open():
    woman = graded("O-1.2")
    woman.advance(timedelta(hours=5))
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["R-1.1.1"])

    amend(woman, "Y-1.1")

    assert woman.open().count("task_open_case_file") == 1 and woman.variables["case_file"] == "open"
    assert [row["colour"] for row in woman.variables["gradings"]] == ["orange", "yellow"]


def test_a_grading_that_is_asked_for_meanwhile_stays_asked_for():
    woman = graded("O-1.2")
    woman.message("message_diagnosis_received", {})

    amend(woman)

    assert woman.open().count("task_grade") == 1 and woman.variables["grading_open"] is True
    woman.message("message_diagnosis_received", {})
    assert woman.open().count("task_grade") == 1


def regraded(*criteria):
    """Orange, and two days later, its report not sent, another result that was an error."""
    woman = graded("O-1.2")
    due, orange = woman.due("task_report_risk"), woman.variables["gradings"][0]["graded_at"]
    woman.advance(timedelta(days=2))
    woman.message("message_diagnosis_received", {"text": "疑似"})
    woman.complete("task_grade", criteria=list(criteria))
    owed = {"colour": "orange", "from": orange, "previous_colour": None, "previous_purple": None}
    return woman, due, owed


def test_a_wrong_red_gives_back_the_report_of_the_true_orange_with_its_own_deadline():
    woman, due, owed = regraded("O-1.2", "R-1.1.1")
    woman.advance(timedelta(hours=3))

    amend(woman, "O-1.2", owed=owed)

    assert (woman.open().count("task_report_risk"), woman.due("task_report_risk")) == (1, due)
    assert woman.variables["colour"] == "orange" and woman.variables["case_file"] == "open"


def test_an_orange_that_was_reported_before_the_wrong_red_is_not_reported_again():
    woman, _, _ = regraded("O-1.2", "R-1.1.1")
    woman.advance(timedelta(hours=3))

    amend(woman, "O-1.2", owed=None)

    assert "task_report_risk" not in woman.open()


def test_another_red_is_reported_from_when_it_was_known_whatever_the_orange_owes():
    woman, _, owed = regraded("O-1.2", "R-1.1.1")
    red = woman.due("task_report_risk")
    woman.advance(timedelta(hours=3))

    amend(woman, "O-1.2", "R-1.6.4", owed=owed)

    assert (woman.open().count("task_report_risk"), woman.due("task_report_risk")) == (1, red)


def test_what_is_less_than_the_orange_owes_no_report():
    woman, _, owed = regraded("O-1.2", "R-1.1.1")

    amend(woman, "Y-1.1", owed=owed)

    assert "task_report_risk" not in woman.open()


def test_a_fall_that_never_was_takes_its_note_back():
    woman = graded("R-1.1.1")
    woman.complete("task_report_risk")
    woman.advance(timedelta(days=1))
    woman.message("message_diagnosis_received", {})
    woman.complete("task_grade", criteria=["O-1.1"])
    assert "task_note_downgrade" in woman.open()

    amend(woman, "R-1.1.1", "O-1.1")

    assert woman.variables["colour"] == "red"
    assert not {"task_note_downgrade", "task_report_risk"} & set(woman.open())
