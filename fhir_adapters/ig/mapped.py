"""Every row of the mapping specification (§4 to §8): which function writes it, and which golden resource holds it.

A row names functions of `fhir_adapters.mappings`, or says why nothing is written. The page is made from this table,
and a test holds each row against the code and the golden files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_adapters.ig.common import Json
from fhir_adapters.terminology import BP_PANEL, END_REASONS, ITEMS, LOINC, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`functions`: `module.function`; `golden`: names of files in `tests/fhir/golden`; `nothing`: why there is no
    resource."""

    part: str
    what: str
    resource: str
    functions: tuple[str, ...] = ()
    golden: tuple[str, ...] = ()
    nothing: str | None = None


def _row(part: str, what: str, resource: str, functions: str, golden: str) -> Row:
    return Row(
        part=part, what=what, resource=resource, functions=tuple(functions.split()), golden=tuple(golden.split())
    )


def _none(part: str, what: str, why: str) -> Row:
    return Row(part=part, what=what, resource="—", nothing=why)


_4, _5, _7, _8 = "§4 BPMN ↔ FHIR", "§5 阶段", "§7 样例", "§8 转诊"
_REPORTS = (
    "report_risk report_discharge report_handover report_blood report_disease report_death_call report_death "
    "report_newborn_death report_near_miss sweep official_notice"
)
ROWS: tuple[Row, ...] = (
    _row(
        _4,
        "流程定义",
        "PlanDefinition、Library、ActivityDefinition",
        "definition.to_plan definition.to_library definition.to_activity",
        "plan_of_a_process library_of_a_process activity",
    ),
    _row(_4, "决策表", "PlanDefinition、Library", "definition.to_plan definition.to_library", "plan_of_a_table"),
    _row(_4, "地区方案包", "Library", "definition.to_pack", "library_of_a_pack"),
    _row(_4, "个案（一次妊娠）", "EpisodeOfCare", "episode.to_episode", "episode_active episode_finished episode_void"),
    _row(_4, "流程实例", "CarePlan", "episode.to_care_plan", "care_plan_active care_plan_completed"),
    _row(_4, "调用的子流程", "CarePlan partOf、Task", "care.to_part task.to_task", "case_file pmtct task_ready"),
    _row(
        _4,
        "实例挂起与恢复",
        "CarePlan on-hold、Task on-hold",
        "episode.to_care_plan task.held task.let_go",
        "care_plan_on_hold task_on_hold task_let_go",
    ),
    _row(_4, "实例换版", "CarePlan、Provenance", "provenance.of_migration", "provenance_of_a_migration"),
    _row(_4, "任务已开出", "Task ready", "task.to_task", "task_ready task_of_a_process_about_nobody"),
    _row(_4, "任务被领取、有暂存", "Task accepted、in-progress", "task.to_task task.begun", "task_accepted task_begun"),
    _row(_4, "任务办结", "Task completed", "task.to_task", "task_completed"),
    _row(_4, "任务取消", "Task cancelled", "task.to_task", "task_cancelled"),
    _row(_4, "对方办不了", "Task rejected、failed", "referral.to_task", "referral_refused referral_no-show"),
    _row(
        _4, "期限", "Task.restriction、clock、businessStatus", "task.to_task", "task_ready task_due_soon task_overdue"
    ),
    _row(_4, "等日期的计时（随访窗口）", "Appointment", "appointment.to_window", "window window_kept window_dropped"),
    _none(_4, "只升级的计时", "没有自己的资源：改 businessStatus，开出下一步的 Task"),
    _row(
        _4,
        "抛出消息",
        "ServiceRequest、Task、Communication",
        "referral.to_request referral.to_task communication.to_report",
        "referral_request referral_requested report_risk",
    ),
    _none(_4, "等待消息", "不写资源：按妊娠、转诊单号或任务编号归案（§9.2）"),
    _none(_4, "网关、脚本、服务任务", "不导出；作了临床决定的写 Provenance（见评估分级）"),
    _none(_4, "变量", "从不导出，只有映射出的资源"),
    _none(_4, "故障", "不进临床资源：运维接口和审计记录里有"),
    _row(
        _4,
        "一个实例的经过",
        "Provenance、AuditEvent、_history",
        "provenance.of_grading provenance.of_amendment audit_event.to_audit_event",
        "provenance_of_a_grading provenance_of_an_amendment audit_of_a_search audit_of_an_engine",
    ),
    _row(
        _5, "P01 线索", "Patient、CarePlan、Task", "patient.to_patient task.to_task", "patient task_ready attempt_lead"
    ),
    _row(
        _5,
        "P02 建册",
        "EpisodeOfCare、Condition、CarePlan、QuestionnaireResponse、Observation、Appointment",
        "episode.to_episode episode.to_condition episode.to_care_plan response.to_response dating.to_lmp dating.to_edd "
        "observation.to_observations appointment.to_window",
        "episode_active condition_pregnancy care_plan_active response lmp edd observations_of_a_visit window",
    ),
    _row(_5, "P03 筛查", "RiskAssessment", "risk.to_screening", "screening"),
    _row(
        _5,
        "P04 阳性转诊",
        "ServiceRequest、Consent",
        "request.to_screening_referral consent.to_consent",
        "screening_referral screening_referral_refused screening_referral_returned",
    ),
    _row(
        _5,
        "P05 分级",
        "RiskAssessment、Flag、Observation、Provenance",
        "risk.to_grading risk.to_flags risk.to_colour provenance.of_grading",
        "grading grading_purple flags colour provenance_of_a_grading",
    ),
    _row(
        _5,
        "P06 风险报告",
        "Communication、Task；被取代、撤回的 stopped，后一份 inResponseTo 前一份",
        "communication.to_report communication.stopped communication.in_place_of task.to_task",
        "report_risk report_stopped report_in_place task_ready",
    ),
    _row(
        _5,
        "P07 高危专案",
        "CarePlan、CareTeam；专案结束时一并结束",
        "care.to_part care.to_team care.ended",
        "case_file case_file_closed case_file_ended case_file_withdrawn expert_plan",
    ),
    _row(
        _5,
        "P08 产前随访",
        "Appointment、Encounter、Observation；只催检为 Communication",
        "appointment.to_window encounter.to_visit observation.to_observations communication.to_urging",
        "window window_kept visit observations_of_a_visit urged",
    ),
    _row(
        _5,
        "P09 再评估",
        "DetectedIssue（医师评估后 final）、RiskAssessment",
        "finding.to_findings finding.confirmed risk.to_grading",
        "findings finding_confirmed grading grading_unchanged",
    ),
    _row(
        _5,
        "P10 产前筛查与诊断",
        "ServiceRequest、Specimen、DiagnosticReport、Consent",
        "request.to_prenatal_test request.to_result consent.to_consent",
        "consent_screening refusal_screening refusal_diagnosis prenatal_result prenatal_diagnosis structural_scan "
        "thalassaemia",
    ),
    _row(
        _5,
        "P11 母婴阻断",
        "Condition（限制）、CarePlan、Immunization、Consent；MedicationRequest 由医院写，原样保存",
        "outcome.to_infection care.to_part child.to_vaccinations consent.to_consent",
        "pmtct vaccination_exposed refusal_rapid_test",
    ),
    _row(
        _5,
        "P12 适宜性评估",
        "Composition、Consent、QuestionnaireResponse",
        "sheet.to_council consent.to_consent response.to_response",
        "suitability response",
    ),
    _row(
        _5,
        "P13 会诊、转诊、急救",
        "ServiceRequest、Task、Consent、Communication",
        "request.to_consultation referral.to_request referral.to_task consent.to_consent communication.to_report",
        "consultation_requested consultation_answered referral_request referral_requested refusal_transfer "
        "report_blood report_handover",
    ),
    _row(
        _5,
        "P14 分娩",
        "Encounter、Procedure、Observation、Condition Z37、P95",
        "encounter.to_delivery encounter.to_procedure observation.to_observations outcome.to_outcomes",
        "delivery delivery_finished delivery_outside procedure procedure_emergency_caesarean observations_of_a_birth "
        "outcome_single outcome_twins consent_caesarean report_discharge recheck_admission",
    ),
    _row(
        _5,
        "P15 新生儿",
        "Patient、RelatedPerson、EpisodeOfCare、CarePlan、Immunization",
        "newborn.to_newborn newborn.to_mother child.to_care episode.to_care_plan child.to_vaccinations",
        "newborn newborn_at_home newborn_of_twins mother newborn_care newborn_care_ended vaccination "
        "vaccination_not_done",
    ),
    _row(
        _5,
        "P16 产后访视",
        "Encounter、Observation、RiskAssessment",
        "encounter.to_visit observation.to_observations risk.to_recheck",
        "visit observations_of_a_visit recheck_postpartum",
    ),
    _row(_5, "P17 产后42天", "Appointment、Encounter", "appointment.to_window encounter.to_visit", "window_kept visit"),
    _row(
        _5,
        "P18 结案",
        "EpisodeOfCare、CarePlan、Flag、Task",
        "episode.to_episode episode.to_care_plan care.ended risk.to_flags task.to_task consent.to_consent",
        "episode_finished care_plan_completed case_file_ended focus_ended flags_of_an_ended_case flags_of_an_abortion "
        "task_cancelled condition_resolved refusal_care",
    ),
    _row(
        _5,
        "P19 死亡与危重",
        "Patient.deceased、Condition（V）、Communication（V）",
        "patient.died outcome.to_death communication.to_report",
        "mother_died mother_died_at report_death report_death_call report_newborn_death report_near_miss",
    ),
    _row(
        _5,
        "P20 重点、摸排",
        "Flag、CarePlan、List",
        "care.to_focus care.to_part care.ended sheet.to_list",
        "focus focus_ended sweep",
    ),
    _row(_5, "P21 失访", "Task、Communication", "communication.to_attempt", "attempt_failed attempt_reached"),
    _row(
        _5,
        "P22 督导与指标",
        "Task focus Organization、Measure、MeasureReport、Communication",
        "task.to_task measure.to_measure measure.to_report communication.to_report",
        "task_of_a_process_about_nobody measure_I-12 measure_report_summary measure_report_of_subjects official_notice",
    ),
    _row(_7, "7.1 孕产妇", "Patient", "patient.to_patient", "patient"),
    _row(_7, "7.2 个案与流程实例", "EpisodeOfCare、CarePlan", "episode.to_episode", "episode_active care_plan_active"),
    _row(_7, "7.3 带期限的任务", "Task", "task.to_task", "task_ready"),
    _row(_7, "7.4 孕周与预产期", "Observation", "dating.to_lmp dating.to_edd", "lmp edd provenance_of_a_due_date"),
    _row(_7, "7.5 分级", "RiskAssessment", "risk.to_grading", "grading grading_purple"),
    _row(_7, "7.6 标识", "Flag", "risk.to_flags", "flags"),
    _none(_7, "7.7 医院送来的血压", "由医院写：原样保存；自己测得的同样是一个血压组"),
    _row(
        _7,
        "7.8 发现",
        "DetectedIssue",
        "finding.to_findings finding.confirmed",
        "findings finding_confirmed",
    ),
    _row(_7, "7.9 随访窗口", "Appointment", "appointment.to_window", "window"),
    _row(_7, "7.10 分娩", "Encounter、Procedure", "encounter.to_delivery", "delivery procedure_emergency_caesarean"),
    _row(_7, "7.11 新生儿与母亲", "Patient、RelatedPerson", "newborn.to_newborn newborn.to_mother", "newborn mother"),
    _row(_7, "7.12 医院办结任务", "QuestionnaireResponse、Task", "task.to_task", "response task_completed"),
    _row(_7, "7.13 妊娠诊断", "Condition", "episode.to_condition", "condition_pregnancy condition_high_risk"),
    _row(_7, "7.13 报告", "Communication", "communication.to_report", _REPORTS),
    _row(_7, "7.13 指标报告", "MeasureReport", "measure.to_report", "measure_report_summary"),
    _row(_7, "7.13 分级的来历", "Provenance", "provenance.of_grading", "provenance_of_a_grading"),
    _row(_7, "7.13 拒绝", "Consent", "consent.to_consent", "refusal_screening refusal_transfer"),
    _row(_7, "7.13 机构任务", "Task", "task.to_task", "task_of_a_process_about_nobody"),
    *(
        _row(_8, title, "Task、ServiceRequest、Provenance", "referral.to_task provenance.of_referral", golden)
        for title, golden in (
            ("发出", "referral_requested referral_request provenance_of_a_referral"),
            ("已接收", "referral_received"),
            ("接受", "referral_accepted"),
            ("拒绝", "referral_refused"),
            ("出发", "referral_departed"),
            ("到达", "referral_arrived"),
            ("续转上级", "referral_onward"),
            ("结果回转", "referral_returned"),
            ("未到", "referral_no-show"),
            ("撤回", "referral_withdrawn"),
        )
    ),
)


def codes() -> list[Json]:
    """§6: every measured item with its code, unit, national data element and how sure we are of it."""
    panel = {"bp": BP_PANEL}
    return [_code(name, item) for name, item in {**ITEMS, **panel}.items()]


def _code(name: str, item: Item) -> Json:
    found = {
        "name": name,
        "system": item.system,
        "code": item.code,
        "display": item.display,
        "mark": item.mark,
        "unit": item.unit,
        "element": item.data_element,
        "category": item.category,
        "restricted": item.sensitivity,
        "also": list(item.also) or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def page() -> str:
    """What docs/integration/mappings.md holds."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for part in dict.fromkeys(row.part for row in ROWS):
        yield f"\n## {part}\n\n| 内容 | 资源 | 函数 | 金标文件 |\n| --- | --- | --- | --- |\n"
        for row in (one for one in ROWS if one.part == part):
            if row.nothing:
                yield f"| {row.what} | — | {row.nothing} | — |\n"
                continue
            functions = "、".join(f"`{name}`" for name in row.functions)
            yield f"| {row.what} | {row.resource} | {functions} | {'、'.join(row.golden)} |\n"
    yield "\n## §6 代码表\n\n冻结在 `tests/fhir/codes.json`。"
    yield "标记：V 见于已发布的资料，E 存在而全名未核，K 专业常识，O 自有。\n\n"
    yield "| 项目 | 代码 | 单位 | 数据元 | 标记 |\n| --- | --- | --- | --- | --- |\n"
    for one in codes():
        system = "" if one["system"] == LOINC else "自有 "
        also = f"（也收 {'、'.join(one['also'])}）" if one.get("also") else ""
        unit, element = one.get("unit", ""), one.get("element", "")
        yield f"| {one['name']} | {system}{one['code']}{also} | {unit} | {element} | {one['mark']} |\n"
    yield "\n结案原因：" + "、".join(f"{code} {zh}" for code, zh in END_REASONS.items()) + "。\n"


_HEAD = """# 映射：规范的每一行由什么写成

由 `fhir_adapters/ig/mapped.py` 生成（`yuntu fhir ig --mappings docs/integration/mappings.md`），不手工改。
函数在 `fhir_adapters/mappings/`，金标文件在 `tests/fhir/golden/`；没有代码或金标文件的行，测试不通过。

表单办结时写成的资源由一张表决定：`fhir_adapters/mappings/by_form.py`。流程定义、决策表、方案包和审计记录不另存，
读取时由现有的内容生成。
"""
