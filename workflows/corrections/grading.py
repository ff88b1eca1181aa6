"""A grading that was entered in error, or with the wrong criteria: amended by a doctor who may grade, never by a rule.

The wrong result stays in the sequence with who said so and why; the pathway calls back what rested on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage
from engine.errors import Conflict, Forbidden, NotFound
from engine.store import instances, reads
from workflows import tables
from workflows.corrections.asking import reason_of, wrong
from workflows.corrections.carrying_out import CarryOut
from workflows.duplicates import JOURNEY
from workflows.institutions import levels
from workflows.people.access import RIGHTS
from workflows.people.model import Principal
from workflows.people.visibility import care_in
from workflows.services import Services
from workflows.task_access import today_in_china

AMENDED = "message_grading_amended"
GRADED = "message_graded"  # a hospital's system may send it, of persons who may grade
INSIDE_ONLY = frozenset({AMENDED, "message_suitability_withdrawn"})  # no caller may send these past the checks here
REPORT = "task_report_risk"
MOST_CRITERIA = 100


@dataclass(frozen=True, kw_only=True)
class AmendGrading:
    """`graded_at`: of the result in force that is wrong. `criteria`: all that hold, by their codes; none is green."""

    pregnancy_id: str
    graded_at: str
    criteria: tuple[str, ...]
    reason: str


def amendment(
    services: Services, by: Principal, pregnancy_id: str, graded_at: str, criteria: Sequence[str], reason: str, *,
    dry_run: bool,
) -> CarryOut:  # fmt: skip
    """Raises Forbidden for whoever may not grade, Incorrect without a reason or for an unknown criterion."""
    require_grader(services, by)
    codes = tuple(dict.fromkeys(criteria))
    if len(codes) > MOST_CRITERIA or any(not known_criterion(code) for code in codes):
        raise wrong("criteria", "没有这条标准", "there is no such criterion")
    command = AmendGrading(pregnancy_id=pregnancy_id, graded_at=graded_at, criteria=codes, reason=reason_of(reason))
    return CarryOut(
        command=command, pregnancies=(pregnancy_id,), principal=by, kind="amend-grading", dry_run=dry_run,
        detail={"graded_at": graded_at},
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


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    def handle(command: AmendGrading, tx: Any) -> None:
        found = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, command.pregnancy_id)
        if found is None:
            raise NotFound("没有此孕产妇", "no such pregnancy")
        case = instances.lock(tx, found.id)
        people = services().people
        own = people.organisations().get(tx.by.organisation or "")
        if own is None or own.id not in care_in(case.variables):
            raise Forbidden("她不由您的机构负责", "your institution does not look after her")
        result = in_force(case.variables)
        if result is None:
            raise Conflict("她还没有分级结果", "she has no grading yet", code="not-graded")
        if result["graded_at"] != command.graded_at:
            raise Conflict(
                "此后已有新的分级，请先查看", "there is a newer grading: look at it first", code="graded-again"
            )
        if set(command.criteria) == set(result.get("criteria") or ()):
            raise wrong("criteria", "与现在的结果相同", "these are the criteria of the result as it stands")
        amending = {
            "graded_at": command.graded_at,
            "at": tx.now.astimezone(CHINA).isoformat(timespec="seconds"),
            "by": tx.by.id,
            "reason": command.reason,
            "report_sent": _report_sent(tx, command.pregnancy_id, result),
            "owed": _owed(tx, command.pregnancy_id, case.variables["gradings"]),
        }
        payload = {"criteria": list(command.criteria), "amending": amending}
        told = PublishMessage(name=AMENDED, key=command.pregnancy_id, payload=payload, ttl=timedelta(0))
        if tx.run(told).result != "delivered":
            raise Conflict("个案已结束或在等待处理", "the case is over, or stands still", code="not-open")

    return {AmendGrading: handle}


def _owed(tx: Any, pregnancy_id: str, gradings: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The true result before the wrong one, where its report never went out because the wrong one took its place:
    its colour, from when its deadline runs, and what she was before it."""
    earlier, wrong = list(gradings[:-1]), gradings[-1]
    if not earlier:
        return None
    at = len(earlier) - 1
    while at and _label(earlier[at - 1]) == _label(earlier[at]):  # the same result confirmed owes nothing new
        at -= 1
    first = earlier[at]
    if _report_sent(tx, pregnancy_id, first, until=str(wrong["graded_at"])):
        return None
    before = earlier[at - 1] if at else {}
    return {
        "colour": first["colour"],
        "from": first.get("clock_from") or first["graded_at"],
        "previous_colour": before.get("colour"),
        "previous_purple": before.get("purple"),
    }


def _label(result: Mapping[str, Any]) -> tuple[Any, bool]:
    return result.get("colour"), result.get("purple") is True


def _report_sent(tx: Any, pregnancy_id: str, result: Mapping[str, Any], until: str | None = None) -> bool:
    """Whether the report that rests on this result, asked for before `until`, has gone out."""
    sent = reads.user_tasks(
        tx.conn, tx.region_id, state="completed", business_key=pregnancy_id, element_id=REPORT, limit=50
    ).items
    since = datetime.fromisoformat(str(result["graded_at"])).replace(microsecond=0)
    before = datetime.fromisoformat(until).replace(microsecond=0) if until else None
    return any(task.created_at >= since and (before is None or task.created_at < before) for task in sent)
