"""The task list: what may be asked for in its address, and what stands in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from engine.clock import CHINA
from engine.store import reads
from web import outlines, risk
from web.language import current
from web.windows import Window, window_in_state
from web.woman import MAIN, week_text
from workflows.people import Principal
from workflows.people.roles import READERS
from workflows.people.visibility import is_of_a_review, knows_reviews, may_complete, names_infection, names_review

VIEWS = ("mine", "team", "unassigned", "done", "all")
ORDERS = ("window", "created")
ROWS = 20  # as many as fit on a screen of 768 pixels


@dataclass(frozen=True, kw_only=True)
class Query:
    """One state of the list, readable from its address and written back into it. Unknown words fall back."""

    view: str = "team"
    colour: str = ""
    element: str = ""
    overdue: bool = False
    order: str = "window"
    page: int = 1

    @staticmethod
    def read(args: Mapping[str, str], views: tuple[str, ...] = VIEWS) -> Query:
        page = args.get("page", "1")
        return Query(
            view=_one_of(args.get("view", ""), views, "team"),
            colour=args.get("colour", "") if args.get("colour") in risk.NATIONAL else "",
            element=args.get("element", "")[:100],
            overdue=args.get("overdue") == "1",
            order=_one_of(args.get("order", ""), ORDERS, "window"),
            page=min(int(page), 10_000) if page.isdecimal() and int(page) else 1,
        )

    def address(self, **changes: Any) -> str:
        """The query string of this list with `changes`; what stands at its default is left out."""
        asked = replace(self, **changes)
        plain = Query()
        pairs = {
            name: getattr(asked, name)
            for name in asked.__dataclass_fields__
            if getattr(asked, name) != getattr(plain, name)
        }
        return urlencode({name: "1" if value is True else value for name, value in pairs.items()})


def _one_of(value: str, allowed: tuple[str, ...], otherwise: str) -> str:
    return value if value in allowed else otherwise


@dataclass(frozen=True, kw_only=True)
class Row:
    """One task as a person needs to see it."""

    task: Any
    name: str | None
    gestational_age: str | None
    chips: list[risk.Colour]
    window: Window
    assignee: str | None
    mine: bool
    place: str | None
    is_woman: bool
    has_page: bool  # her own, also where the step is another's: a newborn's, a review's
    about: str | None = None  # what an institution's task is about


def views_of(principal: Principal) -> tuple[str, ...]:
    """Everything of the own organisations is for those who read records; others see what is meant for them."""
    return VIEWS if reads_records(principal) else VIEWS[:-1]


def restriction(query: Query, principal: Principal, now: datetime, midnight: datetime) -> dict[str, Any]:
    """The query as arguments of `reads.user_tasks`."""
    asked: dict[str, Any] = {"organisations": principal.organisations, "state": "open"}
    if query.view == "mine":
        asked |= {"assignee": principal.login}
    elif query.view == "done":
        asked |= {"state": "completed", "completed_by": principal.login, "completed_since": midnight}
    elif query.view in ("team", "unassigned"):
        asked |= {"roles": principal.roles, "unassigned": query.view == "unassigned"}
    if query.element:
        asked["element_id"] = query.element
    if query.colour:
        asked["variables"] = {"purple": True} if query.colour == "purple" else {"colour": query.colour}
    if query.overdue:
        asked["overdue_at"] = now
    return asked


def rows(
    services: Any, conn: Any, tasks: list[Any], principal: Principal, places: Mapping[str, Any], now: datetime
) -> list[Row]:
    """Tasks with the woman's name, week and colour beside them, read in three questions whatever their number."""
    values = reads.variables(conn, services.region_id, [task.instance_id for task in tasks])
    clinical = reads_records(principal)
    women = services.patients.banners(conn, [t.business_key for t in tasks if t.business_key]) if clinical else {}
    unknown = [task for task in tasks if clinical and task.business_key not in women]
    others = {task.id: str(one) for task in unknown if (one := values.get(task.instance_id, {}).get("patient_id"))}
    heard_of = services.patients.names(conn, set(others.values())) if others else {}
    names = services.people.names({task.assignee for task in tasks if task.assignee})
    on = now.astimezone(CHINA).date()
    listed, knows = [], knows_reviews(principal)
    for task in tasks:
        if names_infection(task.element_id) and not principal.restricted:
            continue
        if is_of_a_review(task) and not (knows or may_complete(principal, task)):
            continue
        known = values.get(task.instance_id, {})
        place = places.get(task.organisation)
        listed.append(
            Row(
                task=task,
                name=(women.get(task.business_key) or {}).get("name") or heard_of.get(others.get(task.id, "")),
                gestational_age=week_text(known, on) if clinical else None,
                chips=risk.chips(known, principal.roles) if clinical else [],
                window=window_in_state(task, now),
                assignee=names.get(task.assignee, task.assignee) if task.assignee else None,
                mine=task.assignee == principal.login,
                place=place.name if place else None,
                is_woman=clinical and task.definition_key == MAIN,
                has_page=clinical and task.business_key in women,
                about=(known.get("matter") or {}).get(current()),
            )
        )
    return listed


def reads_records(principal: Principal) -> bool:

    return bool(principal.roles & READERS)


def element_groups(services: Any, conn: Any, query: Query, principal: Principal) -> list[tuple[str, dict[str, str]]]:
    """What the list may be narrowed to: for each process, by its name, the user tasks of its current diagram that the
    caller's roles may be given, id -> name; in the view of everything all of them. What the list is narrowed to now is
    always among them."""
    groups, knows = [], knows_reviews(principal)
    for key, known in outlines.newest(services, conn).items():
        names = {
            one.id: one.name or one.id
            for one in known.elements.values()
            if one.kind == "userTask"
            and (query.view == "all" or not one.roles or one.roles & principal.roles or one.id == query.element)
            and (principal.restricted or not names_infection(one.id))
            and (knows or not names_review(one.id) or one.roles & principal.roles)
        }
        if names:
            groups.append((known.name or key, names))
    return groups
