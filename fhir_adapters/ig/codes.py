"""Our code systems, complete, each with its value set; maps from national codes.

Most codes are the answers of the forms: what can be chosen there is what can arrive over FHIR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from pathlib import Path

from fhir_adapters.applying import ANTENATAL
from fhir_adapters.ig.common import Json, conformance
from fhir_adapters.issue_codes import ISSUES
from fhir_adapters.mappings.appointment import WINDOWS
from fhir_adapters.mappings.care import PARTS
from fhir_adapters.mappings.communication import CONTACT, REPORTS, URGED
from fhir_adapters.mappings.consent import CHOICES
from fhir_adapters.mappings.encounter import OUTSIDE, VISITS
from fhir_adapters.mappings.episode import OTHER_PLAN, PLANS
from fhir_adapters.mappings.loops import ACROSS, BACK, CONSULTED, DOWN, LOOPS, UPWARD
from fhir_adapters.mappings.organization import KINDS
from fhir_adapters.mappings.provenance import ACTIVITIES
from fhir_adapters.mappings.referral import DOCUMENTS, ONWARD, RECEIVE, WORDS
from fhir_adapters.mappings.request import TESTS
from fhir_adapters.mappings.risk import RECHECKS
from fhir_adapters.message_events import EVENTS
from fhir_adapters.terminology import (
    CANONICAL_BASE,
    COLOURS,
    DATA_ELEMENT,
    DOCUMENT_CODES,
    END_REASONS,
    ITEMS,
    LOINC,
    OBSERVATION,
    OTHER_ELEMENTS,
    RISK_COLOUR_ITEM,
)
from workflows.forms import forms_on_disk
from workflows.people.roles import ROLES

PREFIX = f"{CANONICAL_BASE}/CodeSystem/"
DIAGRAMS = Path(__file__).resolve().parents[2] / "bpmn"
_USER_TASK = re.compile(r'<(?:\w+:)?userTask id="task_([a-z0-9_]+)"(?: name="([^"]*)")?')
_FINDING = re.compile(r'<text>"(A-\d+)"</text>.*?<text>"(\w+)"</text>.*?<text>"([^<]*)"</text>', re.DOTALL)
_CRITERION = re.compile(r"[gyorps](_\d+)+")
TITLES = {
    "risk-colour": "妊娠风险颜色",
    "risk-outcome": "评估结论",
    "risk-scheme": "分级方案",
    "risk-criterion": "分级指标（35号文附件）",
    "screening-item": "筛查项目（35号文附件）",
    "assessment-type": "评估类别",
    "task-code": "任务",
    "task-io": "任务的输入输出",
    "task-business-status": "任务期限状态",
    "episode-type": "个案类别",
    "episode-end-reason": "结案原因",
    "careplan-category": "计划类别",
    "diagnosis-role": "诊断角色",
    "visit-type": "就诊类别",
    "observation": "LOINC 没有的观察项目",
    "role": "岗位",
    "finding": "异常发现（D8）",
    "issue": "错误代码",
    "referral-direction": "转诊方向",
    "referral-type": "转诊类别",
    "referral-status": "转诊状态",
    "report-type": "报告与联系的类别",
    "activity": "所做的事",
    "list-kind": "清单类别",
    "message-event": "消息的事件",
    "organization-kind": "机构类别",
    "social-focus": "重点因素",
}
FIXED: dict[str, dict[str, str]] = {
    "risk-colour": COLOURS,
    "risk-outcome": {
        **{"severity": "妊娠风险分级", "infectious": "传染病", "screening": "妊娠风险筛查"},
        **{"positive": "筛查阳性", "negative": "筛查阴性", "provisional": "暂定：检查未齐"},
    },
    "risk-scheme": {
        "cn-n35": "妊娠风险评估分级（国卫办妇幼发〔2017〕35号）",
        "cn-n35-screening": "孕产妇妊娠风险筛查（国卫办妇幼发〔2017〕35号）",
    },
    "assessment-type": {
        **{"screening": "妊娠风险筛查", "initial": "首次评估", "dynamic": "动态评估"},
        "confirmed-unchanged": "复评不变",
        **{code: display for *_, code, display in RECHECKS.values()},
    },
    "task-io": {
        **{"questionnaire": "问卷", "questionnaire-response": "填好的问卷"},
        **DOCUMENTS,
        **{name.replace("_", "-"): title for name, title in ONWARD.items()},
    },
    "task-business-status": {"on-time": "期限内", "due-soon": "即将到期", "overdue": "已逾期"},
    "episode-type": {"pregnancy-care": "孕产期健康管理", "newborn-care": "新生儿保健"},
    "episode-end-reason": END_REASONS,
    "careplan-category": {
        **{code: display for code, display, _ in (*PLANS.values(), OTHER_PLAN)},
        **{part.code: part.display for part in PARTS.values()},
    },
    "diagnosis-role": {"pregnancy": "本次妊娠"},
    "visit-type": {
        **{"delivery-admission": "住院分娩", OUTSIDE[0]: OUTSIDE[1]},
        **{visit[2]: visit[3] for visit in VISITS.values()},
        **dict(WINDOWS.values()),
        **dict(ANTENATAL.values()),
    },
    "referral-direction": dict((*(loop.direction for loop in LOOPS.values() if loop.direction), DOWN)),
    "referral-type": dict((UPWARD.code, ("screen-positive", "筛查阳性转诊"), CONSULTED.code, ACROSS.code, BACK)),
    "referral-status": dict(WORDS.values()),
    "report-type": {
        **{report.code: report.display for report in REPORTS.values()},
        **dict((URGED, CONTACT)),
    },
    "activity": {
        **ACTIVITIES,
        **{choice.code: choice.display for choice in CHOICES.values()},
        **TESTS,
    },
    "message-event": {code: zh for code, (zh, _) in EVENTS.items()},
    "list-kind": {"sweep": "特殊人群孕情摸排"},
    "organization-kind": {kind.replace("_", "-"): zh for kind, zh in KINDS.items()},
    "role": {role.id: role.zh for role in ROLES.values()},
}  # fmt: skip


@dataclass(slots=True)
class Codes:
    """One system: its codes with both languages, English where it is known."""

    id: str
    codes: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def add(self, code: str, zh: str, en: str | None = None) -> None:
        self.codes.setdefault(code, (zh, en))


@lru_cache(maxsize=1)
def systems() -> Mapping[str, Codes]:
    """By id, in the order of the ids."""
    found: dict[str, Codes] = {}
    for id_, fixed in FIXED.items():
        for code, zh in fixed.items():
            found.setdefault(id_, Codes(id_)).add(code, zh)
    for code, zh in ISSUES.items():
        found.setdefault("issue", Codes("issue")).add(code, zh)
    for id_, code, zh, en in (*_answers(), *_criteria(), *_own_items(), *_tasks(), *_outputs(), *_findings()):
        found.setdefault(id_, Codes(id_)).add(code, zh, en)
    return dict(sorted(found.items()))


def _answers() -> Iterator[tuple[str, str, str, str | None]]:
    for form in forms_on_disk().values():
        for top in form.items:
            for item in top.walk():
                for option in item.options or ():
                    if option.system and option.system.startswith(PREFIX):
                        yield option.system.removeprefix(PREFIX), option.code, option.text.zh, option.text.en


def _criteria() -> Iterator[tuple[str, str, str, str | None]]:
    for form_id, system in (("risk-screening", "screening-item"), ("risk-grading", "risk-criterion")):
        for top in forms_on_disk()[form_id].items:
            for item in top.walk():
                if _CRITERION.fullmatch(item.link_id):
                    letter, *numbers = item.link_id.split("_")
                    yield system, f"{letter.upper()}-{'.'.join(numbers)}", item.text.zh, item.text.en


def _own_items() -> Iterator[tuple[str, str, str, str | None]]:
    """What is measured and LOINC has no code for: everything that a form asks and the table does not know."""
    for item in (RISK_COLOUR_ITEM, *(one for one in ITEMS.values() if one.system == OBSERVATION)):
        yield "observation", item.code, item.display, None
    for form in forms_on_disk().values():
        for top in form.items:
            for asked in top.walk():
                if asked.is_question and asked.link_id not in ITEMS:
                    yield "observation", asked.link_id.replace("_", "-"), asked.text.zh, asked.text.en


def _tasks() -> Iterator[tuple[str, str, str, str | None]]:
    for diagram in sorted(DIAGRAMS.glob("*.bpmn")):
        for name, title in _USER_TASK.findall(diagram.read_text(encoding="utf-8")):
            yield "task-code", name.replace("_", "-"), title or name, None
    for form in forms_on_disk().values():
        yield "task-code", form.id, form.title.zh, form.title.en
    yield "task-code", RECEIVE, "接收转诊", None


def _outputs() -> Iterator[tuple[str, str, str, str | None]]:
    """What a step of a referral leaves in its Task: the answers of its form."""
    forms = [form for loop in LOOPS.values() for name in loop.steps if (form := forms_on_disk().get(name))]
    for form in forms:
        for top in form.items:
            for item in top.walk():
                if item.is_question:
                    yield "task-io", item.link_id.replace("_", "-"), item.text.zh, item.text.en


def _findings() -> Iterator[tuple[str, str, str, str | None]]:
    """Of each code the first thing that the table says of it."""
    table = (DIAGRAMS / "decisions" / "findings.dmn").read_text(encoding="utf-8")
    for code, _, text in _FINDING.findall(table):
        yield "finding", code, unescape(text), None


def code_system(codes: Codes) -> Json:
    title = TITLES.get(codes.id, codes.id)
    return conformance(
        "CodeSystem",
        codes.id,
        title,
        f"{title}。由程序所用的表生成。",
        caseSensitive=True,
        content="complete",
        valueSet=f"{CANONICAL_BASE}/ValueSet/{codes.id}",
        count=len(codes.codes),
        concept=[_concept(code, zh, en) for code, (zh, en) in codes.codes.items()],
    )


def _concept(code: str, zh: str, en: str | None) -> Json:
    return {"code": code, "display": zh, **({"designation": [{"language": "en", "value": en}]} if en else {})}


def value_set(codes: Codes) -> Json:
    title = TITLES.get(codes.id, codes.id)
    include = [{"system": f"{PREFIX}{codes.id}"}]
    return conformance("ValueSet", codes.id, title, f"{title}的全部代码。", compose={"include": include})


def measured() -> Json:
    """What a hospital's results are recognised by."""
    codes = {code: item.display for item in ITEMS.values() if item.system == LOINC for code in (item.code, *item.also)}
    include = [
        {"system": LOINC, "concept": [{"code": code} for code in sorted(codes)]},
        {"system": f"{PREFIX}observation"},
    ]
    text = "能识别的检查、检验项目：LOINC 与自有代码"
    return conformance("ValueSet", "measured-item", "观察项目", text, compose={"include": include})


def documents() -> Json:
    """What documents and their sections are called."""
    listed = [{"code": code, "display": name} for code, (name, _) in DOCUMENT_CODES.items()]
    text = "文档与章节的类型（LOINC）"
    compose = {"include": [{"system": LOINC, "concept": listed}]}
    return conformance("ValueSet", "document-type", text, text, compose=compose)


def concept_maps() -> Iterator[Json]:
    elements = [(item.data_element, item.code) for item in ITEMS.values() if item.data_element and item.system == LOINC]
    elements += [(element, code) for element, (system, code, _) in OTHER_ELEMENTS.items() if system == LOINC]
    yield _map("data-element-to-loinc", "国家数据元 → LOINC", DATA_ELEMENT, LOINC, elements)
    others = [(element, code) for element, (system, code, _) in OTHER_ELEMENTS.items() if system == OBSERVATION]
    yield _map(
        "data-element-to-observation", "国家数据元 → 自有观察项目（值域未核）", DATA_ELEMENT, OBSERVATION, others
    )
    administrative = "http://hl7.org/fhir/administrative-gender"
    gender = [("1", "male"), ("2", "female"), ("0", "unknown"), ("9", "unknown")]
    yield _map("gender", "GB/T 2261.1 → 性别", "urn:oid:2.16.156.10011.2.3.3.4", administrative, gender)
    marital = [("10", "S"), ("20", "M"), ("21", "M"), ("22", "M"), ("23", "M"), ("30", "W"), ("40", "D")]
    target = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
    yield _map("marital-status", "GB/T 2261.2 → 婚姻状况", "urn:oid:2.16.156.10011.2.3.3.5", target, marital)


def _map(id_: str, title: str, source: str, target: str, pairs: list[tuple[str, str]]) -> Json:
    """One target where a code has one; several results of one national code stand side by side."""
    by_code: dict[str, list[str]] = {}
    for code, to in pairs:
        by_code.setdefault(code, []).append(to)
    elements = [
        {
            "code": code,
            "target": [{"code": to, "equivalence": "equivalent" if len(all_) == 1 else "wider"} for to in all_],
        }
        for code, all_ in sorted(by_code.items())
    ]
    return conformance(
        "ConceptMap", id_, title, title, group=[{"source": source, "target": target, "element": elements}]
    )
