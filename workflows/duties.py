"""The duties of "each case" that a high-risk woman is owed (发现 登记 报告 管理 救治), as a list to be checked. Pure:
what was done comes from the grading, the tasks and the case file; what is asked for comes from her own region pack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.clock import CHINA
from engine.errors import Text
from workflows.facts import date_of
from workflows.regions import Pack

ELEMENTS = (  # the tasks that the list looks at
    *("task_open_case_file", "task_report_risk", "task_acknowledge_report", "task_meet_face_to_face"),
    *("task_request_transfer", "task_transfer_result", "task_record_discharge"),
)
REGULARLY = {"regular": "定期"}
SENIOR = frozenset({"associate_chief", "chief"})
GUIDANCE: Mapping[str, Text] = {  # what the region says about rescue, beside the duty
    "transfer.stepwise": Text(zh="逐级转诊", en="step by step"),
    "transfer.cross_level_when_critical": Text(zh="危重可跨级", en="across levels when critical"),
    "transfer.contact_first": Text(zh="先联系再转", en="contact first"),
    "transfer.escort": Text(zh="护送", en="escort"),
    "transfer.untransportable": Text(zh="不宜转运者", en="where she cannot be moved"),
    "transfer.ems": Text(zh="院前急救", en="ambulance"),
    "emergency.rule": Text(zh="抢救原则", en="rule of rescue"),
    "emergency.blood": Text(zh="紧急用血", en="urgent blood"),
    "emergency.family_contact": Text(zh="负责与家属沟通的产科医师（名）", en="obstetricians who speak with the family"),
    "emergency.expert_oncall": Text(zh="专家值守", en="experts on call"),
    "emergency.oso": Text(zh="产科安全管理办公室", en="obstetric safety office"),
}
PLANS = {
    "plan_management": Text(zh="个性化管理方案", en="individual management plan"),
    "plan_treatment": Text(zh="诊疗方案", en="treatment plan"),
    "plan_emergency": Text(zh="应急预案", en="emergency plan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`state`: done, due, overdue, by-need (nothing to do until there is a need), not-asked, hidden (protected)."""

    name: Text
    state: str
    on: date | None = None
    due: datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """`verb` as the pack writes it; done when nothing that is asked for is missing."""

    verb: str
    checks: tuple[Check, ...]

    @property
    def state(self) -> str:
        found = {check.state for check in self.checks}
        for state in ("overdue", "due", "hidden"):
            if state in found:
                return state
        return "done" if "done" in found else "by-need" if "by-need" in found else "not-asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the list is made of. `tasks`: the newest of each element that exists. `case_file`: its answers; None where
    the reader may not know them. `colours`: those of hers that the reader may know of."""

    variables: Mapping[str, Any]
    tasks: Mapping[str, Any]
    case_file: Mapping[str, Any] | None
    colours: Collection[str]
    pack: Pack
    now: datetime


def duties(known: Known) -> list[Duty]:
    """In the order of the pack's words; empty for a woman whose colours ask for no case file."""
    if not _asked(known, "casefile.colours"):
        return []
    return [Duty(verb=verb, checks=tuple(BY_VERB[verb](known))) for verb in known.pack.value("casefile.verbs")]


def colours_of(variables: Mapping[str, Any], *, may_know_purple: bool) -> frozenset[str]:
    colour = variables.get("colour")
    purple = {"purple"} if may_know_purple and variables.get("purple") else set()
    return frozenset({str(colour)} if colour else set()) | purple


def _found(known: Known) -> list[Check]:
    return [Check(name=Text(zh="评估分级", en="graded"), state="done", on=_graded_on(known))]


def _registered(known: Known) -> list[Check]:
    label = Text(zh="系统标识与台账（由分级记录生成）", en="system label and registers (made from the grading)")
    checks = [
        Check(name=label, state="done", on=_graded_on(known), source=_value(known.pack, "it.system_name")),
        _by_task(known, "task_open_case_file", Text(zh="建立专案", en="case file opened")),
    ]
    if places := _value(known.pack, "risk.label"):
        name = Text(zh=f"标识于：{_told(places)}", en=f"labelled in: {_told(places)}")
        checks.append(Check(name=name, state="by-need", source=_sentence(known, "risk.label")))
    if _value(known.pack, "register.all_high_risk"):
        how = _told(_value(known.pack, "register.all_high_risk"))
        name = Text(zh=f"全部高危孕产妇专门台账（{how}）", en=f"register of all high-risk women ({how})")
        checks.append(Check(name=name, state="done", source=_sentence(known, "register.all_high_risk")))
    return checks


def _reported(known: Known) -> list[Check]:
    sent = Text(zh="分级报告单报出", en="risk report sent")
    own = _value(known.pack, "report.rule")
    rule = _told(own) if own else _sentence(known, "report.colours")
    source = f"{rule} → {_told(_value(known.pack, 'report.recipient'))}"
    if not _asked(known, "report.colours"):
        return [Check(name=sent, state="not-asked", source=source)]
    return [
        _by_task(known, "task_report_risk", sent, source),
        _by_task(known, "task_acknowledge_report", Text(zh="县级确认收到", en="acknowledged by the county")),
    ]


def _managed(known: Known) -> list[Check]:
    checks = [_written(known, "responsible_doctor", Text(zh="专案责任医师", en="responsible doctor named"))]
    if _asked(known, "casefile.senior_ob_colours"):
        name = Text(zh="产科高年资医师负责", en="a senior obstetrician is responsible")
        is_senior = known.case_file is not None and known.case_file.get("responsible_doctor_title") in SENIOR
        checks.append(_said(known, is_senior, name, "casefile.senior_ob_colours"))
    if _asked(known, "casefile.plan_colours"):
        checks += [_written(known, item, name, "casefile.plan_colours") for item, name in PLANS.items()]
    if _asked(known, "casefile.expert_panel_colours"):
        name = Text(zh="区域专家组制订方案（专科会诊）", en="plan by the regional expert group (consultation)")
        checks.append(_written(known, "consultations", name, "casefile.expert_panel_colours"))
    if how := _value(known.pack, "casefile.case_discussion"):
        name = Text(zh=f"病例讨论：{REGULARLY.get(how, how)}", en=f"case discussion: {how}")
        checks.append(Check(name=name, state="by-need", source=_sentence(known, "casefile.case_discussion")))
    if _value(known.pack, "casefile.discharge_plan") and known.variables.get("delivered_on"):
        name = Text(zh="出院评估与管理方案", en="assessment and plan at discharge")
        checks.append(_by_task(known, "task_record_discharge", name, _sentence(known, "casefile.discharge_plan")))
    checks.append(_followed(known))
    if _value(known.pack, "casefile.face_to_face_once"):
        name = Text(zh="孕管员面对面随访一次", en="met once by the county officer")
        checks.append(_by_task(known, "task_meet_face_to_face", name, _sentence(known, "casefile.face_to_face_once")))
    return checks


def _followed(known: Known) -> Check:
    days = int(_value(known.pack, "casefile.follow_until_days") or 42)
    name = Text(zh=f"随访至产后 {days} 天", en=f"followed up to day {days} after birth")
    source = _sentence(known, "casefile.follow_until_days")
    if known.variables.get("case_file") == "closed":
        return Check(name=name, state="done", source=source)
    born = date_of(known.variables.get("delivered_on"))
    if born is None:
        return Check(name=name, state="by-need", source=source)
    due = datetime.combine(born + timedelta(days=days), time.max, CHINA)
    return Check(name=name, state="overdue" if due < known.now else "due", due=due, source=source)


def _rescued(known: Known) -> list[Check]:
    return [*_referred(known), *_guidance(known)]


def _guidance(known: Known) -> list[Check]:
    """What the region's text says about transfers and rescue, to be read where it is needed."""
    found = [(key, label, _value(known.pack, key)) for key, label in GUIDANCE.items()]
    return [
        Check(
            name=Text(zh=f"{label.zh}：{_told(value)}", en=f"{label.en}: {_told(value)}"),
            state="by-need",
            source=_sentence(known, key),
        )
        for key, label, value in found
        if value not in (None, False)
    ]


def _referred(known: Known) -> list[Check]:
    name = Text(zh="转诊救治", en="referral and rescue")
    if (asked := known.tasks.get("task_request_transfer")) is None:
        return [Check(name=name, state="by-need")]
    told = Text(zh="转诊结果反馈", en="result of the referral")
    answered = known.tasks.get("task_transfer_result")
    if answered is None or answered.created_at < asked.created_at:
        return [_by_task(known, "task_request_transfer", name), Check(name=told, state="due")]
    return [_by_task(known, "task_request_transfer", name), _by_task(known, "task_transfer_result", told)]


BY_VERB: Mapping[str, Callable[[Known], list[Check]]] = {
    "发现": _found,
    "登记": _registered,
    "报告": _reported,
    "管理": _managed,
    "救治": _rescued,
}


def _by_task(known: Known, element: str, name: Text, source: str | None = None) -> Check:
    task = known.tasks.get(element)
    if task is None:
        return Check(name=name, state="due", source=source)
    if task.completed_at is not None:
        return Check(name=name, state="done", on=task.completed_at.astimezone(CHINA).date(), source=source)
    is_late = task.due_at is not None and task.due_at < known.now
    return Check(name=name, state="overdue" if is_late else "due", due=task.due_at, source=source)


def _written(known: Known, item: str, name: Text, key: str | None = None) -> Check:
    return _said(known, bool(known.case_file and known.case_file.get(item)), name, key)


def _said(known: Known, is_there: bool, name: Text, key: str | None) -> Check:
    hidden = known.case_file is None
    state = "hidden" if hidden else "done" if is_there else "due"
    return Check(name=name, state=state, source=_sentence(known, key) if key else None)


def _asked(known: Known, key: str) -> bool:
    """Whether the pack asks this for one of her colours."""
    return bool(set(_value(known.pack, key) or ()) & set(known.colours))


def _graded_on(known: Known) -> date | None:
    return date_of(known.variables.get("graded_at"))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    return "✓" if value is True else str(value)


def _sentence(known: Known, key: str) -> str:
    return known.pack.source(key).text


def _value(pack: Pack, key: str) -> Any:
    try:
        return pack.value(key)
    except KeyError:
        return None
