"""Who may know of a task or a woman, and who may finish a task: pure rules over organisations and roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workflows.people.model import Organisation, Principal, TaskView
from workflows.people.roles import CARE, LEADS, OWNERS_OF_DIAGRAMS, READERS, ROLES
from workflows.people.scopes import read_scope

CARING = ("home_organisation", "hospital_organisation", "county_organisation")  # variables of a case
LEADER, COUNTY_MCH = "R-DIR", "county_mch"  # journey §4.3: who leads ORG-MCH-C knows of the whole county
REGISTRATION = "registration"  # the form that a hospital may send along with a new woman
REVIEWS = frozenset({"death_review", "near_miss_review", "newborn_death_review"})  # processes for reviewing alone (P19)
REVIEW_FORMS = frozenset(
    {
        *("death-phone", "death-report", "death-review", "near-miss"),
        *("newborn-death", "newborn-death-review", "newborn-died", "rectification"),
    }
)
_OF_A_REVIEW = re.compile(r"task_\w*(?:death|near_miss|newborn_(?:facility|county)_review|close_rectification)\w*$")
_VERY_RESTRICTED = ("_security", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V")


def visible_organisations(
    organisation_id: str, roles: Iterable[str], organisations: Mapping[str, Organisation]
) -> frozenset[str]:
    """The organisations whose women and tasks its people may know of: their own, those below it, for a village the
    township it works for, and for a role that reaches the region, or who leads the county's MCH institution, all."""
    held, own = frozenset(roles), organisations.get(organisation_id)
    if any(ROLES[role].reach == "region" for role in held if role in ROLES):
        return frozenset(organisations)
    if own is not None and own.kind == COUNTY_MCH and LEADER in held:
        return frozenset(organisations)
    seen = {organisation_id}
    while below := {o.id for o in organisations.values() if o.parent_id in seen} - seen:
        seen |= below
    if own is not None and own.kind == "village" and own.parent_id:
        seen.add(own.parent_id)
    return frozenset(seen)


def care_in(variables: Mapping[str, Any]) -> frozenset[str]:
    """The organisations that look after the woman of a case; empty where it is about no woman."""
    return frozenset(found for name in CARING if isinstance(found := variables.get(name), str) and found)


def may_complete(principal: Principal, task: TaskView, care: Iterable[str] = ()) -> bool:
    """The task is meant for one of the caller's roles, at an organisation the caller works for. A hospital system
    finishes what is its hospital's, and the registration of a woman whom it brings in."""
    if principal.kind == "client":
        near = {task.organisation} | (set(care) if task.form == REGISTRATION else set())
        return bool(near & principal.organisations) and can_write(principal.scopes)
    if task.organisation is not None and task.organisation not in principal.organisations:
        return False
    if principal.login in (task.candidate_users or ()) or principal.login == task.assignee:
        return True
    wanted = set(task.candidate_roles or ())
    if wanted & principal.roles:
        return True
    if not wanted:
        return bool(principal.roles & (CARE | OWNERS_OF_DIAGRAMS))
    return not wanted & ROLES.keys() and bool(principal.roles & OWNERS_OF_DIAGRAMS)


def may_hand_on(principal: Principal, task: TaskView) -> bool:
    """Whoever holds the task, and who leads those whom it is meant for, at an organisation of theirs."""
    if principal.kind != "person" or (task.organisation or "") not in {*principal.organisations, ""}:
        return False
    led = frozenset().union(*(LEADS.get(role, frozenset()) for role in principal.roles))
    return principal.login == task.assignee or bool(led & set(task.candidate_roles or ()))


def may_see(principal: Principal, task: TaskView, care: Iterable[str] = ()) -> bool:
    """Whoever may finish it, and whoever reads the records of this woman: `care` are the organisations she is with.
    A task that names an infection is for those alone who may know of purple, one of a death's or near miss's report and
    review for those who may know of these; whoever it is meant for finishes it."""
    completes = may_complete(principal, task, care := frozenset(care))
    if is_of_a_review(task) and not knows_reviews(principal):
        return completes and principal.kind == "person"
    if completes:
        return True
    if names_infection(task.element_id) and not principal.restricted:
        return False
    near = set(care) | ({task.organisation} if task.organisation else set())
    return may_read_woman(principal, near)


def may_read_woman(principal: Principal, care: Iterable[str]) -> bool:
    """The caller reads clinical records, and one of the organisations caring for her is the caller's to know of."""
    reads = bool(principal.roles & READERS) if principal.kind == "person" else can_read(principal.scopes)
    return reads and bool(set(care) & principal.organisations)


def may_read_case(principal: Principal, process: str, care: Iterable[str]) -> bool:
    """As her record; a review is for those alone who may know of reviews."""
    return may_read_woman(principal, care) and (process not in REVIEWS or knows_reviews(principal))


def names_infection(path: str) -> bool:
    """Whether an element of a diagram tells, by being reached, that a woman has HIV, syphilis or hepatitis B."""
    return "pmtct" in path or "infect" in path


def names_review(path: str) -> bool:
    """Whether a user task tells, by being there, that a death or a near miss is reported and reviewed."""
    return _OF_A_REVIEW.search(path) is not None


def is_of_a_review(task: TaskView) -> bool:
    return task.form in REVIEW_FORMS or names_review(task.element_id)


def knows_reviews(principal: Principal) -> bool:
    """A person by their role, a system only where its scopes name the label."""
    if principal.kind == "person":
        return principal.restricted
    found = (read_scope(text) for text in principal.scopes)
    return any(one is not None and _VERY_RESTRICTED in one.condition for one in found)


def is_protected(path: str) -> bool:
    """Whether not everybody who reads her record may learn that this was reached."""
    return names_infection(path) or names_review(path)


def told_to(principal: Principal) -> Callable[[str], bool]:
    """Whether this reader may learn that the element at a path was reached."""
    knows = knows_reviews(principal)
    return lambda path: (principal.restricted or not names_infection(path)) and (knows or not names_review(path))


def can_read(scopes: Iterable[str]) -> bool:
    """SMART v2 system scopes: `system/*.rs`, `system/*.cruds`; the letters after the dot are the interactions."""
    return any("r" in _letters(scope) for scope in scopes)


def can_write(scopes: Iterable[str]) -> bool:
    return any({"c", "u"} & set(_letters(scope)) for scope in scopes)


def works_on(scopes: Iterable[str], job_type: str | None = None) -> bool:
    """Scopes of a job worker: `jobs/*`, `jobs/lab-order`. Without a type: whether there is any such scope."""
    types = {scope.removeprefix("jobs/") for scope in scopes if scope.startswith("jobs/")}
    return bool(types) if job_type is None else not types.isdisjoint(("*", job_type))


def _letters(scope: str) -> str:
    """A scope that is narrowed by a condition opens nothing but FHIR: nothing else could hold to it."""
    one = read_scope(scope)
    return one.letters if one is not None and one.context == "system" and not one.condition else ""
