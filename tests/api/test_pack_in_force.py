"""AC-27: a real case starts only by a pack that is in force."""

import pytest

from engine.commands.contracts import Actor
from engine.errors import Conflict
from workflows.intake import start_variables

NURSE = Actor(id="nurse", roles=("R-MCHW",), organisation="org-twn-1")


def begun_by(county, pack):
    return start_variables(county.services, by=NURSE, pregnancy_id="p-1", patient_id="w-1", pack=pack)


def test_an_expired_pack_starts_no_real_case_and_says_until_when_it_was_in_force(county):
    assert not county.settings.demo

    with pytest.raises(Conflict) as refused:
        begun_by(county, "cn-xf-2022")

    assert refused.value.code == "pack-not-in-force"
    assert "2023-04-30" in refused.value.message.zh and "demonstration" in refused.value.message.en


def test_the_baseline_starts_one(county):
    assert begun_by(county, "cn-baseline")["pack"] == "cn-baseline"
