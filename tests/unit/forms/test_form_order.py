"""What happens after something else is not written down as before it: within one form, and against what the case knows
(the birth, the request, the decision). A step that nobody has timed stands in nobody's way."""

from datetime import date

import pytest

from engine.errors import Incorrect
from workflows.forms import example_answers, forms_on_disk

FORMS = forms_on_disk()
ON = date(2026, 1, 5)
DAY = "2026-01-05"
BORN = {"born_at": f"{DAY}T06:20:00+08:00"}
DELIVERED = {"delivered_at": f"{DAY}T06:20:00+08:00", "delivered_on": DAY}
ASKED = {"requested_at": "2026-01-04T23:50:00Z"}  # as another system writes it: 07:50 here
EMERGENCY = {"delivery_mode": "cs", "cs_category": "emergency", "cs_indication": "胎儿窘迫"}
STAMPS = ("cs_decision_at", "cs_called_at", "theatre_ready_at", "in_theatre_at", "anaesthesia_at", "incision_at")


def at(time):
    return f"{DAY} {time}"


def refused(form, answers, context=None):
    """The fields that are refused, or asked about, when these answers stand in the example."""
    given = {**example_answers(form), **answers}
    try:
        accepted = FORMS[form].validate(given, on=ON, context=context or {})
    except Incorrect as error:
        assert all(fault.message.zh != fault.message.en for fault in error.faults)
        return [fault.path for fault in error.faults]
    return [f"? {warning.path}" for warning in accepted.warnings]


# form, what is answered too early, where it is said, what the case knows
TOO_EARLY = [
    ("cs-times", {"cs_called_at": at("07:59")}, "cs_called_at", {}),
    ("cs-times", {"in_theatre_at": at("07:59")}, "in_theatre_at", {}),
    ("cs-times", {"anaesthesia_at": at("08:10")}, "anaesthesia_at", {}),
    ("cs-times", {"incision_at": at("08:13")}, "incision_at", {}),
    ("cs-times", {"theatre_ready_at": at("08:21")}, "incision_at", {}),
    ("cs-times", {"delivered_at": at("08:19")}, "delivered_at", {}),
    ("cs-times", {"incision_at": None, "anaesthesia_at": None, "delivered_at": at("08:10")}, "delivered_at", {}),
    ("newborn-transfer", {"accepted_at": at("06:59")}, "accepted_at", {}),
    ("newborn-transfer", {"departed_at": at("06:59")}, "departed_at", {}),
    ("newborn-transfer", {"arrived_at": at("07:29")}, "arrived_at", {}),
    ("newborn-transfer", {"departed_at": None, "arrived_at": at("06:59")}, "arrived_at", {}),
    ("newborn-transfer", {}, "departed_at", {"born_at": f"{DAY}T07:31:00+08:00"}),
    ("newborn-care", {"hepb_at": at("06:19")}, "hepb_at", {}),
    ("newborn-screening", {"blood_sampled_at": at("06:19")}, "blood_sampled_at", BORN),
    ("newborn-screening", {"screened_at": at("07:59")}, "screened_at", BORN),
    ("newborn-screening", {"blood_spot": "refused", "screened_at": at("06:19")}, "screened_at", BORN),
    ("pmtct-child", {"done_at": at("06:19")}, "done_at", BORN),
    ("newborn-death", {"child_died_at": at("06:19")}, "child_died_at", BORN),
    ("newborn-died", {"child_died_at": "2026-01-04 23:59"}, "child_died_at", DELIVERED),
    ("birth-observation", {"observed_at": at("06:19")}, "observed_at", DELIVERED),
    ("discharge", {"discharged_at": at("06:19")}, "discharged_at", {"delivered_at": DELIVERED["delivered_at"]}),
    ("discharge", {"discharged_at": "2026-01-04 12:00"}, "discharged_at", {"delivered_on": DAY}),
    ("discharge-acknowledgement", {"acknowledged_at": at("07:29")}, "? acknowledged_at", {}),
    (
        "discharge-acknowledgement",
        {"delivered_on": DAY, "discharged_at": "2026-01-04 12:00"},
        "discharged_at",
        {},
    ),
    ("postnatal-visit", {"delivered_on": "2026-01-04", "discharged_on": "2026-01-03"}, "discharged_on", {}),
    ("postnatal-42d", {"delivered_on": DAY, "discharged_on": DAY, "visit_date": "2026-01-04"}, "visit_date", {}),
    ("blood-request", {"blood_needed_by": at("06:59")}, "blood_needed_by", {}),
    ("blood-answer", {"blood_expected_at": at("07:04")}, "blood_expected_at", {}),
    ("blood-answer", {}, "blood_answered_at", {"blood_requested_at": f"{DAY}T07:06:00+08:00"}),
    ("blood-received", {}, "blood_received_at", {"blood_requested_at": f"{DAY}T07:31:00+08:00"}),
    ("consultation-answer", {"consult_arrived_at": at("07:44")}, "consult_arrived_at", ASKED),
    ("handover-answer", {"handover_answered_at": at("07:44")}, "handover_answered_at", ASKED),
    ("transfer-answer", {"answered_at": at("07:44")}, "answered_at", ASKED),
    ("transfer-answer", {"expected_at": at("07:53")}, "expected_at", {}),
    ("transfer-departure", {"departed_at": at("07:49")}, "departed_at", ASKED),
    ("transfer-arrival", {"arrived_at": at("07:50")}, "arrived_at", {"departed_at": f"{DAY}T07:56:00+08:00"}),
    ("death-report", {"reported_on": "2026-01-04"}, "reported_on", {}),
    ("prenatal-result", {"prenatal_result_on": DAY, "told_on": "2026-01-04"}, "told_on", {}),
    ("screening-referral", {"referred_on": DAY, "received_on": "2026-01-04"}, "received_on", {}),
]


@pytest.mark.parametrize(("form", "answers", "field", "context"), TOO_EARLY)
def test_what_came_before_what_it_follows_is_refused_where_it_is_entered(form, answers, field, context):
    assert field in refused(form, answers, context)


@pytest.mark.parametrize("form", sorted({row[0] for row in TOO_EARLY}))
def test_the_examples_stand_in_their_order(form):
    known = {
        **BORN,
        **DELIVERED,
        "requested_at": f"{DAY}T06:30:00+08:00",
        "blood_requested_at": f"{DAY}T07:00:00+08:00",
    }

    assert refused(form, {}, known) == []


def test_the_times_of_a_caesarean_stand_in_order_in_the_record_of_the_birth_too():
    times = [at(f"06:{minute:02}") for minute in range(0, 18, 3)]
    stamps = {**EMERGENCY, **dict(zip(STAMPS, times, strict=True))}
    assert refused("delivery", stamps) == []

    for name in ("cs_called_at", "in_theatre_at", "anaesthesia_at", "incision_at"):
        assert name in refused("delivery", {**stamps, name: at("05:59")})
    assert "delivered_at" in refused("delivery", {**stamps, "delivered_at": at("06:14")})


def test_one_child_with_a_time_of_its_own_is_asked_about_and_twins_are_not():
    (child,) = example_answers("delivery")["fetus"]
    late = {**child, "birth_time": at("06:25")}

    assert refused("delivery", {"fetus": [late]}) == ["? fetus[0].birth_time"]
    assert refused("delivery", {"fetus_count": 2, "fetus": [child, {**late, "order": 2}]}) == []


def test_a_key_time_of_a_rescue_lies_in_it():
    began = {"rescue_began_at": f"{DAY}T07:16:00+08:00"}

    assert refused("rescue-record", {}, began) == ["rescue_times[0].rescue_at"]
    assert refused("rescue-record", {}, {"rescue_began_at": f"{DAY}T07:10:00+08:00"}) == []


def test_between_two_institutions_the_clocks_may_differ_by_five_minutes():
    assert refused("transfer-answer", {"answered_at": at("07:45")}, ASKED) == []
