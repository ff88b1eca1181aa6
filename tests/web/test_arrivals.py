"""What arrived and was not understood, as the officer settles it on a page."""

from __future__ import annotations

import re

import pytest

from fhir_adapters.arrivals.receiving import Receiver
from tests.inbound.messages import coded, oru
from tests.web.markup import assert_sound, page_of


@pytest.fixture
def spoilt(site):
    receiver = Receiver(site.services)
    return receiver.receive(oru(coded("3+", "Q")), client="his-demo", channel="hl7v2", origin="127.0.0.1").arrival_id


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_and_the_message_say_what_is_wrong_and_where(site, spoilt, lang):
    client = site.client("officer")
    client.set_cookie("yuntu_lang", lang)

    for path in ("/arrivals", f"/arrivals/{spoilt}"):
        answer = client.get(path)
        assert_sound(answer)
        assert "OBX[1]-11" in answer.text and not re.search(r'(?:href|action)="[^"]*\d{15}', answer.text)
        if lang == "en":
            said = [one for one in page_of(answer).english if not re.search("测试|示范|中文", one)]
            assert [one for one in said if re.search("[一-鿿]", one)] == []


def test_who_operates_sees_the_structure_alone_and_may_not_correct(site, spoilt):
    page = site.get(f"/arrivals/{spoilt}", "it").text

    assert "OBX|1|CE|" in page and "测试甲子" not in page and "<textarea" not in page
    assert site.post(f"/arrivals/{spoilt}/discard", "it", reason="x").status_code == 403
    assert site.get("/arrivals", "nurse").status_code == 403


def test_it_is_put_aside_once_and_with_a_reason(site, spoilt):
    assert site.post(f"/arrivals/{spoilt}/discard", "officer", reason="").status_code == 422
    assert site.post(f"/arrivals/{spoilt}/discard", "officer", reason="测试消息").status_code == 303
    assert site.post(f"/arrivals/{spoilt}/discard", "officer", reason="测试消息").status_code == 409
    assert "已作废" in site.get("/arrivals?state=settled", "officer").text
