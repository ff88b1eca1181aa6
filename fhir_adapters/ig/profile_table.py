"""Our profiles: what is said beyond R4 of each type. One table, from which their StructureDefinitions are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_adapters.ig.extensions import BASE
from fhir_adapters.terminology import (
    CANONICAL_BASE,
    FINDING_NO,
    GRADING,
    HANDBOOK,
    PREGNANCY,
    PROCESS_INSTANCE,
    REFERRAL_NO,
    RISK_FLAG,
    TASK,
    TIMER,
)

EPISODE_LINK = f"{BASE}/workflow-episodeOfCare"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One element: how often, what it is bound to or must be like, which extension or identifier is meant."""

    path: str
    min: int | None = None
    max: str | None = None
    short: str | None = None
    pattern: tuple[str, Any] | None = None  # such as ("patternCode", "female")
    value_set: str | None = None
    extension: str | None = None  # its url, on an `extension` element
    slice: str | None = None
    system: str | None = None  # of an identifier slice


@dataclass(frozen=True, kw_only=True)
class Profile:
    id: str
    type: str
    title: str
    rules: tuple[Rule, ...]

    @property
    def url(self) -> str:
        return f"{CANONICAL_BASE}/StructureDefinition/{self.id}"


def _needed(*paths: str) -> tuple[Rule, ...]:
    return tuple(Rule(path=path, min=1) for path in paths)


def _extension(name: str, url: str | None = None, min: int | None = None, at: str = "extension") -> Rule:
    return Rule(path=at, slice=name, extension=url or f"{CANONICAL_BASE}/StructureDefinition/{name}", min=min, max="1")


def _identifier(name: str, system: str, min: int = 1) -> Rule:
    return Rule(path="identifier", slice=name, system=system, min=min, max="1")


def _bound(path: str, value_set: str, min: int | None = None) -> Rule:
    return Rule(path=path, value_set=f"{CANONICAL_BASE}/ValueSet/{value_set}", min=min)


_EPISODE = _extension("episode", EPISODE_LINK)
PROFILES = (
    Profile(
        id="mch-patient",
        type="Patient",
        title="孕产妇",
        rules=(
            _extension("cn-ethnic-group"),
            _extension("cn-residence-type"),
            *_needed("identifier", "name", "name.text", "gender", "birthDate"),
            Rule(path="identifier", slice="handbook", system=HANDBOOK, min=0, max="1"),
            _extension("cn-address-purpose", at="address.extension"),
            _extension("cn-division-code", at="address.extension"),
        ),
    ),
    Profile(
        id="mch-newborn",
        type="Patient",
        title="新生儿",
        rules=(
            *_needed("identifier", "name", "gender", "birthDate"),
            Rule(path="birthDate.extension", slice="birth-time", extension=f"{BASE}/patient-birthTime", max="1"),
            *_needed("multipleBirth[x]"),
        ),
    ),
    Profile(
        id="mch-pregnancy-episode",
        type="EpisodeOfCare",
        title="一次妊娠的个案",
        rules=(
            _extension("episode-end-reason"),
            _identifier("pregnancy", PREGNANCY),
            _identifier("process-instance", PROCESS_INSTANCE),
            _bound("type", "episode-type", 1),
            Rule(path="diagnosis", min=1, max="1"),
            *_needed("managingOrganization", "period"),
        ),
    ),
    Profile(
        id="mch-careplan",
        type="CarePlan",
        title="流程实例",
        rules=(
            _EPISODE,
            _identifier("process-instance", PROCESS_INSTANCE),
            Rule(path="instantiatesCanonical", min=1, max="1"),
            _bound("category", "careplan-category", 1),
            *_needed("period", "addresses"),
        ),
    ),
    Profile(
        id="mch-user-task",
        type="Task",
        title="待办任务",
        rules=(
            _extension("clock"),
            _extension("task-assignee"),
            _identifier("task", TASK),
            *_needed("groupIdentifier", "groupIdentifier.system", "groupIdentifier.value"),
            Rule(path="groupIdentifier.system", pattern=("fixedUri", PROCESS_INSTANCE)),
            _bound("businessStatus", "task-business-status"),
            _bound("code", "task-code", 1),
            *_needed("for", "authoredOn", "lastModified", "owner"),
        ),
    ),
    Profile(
        id="mch-pregnancy-risk",
        type="RiskAssessment",
        title="妊娠风险评估分级",
        rules=(
            _identifier("grading", GRADING),
            _bound("method", "risk-scheme", 1),
            _bound("code", "assessment-type", 1),
            *_needed("occurrence[x]", "condition"),
            Rule(path="prediction", min=1, max="2", short="分级一项；传染病另一项"),
            _extension("risk-criterion", at="prediction.extension"),
            _bound("prediction.outcome", "risk-outcome", 1),
            _bound("prediction.qualitativeRisk", "risk-colour", 1),
            Rule(path="prediction.probability[x]", max="0"),
        ),
    ),
    Profile(
        id="mch-risk-flag",
        type="Flag",
        title="颜色标识",
        rules=(
            _extension("detail", f"{BASE}/flag-detail"),
            _identifier("risk-flag", RISK_FLAG),
            *_needed("category", "period", "period.start"),
            _bound("code", "risk-colour"),
        ),
    ),
    Profile(
        id="mch-dating-observation",
        type="Observation",
        title="末次月经、预产期、孕周",
        rules=(_EPISODE, _extension("lunar-date"), *_needed("subject", "effective[x]")),
    ),
    Profile(
        id="mch-anc-observation",
        type="Observation",
        title="产前检查项目",
        rules=(_EPISODE, _bound("code", "measured-item"), *_needed("subject", "effective[x]")),
    ),
    Profile(
        id="mch-fetal-observation",
        type="Observation",
        title="胎儿的观察，属于母亲",
        rules=(
            _EPISODE,
            _extension("fetus-index", min=1),
            _bound("code", "measured-item"),
            *_needed("subject", "effective[x]"),
        ),
    ),
    Profile(
        id="mch-delivery-encounter",
        type="Encounter",
        title="住院分娩",
        rules=(
            Rule(path="class", pattern=("patternCoding", {"code": "IMP"})),
            _bound("type", "visit-type", 1),
            *_needed("subject", "episodeOfCare", "period", "period.start"),
        ),
    ),
    Profile(
        id="mch-delivery-procedure",
        type="Procedure",
        title="分娩手术与操作",
        rules=(_EPISODE, _extension("decision-to-delivery"), *_needed("code", "subject", "performed[x]")),
    ),
    Profile(
        id="mch-referral",
        type="ServiceRequest",
        title="转诊、会诊、检查申请",
        rules=(
            _EPISODE,
            *_needed("intent", "code", "subject", "authoredOn", "requester"),
            _bound("category", "referral-direction"),
            Rule(path="requisition", short="转诊单号，与 Task.groupIdentifier 相同"),
        ),
    ),
    Profile(
        id="mch-referral-task",
        type="Task",
        title="接收转诊",
        rules=(
            _extension("replaces", f"{BASE}/task-replaces"),
            _extension("escort"),
            _identifier("task", TASK),
            *_needed("basedOn", "groupIdentifier", "groupIdentifier.system", "groupIdentifier.value"),
            Rule(path="groupIdentifier.system", pattern=("fixedUri", REFERRAL_NO)),
            _bound("businessStatus", "referral-status", 1),
            *_needed("code", "focus", "for", "authoredOn", "lastModified", "requester", "owner"),
        ),
    ),
    Profile(
        id="mch-newborn-observation",
        type="Observation",
        title="出生时的观察：评分、体重、身长",
        rules=(
            _EPISODE,
            _extension("fetus-index", min=1),
            _bound("code", "measured-item"),
            *_needed("subject", "effective[x]"),
            Rule(path="component", max="0"),
        ),
    ),
    Profile(
        id="mch-finding",
        type="DetectedIssue",
        title="异常发现（D8）",
        rules=(
            _identifier("finding", FINDING_NO),
            _bound("code", "finding", 1),
            *_needed("patient", "identified[x]", "author", "implicated"),
        ),
    ),
    Profile(
        id="mch-visit",
        type="Appointment",
        title="随访窗口",
        rules=(
            _identifier("timer", TIMER),
            _bound("serviceType", "visit-type", 1),
            *_needed("requestedPeriod", "supportingInformation"),
        ),
    ),
    Profile(
        id="mch-referral-document",
        type="Bundle",
        title="转诊单、会诊单（文档）",
        rules=(
            Rule(path="type", pattern=("fixedCode", "document")),
            *_needed("identifier", "identifier.system", "identifier.value", "timestamp", "entry"),
        ),
    ),
    Profile(
        id="mch-discharge-document",
        type="Bundle",
        title="分娩出院小结（文档）",
        rules=(
            Rule(path="type", pattern=("fixedCode", "document")),
            *_needed("identifier", "identifier.system", "identifier.value", "timestamp", "entry"),
        ),
    ),
    Profile(
        id="mch-report",
        type="Communication",
        title="法定与管理报告",
        rules=(
            _EPISODE,
            _bound("category", "report-type", 1),
            *_needed("sent", "sender", "payload"),
            Rule(path="about", short="个案"),
        ),
    ),
    Profile(
        id="mch-indicator",
        type="Measure",
        title="指标",
        rules=(*_needed("url", "version", "name", "title", "group"),),
    ),
    Profile(
        id="mch-indicator-report",
        type="MeasureReport",
        title="指标报告",
        rules=(*_needed("date", "reporter", "group", "group.population", "group.population.count"),),
    ),
)  # fmt: skip
