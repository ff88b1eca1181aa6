"""Our profiles: what is said beyond R4 of each type, in a table; their StructureDefinitions are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_adapters.ig.common import Json, conformance
from fhir_adapters.ig.extensions import BASE
from fhir_adapters.rules.shapes import element_order, shape
from fhir_adapters.terminology import CANONICAL_BASE, GRADING, HANDBOOK, PREGNANCY, PROCESS_INSTANCE, RISK_FLAG, TASK

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
)  # fmt: skip


def structure(profile: Profile) -> Json:
    """The differential, in the order of the type's elements; a validator makes the snapshot from it."""
    return conformance(
        "StructureDefinition",
        profile.id,
        profile.title,
        profile.title,
        fhirVersion="4.0.1",
        kind="resource",
        abstract=False,
        type=profile.type,
        baseDefinition=f"{BASE}/{profile.type}",
        derivation="constraint",
        differential={"element": _elements(profile)},
    )


def _elements(profile: Profile) -> list[Json]:
    root = profile.type
    found: list[Json] = [{"id": root, "path": root, "short": profile.title}]
    opened: set[str] = set()
    for rule in profile.rules:
        if rule.slice and rule.path not in opened:
            opened.add(rule.path)
            on = "url" if rule.extension else "system"
            slicing = {"discriminator": [{"type": "value", "path": on}], "rules": "open"}
            same = next((one for one in found if one["id"] == f"{root}.{rule.path}"), None)
            if same is not None:
                same["slicing"] = slicing
            else:
                found.append({"id": f"{root}.{rule.path}", "path": f"{root}.{rule.path}", "slicing": slicing})
        found.extend(_element(root, rule))
    return _merged(found)


def _element(root: str, rule: Rule) -> list[Json]:
    path = f"{root}.{rule.path}"
    id_ = f"{path}:{rule.slice}" if rule.slice else path
    element: Json = {"id": id_, "path": path}
    if rule.slice:
        element["sliceName"] = rule.slice
    if rule.short:
        element["short"] = rule.short
    if rule.min is not None:
        element["min"] = rule.min
    if rule.max is not None:
        element["max"] = rule.max
    if rule.extension:
        element["type"] = [{"code": "Extension", "profile": [rule.extension]}]
    if rule.pattern:
        element[rule.pattern[0]] = rule.pattern[1]
    if rule.value_set:
        element["binding"] = {"strength": "extensible", "valueSet": rule.value_set}
    if rule.system is None:
        return [element]
    fixed = {"id": f"{id_}.system", "path": f"{path}.system", "min": 1, "fixedUri": rule.system}
    return [element, fixed, {"id": f"{id_}.value", "path": f"{path}.value", "min": 1}]


def _merged(elements: list[Json]) -> list[Json]:
    """What several rules say of one element, said once, where it was first."""
    by_id: dict[str, Json] = {}
    for element in elements:
        by_id.setdefault(element["id"], {}).update(element)
    slices = [one["id"].rpartition(":")[2] for one in by_id.values() if "sliceName" in one]
    return sorted(by_id.values(), key=lambda element: _place(element["id"], slices))


def _place(id_: str, slices: list[str]) -> list[tuple[int, int]]:
    """Where an element stands in its type's definition, and among the slices of it."""
    type_, *steps = id_.split(".")
    found = []
    for step in steps:
        name, _, slice_ = step.partition(":")
        order = element_order(type_)
        stem = name.removesuffix("[x]")
        at = next(at for at, one in enumerate(order) if one == name or (stem != name and one.startswith(stem)))
        found.append((at, slices.index(slice_) + 1 if slice_ else 0))
        known = shape(type_).elements.get(name)
        type_ = known.type if known is not None and not known.primitive else "Element"
    return found
