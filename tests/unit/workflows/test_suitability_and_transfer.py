"""P12 and P13: whose signature counts, and what the request for a transfer says."""

from datetime import date

from workflows.journey import derive, prefill

ON = date(2026, 1, 5)


def test_only_signed_associate_chiefs_and_above_count_for_not_suitable():
    team = [
        {"member_title": "chief", "member_signed": True},
        {"member_title": "associate_chief", "member_signed": False},
        {"member_title": "attending", "member_signed": True},
    ]

    said = derive("suitability", {"conclusion": "unsuitable", "decision": "declines", "members": team}, {}, ON)

    assert said == {"conclusion": "unsuitable", "decision": "declines", "senior_signatures": 1}


def test_a_request_says_how_urgent_and_whether_she_can_be_moved():
    said = derive("transfer-request", {"urgency": "emergency", "transportable": False}, {}, ON)

    routes = ("urgency", "transportable", "transfer_refused")
    assert [said[name] for name in routes] == ["emergency", False, False]
    assert derive("transfer-request", {"urgency": "planned", "refused": True}, {}, ON)["transfer_refused"] is True


def test_the_request_begins_with_what_the_visit_found():
    asked = {"referral": {"urgency": "emergency", "reason": "血压 ≥160/110 mmHg"}}

    assert prefill("transfer-request", {}, asked, ON) == {
        "urgency": "emergency",
        "transfer_reason": "血压 ≥160/110 mmHg",
        "transportable": True,
    }


def test_a_centre_accepts_or_does_not():
    assert derive("transfer-answer", {"answer": "accept"}, {}, ON) == {"accepted": True}
    assert derive("transfer-answer", {"answer": "refuse"}, {}, ON) == {"accepted": False}
