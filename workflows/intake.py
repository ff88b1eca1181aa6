"""A new woman: her case opened and, where it came along, her registration recorded, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from engine.commands.contracts import Actor, IdempotencyKey, PublishMessage, StartInstance
from engine.errors import Conflict, Forbidden, Incorrect
from engine.store import reads
from workflows import completion, handed_in, journey, task_access
from workflows.duplicates import JOURNEY, known_patient, leads_of
from workflows.facts import date_of
from workflows.institutions.duties import duties_of
from workflows.people.model import Organisation, Principal
from workflows.people.roles import CARE
from workflows.services import Services

CALENDAR = "institution_calendar"
REGISTRATION = "registration"


@dataclass(frozen=True, kw_only=True)
class OpenCase:
    """Answers `Opened`. `variables` are the start variables; `answers` the registration form, where it is filled in."""

    pregnancy_id: str
    variables: Mapping[str, Any]
    answers: Mapping[str, Any] | None = None
    happened_at: datetime | None = None  # when the form was filled in, where it is handed in later


@dataclass(frozen=True, kw_only=True)
class Opened:
    pregnancy_id: str
    patient_id: str
    instance_id: UUID
    user_task_ids: tuple[UUID, ...] = field(default_factory=tuple)


def open_case(
    services: Services,
    *,
    by: Principal | Actor,
    answers: Mapping[str, Any] | None = None,
    home_organisation: str | None = None,
    hospital_organisation: str | None = None,
    patient_id: str | None = None,
    pregnancy_id: str | None = None,
    idempotency: IdempotencyKey | None = None,
    happened_at: datetime | None = None,
) -> Opened:
    """`happened_at`: when the form was filled in, where it is handed in later: she is registered as of that day.
    Raises Incorrect (by linkId), Forbidden, Conflict (the woman has an open pregnancy)."""
    actor = by.actor if isinstance(by, Principal) else by
    if not set(actor.roles) & CARE and actor.kind == "person":
        raise Forbidden("您的角色不能建册", "your role registers nobody")
    case = pregnancy_id or str(uuid4())
    began_at = handed_in.since(services, happened_at)
    lmp = date_of(answers.get("lmp")) if answers and answers.get("edd_basis", "lmp") == "lmp" else None
    dates = {"lmp": lmp.isoformat()} if lmp else {}  # typed in another way, the form itself says it in the same moment
    variables = start_variables(
        services,
        by=actor,
        pregnancy_id=case,
        patient_id=patient_id or str(uuid4()),
        home_organisation=home_organisation,
        hospital_organisation=hospital_organisation,
        **dates,
    )
    command = OpenCase(pregnancy_id=case, variables=variables, answers=answers, happened_at=began_at)
    return services.engine.execute(command, by=actor, idempotency=idempotency)


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: `OpenCase` runs where everything of one command runs, inside its transaction."""

    def handle(command: OpenCase, tx: Any) -> Opened:
        tx.answer_is_new()  # the same request again is answered before anybody asks whether she is known
        variables = dict(command.variables)
        variables["patient_id"] = known_patient(services(), tx.conn, command.answers or {}) or variables["patient_id"]
        start = StartInstance(
            definition_key=JOURNEY,
            business_key=command.pregnancy_id,
            variables=variables,
            happened_at=command.happened_at,
        )
        instance_id = tx.run(start).instance_id
        if command.answers is not None:
            open_now = reads.user_tasks(tx.conn, services().region_id, instance_id=instance_id).items
            first = next((task for task in open_now if task.form == REGISTRATION), None)
            if first is None:
                raise Conflict("流程没有建册任务", "the process opens no registration task")
            finish = completion.command_for(
                services(), tx.conn, first.id, answers=command.answers, by=tx.by, happened_at=command.happened_at
            )
            tx.run(finish)
        for lead in leads_of(services(), tx.conn, str(variables["patient_id"])):
            tx.run(PublishMessage(name="message_lead_registered", key=lead))
        tasks = reads.user_tasks(tx.conn, services().region_id, instance_id=instance_id).items
        return Opened(
            pregnancy_id=command.pregnancy_id,
            patient_id=str(variables["patient_id"]),
            instance_id=instance_id,
            user_task_ids=tuple(task.id for task in tasks),
        )

    return {OpenCase: handle}


def calendar_variables(services: Services, organisation: str) -> dict[str, Any]:
    """What the calendar of an institution begins with: its duties, by the region's rules as they are today."""
    tree = services.people.organisations()
    own = tree.get(organisation)
    if own is None:
        raise Incorrect("没有此机构", "there is no such organisation", code="organisation")
    pack = services.regions(services.settings.pack)
    return {
        "organisation": own.id,
        "county_organisation": _nearest(tree, "county_mch", own),
        "duties": [duty.opened() for duty in duties_of(own.kind, pack, task_access.today_in_china(services))],
        "policy": {name: pack.policy()[name] for name in ("institution", "sweep")},
    }


def start_variables(
    services: Services,
    *,
    by: Actor,
    pregnancy_id: str,
    patient_id: str,
    home_organisation: str | None = None,
    hospital_organisation: str | None = None,
    county_organisation: str | None = None,
    pack: str | None = None,
    **given: Any,
) -> dict[str, Any]:
    """What the diagrams need at the start: the organisations of her care, and the region's rules as they are today."""
    tree = services.people.organisations()
    own = tree.get(by.organisation or "")
    home = home_organisation or _township_of(own, tree)
    if home is None or home not in tree:
        raise Incorrect("请给出管理机构", "name the organisation that will look after her", code="home-organisation")
    rules, today = services.regions(pack or services.settings.pack), task_access.today_in_china(services)
    if (reason := rules.only_shown(today)) is not None and not services.settings.demo:
        raise Conflict(reason.zh, reason.en, code="pack-not-in-force")
    at_hospital = own is not None and own.kind == "hospital"
    return journey.start_variables(
        pregnancy_id=pregnancy_id,
        patient_id=patient_id,
        home_organisation=home,
        hospital_organisation=hospital_organisation
        or (own.id if own and at_hospital else _nearest(tree, "hospital", tree[home])),
        county_organisation=county_organisation or _nearest(tree, "county_mch", tree[home]),
        village_organisation=own.id if own is not None and own.kind == "village" else None,
        on=today,
        pack=rules,
        first_contact="hospital" if at_hospital else "primary",
        **given,
    )


def _township_of(own: Organisation | None, tree: Mapping[str, Organisation]) -> str | None:
    if own is None:
        return None
    if own.kind == "village" and own.parent_id:
        return own.parent_id
    return own.id if own.kind == "township" else _nearest(tree, "township", own)


def _nearest(tree: Mapping[str, Organisation], kind: str, to: Organisation) -> str | None:
    """Of this kind the one with which it shares the closest superior: a partner elsewhere is not taken for its own
    county's hospital. Of several the first by id."""
    above = _above(tree, to)

    def distance(other: Organisation) -> tuple[int, str]:
        shared = [above.index(id) for id in _above(tree, other) if id in above]
        return min(shared, default=len(above)), other.id

    return min((distance(o) for o in tree.values() if o.kind == kind), default=(0, None))[1]


def _above(tree: Mapping[str, Organisation], own: Organisation) -> list[str]:
    """Itself and its superiors, the closest first."""
    found: list[str] = []
    at: Organisation | None = own
    while at is not None and at.id not in found:
        found.append(at.id)
        at = tree.get(at.parent_id or "")
    return found
