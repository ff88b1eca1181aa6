"""The register of priority women of a township or the county ([seed:001 5]), on a page and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, render_template

from engine.errors import NotFound
from engine.store import reads
from web import risk, woman
from web.pages.blueprint import bp, now, places, services, today
from workflows import indicators
from workflows.forms import Form

REGISTERS, PLANS = "task_focus_register", "task_delivery_plan"
FILES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Line:
    """`plan`: when the delivery plan was made, None: not yet; `next_due`: the earliest deadline of her open tasks."""

    pregnancy_id: str
    name: str
    week: str | None
    factors: list[str]
    colours: list[risk.Colour]
    home: str
    registered_at: datetime | None
    plan: datetime | None
    next_due: datetime | None
    is_open: bool


@bp.get("/registers/focus")
def focus_register() -> str:
    with services().engine.read() as conn:
        lines = _lines(conn)
        services().people.record_view(g.principal, interaction="search", detail={"shown": len(lines)})
    return render_template("focus.html", lines=lines, late_from=now())


@bp.get("/registers/focus.<kind>")
def focus_file(kind: str) -> Response:
    """By the number of her record, never by a name."""
    if kind not in FILES:
        raise NotFound("没有这种文件", "no such kind of file")
    with services().people.reading(g.principal, "export", "register", "focus") as conn:
        lines = _lines(conn)
    head = ("档案号 Record", "机构 Institution", "孕周 Week", "重点因素 Factors", "颜色 Colour", "登记 Registered",
            "预案 Plan", "下次到期 Next due", "在管 Open")  # fmt: skip
    rows = [
        (
            *(line.pregnancy_id, line.home, line.week, "、".join(line.factors)),
            *("、".join(colour.zh for colour in line.colours), _day(line.registered_at), _day(line.plan)),
            *(_day(line.next_due), "是" if line.is_open else "否"),
        )
        for line in lines
    ]
    table = indicators.Table("重点孕产妇台账", head, rows)
    content = indicators.workbook([table]) if kind == "xlsx" else indicators.as_csv(table)
    headers = {"Content-Disposition": f'attachment; filename="focus.{kind}"'}
    return Response(content, content_type=FILES[kind], headers=headers)


def _day(at: datetime | None) -> str | None:
    return at.date().isoformat() if at is not None else None


def _lines(conn: Any) -> list[Line]:
    region = services().region_id
    asked: dict[str, Any] = {"element_id": REGISTERS, "state": None, "order": "created", "limit": MOST}
    entered = reads.user_tasks(conn, region, organisations=g.principal.organisations, **asked).items
    newest = {task.business_key: task for task in entered if task.state != "cancelled" or task.completed_at}
    people = services().patients.banners(conn, list(newest))
    names = _factors(services().forms.get("registration", conn=conn))
    found = [_line(conn, task, people.get(key, {}), names) for key, task in newest.items()]
    return sorted((line for line in found if line is not None), key=lambda one: (not one.is_open, _when(one)))


def _when(line: Line) -> float:
    return line.next_due.timestamp() if line.next_due is not None else float("inf")


def _factors(form: Form | None) -> dict[str, str]:
    """Code to word, as the registration form asks for them."""
    options = form.by_link_id["social_factors"].options if form is not None else ()
    return {option.code: option.text.zh for option in options}


def _line(conn: Any, entered: Any, person: Any, names: dict[str, str]) -> Line | None:
    region, key = services().region_id, entered.business_key
    case = reads.instance_by_business_key(conn, region, woman.MAIN, key)
    if case is None:
        return None
    tasks = reads.user_tasks(conn, region, business_key=key, state="open", limit=200).items
    plans = reads.user_tasks(conn, region, business_key=key, element_id=PLANS, state="completed", limit=1).items
    due = [task.due_at for task in tasks if task.due_at is not None]
    home = str(case.variables.get("home_organisation"))
    return Line(
        pregnancy_id=key,
        name=str(person.get("name") or ""),
        week=woman.week_text(case.variables, today()),
        factors=[names.get(code, code) for code in case.variables.get("social_factors") or ()],
        colours=risk.chips(case.variables, g.principal.roles),
        home=places()[home].name if home in places() else home,
        registered_at=entered.completed_at,
        plan=plans[0].completed_at if plans else None,
        next_due=min(due) if due else None,
        is_open=case.status in ("active", "suspended"),
    )
