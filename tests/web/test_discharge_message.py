"""Where the news of a birth goes: the place of rest, a copy to residence, and back to the hospital (M-14, M-15)."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest

from engine.commands.contracts import PublishMessage
from runtime.start import INSTALLER
from tests.web.conftest import example
from workflows import completion
from workflows.people.model import Principal


class Delivered:
    """A woman who has given birth today, worked on by whoever her tasks belong to."""

    def __init__(self, site) -> None:
        self.site = site
        self.id = site.woman(
            "nurse2", name="测试戊", id_no="999999199706150051", handbook_no="SF-2026-0009"
        ).pregnancy_id
        self.does("task_first_visit", "nurse2", "anc-first")
        self.does("task_screen", "nurse2", "risk-screening")
        self.settle()
        tell(
            site,
            "message_delivered",
            self.id,
            delivered_on="2026-01-05",
            fetuses=[{"order": 1, "outcome": "live_birth"}],
        )
        self.settle()

    def settle(self, **later) -> None:
        """What was sent arrives, and what falls due in the meantime happens."""
        self.site.clock.set(self.site.clock() + timedelta(**later))
        while self.site.services.engine.run_due(50):
            pass

    def tasks(self):
        return {
            task.element_id.rsplit("/", 1)[-1]: task for task in self.site.tasks(business_key=self.id, state="open")
        }

    def does(self, element, who, form, **changes) -> None:
        by = self.site.principal(who)
        assert isinstance(by, Principal)
        answers = {**example(form), **changes}
        completion.complete(self.site.services, self.tasks()[element].id, by=by, answers=answers)
        self.settle()


def tell(site, name, key, **payload):
    site.services.engine.execute(PublishMessage(name=name, key=key, payload=payload), by=INSTALLER)


@pytest.fixture
def woman(site):
    return Delivered(site)


def test_ac20_discharge_to_another_township_is_told_there_with_a_copy_to_residence_and_acknowledged(woman, site):
    assert site.get(f"/pregnancies/{woman.id}", "nurse").status_code == 404  # of another township, so far
    woman.does(
        "task_record_discharge",
        "midwife",
        "discharge",
        receiving_org="甲镇卫生院",
        discharged_at="2026-01-05T07:30:00+08:00",
    )
    told, copy, visit = (
        woman.tasks()[name] for name in ("task_acknowledge_discharge", "task_copy_residence", "task_home_visit")
    )
    assert (told.organisation, copy.organisation, visit.organisation) == ("org-twn-1", "org-twn-2", "org-twn-1")
    assert told.due_at == datetime.fromisoformat("2026-01-07T07:30:00+08:00")
    page = site.get(f"/tasks/{told.id}", "nurse").text
    assert "产后 7 天内家庭访视" in page
    hers = site.get(f"/pregnancies/{woman.id}", "nurse").text  # who is to visit her reads her record
    assert "测试戊" in hers
    offered = sorted(set(re.findall(r'href="(/pregnancies/[^"#]+|/tasks/[^"#]+|/institutions/[^"#]+)"', hers)))
    assert len(offered) > 10
    refused = [href for href in offered if site.get(html.unescape(href), "nurse").status_code >= 400]
    assert refused == [], "what a page offers can be opened"

    token = site.services.people.issue_token(account=site.services.people.account("nurse")).access_token
    claim = f"/api/user-tasks/{copy.id}/claim"  # she may know of the copy that went to residence, and not work on it
    answer = site.app.test_client().post(claim, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403

    woman.does("task_acknowledge_discharge", "nurse", "discharge-acknowledgement")

    assert "task_acknowledge_discharge" not in woman.tasks()
    woman.does(
        "task_home_visit",
        "nurse",
        "postnatal-visit",
        referral="yes",
        referral_reason="伤口感染",
        referral_org="示范县人民医院",
        referral_department="产科",
    )
    assert woman.tasks()["task_read_result"].organisation == "org-hospital"


def test_ac20_without_an_acknowledgement_after_48_hours_ward_and_county_both_have_a_task(woman, site):
    woman.does(
        "task_record_discharge",
        "midwife",
        "discharge",
        receiving_org="外县某镇卫生院",
        discharged_at="2026-01-05T07:30:00+08:00",
    )
    assert "task_copy_residence" not in woman.tasks()
    assert woman.tasks()["task_acknowledge_discharge"].organisation == "org-twn-2"  # no township of ours is named

    woman.settle(hours=48)

    late = {name: woman.tasks()[name].organisation for name in ("task_chase_notice", "task_county_notice")}
    assert late == {"task_chase_notice": "org-hospital", "task_county_notice": "org-mch"}
    assert "task_acknowledge_discharge" in woman.tasks()


def test_a_discharge_told_more_than_24_hours_later_asks_the_ward_why(woman):
    woman.settle(hours=30)
    woman.does("task_record_discharge", "midwife", "discharge", discharged_at="2026-01-05T08:30:00+08:00")

    assert woman.tasks()["task_explain_late_notice"].organisation == "org-hospital"
