"""What another system says of a step -> the form that the step fills in here: which moves there are, whose task it is,
and its answers. What a system cannot tell stands as told by that system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.mappings.loops import Loop
from fhir_adapters.terminology import TASK_IO
from fhir_adapters.work import Json, Work
from workflows.referrals import CONSULTATION, HANDOVER, PROCESS

OWNER, REQUESTER = "owner", "requester"
ELSEWHERE = "对方系统未报"
Moves = Mapping[tuple[str, str], tuple[str, str]]  # status before and after -> whose step, and which
_RECEIVED: Moves = {("requested", "received"): (OWNER, "received")}
_ANSWERED: Moves = {
    **_RECEIVED,
    ("requested", "accepted"): (OWNER, "accepted"),
    ("requested", "rejected"): (OWNER, "refused"),
    ("received", "accepted"): (OWNER, "accepted"),
    ("received", "rejected"): (OWNER, "refused"),
}
_WITHDRAWN: Moves = {
    ("requested", "cancelled"): (REQUESTER, "withdrawn"),
    ("received", "cancelled"): (REQUESTER, "withdrawn"),
}
MOVES: Mapping[str, Moves] = {
    PROCESS: {
        **_ANSWERED,
        ("accepted", "in-progress"): (OWNER, "arrived"),
        ("accepted", "failed"): (OWNER, "no-show"),
        ("in-progress", "completed"): (OWNER, "returned"),
        ("in-progress", "failed"): (OWNER, "no-show"),
        **_WITHDRAWN,
        ("accepted", "cancelled"): (REQUESTER, "withdrawn"),
    },
    HANDOVER: {
        **_ANSWERED,
        ("accepted", "completed"): (OWNER, "returned"),
        **_WITHDRAWN,
        ("accepted", "cancelled"): (REQUESTER, "withdrawn"),
    },
    CONSULTATION: {
        **_RECEIVED,
        ("requested", "rejected"): (OWNER, "refused"),
        ("received", "rejected"): (OWNER, "refused"),
        **_WITHDRAWN,
        ("requested", "completed"): (OWNER, "returned"),
        ("received", "completed"): (OWNER, "returned"),
    },
}
SAID = {  # the status stays, the words of the loop say it
    ("accepted", "accepted", "departed"): (REQUESTER, "departed"),
    ("in-progress", "in-progress", "referred-on"): (OWNER, "onward"),
}
LATE = {
    "received": (OWNER, "received"),
    "accepted": (OWNER, "accepted"),
    "rejected": (OWNER, "refused"),
    "in-progress": (OWNER, "arrived"),
    "completed": (OWNER, "returned"),
    "failed": (OWNER, "no-show"),
    "cancelled": (REQUESTER, "withdrawn"),
}
TASKS: Mapping[str, Mapping[str, str]] = {  # process -> step -> the task that waits for it
    PROCESS: {
        "requested": "task_request_transfer",
        "accepted": "task_answer_transfer",
        "refused": "task_answer_transfer",
        "departed": "task_depart",
        "arrived": "task_arrive",
        "returned": "task_transfer_result",
    },
    HANDOVER: {
        "requested": "task_request_handover",
        "accepted": "task_accept_handover",
        "refused": "task_accept_handover",
        "returned": "task_register_moved_in",
    },
    CONSULTATION: {
        "requested": "task_request_consultation",
        "refused": "task_answer_consultation",
        "returned": "task_answer_consultation",
    },
}


def moves(process: str) -> Moves:
    return MOVES[process]


def asked(work: Work, loop: Loop, task: Json, request: Json, receiver: str) -> tuple[str, dict[str, Any]]:
    """The task that asks, and its form from what the resources say. `receiver`: what who is asked is called here."""
    reasons = [*(r.get("text") for r in request.get("reasonCode", ())), *(_words(request.get("reasonCode", ())))]
    at = request.get("authoredOn") or task.get("authoredOn") or work.now.isoformat()
    why = next((r for r in reasons if r), ELSEWHERE)
    urgent = request.get("priority") in ("stat", "asap", "urgent")
    fill = _ASKED[loop.process]
    return TASKS[loop.process]["requested"], fill(work, told(task), receiver, at=at, why=why, urgent=urgent)


def _referral(work: Work, said: Json, receiver: str, *, at: str, why: str, urgent: bool) -> dict[str, Any]:
    return {
        "requested_at": at,
        "contacted_first_at": at,
        "urgency": "emergency" if urgent else "planned",
        "transfer_reason": why,
        "transportable": True,
        "doctor": sender(work),
        **said,
        "receiving_centre": receiver,
    }


def _handover(work: Work, said: Json, receiver: str, *, at: str, why: str, urgent: bool) -> dict[str, Any]:
    return {
        "handover_at": at,
        "handover_region": receiver,
        "handover_summary": why,
        "handover_contact": ELSEWHERE,
        "reporter": sender(work),
        **said,
        "handover_org": receiver,
    }


def _consultation(work: Work, said: Json, receiver: str, *, at: str, why: str, urgent: bool) -> dict[str, Any]:
    return {
        "consult_requested_at": at,
        "consult_kind": "centre",
        "consult_urgency": "emergency" if urgent else "ordinary",
        "consult_departments": ["obstetrics"],
        "consult_summary": why,
        "consult_question": why,
        "doctor": sender(work),
        **said,
        "consulted_org": receiver,
    }


_ASKED = {PROCESS: _referral, HANDOVER: _handover, CONSULTATION: _consultation}


def answered(
    work: Work, process: str, step: str, task: Json, when: str, reason: str | None
) -> tuple[str, dict[str, Any]]:
    """The task that waits for this step, and its form; what its system did not tell is said to be that."""
    said, name = told(task), sender(work)
    if process == HANDOVER:
        found = _of_handover(step, said, name, when, reason)
    elif process == CONSULTATION:
        found = _of_consultation(step, said, name, when, reason)
    else:
        found = _of_referral(step, said, name, when, reason, task.get("executionPeriod", {}).get("start") or when)
    return TASKS[process][step], found


def _of_referral(step: str, said: Json, name: str, when: str, reason: str | None, start: str) -> dict[str, Any]:
    if step in ("accepted", "refused"):
        why = {"answer_reason": reason} if step == "refused" else {}
        return {"answered_at": when, "answer": "refuse" if why else "accept", "doctor": name, **said, **why}
    if step == "departed":
        unsaid = {"equipment": ELSEWHERE, "drugs": ELSEWHERE, "records_carried": False, "doctor": name}
        return {"departed_at": when, **unsaid, **said}
    if step == "arrived":
        return {"arrived_at": start, "handed_over_at": start, "handed_by": ELSEWHERE, "doctor": name, **said}
    return {"result_on": when[:10], "doctor": name, **said}


def _of_handover(step: str, said: Json, name: str, when: str, reason: str | None) -> dict[str, Any]:
    if step == "returned":
        return {"contacted_on": when[:10], "note_text": ELSEWHERE, "reporter": name, **said}
    is_accepted = step == "accepted"
    why = {} if is_accepted else {"handover_refused": reason}
    return {"handover_answered_at": when, "reporter": name, **said, "handover_accepted": is_accepted, **why}


def _of_consultation(step: str, said: Json, name: str, when: str, reason: str | None) -> dict[str, Any]:
    if step == "refused":
        answers = {"consult_answered_at": when, "doctor": name, **said, "consult_accepted": False}
        return {**answers, "consult_refused": reason}
    return {"consult_answered_at": when, "consult_reassess": False, "doctor": name, **said, "consult_accepted": True}


def told(task: Json) -> dict[str, Any]:
    """What was written down on the other side: the code of an output is the field's name; one that stands there more
    than once was chosen more than once."""
    found: dict[str, Any] = {}
    for output in task.get("output", ()):
        codings = output.get("type", {}).get("coding", ())
        code = next((str(c.get("code")) for c in codings if c.get("system") == TASK_IO), None)
        value = next((output[k] for k in ("valueString", "valueDateTime", "valueBoolean") if k in output), None)
        if code and value is not None:
            name = code.replace("-", "_")
            one = str(value)[:10] if name.endswith(("_on", "_date")) else value
            before = found.get(name)
            found[name] = one if before is None else [*(before if isinstance(before, list) else [before]), one]
    return found


def _words(concepts: Any) -> list[str]:
    return [c.get("display") or c.get("code") for one in concepts for c in one.get("coding", ())]


def sender(work: Work) -> str:
    found = work.services.people.organisations().get(work.by.organisation or "")
    return f"{found.name if found else work.by.id}（系统报告）"
