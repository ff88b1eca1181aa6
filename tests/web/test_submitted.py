"""A report is handed in on a page, read beside what is counted now, and corrected with a reason."""

from __future__ import annotations

import pytest

from tests.web.markup import assert_sound

LIST = "/reports/submitted"


def hand_in(site, who="officer", **given):
    return site.post(LIST, who, **{"period": "2025Q4", "organisation": "", **given})


def test_it_is_handed_in_once_read_and_corrected(site):
    assert "还没有上报" in site.get(LIST, "officer").text
    first = hand_in(site, idempotency_key="k1")
    assert first.status_code == 303 and hand_in(site, idempotency_key="k1").location == first.location

    page = site.get(first.location, "officer")
    assert_sound(page)
    assert "2025-10-01 – 2025-12-31" in page.text and "I-10" in page.text and "更正上报" in page.text
    again = hand_in(site)
    assert_sound(again)
    assert again.status_code == 409 and "这一时期已上报" in again.text

    replaces = first.location.rpartition("/")[2]
    empty = hand_in(site, replaces=replaces, reason=" ")
    assert empty.status_code == 422 and "更正须写明原因" in empty.text
    second = hand_in(site, replaces=replaces, reason="补录一例")
    assert "补录一例" in site.get(second.location, "officer").text
    assert "已被这一份更正" in site.get(first.location, "officer").text
    listed = site.get(LIST, "officer")
    assert_sound(listed)
    assert "已被更正" in listed.text and first.location in listed.text


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"period": "2026Q1"}, 422, "时期尚未结束"),
        ({"period": "soon"}, 422, "无法理解"),
        ({"organisation": "org-elsewhere"}, 422, "没有此机构"),
        ({"replaces": "x", "reason": "y"}, 404, "没有这份上报"),
    ],
)
def test_what_cannot_be_handed_in_says_why(site, given, status, said):
    refused = hand_in(site, **given)

    assert refused.status_code == status and said in refused.text
    assert "还没有上报" in site.get(LIST, "officer").text


def test_it_is_for_the_county(site):
    assert site.get(LIST, "nurse").status_code == 403 and hand_in(site, "nurse").status_code == 403
