"""Who may know of a task or a woman, and who may finish a task: pure rules over organisations and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workflows.people.model import Organisation, Principal, TaskView
from workflows.people.roles import CARE, LEADS, OWNERS_OF_DIAGRAMS, READERS, ROLES
from workflows.people.scopes import read_scope

CARING = ("home_organisation", "hospital_organisation", "county_organisation")  # variables of a case
LEADER, COUNTY_MCH = "R-DIR", "county_mch"  # journey §4.3: who leads ORG-MCH-C knows of the whole county
REGISTRATION = "registration"  # the form that a hospital may send along with a new woman


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
    A task that names an infection is for those alone who may know of purple."""
    if may_complete(principal, task, care := frozenset(care)):
        return True
    if names_infection(task.element_id) and not principal.restricted:
        return False
    near = set(care) | ({task.organisation} if task.organisation else set())
    return may_read_woman(principal, near)


def may_read_woman(principal: Principal, care: Iterable[str]) -> bool:
    """The caller reads clinical records, and one of the organisations caring for her is the caller's to know of."""
    reads = bool(principal.roles & READERS) if principal.kind == "person" else can_read(principal.scopes)
    return reads and bool(set(care) & principal.organisations)


def names_infection(path: str) -> bool:
    """Whether an element of a diagram tells, by being reached, that a woman has HIV, syphilis or hepatitis B."""
    return "pmtct" in path or "infect" in path


def told_to(principal: Principal) -> Callable[[str], bool]:
    """Whether this reader may learn that the element at a path was reached."""
    return lambda path: principal.restricted or not names_infection(path)


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
