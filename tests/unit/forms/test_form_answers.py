"""What a form accepts, what it asks about again, and what it refuses: at the field, in both languages, nothing lost."""

from datetime import date
from decimal import Decimal

import pytest

from engine.errors import Incorrect
from workflows import tables
from workflows.forms import example_answers, forms_on_disk

FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)


def filled(form_id, **changes):
    return {**example_answers(form_id), **changes}


def validate(form_id, answers, **options):
    return FORMS[form_id].validate(answers, on=TODAY, **options)


def refused_at(form_id, answers, **options):
    with pytest.raises(Incorrect) as refused:
        validate(form_id, answers, **options)
    assert all(fault.message.zh and fault.message.en for fault in refused.value.faults)
    return {fault.path: fault.message.en for fault in refused.value.faults}


HARD = [
    ("anc-first", "sbp", 281),
    ("anc-first", "sbp", 49),
    ("anc-first", "dbp", 19),
    ("anc-first", "height", 211),
    ("anc-first", "weight", Decimal("24.9")),
    ("anc-first", "hb", 19),
    ("anc-first", "wbc", 101),
    ("anc-first", "plt", 0),
    ("anc-first", "glucose", 41),
    ("anc-visit", "fundal_height", 51),
    ("anc-visit", "abdominal_circ", 49),
    ("delivery", "blood_loss_birth", -1),
    ("postnatal-visit", "temperature", 44),
    ("registration", "cycle_days", 91),
    ("registration", "menses_days", 0),
    ("registration", "menarche_age", 7),
    ("registration", "gravidity", 0),
    ("anc-first", "sbp", Decimal("120.5")),
    ("registration", "preterm", "1.5"),
    ("anc-first", "weight", "5O"),
]


@pytest.mark.parametrize("form_id, name, value", HARD)
def test_what_cannot_be_is_refused_at_its_field(form_id, name, value):
    assert name in refused_at(form_id, filled(form_id, **{name: value}))


@pytest.mark.parametrize(
    "form_id, name, value", [("anc-first", "sbp", 280), ("anc-first", "sbp", "50"), ("anc-first", "plt", 1)]
)
def test_the_limit_itself_is_inside(form_id, name, value):
    assert validate(form_id, filled(form_id, **{name: value, "dbp": 40})).values[name] == Decimal(value)


@pytest.mark.parametrize("name, value", [("sbp", 181), ("weight", 34), ("hb", 59), ("height", 186), ("alt", 101)])
def test_what_is_unlikely_is_accepted_and_asked_about(name, value):
    accepted = validate("anc-first", filled("anc-first", **{name: value}))

    assert [warning.path for warning in accepted.warnings] == [name]
    assert accepted.values[name] == value


def test_an_unlikely_age_is_asked_about_and_an_impossible_one_refused():
    grown = filled("registration", id_type="passport", id_no="E12345678", birth_date="1969-06-01")
    child = filled("registration", id_type="passport", id_no="E12345678", birth_date="2017-06-01")

    assert [warning.path for warning in validate("registration", grown).warnings] == ["age"]
    assert "age" in refused_at("registration", child)


def test_every_missing_answer_is_named_at_once():
    faults = refused_at("tracing", {})

    assert faults == dict.fromkeys(["contacted_on", "contact_way", "contact_result", "doctor"], "required")


def test_a_draft_may_be_incomplete_but_not_senseless():
    assert validate("anc-visit", {"weight": "56.50"}, complete=False).values == {"weight": Decimal("56.50")}
    assert refused_at("anc-visit", {"weight": "heavy"}, complete=False).keys() == {"weight"}


def test_as_many_criteria_as_the_tables_have_are_taken_and_no_endless_list():
    codes = (f"{colour}-{group}.{row}" for colour in "RPOY" for group in range(1, 12) for row in range(1, 30))
    every = [code for code in codes if tables.row_of(code)]
    assert len(every) > 50

    taken = validate("case-file", filled("case-file", criteria=every))
    assert taken.values["criteria"] == every
    assert refused_at("case-file", filled("case-file", criteria=["R-1.1"] * 301)) == {"criteria": "at most 300"}


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_a_sign_that_no_document_can_hold_is_refused_at_its_field(sign):
    answers = filled("registration", addr_current=f"测试路{sign}1 号")

    assert refused_at("registration", answers) == {"addr_current": "holds a character that cannot be stored"}


def test_an_unknown_field_is_refused_by_name_also_inside_a_row():
    answers = filled("delivery", colour="blue")
    answers["fetus"] = [{**answers["fetus"][0], "weight_kg": 3}]

    assert refused_at("delivery", answers).keys() == {"colour", "fetus[0].weight_kg"}


@pytest.mark.parametrize("answers", [None, [], "answers", 7, {1: 2}])
def test_answers_that_are_no_object_are_refused(answers):
    assert "" in refused_at("tracing", answers)


def test_not_done_and_unknown_are_answers_of_their_own():
    accepted = validate("anc-first", filled("anc-first", hb="未查", ferritin="不详", weight="not-performed"))

    assert (accepted.values["hb"], accepted.values["ferritin"]) == ("not-performed", "asked-unknown")
    assert accepted.calculated["bmi"] is None  # nobody is weighed, so nothing is computed from it


def test_not_done_is_no_answer_where_the_form_does_not_offer_it():
    assert "parity_cs" in refused_at("registration", filled("registration", parity_cs="未查"))


@pytest.mark.parametrize("typed", ["１１８", "118", " 118 ", 118, Decimal("118")])
def test_full_width_digits_are_the_digits_that_were_meant(typed):
    assert validate("anc-first", filled("anc-first", sbp=typed)).values["sbp"] == 118


def test_digits_are_kept_as_entered():
    assert str(validate("anc-first", filled("anc-first", weight="55.0")).values["weight"]) == "55.0"


DATES = ["20251231", "2025-12-31", "2025/12/31", "2025.12.31", "2025年12月31日", "251231", "-5", "２０２５１２３１"]


@pytest.mark.parametrize("typed", DATES)
def test_a_date_may_be_typed_as_people_type_dates(typed):
    assert validate("tracing", filled("tracing", contacted_on=typed)).values["contacted_on"] == "2025-12-31"


def test_month_and_day_alone_mean_this_year_and_two_digits_the_century_that_is_possible():
    accepted = validate("registration", filled("registration", id_type="other", birth_date="970615", lmp="20251103"))
    assert accepted.values["birth_date"] == "1997-06-15"
    assert validate("tracing", filled("tracing", contacted_on="0104")).values["contacted_on"] == "2026-01-04"


@pytest.mark.parametrize("typed", ["2025-02-30", "20251301", "yesterday", "2026-1", 20250101, "18991231"])
def test_what_is_no_date_is_refused(typed):
    assert "contacted_on" in refused_at("tracing", filled("tracing", contacted_on=typed))


def test_nothing_happened_in_the_future_and_no_appointment_lies_in_the_past():
    assert "contacted_on" in refused_at("tracing", filled("tracing", contacted_on="2026-01-06"))
    assert "next_date" in refused_at("tracing", filled("tracing", next_date="2026-01-04"))
    assert "discharged_at" in refused_at("discharge", filled("discharge", discharged_at="2026-01-06 08:00"))


@pytest.mark.parametrize("typed", ["2026-01-05 08:30", "202601050830", "2026-01-05T00:30:00Z", "2026-1-5 8:30:00"])
def test_a_time_without_a_zone_is_china_time(typed):
    accepted = validate("discharge", filled("discharge", discharged_at=typed))

    assert accepted.values["discharged_at"] == "2026-01-05T08:30:00+08:00"


def test_the_lower_pressure_must_be_the_lower_one():
    assert "dbp" in refused_at("anc-first", filled("anc-first", sbp=90, dbp=95))


def test_births_cannot_outnumber_the_pregnancies_before_this_one():
    assert "parity_cs" in refused_at("registration", filled("registration", gravidity=2, parity_vaginal=1, parity_cs=1))


BEFORE = (
    *("parity_vaginal", "parity_cs", "abortion_spont", "abortion_induced", "abortion_drug", "induction_mid", "ectopic"),
    *(
        "mole",
        "preterm",
        "stillbirth_iufd",
        "stillbirth_intrapartum",
        "neonatal_death",
        "birth_defect_child",
        "dystocia",
    ),
)


def test_a_first_pregnancy_needs_no_zeros():
    untyped = dict.fromkeys(BEFORE)

    accepted = validate("registration", filled("registration", gravidity=1, **untyped))
    assert [accepted.values[name] for name in BEFORE] == [0] * len(BEFORE)

    assert set(refused_at("registration", filled("registration", gravidity=2, **untyped))) == set(BEFORE)
    assert "gravidity" in refused_at("registration", filled("registration", gravidity=None, **untyped))
    assert "parity_cs" in refused_at("registration", filled("registration", gravidity=1, **{**untyped, "parity_cs": 1}))


def test_none_excludes_every_other_choice():
    assert "social_factors" in refused_at("registration", filled("registration", social_factors=["none", "poor"]))


def test_a_code_outside_the_list_is_refused_with_the_list():
    assert "spontaneous" in refused_at("delivery", filled("delivery", delivery_mode="water"))["delivery_mode"]


def test_an_answer_to_a_question_that_is_not_asked_is_dropped_whatever_it_says():
    accepted = validate("anc-visit", filled("anc-visit", urged_only=True, weight="rubbish", lost_reason="x"))

    assert not {"weight", "sbp", "fhr", "lost_reason"} & accepted.values.keys()


def test_a_question_that_is_asked_because_of_another_must_be_answered():
    assert refused_at("anc-visit", filled("anc-visit", referral="yes")).keys() == {"referral_reason", "referral_org"}
    assert refused_at("anc-visit", filled("anc-visit", contact="lost")).keys() == {"lost_reason"}


def test_hiding_a_question_hides_what_hangs_on_it():
    state = FORMS["delivery"].evaluate({"delivery_mode": "spontaneous", "cs_category": "emergency"}, TODAY)

    assert state["enabled"]["cs_category"] is False
    assert state["enabled"]["ddi"] is state["enabled"]["incision_at"] is False


@pytest.mark.parametrize(
    "edd, wanted",
    [
        ("2026-08-10", set()),
        ("2026-06-22", {"fundal_height", "abdominal_circ"}),
        (
            "2026-03-30",
            {
                *("fundal_height", "abdominal_circ", "fetal_position", "presentation", "engaged", "fetal_movement"),
                *("glucose", "ogtt_0"),  # one of the two is a duty from 24 to 28 weeks
            },
        ),
    ],
)
def test_what_a_visit_must_record_depends_on_the_week(edd, wanted):
    answers = filled("anc-visit")

    found = FORMS["anc-visit"].evaluate(answers, TODAY, {"edd": edd})["faults"]

    assert {fault["path"] for fault in found} == wanted
    assert {fault["code"] for fault in found} <= {"required"}


def test_the_page_is_told_what_has_become_a_duty():
    early, late = ({"edd": "2026-08-10"}, {"edd": "2026-06-22"})

    told = [FORMS["anc-visit"].evaluate({"visit_date": "2026-01-05"}, TODAY, edd)["required"] for edd in (early, late)]

    assert [each["fundal_height"] for each in told] == [False, True]


def test_one_heart_rate_for_each_fetus_and_a_single_one_may_stand_alone():
    assert validate("anc-visit", filled("anc-visit", fhr=145)).values["fhr"] == [145]
    assert "fhr[1]" in refused_at("anc-visit", filled("anc-visit", fhr=["145", "400"]))


def test_there_is_a_row_for_each_fetus():
    twins = filled("delivery", fetus_count=2)
    assert "fetus" in refused_at("delivery", twins)

    first = twins["fetus"][0]
    scores = dict.fromkeys(("apgar_1", "apgar_5", "apgar_10"))
    twins["fetus"] = [first, {**first, **scores, "order": 2, "outcome": "stillbirth_iufd"}]
    assert [row["outcome"] for row in validate("delivery", twins).values["fetus"]] == ["live_birth", "stillbirth_iufd"]


STILLBORN = {"outcome": "stillbirth_intrapartum", "apgar_1": 0, "apgar_5": "not-performed", "apgar_10": None}


@pytest.mark.parametrize(
    "of_her, of_the_child, said",
    [
        ({}, {**STILLBORN, "apgar_1": 1}, "fetus[0].apgar_1"),
        ({}, {**STILLBORN, "apgar_5": 10}, "fetus[0].apgar_5"),
        ({}, {**STILLBORN, "apgar_10": 7}, "fetus[0].apgar_10"),
        ({}, {**STILLBORN, "transfer": "新生儿科"}, "fetus[0].transfer"),
        ({"maternal_outcome": "died", "death_period": "antepartum"}, {}, "death_period"),
        ({"admitted_at": "2026-01-05T07:00:00+08:00"}, {}, "admitted_at"),
    ],
)
def test_a_birth_that_cannot_be_is_refused_where_it_is_entered(of_her, of_the_child, said):
    answers = filled("delivery", **of_her)
    answers["fetus"] = [{**answers["fetus"][0], **of_the_child}]

    assert refused_at("delivery", answers).keys() == {said}


def test_a_stillborn_child_and_one_that_lived_minutes_are_taken():
    for child in (STILLBORN, {"outcome": "neonatal_death", "apgar_1": 1, "apgar_5": 0, "apgar_10": 0}):
        answers = filled("delivery")
        answers["fetus"] = [{**answers["fetus"][0], **child}]
        assert validate("delivery", answers).values["fetus"][0]["outcome"] == child["outcome"]


def test_two_children_do_not_have_one_order():
    twins = filled("delivery", fetus_count=2)
    twins["fetus"] = [twins["fetus"][0], dict(twins["fetus"][0])]

    assert refused_at("delivery", twins).keys() == {"fetus"}


def test_a_mistake_in_a_row_is_named_by_row():
    answers = filled("delivery")
    answers["fetus"] = [{**answers["fetus"][0], "weight_g": 200, "defect": "yes"}]

    assert refused_at("delivery", answers).keys() == {"fetus[0].weight_g", "fetus[0].defect_text"}


def test_the_interval_from_decision_to_delivery_is_counted_for_emergency_caesareans_only():
    stamps = {"cs_decision_at": "2026-01-05 05:46", "cs_indication": "胎儿窘迫", "delivery_mode": "cs"}

    emergency = validate("delivery", filled("delivery", **stamps, cs_category="emergency"))
    elective = validate("delivery", filled("delivery", **stamps, cs_category="elective"))

    assert emergency.calculated["ddi_minutes"] == 34
    assert [warning.path for warning in emergency.warnings] == ["ddi_minutes"]
    assert "ddi_minutes" not in elective.values


def test_a_calculated_value_that_is_sent_is_computed_again():
    accepted = validate("anc-first", filled("anc-first", bmi=99))

    assert accepted.values["bmi"] == Decimal("21.5")


@pytest.mark.parametrize(
    "ticked, colour, purple, green",
    [
        ({}, "green", False, True),
        ({"y_1_1": True}, "yellow", False, False),
        ({"y_1_1": True, "o_1_2": True}, "orange", False, False),
        ({"r_1_6_3": True, "p_1": True}, "red", True, False),
        ({"p_1": True}, "green", True, False),
    ],
)
def test_the_suggested_colour_is_the_highest_and_purple_stands_beside_it(ticked, colour, purple, green):
    answers = {name: value for name, value in filled("risk-grading").items() if not isinstance(value, bool)}

    accepted = validate("risk-grading", {**answers, **ticked})

    found = accepted.calculated
    assert (found["colour_suggested"], found["purple_suggested"], found["g_0"]) == (colour, purple, green)


@pytest.mark.parametrize(
    "changes, result",
    [({}, "negative"), ({"s_6_7": "unknown"}, "provisional"), ({"s_6_7": "unknown", "s_2_1": "yes"}, "positive")],
)
def test_screening_is_positive_by_one_item_and_provisional_while_one_is_unknown(changes, result):
    assert validate("risk-screening", filled("risk-screening", **changes)).calculated["screening_result"] == result


def test_a_referral_slip_is_filled_by_its_sender_and_later_by_its_receiver():
    assert "destination" in refused_at("screening-referral", {"referred_on": "2026-01-05"})
    reply = {"received_on": "2026-01-05", "receiver_colour": "green", "returned_on": "2026-01-05"}
    assert validate("screening-referral", reply).values == reply


def test_a_woman_who_has_not_recovered_is_not_closed():
    answers = filled("postnatal-42d", classification="not_recovered", classification_text="恶露未净")

    assert "disposition" in refused_at("postnatal-42d", answers)


@pytest.mark.parametrize(
    "end, asked",
    [
        ("lost", "reason"),
        ("moved.out", "receiver"),
        ("void", "confirmed_by"),
        ("ended.abortion", "abortion_kind"),
        ("ended.maternal_death", "death_cause"),
        ("refused", "refusal_signed"),
    ],
)
def test_each_end_of_a_case_asks_for_what_it_owes(end, asked):
    assert asked in refused_at("closure", filled("closure", end_code=end))


def test_a_page_that_asks_hears_everything_and_is_never_refused():
    state = FORMS["anc-first"].evaluate({"height": "160", "weight": "7o", "sbp": "300", "colour": "?"}, TODAY)

    codes = {fault["path"]: fault["code"] for fault in state["faults"]}
    assert (codes["weight"], codes["sbp"], codes["colour"], codes["hb"]) == ("value", "value", "value", "required")


def test_that_no_fetal_heart_is_heard_can_be_said():
    visit = filled("anc-visit", fhr=["unknown"], fetal_heart_absent=True)

    assert validate("anc-visit", visit).values["fetal_heart_absent"] is True
