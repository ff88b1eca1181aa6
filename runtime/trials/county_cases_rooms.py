"""R02 for what the rooms of pregnancy do on their own: registrations and leads of nurses, what begins from a woman's
page, duties of institutions, files of other registers, messages of other hospital systems, jobs of outside workers;
and for the hand-moved clock, which no single transaction moves."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid5

from engine.commands.contracts import Deploy, IdempotencyKey, StartInstance, TerminateInstance
from engine.errors import Conflict
from engine.store import reads
from fhir_adapters.arrivals.desk import Desk
from fhir_adapters.arrivals.receiving import Receiver
from runtime.bursts import Bursts
from runtime.demo.county import JOB_WORKER
from runtime.trials import county_documents as send
from runtime.trials.county_cases import LATER, CountyCase, arrived, nothing, registered, with_a_result
from runtime.trials.county_site import CountyCell, Site
from runtime.trials.diagrams import END, START, chain, diagram, service_task, timer
from workflows import completion, intake, leads, occasions
from workflows.forms import example_answers
from workflows.institutions import calendar, imports

ORDERS = "trial_order"
PAUSE = "trial_pause"
ASKED = "/api/jobs/activation"

# Beside those of `county_cases`.
COUNTS: Mapping[str, str] = {
    "job": "SELECT state::text || ' ' || attempts, count(*) FROM job WHERE type LIKE 'order-%' GROUP BY 1",
    "brought": "SELECT state::text, count(*) FROM import_row GROUP BY 1",
    "arrival": "SELECT state::text, count(*) FROM arrival_outcome GROUP BY 1",
    "clock": "SELECT 'minutes', (extract(epoch FROM now) / 60)::integer FROM manual_clock",
}


def _key(cell: CountyCell) -> IdempotencyKey:
    return IdempotencyKey(client="trial", key=str(cell.id), request_hash="same")


# --- what stands before -----------------------------------------------------------------------------------------------


def with_a_form_to_register(site: Site, cell: CountyCell) -> None:
    """Sent in by her hospital: her nurse's task is to register her."""
    arrived(site, cell)


def with_a_woman_handed_over(site: Site, cell: CountyCell) -> None:
    """By another region, to the township of the nurse, who has not answered yet."""
    by, services = site.principal("nurse").actor, site.services
    pack = str(services.settings.pack)
    variables = {
        "patient_id": str(uuid5(cell.id, "patient")),
        "referral_no": f"ZZ{cell.id.hex[:12].upper()}",
        "from_elsewhere": True,
        "county_organisation": by.organisation,
        "pack": pack,
        "policy": services.regions(pack).policy(),
        **{f"{name}_organisation": by.organisation for name in ("home", "asking", "sending", "receiving")},
    }
    start = StartInstance(definition_key="handover", business_key=None, variables=variables)
    instance_id = services.engine.execute(start, by=by).instance_id
    for element, form in (("task_request_handover", "handover-request"), ("task_accept_handover", None)):
        with services.engine.read() as conn:
            asked = reads.user_tasks(conn, services.region_id, instance_id=instance_id, element_id=element)
        [task] = asked.items
        if form:
            answers = {**example_answers(form), "handover_org": by.organisation}
            completion.complete(services, task.id, by=by, answers=answers)
    cell.found["task"] = str(task.id)


def graded_orange(site: Site, cell: CountyCell) -> None:
    with_a_result(site, cell)
    Bursts(site.services.engine).look(site.services.clock() + LATER)
    plain = {name: value for name, value in example_answers("risk-grading").items() if value is not True}
    _finish(site, cell, "task_grade", "doctor", {**plain, "informed_on": "2026-01-05", "o_1_2": True})
    with site.services.engine.read() as conn:
        case = reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", cell.pregnancy)
    assert case is not None
    cell.found["graded_at"] = case.variables["gradings"][-1]["graded_at"]


def _finish(site: Site, cell: CountyCell, element: str, who: str, answers: Mapping[str, Any]) -> None:
    completion.complete(site.services, _task(site, cell, element), by=site.principal(who), answers=dict(answers))


def _task(site: Site, cell: CountyCell, element: str) -> UUID:
    with site.services.engine.read() as conn:
        found = reads.user_tasks(conn, site.services.region_id, business_key=cell.pregnancy).items
    return next(task.id for task in found if task.element_id == element)


def with_a_sheet(site: Site, cell: CountyCell) -> None:
    """The monthly sheet of a township waits for what it counted."""
    organisation = "org-twn-1"
    variables = intake.calendar_variables(site.services, organisation) | {"sweep_month": "2026-01-01"}
    command = StartInstance(definition_key="special_sweep", business_key=str(cell.id), variables=variables)
    started = site.services.engine.execute(command, by=site.principal("nurse").actor)
    with site.services.engine.read() as conn:
        open_now = reads.user_tasks(conn, site.services.region_id, instance_id=started.instance_id).items
    cell.found["sheet"] = next(task.id for task in open_now if task.element_id == "task_sweep")


def without_duties(site: Site, cell: CountyCell) -> None:
    services, officer = site.services, site.principal("officer").actor
    with services.engine.read() as conn:
        running = conn.execute(
            "SELECT id FROM instance WHERE definition_key = 'institution_duty' AND status = 'active'"
        ).fetchall()
    for (instance,) in running:
        services.engine.execute(TerminateInstance(instance_id=instance, reason="trial"), by=officer)


def with_an_order(site: Site, cell: CountyCell) -> None:
    """A job of a type that this cell alone asks for."""
    engine, by = site.services.engine, site.principal("nurse").actor
    work = START + service_task("order", "=kind") + END + chain("start", "order", "end")
    engine.execute(Deploy(files={"order.bpmn": diagram(ORDERS, work)}), by=by)
    engine.execute(StartInstance(definition_key=ORDERS, variables={"kind": _kind(cell)}), by=by)


def with_a_message_nobody_understands(site: Site, cell: CountyCell) -> None:
    cell.found["arrival"] = str(_receive(site, cell, _hl7(cell, status="Q")).arrival_id)


def with_a_pause(site: Site, cell: CountyCell) -> None:
    """Nothing is due at the clock's time, and in half a minute a timer will be."""
    with site.by_hand() as moved:
        moved.ask("POST", "/api/clock", {"advance": "PT10M"}, who="it")
        engine, by = moved.services.engine, moved.principal("it").actor
        half_a_minute = timer("timeDuration", "PT30S")
        wait = f'<bpmn:intermediateCatchEvent id="pause">{half_a_minute}</bpmn:intermediateCatchEvent>'
        drawn = diagram(PAUSE, START + wait + END + chain("start", "pause", "end"))
        engine.execute(Deploy(files={"pause.bpmn": drawn}), by=by)
        engine.execute(StartInstance(definition_key=PAUSE), by=by)


# --- the acts ---------------------------------------------------------------------------------------------------------


def _register(site: Site, cell: CountyCell) -> None:
    intake.open_case(site.services, by=site.principal("nurse"), answers=send.answers_of(cell), idempotency=_key(cell))


def _finish_registration(site: Site, cell: CountyCell) -> None:
    completion.complete(
        site.services, UUID(cell.found["task"]), by=site.principal("nurse"), answers=send.answers_of(cell),
        idempotency=_key(cell),
    )  # fmt: skip


def _accept_her(site: Site, cell: CountyCell) -> None:
    completion.complete(
        site.services, UUID(cell.found["task"]), by=site.principal("nurse"),
        answers={**example_answers("handover-answer"), "handover_accepted": True}, idempotency=_key(cell),
    )  # fmt: skip


def _hear_of_her(site: Site, cell: CountyCell) -> None:
    answers = {
        **example_answers("pregnancy-lead"),
        "name": "测试丁",
        "id_no": cell.card,
        "birth_date": cell.born.isoformat(),
    }
    leads.open_lead(site.services, by=site.principal("nurse"), answers=answers, idempotency=_key(cell))


def _teach(site: Site, cell: CountyCell) -> None:
    occasions.begin(
        site.services, by=site.principal("nurse"), occasion="education", pregnancy_id=cell.pregnancy,
        answers=example_answers("education"), idempotency=_key(cell),
    )  # fmt: skip


def _take_up(site: Site, cell: CountyCell) -> None:
    calendar.take_up(site.services, by=site.principal("officer"), idempotency=_key(cell))


def _hand_in_sheet(site: Site, cell: CountyCell) -> None:
    row = {
        "sweep_name": f"测试{cell.number}", "sweep_birth": "1996-07", "sweep_age": 29, "sweep_married": "yes",
        "sweep_births": "1-0", "sweep_lmp": "2025-12-20", "sweep_pregnant": "yes", "sweep_checked": "no",
        "sweep_addr_current": "甲镇一村", "sweep_addr_household": "甲镇一村", "sweep_contraception": "无",
        "sweep_phone": f"1380000{cell.number:04}", "sweep_remarks": "精神疾病",
    }  # fmt: skip
    answers = {**example_answers("sweep"), "rows": [row], "sweep_new_pregnant": 1}
    by, key = site.principal("nurse"), _key(cell)
    completion.complete(site.services, cell.found["sheet"], by=by, answers=answers, idempotency=key)


def _bring_in(site: Site, cell: CountyCell) -> None:
    """The same file again is refused: what it was for is there."""
    line = f"测试母,{cell.card},2026-01-02,N{cell.number:08}"
    content = f"母亲姓名,母亲证件号,出生日期,出生医学证明号\n{line}\n".encode()
    with suppress(Conflict):
        imports.bring_in(site.services, "births", content, by=site.principal("officer"))


def _hl7(cell: CountyCell, status: str = "F") -> bytes:
    return "".join(
        f"{segment}\r"
        for segment in (
            f"MSH|^~\\&|HIS|COUNTY|YUNTU|COUNTY|20260105083000||ORU^R01^ORU_R01|{cell.id}|P|2.5|||||CHN|UNICODE UTF-8",
            f"PID|1||{cell.card}^^^CN^NI||测试甲子||{cell.born:%Y%m%d}|F",
            f"OBR|1||L{cell.number}|URINE^尿常规|||20260105080000",
            f"OBX|1|NM|8480-6^收缩压^LN||121|mmHg|||||{status}|||20260105080000",
        )
    ).encode()


def _receive(site: Site, cell: CountyCell, body: bytes) -> Any:
    told = {"client": "his-demo", "channel": "hl7v2", "origin": "trial"}
    return Receiver(site.services).receive(body, **told, control_id=str(uuid5(cell.id, "message")))


def _amend_grading(site: Site, cell: CountyCell) -> None:
    body = {"graded_at": cell.found["graded_at"], "criteria": ["Y-1.1"], "reason": "身高体重录反"}
    path = f"/api/pregnancies/{cell.pregnancy}/corrections/grading"
    site.ask("POST", path, body, who="doctor", **cell.key)


def _put_aside(site: Site, cell: CountyCell) -> None:
    with suppress(Conflict):  # it is settled already
        Desk(site.services).discard(UUID(cell.found["arrival"]), "测试消息", site.principal("officer"))


def _kind(cell: CountyCell) -> str:
    return f"order-{cell.number}"


def _activate(site: Site, cell: CountyCell) -> None:
    body = {"type": _kind(cell), "worker": "w-1", "lease": "PT1H"}
    [job] = site.ask("POST", ASKED, body, who=JOB_WORKER, **cell.key).json["jobs"]
    assert job["attempt"] == 1


def _move_the_clock(site: Site, cell: CountyCell) -> None:
    with site.by_hand() as moved:
        moved.ask("POST", "/api/clock", {"advance": "PT1M"}, who="it", **cell.key)


CASES: Mapping[str, CountyCase] = {
    "a nurse registers a woman": CountyCase(
        prepare=nothing, act=_register, watched="OpenCase",
        comes={"instance": {"pregnancy_journey active": 1}, "user_task": {"task_register completed": 1}},
    ),
    "a nurse registers whom a hospital sent in": CountyCase(
        prepare=with_a_form_to_register, act=_finish_registration, watched="OneWoman", covers=("Registered",),
        comes={"user_task": {"task_register completed": 1, "task_register created": -1}},
    ),
    "a woman of another region is accepted": CountyCase(
        prepare=with_a_woman_handed_over, act=_accept_her, watched="MovedIn",
        comes={"instance": {"pregnancy_journey active": 1},
               "user_task": {"task_register created": 1, "task_register_moved_in created": 1}},
    ),
    "a pregnancy is heard of": CountyCase(
        prepare=nothing, act=_hear_of_her, watched="OpenLead",
        comes={"instance": {"pregnancy_lead active": 1}, "user_task": {"task_follow_lead created": 1}},
    ),
    "something begins from her page": CountyCase(
        prepare=registered, act=_teach, watched="BeginOccasion", comes={},
    ),
    "a grading was wrong": CountyCase(
        prepare=graded_orange, act=_amend_grading, watched="CarryOut", covers=("AmendGrading",),
        comes={"audit": {"amend-grading": 1}},
    ),
    "duties are taken up": CountyCase(
        prepare=without_duties, act=_take_up, watched="TakeUpDuties", comes={},
    ),
    "a sheet is handed in": CountyCase(
        prepare=with_a_sheet, act=_hand_in_sheet, watched="SheetReported",
        comes={"instance": {"pregnancy_lead active": 1},
               "user_task": {"task_sweep completed": 1, "task_sweep created": -1}},
    ),
    "a file of another register": CountyCase(
        prepare=nothing, act=_bring_in, watched="BringIn", comes={"brought": {"unknown": 1}},
    ),
    "a hospital's own message": CountyCase(
        prepare=arrived, act=lambda site, cell: _receive(site, cell, _hl7(cell)), watched="ApplyArrival",
        comes={"arrival": {"understood": 1}, "resource": {"Observation": 1}},
    ),
    "a message that nobody understands": CountyCase(
        prepare=arrived, act=lambda site, cell: _receive(site, cell, _hl7(cell, status="Q")), watched="NoteTrouble",
        comes={"arrival": {"not-understood": 1}},
    ),
    "a message is put aside": CountyCase(
        prepare=with_a_message_nobody_understands, act=_put_aside, watched="Audited", covers=("SettleArrival",),
        comes={"arrival": {"discarded": 1, "not-understood": -1}, "audit": {"SettleArrival": 1}},
    ),
    "a worker outside takes a job": CountyCase(
        prepare=with_an_order, act=_activate, watched="HandOutJobs",
        comes={"job": {"running 1": 1, "waiting 0": -1}, "audit": {"activate": 1}},
    ),
    "the clock is moved by hand": CountyCase(  # the last one: what others left would fall due
        prepare=with_a_pause, act=_move_the_clock,
        comes={"clock": {"minutes": 1}, "instance": {f"{PAUSE} completed": 1, f"{PAUSE} active": -1}},
    ),
}  # fmt: skip
