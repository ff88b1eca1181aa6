"""A grading that was entered in error, or with the wrong criteria: amended by a doctor who may grade, never by a rule.

The wrong result stays in the sequence with who said so and why; the pathway calls back what rested on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage, SetVariables
from engine.errors import Conflict, Forbidden, NotFound
from engine.store import instances, reads
from workflows import tables
from workflows.corrections import reports
from workflows.corrections.asking import reason_of, wrong
from workflows.corrections.carrying_out import CarryOut
from workflows.corrections.earlier import plan, put_in_place
from workflows.duplicates import JOURNEY
from workflows.institutions import levels
from workflows.people.access import RIGHTS
from workflows.people.model import Principal
from workflows.people.visibility import care_in
from workflows.policies.gradings import Numbered, label_of, numbered
from workflows.services import Services
from workflows.task_access import today_in_china

AMENDED = "message_grading_amended"
EARLIER_AMENDED = "message_earlier_grading_amended"
GRADED = "message_graded"  # a hospital's system may send it, of persons who may grade
INSIDE_ONLY = frozenset(
    {AMENDED, EARLIER_AMENDED, "message_suitability_withdrawn"}
)  # no caller may send these past the checks here
OLDER = "older-process"
MOST_CRITERIA = 100


@dataclass(frozen=True, kw_only=True)
class AmendGrading:
    """`number`: of the result that is wrong; None: the one in force, which is of `graded_at`. `newest`: the number of
    the one that was in force when the effect was looked at. `criteria`: all that hold, by their codes; none is
    green."""

    pregnancy_id: str
    graded_at: str
    number: int | None = None
    newest: int | None = None
    criteria: tuple[str, ...]
    reason: str


def amendment(
    services: Services, by: Principal, pregnancy_id: str, graded_at: str, criteria: Sequence[str], reason: str, *,
    dry_run: bool, number: int | None = None, newest: int | None = None,
) -> CarryOut:  # fmt: skip
    """Raises Forbidden for whoever may not grade, Incorrect without a reason or for an unknown criterion."""
    require_grader(services, by)
    codes = tuple(dict.fromkeys(criteria))
    if len(codes) > MOST_CRITERIA or any(not known_criterion(code) for code in codes):
        raise wrong("criteria", "没有这条标准", "there is no such criterion")
    command = AmendGrading(
        pregnancy_id=pregnancy_id, graded_at=graded_at, number=number, newest=newest, criteria=codes,
        reason=reason_of(reason),
    )  # fmt: skip
    return CarryOut(
        command=command, pregnancies=(pregnancy_id,), principal=by, kind="amend-grading", dry_run=dry_run,
        detail={"graded_at": graded_at} | ({"number": number} if number is not None else {}),
    )  # fmt: skip


def require_grader(services: Services, by: Principal) -> None:
    """A doctor of an institution that the region lets grade (`risk.assessor_orgs`): a township may only propose a
    rise. Raises Forbidden."""
    if by.kind != "person" or not by.roles & RIGHTS["grade"]:
        raise Forbidden("只有产科医师可以分级和更正分级", "only an obstetrician may grade and amend a grading")
    words = services.regions(services.settings.pack).value("risk.assessor_orgs")
    with services.pool.connection() as conn:
        levels.require_assessor(services, conn, by.organisation, words, today_in_china(services))


def known_criterion(code: str) -> bool:
    return isinstance(code, str) and code[:1] in "YORP" and tables.row_of(code) is not None


def in_force(variables: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The result that counts now; None where nobody has graded yet."""
    gradings = variables.get("gradings") or ()
    return gradings[-1] if gradings else None


def numbered_or_in_force(variables: Mapping[str, Any], number: int | None) -> Numbered:
    """The result of that number, or the one in force. Raises Conflict, NotFound."""
    held = [one for one in numbered(variables) if not one.is_error]
    if not held:
        raise Conflict("她还没有分级结果", "she has no grading yet", code="not-graded")
    if number is None:
        return max(held, key=lambda one: one.place if one.place is not None else -1)
    found = next((one for one in held if one.number == number), None)
    if found is None:
        raise NotFound("没有这一次分级，或已更正", "there is no such grading, or it has been amended already")
    return found


def listed(variables: Mapping[str, Any], *, restricted: bool) -> list[dict[str, Any]]:
    """Every result as it may be told: whoever may not know of an infection sees neither purple nor its criteria, and
    of an error not the reason."""
    every = numbered(variables)
    newest = max((one for one in every if one.place is not None), key=lambda one: one.place or 0, default=None)
    found = []
    for one in every:
        criteria = [str(code) for code in one.said.get("criteria") or () if restricted or not str(code).startswith("P")]
        error = one.said.get("error") or {}
        told = {"at": error.get("at"), "by": error.get("by"), "reason": error.get("reason") if restricted else None}
        found.append(
            {
                "number": one.number,
                "graded_at": one.said.get("graded_at"),
                "colour": one.said.get("colour"),
                "purple": one.said.get("purple") is True if restricted else None,
                "criteria": criteria,
                "state": "in-error" if one.is_error else "in-force" if one is newest else "earlier",
                "error": told if error else None,
            }
        )
    return found


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    def handle(command: AmendGrading, tx: Any) -> dict[str, Any]:
        found = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, command.pregnancy_id)
        if found is None:
            raise NotFound("没有此孕产妇", "no such pregnancy")
        case = instances.lock(tx, found.id)
        people = services().people
        own = people.organisations().get(tx.by.organisation or "")
        if own is None or own.id not in care_in(case.variables):
            raise Forbidden("她不由您的机构负责", "your institution does not look after her")
        meant = _meant(command, case.variables)
        if set(command.criteria) == set(meant.said.get("criteria") or ()):
            raise wrong("criteria", "与现在的结果相同", "these are the criteria of the result as it stands")
        right = tables.aggregate(list(command.criteria), case.variables["policy"], tx.now.astimezone(CHINA).date())
        told = _amend(services(), command, tx, case.variables, meant, right)
        if tx.run(told).result != "delivered":
            _beside_the_diagram(tx, case, told, right)
        return {
            "grading": meant.number,
            "in_force": told.name == AMENDED,
            "colour": {"was": meant.said.get("colour"), "now": right["colour"]},
        }

    return {AmendGrading: handle}


def _meant(command: AmendGrading, variables: Mapping[str, Any]) -> Numbered:
    """The result that is to be amended. Raises NotFound, Conflict."""
    last = numbered_or_in_force(variables, None)
    if command.newest is not None and command.newest != last.number:
        raise _graded_again()
    if command.number is None:
        if last.said["graded_at"] != command.graded_at:
            raise _graded_again()
        return last
    meant = numbered_or_in_force(variables, command.number)
    if meant.said.get("graded_at") != command.graded_at:
        raise NotFound("没有这一次分级，或已更正", "there is no such grading, or it has been amended already")
    return meant


def _beside_the_diagram(tx: Any, case: Any, told: PublishMessage, right: Mapping[str, Any]) -> None:
    """A diagram of before earlier results could be amended does not listen: what needs no step of it is done all the
    same. Raises Conflict."""
    if told.name != EARLIER_AMENDED or case.status != "active":
        raise Conflict("个案已结束或在等待处理", "the case is over, or stands still", code="not-open")
    kept = put_in_place(case.variables, told.payload["correcting"], right)
    if kept is None:
        raise Conflict(
            "此个案仍按旧版流程运行，而这次更正牵涉报告、专案或评估："
            f"请流程设计或院方信息科把个案 {case.id} 迁移到新版，然后再更正",
            "this case runs by an older version of the process, and this amendment changes a report, a case file or an"
            f" evaluation: ask a process designer or the IT department to migrate case {case.id}, then amend",
            code=OLDER,
        )
    tx.run(SetVariables(instance_id=case.id, variables=kept, reason="an earlier grading amended"))


def _graded_again() -> Conflict:
    return Conflict("此后已有新的分级，请先查看", "there is a newer grading: look at it first", code="graded-again")


def _amend(
    services: Services, command: AmendGrading, tx: Any, variables: Mapping[str, Any], meant: Numbered,
    right: Mapping[str, Any],
) -> PublishMessage:  # fmt: skip
    """What the case is told: of the result in force what it replaces, of an earlier one also what is to be done."""
    said = {
        "graded_at": command.graded_at,
        "number": meant.number,
        "at": tx.now.astimezone(CHINA).isoformat(timespec="seconds"),
        "by": tx.by.id,
        "reason": command.reason,
    }
    criteria, gradings, place = list(command.criteria), variables["gradings"], meant.place
    assert place is not None
    asked = reports.of_case(services, tx, command.pregnancy_id, variables)
    if place == len(gradings) - 1:
        sent = [reports.place(one, variables) for one in asked if one.is_sent]
        amending = {**said, "report_sent": place in sent, "owed": _owed(gradings, sent)}
        payload: dict[str, Any] = {"criteria": criteria, "amending": amending}
        return PublishMessage(name=AMENDED, key=command.pregnancy_id, payload=payload, ttl=timedelta(0))
    now, on = tx.now.astimezone(CHINA), tx.now.astimezone(CHINA).date()
    planned = plan(gradings, place, right, variables, asked, now=now, on=on)
    payload = {"correcting": {**said, "place": place + 1, "criteria": criteria, **planned}}
    return PublishMessage(name=EARLIER_AMENDED, key=command.pregnancy_id, payload=payload, ttl=timedelta(0))


def _owed(gradings: Sequence[Mapping[str, Any]], sent: Sequence[int | None]) -> dict[str, Any] | None:
    """The true result before the wrong one, where its report never went out because the wrong one took its place:
    its colour, from when its deadline runs, and what she was before it. `sent`: on which results reports went out."""
    earlier = list(gradings[:-1])
    if not earlier:
        return None
    last = at = len(earlier) - 1
    while at and label_of(earlier[at - 1]) == label_of(earlier[at]):  # the same result confirmed owes nothing new
        at -= 1
    if any(place is not None and at <= place <= last for place in sent):
        return None
    first, before = earlier[at], earlier[at - 1] if at else {}
    return {
        "colour": first["colour"],
        "from": first.get("clock_from") or first["graded_at"],
        "previous_colour": before.get("colour"),
        "previous_purple": before.get("purple"),
    }
