"""From a completed form to the variables that route, and from what is known to a form half filled in."""

from datetime import date

import pytest

from engine.errors import Incorrect
from workflows import tables
from workflows.forms import example_answers, forms_on_disk
from workflows.journey import advice, derive, gestational_age_text, prefill, start_variables
from workflows.regions import load_pack

ON = date(2026, 1, 5)
POLICY = load_pack("cn-baseline").policy()


def test_registration_fixes_the_due_date_by_the_lmp():
    said = derive("registration", {"lmp": "2025-11-03", "edd_basis": "lmp"}, {}, ON)

    assert said == {"lmp": "2025-11-03", "edd": "2026-08-10", "edd_basis": "lmp", "registered_on": "2026-01-05"}


def test_ac14_unknown_lmp_with_a_scan_at_ten_weeks_is_dated_by_the_scan():
    answers = {"lmp_unknown": True, "edd_basis": "us", "us_date": "2026-01-05", "us_ga_weeks": 10, "us_ga_days": 0}

    said = derive("registration", answers, {}, ON)

    assert (said["lmp"], said["edd"], said["edd_basis"]) == (None, "2026-08-03", "us")


def test_ac12_first_seen_at_13_weeks_is_registered_but_not_early():
    early = derive("anc-first", {"filled_on": "2026-02-01"}, {"edd_final": "2026-08-10"}, date(2026, 2, 1))
    late = derive("anc-first", {"filled_on": "2026-02-02"}, {"edd_final": "2026-08-10"}, date(2026, 2, 2))

    assert early["early_registration"] is True
    assert late["early_registration"] is False


def test_ac15_a_scan_six_days_away_proposes_a_new_date_only_before_nine_weeks():
    facts = {"edd_final": "2026-08-10", "edd_basis": "lmp"}
    scan = {"filled_on": "2026-01-05", "us_date": "2026-01-05"}

    assert derive("anc-first", {**scan, "us_ga_weeks": 8, "us_ga_days": 1}, facts, ON)["edd_proposed"] == "2026-08-16"
    assert "edd_proposed" not in derive("anc-first", {**scan, "us_ga_weeks": 9, "us_ga_days": 6}, facts, ON)


def test_what_the_data_show_is_positive_whatever_was_answered():
    said = derive("risk-screening", {"s_1_1": "no", "s_7_8_1": "yes"}, {"birth_date": "1989-06-01"}, ON)

    assert said["screening_codes"] == ["S-7.8.1", "S-1.1"]


def test_a_must_do_item_left_unknown_is_listed_and_a_recommended_one_is_not():
    said = derive("risk-screening", {"s_6_4": "unknown", "s_6_7": "unknown", "s_1_1": "no"}, {}, ON)

    assert said["screening_unknown"] == ["S-6.4"]


def test_ac02_an_interval_of_six_years_alone_is_positive():
    facts = {"last_pregnancy_end_date": "2019-11-01", "last_pregnancy_end_mode": "cs", "lmp": "2025-11-03"}

    assert derive("risk-screening", {}, facts, ON)["screening_codes"] == ["S-2.1"]


def test_a_computed_criterion_stays_unless_the_doctor_gives_a_reason():
    facts = {"hb": 55}

    kept = derive("risk-grading", {"y_1_4": True}, facts, ON)
    removed = derive("risk-grading", {"y_1_4": True, "change_reason": "复查 Hb 112"}, facts, ON)

    assert kept["criteria"] == ["Y-1.4", "O-2.6.2"]
    assert (removed["criteria"], removed["removed_criteria"]) == (["Y-1.4"], ["O-2.6.2"])


def test_green_is_no_criterion():
    assert derive("risk-grading", {"g_0": True}, {}, ON)["criteria"] == []


def test_a_visit_reports_the_colour_its_findings_reach():
    said = derive("anc-visit", {"visit_date": "2026-01-05", "hb": 60, "danger_signs": ["none"]}, {"hb": 120}, ON)

    assert (said["visit_colour"], said["visit_urgent"], said["visit_counts"]) == ("orange", False, True)


def test_urging_a_woman_to_come_is_no_visit():
    assert derive("anc-visit", {"visit_date": "2026-01-05", "urged_only": True}, {}, ON)["visit_counts"] is False


def test_a_danger_sign_is_urgent():
    assert derive("anc-visit", {"danger_signs": ["bleeding"]}, {}, ON)["visit_urgent"] is True


def test_ac16_twins_keep_an_outcome_each():
    fetus = [{"order": 1, "outcome": "live_birth", "sex": "female"}, {"order": 2, "outcome": "stillbirth_iufd"}]

    said = derive(
        "delivery", {"delivered_at": "2026-07-30T03:20:00+08:00", "fetus": fetus}, {"edd_final": "2026-08-10"}, ON
    )

    assert (said["delivered_on"], said["outcome"], len(said["fetuses"])) == ("2026-07-30", "mixed", 2)
    assert "end_code" not in said


def test_a_birth_before_28_weeks_ends_as_an_abortion():
    fetus = [{"order": 1, "outcome": "stillbirth_iufd"}]

    said = derive("delivery", {"delivered_on": "2026-04-01", "fetus": fetus}, {"edd_final": "2026-08-10"}, ON)

    assert (said["outcome"], said["end_code"]) == ("abortion", "ended.abortion")


def test_a_child_born_alive_before_28_weeks_is_a_birth():
    fetus = [{"order": 1, "outcome": "live_birth"}]

    said = derive("delivery", {"delivered_on": "2026-04-01", "fetus": fetus}, {"edd_final": "2026-08-10"}, ON)

    assert said["outcome"] == "live_birth"
    assert "end_code" not in said


def test_ac22_not_recovered_or_referred_keeps_the_case_open():
    assert (
        derive("postnatal-42d", {"classification": "not_recovered", "disposition": "refer"}, {}, ON)["recovered"]
        is False
    )
    assert derive("postnatal-42d", {"classification": "recovered", "disposition": "close"}, {}, ON)["recovered"] is True


@pytest.mark.parametrize("result, code", [("refused", "refused"), ("died", "ended.maternal_death"), ("reached", None)])
def test_what_tracing_finds_may_end_the_course(result, code):
    assert derive("tracing", {"contact_result": result}, {}, ON).get("end_code") == code


def test_a_colour_found_at_the_home_visit_is_a_proposal():
    said = derive("postnatal-visit", {"visit_date": "2026-01-05", "risk_recheck": "orange", "referral": "none"}, {}, ON)

    assert (said["visit_colour"], said["needs_referral"]) == ("orange", False)


def test_a_form_that_routes_nothing_sets_nothing():
    assert derive("face-to-face", {"f2f_date": "2026-01-05"}, {}, ON) == {}


def test_the_screening_form_arrives_with_what_the_data_decide():
    begun = prefill("risk-screening", {"birth_date": "1989-06-01", "hb": 120, "rh": "unknown"}, {}, ON)

    assert begun == {"screened_on": "2026-01-05", "s_1_1": "yes", "s_6_1": "no"}


def test_the_grading_form_arrives_ticked_and_with_its_suggestion():
    begun = prefill("risk-grading", {"birth_date": "1989-06-01", "bmi": 29}, {"policy": POLICY}, ON)

    assert begun["y_1_1"] and begun["o_1_2"]
    assert begun["colour_suggested"] == "orange"


def test_a_new_grading_begins_with_the_criteria_of_the_last():
    begun = prefill("risk-grading", {}, {"policy": POLICY, "criteria": ["R-1.1.1"]}, ON)

    assert (begun["r_1_1_1"], begun["colour_suggested"]) == (True, "red")


def test_the_referral_slip_is_filled_for_the_sender_and_later_for_the_receiver():
    sender = prefill("screening-referral", {}, {"screened_on": "2026-01-05", "screening_codes": ["S-2.1"]}, ON)
    receiver = prefill("screening-referral", {}, {"graded_at": "2026-01-06T09:00:00+08:00", "colour": "green"}, ON)

    assert (sender["positive_items"], sender["assess_by"]) == (["S-2.1 生育间隔 <18 月 或 >5 年"], "2026-01-19")
    assert (receiver["receiver_colour"], receiver["returned_on"]) == ("green", "2026-01-05")


def test_the_slip_says_in_words_what_was_positive_and_an_infection_by_its_code():
    codes = ["S-6.1", "S-6.3", "S-7.6.3", "S-2.4"]

    items = prefill("screening-referral", {}, {"screening_codes": codes, "screened_on": "2026-01-05"}, ON)[
        "positive_items"
    ]

    assert items[:3] == ["S-6.1 血红蛋白 <110 g/L", "S-6.3", "S-7.6.3"]
    assert all(len(item) <= 100 for item in items)


def test_a_case_begins_with_the_rules_of_its_region_and_a_due_date_from_the_lmp():
    given = start_variables(
        pregnancy_id="p", patient_id="w", home_organisation="t", hospital_organisation="h", county_organisation="c",
        on=ON, pack=load_pack("cn-baseline"), lmp="2025-11-03",
    )  # fmt: skip

    assert (given["edd"], given["edd_basis"], given["stage"]) == ("2026-08-10", "lmp", "registered")
    assert given["policy"]["referral_within"] == "P14D"


def test_gestational_age_stands_still_when_the_pregnancy_ends():
    assert gestational_age_text({"edd": "2025-10-08"}, date(2025, 4, 1)) == "12+6"
    assert gestational_age_text({"edd": "2025-10-08", "delivered_on": "2025-10-08"}, date(2025, 12, 1)) == "40+0"
    assert gestational_age_text({}, ON) is None


def test_purple_adds_the_designated_hospital_to_the_advice_of_the_colour():
    assert [row.delivery for row in advice("red", True, POLICY["routing"])] == ["tertiary", "designated"]


def test_a_region_may_require_a_responsible_doctor_at_registration():
    form, filled = forms_on_disk()["registration"], example_answers("registration")
    filled.pop("responsible_doctor", None)

    form.validate(filled, on=date(2026, 1, 5), context={"responsible_required": False})
    with pytest.raises(Incorrect) as refused:
        form.validate(filled, on=date(2026, 1, 5), context={"responsible_required": True})
    assert [fault.path for fault in refused.value.faults] == ["responsible_doctor"]
    named = form.validate({**filled, "responsible_doctor": "示范产科医师"}, on=date(2026, 1, 5), context={})
    assert derive("registration", named.values, {}, date(2026, 1, 5))["responsible_doctor"] == "示范产科医师"


@pytest.mark.parametrize("pack, colour, asked", [
    ("cn-cq-2022", "red", ["plan_treatment", "plan_emergency"]),
    ("cn-cq-2022", "orange", []),
    ("cn-zj-2022", "orange", ["plan_treatment", "plan_emergency"]),
    ("cn-baseline", "red", []),
])  # fmt: skip
def test_the_plans_of_a_case_file_are_required_for_the_colours_of_the_region(pack, colour, asked):
    case = start_variables(pregnancy_id="p-1", patient_id="w-1", home_organisation="t", hospital_organisation="h",
                           county_organisation="c", on=ON, pack=load_pack(pack))  # fmt: skip
    form, filled = forms_on_disk()["case-file"], {**example_answers("case-file"), "colour": colour}
    for name in ("plan_treatment", "plan_emergency"):
        filled.pop(name, None)

    try:
        form.validate(filled, on=ON, context=case)
        found = []
    except Incorrect as refused:
        found = [fault.path for fault in refused.faults]

    assert found == asked


@pytest.mark.parametrize("mother, partner, both", [(True, True, True), (True, False, False), (False, True, False)])
def test_thalassaemia_goes_to_diagnosis_when_both_partners_are_carriers(mother, partner, both):
    answers = {"thal_mother": mother, "thal_partner_tested": True, "thal_partner": partner}

    assert derive("thalassaemia-screen", answers, {}, ON) == {"both_carriers": both}
    assert derive("structural-scan", {"scan_result": "abnormal"}, {}, ON) == {"scan_abnormal": True}


def test_a_focus_woman_has_a_file_before_she_is_screened_and_then_she_is_green():
    assert prefill("case-file", {}, {"focus": True}, ON)["colour"] == "green"
    assert prefill("case-file", {}, {"focus": True, "colour": "orange"}, ON)["colour"] == "orange"
    assert "colour" not in prefill("case-file", {}, {}, ON)


def test_an_infection_that_is_no_item_of_screening_is_assessed_at_once_and_not_named_on_the_slip():
    said = derive("risk-screening", {}, {"hbsag": "pos"}, ON)
    assert said["screening_infected"] is True and derive("risk-screening", {}, {"hbsag": "neg"}, ON) != said
    assert tables.evaluate("screening_outcome", {**said, "screening_round": 1}, ON) == "positive"

    slip = prefill("screening-referral", {}, {"screened_on": "2026-01-05", **said}, ON)
    assert slip["positive_items"] == ["另有须评估的检查结果"]


def test_a_first_check_tells_its_findings_as_a_visit_does():
    told = derive("anc-first", {"filled_on": "2026-01-05", "sbp": 170, "dbp": 115}, {"edd_final": "2026-08-10"}, ON)

    assert "emergency" in {one["level"] for one in told["visit_findings"]}
    assert derive("anc-first", {"filled_on": "2026-01-05", "sbp": 118, "dbp": 76}, {}, ON)["visit_findings"] == []
