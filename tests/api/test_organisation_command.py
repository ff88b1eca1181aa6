"""`yuntu organisation`, `yuntu user`: an installation without the demonstration gets its institutions and people."""

from __future__ import annotations

import pytest

from tests.api.test_command_line import Shell


@pytest.fixture
def yuntu(county):
    return Shell(county)


def test_an_institution_is_added_and_has_an_account_that_signs_in(yuntu, county):
    yuntu("organisation", "put", "org-new", "--kind", "hospital", "--name", "新院", "--parent", "org-mch")
    corrected = yuntu.json("organisation", "put", "org-new", "--kind", "hospital", "--name", "新县医院")
    yuntu("user", "add", "chief", "--name", "主任", "--organisation", "org-new", "--role", "R-ITADM")
    token = yuntu.json("token", "--account", "chief")["access_token"]

    answer = county.get("/api/definitions", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    assert corrected == {"id": "org-new", "kind": "hospital", "name": "新县医院", "parent": None}
    assert corrected in yuntu.json("organisation", "list")["items"]
    rows = county.services.people.audit_rows(subject_id="org-new")
    assert [row["action"] for row in rows].count("PutOrganisation") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("org-x", "--kind", "hospital", "--name", "x", "--parent", "org-nowhere"), "no organisation org-nowhere"),
        (("org-mch", "--kind", "county_mch", "--name", "x", "--parent", "org-twn-1"), "below itself"),
    ],
)
def test_a_place_in_the_tree_that_cannot_be_is_refused_and_nothing_changes(yuntu, arguments, said):
    before = yuntu.json("organisation", "list")

    assert said in yuntu("organisation", "put", *arguments, code=1)
    assert yuntu.json("organisation", "list") == before


def test_a_role_is_given_and_taken_and_a_disabled_account_comes_back(yuntu, county):
    assert yuntu.json("user", "grant", "nurse2", "R-PM-F")["roles"] == ["R-MCHW", "R-PM-F"]
    assert yuntu.json("user", "revoke", "nurse2", "R-PM-F")["roles"] == ["R-MCHW"]
    assert "R-MCHW" in yuntu("user", "grant", "nurse2", "R-NOBODY", code=1)  # those there are
    for role in ("R-PM-F", "R-NOBODY"):
        said = yuntu("user", "revoke", "nurse2", role, code=1)
        assert f"nurse2 没有角色 {role}" in said and f"nurse2 does not hold the role {role}" in said

    yuntu("user", "disable", "nurse2")
    assert yuntu.json("user", "enable", "nurse2") == {"account": "nurse2", "active": True}
    assert yuntu.json("token", "--account", "nurse2")["access_token"]
    rows = county.services.people.audit_rows(subject_id=str(county.services.people.account("nurse2").id))
    done = [(row["actor_id"], row["action"]) for row in rows if row["actor_id"] == "yuntu"]
    assert {action for _, action in done} >= {"GrantRole", "RevokeRole", "DisableAccount", "EnableAccount"}
    assert [action for _, action in done].count("RevokeRole") == 1
