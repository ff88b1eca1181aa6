"""A step of the engine -> what it writes in FHIR, in the step's own transaction. Pure: the same step gives the
same statements.

Only what the step may have changed is written; what is unchanged keeps its version in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.commands.contracts import ActivateInstance, MigrateInstance, RevertMigration
from engine.contracts import CompleteUserTask, Sequel, Statement, StepRecord, Submission, TaskRecord
from engine.contracts import Projection as Projection
from fhir_adapters.commanded import is_command
from fhir_adapters.dates import local_text
from fhir_adapters.labels import labelled
from fhir_adapters.mappings import (
    appointment,
    child,
    dating,
    encounter,
    episode,
    finding,
    newborn,
    observation,
    patient,
    provenance,
    referral,
    response,
    risk,
)
from fhir_adapters.mappings.by_form import made_of
from fhir_adapters.mappings.case import Case, case_of
from fhir_adapters.mappings.common import Json, instant, person
from fhir_adapters.mappings.observation_rows import observation_row, visit_row
from fhir_adapters.mappings.task import to_task
from fhir_adapters.mappings.task_rows import task_row
from fhir_adapters.sequels import sequels
from fhir_adapters.stencils import Row
from fhir_adapters.store import referrals
from fhir_adapters.store.resources import ENGINE, SQL, Draft, parameters
from fhir_adapters.terminology import is_identity
from fhir_adapters.types import matter
from workflows.forms import Form, forms_on_disk

FormLookup = Callable[[str, int], Form | None]
SIGNED_FORM = "risk-grading"
PREGNANCY_PROCESS = "pregnancy_journey"
CARING = ("home_organisation", "hospital_organisation", "county_organisation", "village_organisation")
AREA = (  # variables that name who looks after her, and who was asked to do something for her
    *CARING,
    *("postpartum_organisation", "answering_organisation", "appointment_organisation", "receiving_organisation"),
)
SIGNED = frozenset({"graded_at", "colour"})  # written with every result that comes into force
GRADING_READS = SIGNED | {"gradings"}
AREA_READS = frozenset(AREA)
EPISODE_READS = frozenset(
    {"end_code", "ended_on", "edd", "lmp", "colour", "delivered_on", "patient_id", "condition_id", *CARING}
)


def projector(forms: FormLookup) -> Projection:
    """The projection for `Engine(projection=…)`. `forms` finds a form by key and version; versions never change."""

    def project(record: StepRecord) -> list[Statement | Sequel]:
        case = case_of(record)
        submission = record.submission
        form = forms(submission.form, submission.form_version) if submission else None
        completed = _completed_task(record) if form else None
        response_id = _response_id(submission, completed) if form else None
        rows, drafts = _tasks(record, case, response_id, completed)
        others = _resources(record, case, form, response_id, rows)
        about = matter(case.instance_id) if case.patient_id is None else None
        drafts += [Draft(resource=r, episode_id=case.pregnancy_id, about=about) for r in others]
        drafts += _windows(record, case)
        told, loop = _referral(record, case)
        drafts += loop
        statements: list[Statement | Sequel] = list(_areas(record, case))
        if rows or drafts:
            given = parameters(record.region_id, record.at, ENGINE, drafts, engine_owned=True, written_rows=rows)
            statements.append(Statement(SQL["save_resources"], given))
        statements += [*_identities(record, drafts), *told, *sequels(record, case)]
        return statements

    return project


def project(record: StepRecord) -> Sequence[Statement | Sequel]:
    """The projection with the forms that come with the product."""
    return _ON_DISK(record)


def _on_disk(key: str, version: int) -> Form | None:
    return forms_on_disk().get(key)


_ON_DISK = projector(_on_disk)


def _tasks(
    record: StepRecord, case: Case, response_id: str | None, completed: TaskRecord | None
) -> tuple[list[Row], list[Draft]]:
    """Those that opened, changed or ended: as rows, and those that have to be written at length."""
    rows, drafts = [], []
    about = matter(case.instance_id) if case.patient_id is None else None
    for tasks, is_new in ((record.opened_tasks, True), (record.changed_tasks, False), (record.closed_tasks, False)):
        for task in tasks:
            answer = response_id if completed is not None and task.id == completed.id else None
            row = task_row(record.region_id, task, case, answer)
            if row is None:
                resource = to_task(task, case, response_id=answer)
                drafts.append(Draft(resource=resource, episode_id=case.pregnancy_id, about=about, is_new=is_new))
                continue
            row["patient"] = row["patient"] or about
            if is_new:
                row["new"] = True
            rows.append(row)
    return rows, drafts


def _windows(record: StepRecord, case: Case) -> Iterator[Draft]:
    """The visits that opened, took place or are not wanted any more. Who holds such a task changes nothing of them."""
    if case.pregnancy_id is None:
        return
    for tasks, is_new in ((record.opened_tasks, True), (record.closed_tasks, False)):
        for task in tasks:
            if appointment.is_window(task):
                yield Draft(resource=appointment.to_window(task, case), episode_id=case.pregnancy_id, is_new=is_new)


def _resources(
    record: StepRecord, case: Case, form: Form | None, response_id: str | None, rows: list[Row]
) -> Iterator[Json]:
    """Everything else. What goes through a stencil is added to the rows."""
    submission = record.submission
    if case.patient_id is None:  # about no one woman: the sheet itself is all there is to keep
        if form and submission and response_id and submission.source is None:
            sheet = response.to_response(form, submission.answers, case, id_=response_id, encounter_id=None)
            yield dict(labelled(sheet))
            source = observation.Source(response_id=response_id, effective=local_text(case.happened_at))
            yield from made_of(form, submission.answers, case, source)
        return
    if (
        record.is_first
        or case.is_over
        or _changed(record, EPISODE_READS)
        or record.status == "suspended"
        or is_command(record.command, ActivateInstance, MigrateInstance, RevertMigration)
    ):
        yield from _case_resources(record, case)
    if is_command(record.command, MigrateInstance, RevertMigration):
        yield provenance.of_migration(case)
    if record.definition_key == child.CARE_PROCESS and (record.is_first or case.is_over):
        yield from (child.to_care(case, order) for order in child.orders(case))
    if case.pregnancy_id is not None:
        yield from _risk_resources(record, case, submission, response_id)
        yield from _found(record, case, response_id)
        yield from _birth_resources(record, case)
    if form and submission and response_id:
        yield from _submitted(record.region_id, form, submission, case, response_id, rows)


def _referral(record: StepRecord, case: Case) -> tuple[list[Statement], list[Draft]]:
    """What a step of a referral tells the other side, and its request and Task."""
    found = referral.referral_of(record, case)
    if found is None:
        return [], []
    steps = referral.to_steps(record, found)
    key = (record.region_id, record.at, record.instance_id, case.patient_id)
    told = [Statement(referrals.SQL["note_step"], referrals.parameters(*key, step)) for step in steps]
    written = [*referral.written(record, found, steps), *(provenance.of_referral(found, step) for step in steps)]
    return told, [Draft(resource=r, episode_id=case.pregnancy_id) for r in written]


def _case_resources(record: StepRecord, case: Case) -> Iterator[Json]:
    yield episode.to_care_plan(case)
    if case.pregnancy_id is None or record.definition_key != PREGNANCY_PROCESS:
        return
    yield episode.to_episode(case)
    if not case.variables.get("condition_id"):
        yield episode.to_condition(case)
    if record.is_first or {"lmp", "edd", "edd_basis"} & record.written.keys():
        yield from (found for found in (dating.to_lmp(case), dating.to_edd(case)) if found is not None)


def _risk_resources(
    record: StepRecord, case: Case, submission: Submission | None, response_id: str | None
) -> Iterator[Json]:
    if "screening" in record.written and response_id:
        found = risk.to_screening(case, response_id)
        if found is not None:
            yield found
    gradings = risk.gradings_of(case) if _changed(record, GRADING_READS) else []
    if gradings:
        number, grading = risk.numbers_of(case)[-1], gradings[-1]
        is_signed = submission is not None and submission.form == "risk-grading"
        if _changed(record, SIGNED):
            yield risk.to_grading(case, number, grading, response_id if is_signed else None)
            yield risk.to_colour(case, number, grading)
            if grading.get("amends"):
                yield provenance.of_amendment(case, number)
        for which, said in risk.amended_of(case) if "gradings_in_error" in record.written else ():
            if which != number:
                yield risk.to_grading(case, which, said, None)
                yield risk.to_colour(case, which, said)
        yield from risk.to_flags(case)
    elif case.is_over or "end_code" in record.written:
        yield from risk.to_flags(case)


def _found(record: StepRecord, case: Case, response_id: str | None) -> Iterator[Json]:
    """Who signed a grading, what the rules say of a visit, and the due date that a doctor confirmed."""
    if response_id and record.submission is not None and record.submission.form == SIGNED_FORM:
        yield provenance.of_grading(case, response_id)
    said = _said(record)
    found = said.get("visit_findings")
    if response_id and isinstance(found, list):
        yield from finding.to_findings(found, case, response_id)
    if response_id and said.get("redated") is True:
        confirmed = replace(case, variables={**case.variables, "edd": said.get("confirmed_edd")})
        edd = dating.to_edd(confirmed)
        if edd is not None:
            yield provenance.of_due_date(case, edd, response_id)


def _said(record: StepRecord) -> Mapping[str, Any]:
    """What the step set of the case, and what the form alone said: a part of the pathway keeps that to itself."""
    told = record.command.variables if isinstance(record.command, CompleteUserTask) else {}
    return {**told, **record.written}


def _birth_resources(record: StepRecord, case: Case) -> Iterator[Json]:
    """Only for births recorded here: a hospital's own Encounter and newborn stand as it sent them."""
    if {"delivered_on", "delivered_at", "discharged_at"} & record.written.keys() and not case.variables.get(
        "encounter_id"
    ):
        found = encounter.to_delivery(case)
        if found is not None:
            yield found


def _submitted(
    region_id: str, form: Form, submission: Submission, case: Case, response_id: str, rows: list[Row]
) -> Iterator[Json]:
    answers = submission.answers
    encounter_id = None
    effective = local_text(case.happened_at)
    if encounter.took_place(form.id, answers):
        encounter_id = f"visit-{response_id}"[:64]
        on = instant(answers.get(encounter.VISITS[form.id][4])) or effective[:10]
        effective = effective if on == effective[:10] else on
        visit = visit_row(region_id, form.id, answers, case, id_=encounter_id, on=on)
        if visit is None:
            yield encounter.to_visit(form.id, answers, case, id_=encounter_id, on=on)
        else:
            rows.append(visit)
    elif form.id == "delivery":
        encounter_id = encounter.delivery_id(case) if not case.variables.get("encounter_id") else None
        effective = instant(answers.get("delivered_at")) or instant(answers.get("delivered_on")) or effective
        yield from _births(answers, case)
    elif form.id in ("registration", "pregnancy-lead"):
        made = patient.to_patient(answers, str(case.patient_id))
        yield made if case.died_on is None else patient.died(made, case.died_on) or made
    if submission.source is None:
        sheet = response.to_response(form, answers, case, id_=response_id, encounter_id=encounter_id)
        yield dict(labelled(sheet))
    source = observation.Source(
        response_id=response_id, effective=effective, encounter_id=encounter_id, performer=person(case.by)
    )
    yield from made_of(form, answers, case, source)
    for fact in observation.facts(form, answers):
        row = observation_row(region_id, form, fact, case, source)
        if row is None:
            yield observation.to_observation(fact, case, source)
        else:
            rows.append(row)


def _births(answers: Mapping[str, Any], case: Case) -> Iterator[Json]:
    done = encounter.to_procedure(answers, case)
    if done is not None:
        yield done
    place = {"birth_place": answers.get("delivery_place")}
    fetuses = [{**place, **f} for f in answers.get("fetus") or answers.get("fetuses") or () if isinstance(f, Mapping)]
    for number, fetus in enumerate(fetuses, start=1):
        order = fetus["order"] if isinstance(fetus.get("order"), int) else number
        child = newborn.to_newborn(fetus, case, order=order, of=len(fetuses)) if newborn.is_live_born(fetus) else None
        if child is not None:
            yield child
            yield newborn.to_mother(case, order=order)


def _completed_task(record: StepRecord) -> TaskRecord | None:
    if not isinstance(record.command, CompleteUserTask):
        return None
    return next((t for t in record.closed_tasks if t.id == record.command.user_task_id), None)


def _response_id(submission: Submission | None, completed: TaskRecord | None) -> str | None:
    """The response as it was stored already, else named after the task that it answered."""
    if submission is None:
        return None
    return submission.source or (str(completed.id) if completed else None)


def _changed(record: StepRecord, names: frozenset[str]) -> bool:
    return not names.isdisjoint(record.written)


def _areas(record: StepRecord, case: Case) -> Iterator[Statement]:
    """Who looks after the woman may read her, and her child."""
    is_birth = record.submission is not None and record.submission.form == "delivery"
    is_other = record.is_first or _changed(record, AREA_READS)
    if case.patient_id is None and (record.submission is not None or record.opened_tasks):
        yield Statement(SQL["add_area"], _whose_matter(record, case))
    if case.patient_id is None or not (is_birth or is_other):
        return
    organisations = sorted({str(o) for name in AREA if (o := case.variables.get(name))})
    if not organisations:
        return
    key = {"region_id": record.region_id, "patient_id": case.patient_id, "organisations": organisations}
    if is_other:
        yield Statement(SQL["add_area"], key)
    if is_birth and record.submission is not None:
        for order in range(1, 1 + len(record.submission.answers.get("fetus") or ())):
            yield Statement(SQL["add_area"], {**key, "patient_id": newborn.newborn_id(case, order)})


def _whose_matter(record: StepRecord, case: Case) -> dict[str, Any]:
    """The institutions that the matter and its tasks name, and where whoever begins it or fills in its sheet works."""
    named = {
        value
        for name, value in case.variables.items()
        if isinstance(value, str) and value and (name == "organisation" or name.endswith("_organisation"))
    }
    named |= {str(o) for task in record.opened_tasks if (o := task.wait.data.get("organisation"))}
    organisations = sorted(named | ({case.organisation} if case.organisation else set()))
    return {"region_id": record.region_id, "patient_id": matter(case.instance_id), "organisations": organisations}


def _identities(record: StepRecord, drafts: list[Draft]) -> Iterator[Statement]:
    for draft in drafts:
        if draft.resource["resourceType"] != "Patient":
            continue
        for identifier in draft.resource.get("identifier", ()):
            if is_identity(identifier["system"]):
                key = {"type": "Patient", "system": identifier["system"], "value": identifier["value"].upper()}
                yield Statement(
                    SQL["claim_identity"], {"region_id": record.region_id, "id": draft.resource["id"], **key}
                )
