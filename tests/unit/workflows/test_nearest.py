"""Whose hospital and county centre a new case gets when nobody says."""

from workflows.intake import _nearest
from workflows.people.model import Organisation


def organisation(id, kind, parent_id=None):
    return Organisation(id=id, kind=kind, name=id, parent_id=parent_id)


TREE = {
    o.id: o
    for o in (
        organisation("org-health", "county_health"),
        organisation("org-mch", "county_mch", "org-health"),
        organisation("org-z-hospital", "hospital", "org-health"),
        organisation("org-township", "township", "org-mch"),
        organisation("org-village", "village", "org-township"),
        organisation("org-a-partner", "hospital"),
        organisation("org-b-elsewhere", "county_mch", "org-a-partner"),
    )
}


def test_the_own_countys_hospital_comes_before_a_partner_with_a_smaller_id():
    for home in ("org-township", "org-village", "org-mch"):
        assert _nearest(TREE, "hospital", TREE[home]) == "org-z-hospital", home
        assert _nearest(TREE, "county_mch", TREE[home]) == "org-mch", home


def test_where_nothing_is_shared_the_first_is_taken_and_none_where_there_is_none():
    assert _nearest(TREE, "hospital", organisation("org-lone", "township")) == "org-a-partner"
    assert _nearest(TREE, "ems", TREE["org-township"]) is None


def test_a_tree_that_runs_in_a_circle_ends():
    circle = {o.id: o for o in (organisation("a", "township", "b"), organisation("b", "hospital", "a"))}

    assert _nearest(circle, "hospital", circle["a"]) == "b"
