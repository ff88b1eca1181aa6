"""What a step says of resources that are stored already: they are read, amended and written once more, in the step's
own transaction. Here is which step says what of which; how a resource is amended is a mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from engine.contracts import ActivateInstance, Sequel, StepRecord, SuspendInstance, WaitKind, task_id
from engine.store import reads
from fhir_adapters.commanded import is_command
from fhir_adapters.dates import local_text
from fhir_adapters.mappings import care, child, communication, finding, patient
from fhir_adapters.mappings.case import MATERNAL_DEATH, Case
from fhir_adapters.mappings.common import Json, fitted, instant
from fhir_adapters.mappings.risk import amended_of, grading_id
from fhir_adapters.mappings.task import STATUS, held, let_go
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.store.texts import Stored

Amend = Callable[[Json], Json | None]  # None: it stays as it is
JOURNEY, DEATH_REVIEW, VOID = "pregnancy_journey", "death_review", "void"
FILE_ENDS = {  # what happens in a diagram -> whether the case file was none
    "end_file_closed": False,
    "end_file_closed_by_doctor": False,
    "end_file_withdrawn": True,
}


def sequels(record: StepRecord, case: Case) -> Iterator[Sequel]:
    """Nothing for most steps."""
    if is_command(record.command, SuspendInstance):
        yield Sequel(partial(_tasks, record=record, amend=lambda task, status: held(task, record.at)))
    if is_command(record.command, ActivateInstance) and not case.is_over:
        yield Sequel(partial(_tasks, record=record, amend=lambda task, status: let_go(task, status, record.at)))
    if case.patient_id is None or case.pregnancy_id is None:
        return
    yield from _of_reports(record, case)
    yield from _of_care(record, case)
    if record.submission is not None and record.submission.form == "risk-grading":
        yield Sequel(partial(_of_case, case=case, types=("DetectedIssue",), amend=finding.confirmed))
    for id_, when in _deaths(record, case):
        yield Sequel(partial(_amend_patient, id_=id_, when=when))


# --- tasks of an instance that is held --------------------------------------------------------------------------------


def _tasks(tx: Any, *, record: StepRecord, amend: Callable[..., Json | None]) -> None:
    """The open tasks of the instance; beside each the status that its holder and its draft give it."""
    waits = record.after.waits.values()
    for id_ in sorted(task_id(record.instance_id, wait.id) for wait in waits if wait.kind is WaitKind.USER_TASK):
        _amend(tx, "Task", str(id_), partial(amend, status=_status(tx, id_)))


def _status(tx: Any, id_: UUID) -> str:
    task = reads.user_task(tx.conn, tx.region_id, id_)
    if task is None:
        return STATUS["created"]
    return "in-progress" if task.draft is not None else STATUS[task.state]


# --- reports ----------------------------------------------------------------------------------------------------------


def _of_reports(record: StepRecord, case: Case) -> Iterator[Sequel]:
    """Those that nobody is asked to take up any more, those of a grading that was an error, the one that follows."""
    if not any(one.element_id in communication.TAKEN_UP for one in record.happened):
        for task in record.closed_tasks:
            code = communication.AWAITED.get(task.wait.element_id)
            if code is not None and task.state == "cancelled":
                yield Sequel(partial(_stop_newest, case=case, code=code))
    if "gradings_in_error" in record.written:
        for number, said in amended_of(case):
            if said.get("error"):
                yield Sequel(partial(_stop_resting_on, case=case, assessment_id=grading_id(case, number)))
    if record.submission is not None and record.submission.form == "risk-report" and record.closed_tasks:
        id_ = fitted(record.submission.source or str(record.closed_tasks[0].id), "report")
        yield Sequel(partial(_in_place, case=case, id_=id_))


def _reports(tx: Any, case: Case, code: str) -> list[Stored]:
    """Those of this kind that we told, the one written last first."""
    found = _ours(tx, case, ("Communication",))
    told = [one for one in found if communication.is_of(one.resource(), code)]
    return sorted(told, key=lambda one: (one.updated_at, one.id), reverse=True)


def _stop_newest(tx: Any, *, case: Case, code: str) -> None:
    for stored in _reports(tx, case, code)[:1]:
        _amend(tx, stored.type, stored.id, partial(communication.stopped, why=communication.WITHDRAWN))


def _stop_resting_on(tx: Any, *, case: Case, assessment_id: str) -> None:
    for stored in _ours(tx, case, ("Communication",)):
        if communication.rests_on(stored.resource(), assessment_id):
            _amend(tx, stored.type, stored.id, partial(communication.stopped, why=communication.IN_ERROR))


def _in_place(tx: Any, *, case: Case, id_: str) -> None:
    former = next((one.resource() for one in _reports(tx, case, "risk-report") if one.id != id_), None)
    if former is not None:
        _amend(tx, "Communication", id_, partial(communication.in_place_of, former=former))


# --- what ends with the case, or with a part of it --------------------------------------------------------------------


def _of_care(record: StepRecord, case: Case) -> Iterator[Sequel]:
    types, at = ("CarePlan", "CareTeam", "Flag"), local_text(case.at)
    if case.is_over and record.definition_key == JOURNEY:
        revoked = case.variables.get("end_code") in (MATERNAL_DEATH, VOID)
        yield Sequel(partial(_of_case, case=case, types=types, amend=lambda one: _end(one, at, revoked=revoked)))
        return
    for one in record.happened:
        if one.element_id in FILE_ENDS and one.event == "completed":
            ends = partial(_end, at=at, codes=care.OF_CASE_FILE, revoked=FILE_ENDS[one.element_id])
            yield Sequel(partial(_of_case, case=case, types=types, amend=ends))


def _end(part: Json, at: str, codes: tuple[str, ...] = (), *, revoked: bool) -> Json | None:
    return care.ended(part, at, revoked=revoked) if care.is_part(part, *codes) else None


# --- deaths -----------------------------------------------------------------------------------------------------------


def _deaths(record: StepRecord, case: Case) -> Iterator[tuple[str, str]]:
    """Who died, and when as far as this step knows: the day with the end of the case, the moment with the report."""
    submission = record.submission
    if case.died_on is not None and not record.written.keys().isdisjoint(("end_code", "ended_on")):
        yield str(case.patient_id), case.died_on
    if record.definition_key == DEATH_REVIEW and record.is_first and case.variables.get("ended_on"):
        yield str(case.patient_id), str(case.variables["ended_on"])[:10]
    form = submission.form if submission is not None else None
    if submission is not None and form == "death-report" and (at := instant(submission.answers.get("died_at"))):
        yield str(case.patient_id), at
    if submission is not None and form == "newborn-death" and (at := instant(submission.answers.get("child_died_at"))):
        yield child.child_of(case, submission.answers.get("child_order")), at


def _amend_patient(tx: Any, *, id_: str, when: str) -> None:
    resources.hold(tx.asked, tx.region_id, "Patient", id_)
    stored = resources.current(tx.asked, tx.region_id, "Patient", id_)
    if stored is not None:
        _amend(tx, "Patient", id_, partial(patient.died, when=when, ours=stored.source == ENGINE))


# --- reading and writing ----------------------------------------------------------------------------------------------


def _of_case(tx: Any, *, case: Case, types: tuple[str, ...], amend: Amend) -> None:
    for stored in _ours(tx, case, types):
        if amend(stored.resource()) is not None:
            _amend(tx, stored.type, stored.id, amend)


def _ours(tx: Any, case: Case, types: tuple[str, ...]) -> list[Stored]:
    """What we wrote of the case; what a hospital sent is its own."""
    found = resources.of_episode(tx.asked, tx.region_id, str(case.pregnancy_id), types)
    return sorted((one for one in found if one.source == ENGINE), key=lambda one: (one.type, one.id))


def _amend(tx: Any, type_: str, id_: str, amend: Amend) -> None:
    """Under the lock of the resource; whose it is, it stays."""
    head = resources.lock(tx.asked, tx.region_id, type_, id_)
    stored = resources.current(tx.asked, tx.region_id, type_, id_) if head is not None else None
    made = amend(stored.resource()) if stored is not None else None
    if head is not None and made is not None:
        draft = Draft(resource=made, episode_id=head.episode_id)
        resources.save(tx.asked, tx.region_id, tx.now, ENGINE, [draft], engine_owned=head.engine_owned)
