"""Appointment -> the hospital's answer to our wish, a day that is off again, a woman who did not come (P08, P21). An
admission that the hospital plans is its answer to the wish for a bed.

What fits several open wishes answers none of them: the sender names the Task it answers in `supportingInformation`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage
from engine.store import reads
from fhir_adapters.dates import interval
from fhir_adapters.inbound.asked import case_of, case_of_the_woman, named_tasks, note
from fhir_adapters.store import inbound, resources
from fhir_adapters.work import Item, Json, Work
from workflows import completion, task_access
from workflows.occasions import variables_for

PROCESS = "appointment"
CONFIRMS = ("task_confirm_booking", "task_confirm_appointment")
TRACES = ("task_trace_village", "task_trace_township", "task_trace_county")
MISSED = "message_visit_missed"
MOST_TASKS = 500  # of all her wishes
DELIVERY = "delivery"  # what a bed is wished for
CALLED_OFF = (
    "医院取消了一个预约，看不出是为哪一项约的，请核对并另约"
    " / the hospital called off an appointment, for which wish cannot be told: check it and ask for another day"
)


def receive(work: Work) -> None:
    for item in work.changed("Appointment"):
        act = _ACTIONS.get((item.resource or {}).get("status", ""))
        if act is not None and (episode_id := case_of_the_woman(work, item)) is not None:
            act(work, item, episode_id)
    for item in work.changed("Encounter"):
        if (item.resource or {}).get("status") == "planned" and (episode_id := case_of_the_woman(work, item)):
            _bed(work, item, episode_id)


def _booked(work: Work, item: Item, episode_id: str) -> None:
    appointment = item.resource or {}
    answers = {
        "booked": True,
        "booked_for": appointment.get("start"),
        "booked_place": _place(work, appointment),
        "bring": appointment.get("patientInstruction"),
    }
    _answer(work, item, episode_id, answers, "message_visit_booked")


def _bed(work: Work, item: Item, episode_id: str) -> None:
    """A stay without a day answers nothing."""
    stay = item.resource or {}
    begins = stay.get("period", {}).get("start")
    wishes = [task for task in _waiting(work, episode_id) if _kind(work, task) == DELIVERY]
    if begins is None or stay.get("class", {}).get("code") != "IMP" or len(wishes) != 1:
        return
    note(work, item, "message_visit_booked")
    answers = {"booked": True, "booked_for": begins, "booked_place": _name(work, work.by.organisation)}
    _complete(work, wishes[0], answers)


def _kind(work: Work, task: Any) -> Any:
    return task_access.variables_of(work.services, work.conn, task).get("appointment_kind")


def _cancelled(work: Work, item: Item, episode_id: str) -> None:
    """Before it was booked the answer is no; afterwards another day is asked for, for what it was booked for. What that
    was is never guessed: where no one wish of hers was answered by it, a person decides."""
    appointment = item.resource or {}
    why = appointment.get("cancelationReason", {}).get("text") or appointment.get("comment") or "医院取消"
    if _answer(work, item, episode_id, {"booked": False, "refuse_reason": why}, "message_visit_cancelled"):
        return
    case = case_of(work, episode_id)
    if case is None or _confirming(work, item, episode_id):
        return
    note(work, item, "message_visit_cancelled")
    kind = _booked_kind(work, item, episode_id)
    if kind is None:
        _ask(work, item)
        return
    found = interval(appointment.get("start", ""))
    wish = (found[0] if found else work.now).astimezone(CHINA).date().isoformat()
    payload = {
        **variables_for(work.services, case, work.by),
        "appointment_organisation": work.by.organisation,
        "appointment_wish": wish,
        "appointment_kind": kind,
    }
    work.run(PublishMessage(name="message_visit_planned", key=episode_id, payload=payload))


def _booked_kind(work: Work, item: Item, episode_id: str) -> str | None:
    """What was wished for where this appointment was the answer: the wish that was booked for a time that this
    appointment stood at."""
    assert item.saved is not None
    stood_at = {_start(work, item.id, version) for version in range(1, item.saved.version + 1)} - {None}
    hers = reads.user_tasks(
        work.conn, work.region_id, business_key=episode_id, definition_key=PROCESS, state=None, limit=MOST_TASKS
    ).items
    done = [task for task in hers if task.element_id in CONFIRMS]
    wishes = [reads.instance(work.conn, work.region_id, id_) for id_ in sorted({t.instance_id for t in done})]
    known = [wish.variables for wish in wishes if wish is not None and wish.variables.get("booked") is True]
    kinds = [one.get("appointment_kind") for one in known if _moment(one.get("booked_for")) in stood_at]
    return str(kinds[0]) if len(kinds) == 1 and kinds[0] else None


def _start(work: Work, id_: str, version: int) -> datetime | None:
    found = resources.read(work.conn, work.region_id, "Appointment", id_, work.viewer, version, letters=None)
    return _moment(found[0].resource().get("start")) if found is not None and not found[0].deleted else None


def _moment(text: Any) -> datetime | None:
    found = interval(str(text or ""))
    return found[0] if found else None


def _ask(work: Work, item: Item) -> None:
    assert item.saved is not None
    inbound.ask_a_person(
        work.conn,
        work.region_id,
        kind="withdrawn-evidence",
        source=work.viewer.source,
        reason=CALLED_OFF,
        at=work.now,
        resource=(item.saved.type, item.saved.id, item.saved.version),
        patient_id=item.patient_id,
    )


def _missed(work: Work, item: Item, episode_id: str) -> None:
    """Tracing begins, unless somebody traces her already."""
    note(work, item, MISSED)
    open_now = reads.user_tasks(work.conn, work.region_id, business_key=episode_id).items
    if any(task.element_id.endswith(TRACES) for task in open_now):
        return
    found = interval((item.resource or {}).get("start", ""))
    on = (found[0] if found else work.now).astimezone(CHINA).date().isoformat()
    work.run(PublishMessage(name=MISSED, key=episode_id, payload={"missed_on": on}))


def _came(work: Work, item: Item, episode_id: str) -> None:
    note(work, item, "message_visit_fulfilled")


_ACTIONS = {
    "booked": _booked,
    "cancelled": _cancelled,
    "noshow": _missed,
    "arrived": _came,
    "checked-in": _came,
    "fulfilled": _came,
}


def _answer(work: Work, item: Item, episode_id: str, answers: Json, event: str) -> bool:
    """Whether one open wish took this answer."""
    waiting = _confirming(work, item, episode_id)
    if len(waiting) != 1:
        return False
    note(work, item, event)
    _complete(work, waiting[0], answers)
    return True


def _complete(work: Work, task: Any, answers: Json) -> None:
    given = {name: value for name, value in answers.items() if value is not None}
    given["reporter"] = _name(work, work.by.organisation)
    work.run(completion.command_for(work.services, work.conn, task.id, answers=given, by=work.by))


def _confirming(work: Work, item: Item, episode_id: str) -> list[Any]:
    """The wishes that wait for this hospital; the one that is named before any other."""
    waiting = _waiting(work, episode_id)
    named = named_tasks((item.resource or {}).get("supportingInformation", ()))
    return [task for task in waiting if task.id in named] if named else waiting


def _waiting(work: Work, episode_id: str) -> list[Any]:
    open_now = reads.user_tasks(work.conn, work.region_id, business_key=episode_id, definition_key=PROCESS).items
    own = work.viewer.organisations
    return [task for task in open_now if task.element_id in CONFIRMS and task.organisation in own]


def _place(work: Work, appointment: Json) -> str:
    """The location it names, else the hospital itself."""
    actors = [one.get("actor", {}) for one in appointment.get("participant", ())]
    places = (a for a in actors if str(a.get("reference", "")).startswith("Location/") or a.get("type") == "Location")
    named = (a.get("display") for a in places)
    return next((str(name) for name in named if name), _name(work, work.by.organisation))


def _name(work: Work, organisation: str | None) -> str:
    found = work.services.people.organisations().get(organisation or "")
    return found.name if found is not None else work.by.id
