"""What may be begun for a woman at any time: a consultation, an admission, an emergency. The process is opened and its
first form recorded in one transaction; where the case itself waits for the news, the form becomes its message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.commands.contracts import Actor, IdempotencyKey, PublishMessage, SetVariables, Started, StartInstance
from engine.errors import Conflict, Forbidden, NotFound, Text
from engine.store import reads
from workflows import completion, handed_in, journey, referrals
from workflows.duplicates import JOURNEY
from workflows.people.model import Principal
from workflows.people.roles import CARE
from workflows.people.visibility import may_read_woman
from workflows.services import Services

DOCTORS = frozenset({"R-OB", "R-OB-AC"})
WARD = DOCTORS | {"R-MIDW"}
OF_THE_CASE = (
    *("pregnancy_id", "patient_id", "home_organisation", "county_organisation", "village_organisation"),
    *("responsible_doctor", "responsible_team"),
    *("colour", "purple", "edd", "lmp", "delivered_on", "delivered_at", "postpartum_organisation", "registered_on"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """`process`: what is opened, its first task having `form`; else `task` of the case is done, whoever it waits for;
    else `message` is told to the case, or without one what the form means becomes variables of the case. `stage`:
    "pregnant", "born" or "any"; `key`: what of the answers is added to the message's key."""

    id: str
    name: Text
    form: str
    roles: frozenset[str]
    process: str | None = None
    task: str | None = None
    message: str | None = None
    stage: str = "any"
    key: str | None = None

    def fits(self, variables: Mapping[str, Any], roles: frozenset[str]) -> bool:
        return bool(roles & self.roles) and self.is_in_time(variables)

    def is_in_time(self, variables: Mapping[str, Any]) -> bool:
        born = variables.get("delivered_on") is not None
        return self.stage in ("any", "born" if born else "pregnant")


OCCASIONS: Mapping[str, Occasion] = {
    one.id: one
    for one in (
        Occasion(
            id="admission",
            name=Text(zh="入院待产", en="Admission in labour"),
            form="labour-assessment",
            roles=WARD,
            process="labour",
            stage="pregnant",
        ),
        Occasion(
            id="birth",
            name=Text(zh="登记分娩（家中、途中或外院）", en="Record a birth (home, on the way, another hospital)"),
            form="delivery",
            roles=CARE - WARD,
            task="task_record_delivery",
            stage="pregnant",
        ),
        Occasion(
            id="caesarean",
            name=Text(zh="紧急剖宫产（DDI 起算）", en="Emergency caesarean (starts the clock)"),
            form="cs-decision",
            roles=DOCTORS,
            process="emergency_caesarean",
            stage="pregnant",
        ),
        Occasion(
            id="blood",
            name=Text(zh="紧急用血", en="Urgent blood"),
            form="blood-request",
            roles=WARD,
            process="blood_request",
        ),
        Occasion(
            id="consultation",
            name=Text(zh="会诊", en="Consultation"),
            form="consultation-request",
            roles=CARE,
            process=referrals.CONSULTATION,
        ),
        Occasion(
            id="referral",
            name=Text(zh="转诊", en="Referral"),
            form="transfer-request",
            roles=WARD | {"R-MCHW"},
            process=referrals.PROCESS,
        ),
        Occasion(
            id="event",
            name=Text(zh="登记专案事件", en="Event in the case file"),
            form="case-event",
            roles=CARE,
            process="case_event",
        ),
        Occasion(
            id="appointment",
            name=Text(zh="预约（住院分娩、产检、检查）", en="Appointment (birth, visit, test)"),
            form="appointment-request",
            roles=CARE,
            process="appointment",
        ),
        Occasion(
            id="handover",
            name=Text(zh="跨区域转介", en="Hand-over to another region"),
            form="handover-request",
            roles=CARE,
            process=referrals.HANDOVER,
        ),
        Occasion(
            id="responsible",
            name=Text(zh="主管责任医师或医疗组", en="Responsible doctor or team"),
            form="responsible-doctor",
            roles=CARE,
        ),
        Occasion(
            id="rescue",
            name=Text(zh="危重抢救", en="Rescue"),
            form="rescue-start",
            roles=WARD,
            process="rescue",
        ),
        Occasion(
            id="education",
            name=Text(zh="健康教育", en="Health education"),
            form="education",
            roles=CARE,
            process="education",
        ),
        Occasion(
            id="disposition",
            name=Text(zh="胎盘与死胎处置", en="Disposition of placenta or fetus"),
            form="disposition",
            roles=WARD,
            process="disposition",
            stage="born",
        ),
        Occasion(
            id="child-handover",
            name=Text(zh="转儿童保健", en="Hand-over to child health"),
            form="child-handover",
            roles=CARE,
            process="child_handover",
            stage="born",
        ),
        Occasion(
            id="newborn-death",
            name=Text(zh="新生儿死亡", en="Death of a newborn"),
            form="newborn-died",
            roles=CARE,
            message="message_newborn_died",
            stage="born",
            key="child_order",
        ),
        Occasion(
            id="end",
            name=Text(zh="报告结局（流产、死亡、迁出、失访等）", en="Report an end (abortion, death, moved, lost …)"),
            form="end-report",
            roles=CARE,
            message="message_end_reported",
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class BeginOccasion:
    """Answers `Started`: the instance that was opened, or the case that was told. `after`: the referral that this one
    follows, which learns of it; `pregnancy_id` is then empty, her case may stand elsewhere."""

    occasion: str
    pregnancy_id: str
    variables: Mapping[str, Any]
    answers: Mapping[str, Any]
    happened_at: datetime | None = None
    after: UUID | None = None


def begin(
    services: Services,
    *,
    by: Principal,
    occasion: str,
    pregnancy_id: str,
    answers: Mapping[str, Any],
    idempotency: IdempotencyKey | None = None,
    happened_at: datetime | None = None,
) -> Started:
    """`happened_at`: when the form was filled in, where it is handed in later. Raises NotFound (no such occasion, or
    a woman who is not the caller's), Forbidden, Incorrect (by linkId)."""
    rule = of_id(occasion)
    with services.engine.read() as conn:
        case = reads.instance_by_business_key(conn, services.region_id, JOURNEY, pregnancy_id)
    if case is None or not may_read_woman(by, services.people.care_of(case.id)):
        raise NotFound("没有这份孕产妇档案，或不属于您的机构", "no such record, or none of yours")
    if not by.roles & rule.roles:
        raise Forbidden("您的角色不能办理此事", "this is not for your role")
    command = BeginOccasion(
        occasion=occasion,
        pregnancy_id=pregnancy_id,
        variables=variables_for(services, case, by.actor),
        answers=answers,
        happened_at=handed_in.since(services, happened_at),
    )
    return services.engine.execute(command, by=by.actor, idempotency=idempotency)


def of_id(occasion: str) -> Occasion:
    if occasion not in OCCASIONS:
        raise NotFound("没有此事项", "no such occasion")
    return OCCASIONS[occasion]


def variables_for(services: Services, case: Any, by: Actor) -> dict[str, Any]:
    """The woman's care, and her region's rules as they are today: the case may be older than the process. A hospital
    that begins something is the one where it happens."""
    asking = services.people.organisations().get(by.organisation or "")
    hospital = (
        asking.id if asking is not None and asking.kind == "hospital" else case.variables["hospital_organisation"]
    )
    pack = str(case.variables.get("pack") or services.settings.pack)
    return {
        **{name: case.variables.get(name) for name in OF_THE_CASE},
        "hospital_organisation": hospital,
        "asking_organisation": by.organisation,
        "answering_organisation": hospital,
        "appointment_organisation": hospital,
        "pack": pack,
        "policy": services.regions(pack).policy(),
    }


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: `BeginOccasion` is done whole or not at all."""

    def handle(command: BeginOccasion, tx: Any) -> Started:
        rule = of_id(command.occasion)
        tx.answer_is_new()  # the same click again gets its first answer, also where she has moved on since
        if not rule.is_in_time(command.variables):
            raise Conflict("与她目前的阶段不符", "she is not at this stage", code="stage")
        if rule.task is not None:
            return _done(rule.task, command, tx)
        if rule.process is None:
            return _told(rule, command, tx) if rule.message else _settled(rule, command, tx)
        if command.after is not None:
            _require_first(tx, command.after)
        variables = dict(command.variables)
        if rule.process in referrals.RECEIVERS:
            variables |= referrals.started(tx, tx.by.organisation)
        at = command.happened_at
        start = StartInstance(
            definition_key=rule.process,
            business_key=command.pregnancy_id or None,
            variables=variables,
            happened_at=at,
        )
        started: Started = tx.run(start)
        tasks = reads.user_tasks(tx.conn, services().region_id, instance_id=started.instance_id).items
        first = next((task for task in tasks if task.form == rule.form), None)
        if first is None:
            raise Conflict("流程没有对应的首个任务", "the process opens no task with this form")
        finish = completion.command_for(
            services(), tx.conn, first.id, answers=command.answers, by=tx.by, happened_at=at
        )
        tx.run(finish)
        if command.after is not None:
            noted = referrals.onward(tx, variables, command.answers)
            tx.run(SetVariables(instance_id=command.after, variables=noted, reason="referred on"))
        return started

    def _require_first(tx: Any, first: UUID) -> None:
        """She is referred on once, while she is there."""
        found = reads.instance(tx.conn, services().region_id, first)
        moved = found is None or referrals.state_of(found.variables) != "arrived" or found.variables.get("onward_no")
        if moved:
            raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")

    def _done(element: str, command: BeginOccasion, tx: Any) -> Started:
        """The hospital has this task in its list; who learns of the birth first writes it down. One record, one way."""
        asked: dict[str, Any] = {"business_key": command.pregnancy_id, "element_id": element, "limit": 2}
        waiting = reads.user_tasks(tx.conn, services().region_id, **asked).items
        if not waiting:
            raise Conflict("个案现在不等待这一登记：须先完成建册与筛查，或分娩已登记",
                           "the case does not wait for this now: registration and screening come first, or the birth is"
                           " recorded already", code="nobody-waits")  # fmt: skip
        task = waiting[0]
        finish = completion.command_for(
            services(),
            tx.conn,
            task.id,
            answers=command.answers,
            by=tx.by,
            allowed=True,
            happened_at=handed_in.since(services(), command.happened_at, task.created_at),
        )
        tx.run(finish)
        return Started(instance_id=task.instance_id)

    def _told(rule: Occasion, command: BeginOccasion, tx: Any) -> Started:
        values, payload = _meaning(rule, command, tx)
        key = f"{command.pregnancy_id}/{values[rule.key]}" if rule.key else command.pregnancy_id
        told = tx.run(PublishMessage(name=str(rule.message), key=key, payload=payload))
        if told.instance_id is None:
            raise Conflict("个案现在不等待这一消息", "the case does not wait for this now", code="nobody-waits")
        return Started(instance_id=told.instance_id)

    def _settled(rule: Occasion, command: BeginOccasion, tx: Any) -> Started:
        _, variables = _meaning(rule, command, tx)
        case = reads.instance_by_business_key(tx.conn, services().region_id, JOURNEY, command.pregnancy_id)
        if case is None:
            raise NotFound("没有这份孕产妇档案", "no such record")
        tx.run(SetVariables(instance_id=case.id, variables=variables, reason=rule.id))
        return Started(instance_id=case.id)

    def _meaning(rule: Occasion, command: BeginOccasion, tx: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        form = services().forms.get(rule.form, conn=tx.conn)
        if form is None:
            raise NotFound("登记表尚未发布", "the form is not deployed")
        filled_at = handed_in.moment(services(), command.happened_at)
        checked = form.validate(dict(command.answers), on=filled_at, context=dict(command.variables))
        values = {**checked.values, **checked.calculated}
        return values, journey.derive(rule.form, values, {"policy": command.variables.get("policy")}, filled_at.date())

    return {BeginOccasion: handle}
