"""A referral that follows from another one, between two installations: she is referred on to a higher centre and the
first sender is told, or comes back with a referral down that names the first one."""

from __future__ import annotations

import pytest

from engine.errors import Conflict
from engine.store import reads
from fhir_adapters.store import referrals as rows
from tests.fhir.two_sides import settle
from workflows import referral_onward
from workflows.people import Organisation

NO = "https://fhir.example.org/mch/sid/referral-no"
HIGHER = "示范市人民医院"


def arrived(a, b):
    """Sent by one side, and there on the other."""
    number, document = a.sends()
    settle(a, b)
    b.fill(number, "task_answer_transfer")
    settle(b)
    a.fill(number, "task_depart")
    settle(a)
    b.fill(number, "task_arrive")
    settle(b)
    return number, document


def follows(side, number, how, **given):
    """Answers the new referral's number."""
    with side.services.engine.read() as conn:
        instance_id = rows.instance_of(conn, side.hospital.region_id, number)
    started = referral_onward.begin(side.services, instance_id, by=side.principal(), how=how, **given)
    with side.services.engine.read() as conn:
        return reads.instance(conn, side.hospital.region_id, started.instance_id).variables["referral_no"]


def task_of(side, number):
    (found,) = side.hospital.search(
        f"/Task?identifier=https://fhir.example.org/mch/sid/task|{number}-1", f"{side.them}-his"
    )
    return found


def test_the_first_sender_is_told_where_she_is_referred_on_to_and_hears_the_result_all_the_same(sides):
    a, b = sides
    number, _ = arrived(a, b)
    b.services.people.put_organisation(Organisation(id="org-higher", kind="hospital", name=HIGHER))

    onward = follows(b, number, "onward", centre=HIGHER, reason="多学科救治")
    settle(b)

    told = task_of(a, number)
    assert told["status"] == "in-progress" and told["businessStatus"]["coding"][0]["code"] == "referred-on"
    assert {one.get("valueString") for one in told["output"]} >= {HIGHER, onward}
    assert a.steps(number) == b.steps(number) and a.steps(number)[-1][0] == "onward"
    (request,) = b.hospital.search(f"/ServiceRequest?requisition={NO}|{onward}", "his-demo")
    assert request["basedOn"][0]["identifier"]["value"] == number
    with pytest.raises(Conflict):
        follows(b, number, "onward", centre=HIGHER, reason="再来一次")

    b.fill(number, "task_transfer_result", transfer_outcome="stays")
    settle(b)
    assert [step for step, _ in a.steps(number)][-2:] == ["onward", "returned"] and a.steps(number) == b.steps(number)


def test_she_is_referred_down_to_where_she_came_from_under_the_first_referral(sides):
    a, b = sides
    number, document = arrived(a, b)
    b.fill(number, "task_transfer_result", transfer_outcome="back")
    settle(b)
    b.passes(minutes=2)  # no two clocks agree: the other side's is behind

    down = follows(b, number, "down", reason="血压平稳，每周复查，1 月 12 日产检")
    settle(b, a)

    (request,) = a.hospital.search(f"/ServiceRequest?requisition={NO}|{down}", f"{a.them}-his")
    said = [one["coding"][0]["code"] for one in (request["category"][0], request["code"])]
    assert said == ["down", "refer-back"]
    assert request["basedOn"][0]["identifier"]["value"] == number
    with a.services.engine.read() as conn:
        region = a.hospital.region_id
        found = reads.instance(conn, region, rows.instance_of(conn, region, down))
    assert found.business_key == a.case_of(document).business_key  # under her case, which never left
    assert found.variables["transfer_reason"].startswith("血压平稳")
    with a.services.engine.read() as conn:
        (asked,) = reads.user_tasks(conn, region, instance_id=found.id, element_id="task_answer_transfer").items
    assert set(asked.candidate_roles) == {"R-MCHW", "R-MIDW", "R-OB", "R-OB-AC"}, "a township has no ward"
    a.fill(down, "task_answer_transfer", answered_at=a.services.clock().isoformat())
    settle(a)
    assert [step for step, _ in b.steps(down)] == ["requested", "received", "accepted"] and a.count(down)[0] == 1
