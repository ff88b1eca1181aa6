"""Our extensions: where each may stand and what it holds. One table, from which their StructureDefinitions are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_adapters.ig.common import Json, conformance
from fhir_adapters.terminology import CANONICAL_BASE

BASE = "http://hl7.org/fhir/StructureDefinition"


@dataclass(frozen=True, kw_only=True)
class Extension:
    """`value`: its data type; or `parts`: name to data type and whether it must be there."""

    id: str
    title: str
    on: tuple[str, ...]
    value: str | None = None
    parts: Mapping[str, tuple[str, bool]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{CANONICAL_BASE}/StructureDefinition/{self.id}"


_OPTIONAL, _NEEDED = False, True
EXTENSIONS = (
    Extension(id="cn-ethnic-group", title="民族", on=("Patient",), value="Coding"),
    Extension(id="cn-division-code", title="行政区划代码", on=("Address",), value="Coding"),
    Extension(id="cn-address-purpose", title="地址用途：现住、户籍、产休地", on=("Address",), value="code"),
    Extension(id="cn-residence-type", title="户籍类型", on=("Patient",), value="code"),
    Extension(id="lunar-date", title="所述的农历日期", on=("Observation",), value="string"),
    Extension(
        id="fetus-index",
        title="胎儿序号，第一个为 1",
        on=("Observation", "Condition", "Procedure"),
        value="positiveInt",
    ),
    Extension(
        id="risk-criterion",
        title="分级所依据的指标",
        on=("RiskAssessment.prediction",),
        parts={
            "code": ("CodeableConcept", _NEEDED),
            "evidence": ("Reference", _OPTIONAL),
            "origin": ("code", _OPTIONAL),
            "note": ("string", _OPTIONAL),
        },
    ),
    Extension(
        id="decision-to-delivery",
        title="决定手术至胎儿娩出（DDI）",
        on=("Procedure",),
        parts={
            "decision": ("dateTime", _NEEDED),
            "delivery": ("dateTime", _NEEDED),
            "interval": ("Duration", _OPTIONAL),
        },
    ),
    Extension(id="episode-end-reason", title="结案原因", on=("EpisodeOfCare",), value="CodeableConcept"),
    Extension(
        id="escort",
        title="护送",
        on=("Task",),
        parts={
            "who": ("Reference", _OPTIONAL),
            "role": ("CodeableConcept", _OPTIONAL),
            **dict.fromkeys(("equipment", "drugs", "records"), ("string", _OPTIONAL)),
        },
    ),
    Extension(id="attachment-sha256", title="附件的 SHA-256（十六进制）", on=("Attachment",), value="string"),
    Extension(id="policy-pack", title="所用的地区方案包", on=("CarePlan", "RiskAssessment", "Task"), value="canonical"),
    Extension(
        id="clock",
        title="期限：编号、起点、到期、升级步",
        on=("Task",),
        parts={
            "id": ("code", _NEEDED),
            "started": ("dateTime", _NEEDED),
            "due": ("dateTime", _NEEDED),
            "step": ("integer", _OPTIONAL),
        },
    ),
    Extension(id="task-assignee", title="领取任务的人", on=("Task",), value="Reference"),
)


def structure(known: Extension) -> Json:
    elements = [
        {"id": "Extension", "path": "Extension", "short": known.title, "definition": known.title, "min": 0, "max": "1"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": known.url},
    ]
    if known.value:
        elements.insert(1, {"id": "Extension.extension", "path": "Extension.extension", "max": "0"})
        elements.append(_value("Extension", known.value, required=True))
    else:
        elements[1:1] = [part for name, (type_, needed) in known.parts.items() for part in _part(name, type_, needed)]
        elements.append({"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"})
    return conformance(
        "StructureDefinition",
        known.id,
        known.title,
        known.title,
        fhirVersion="4.0.1",
        kind="complex-type",
        abstract=False,
        context=[{"type": "element", "expression": place} for place in known.on],
        type="Extension",
        baseDefinition=f"{BASE}/Extension",
        derivation="constraint",
        differential={"element": elements},
    )


def _value(id_: str, type_: str, *, required: bool) -> Json:
    return {
        "id": f"{id_}.value[x]",
        "path": "Extension.value[x]" if id_ == "Extension" else "Extension.extension.value[x]",
        "min": 1 if required else 0,
        "type": [{"code": type_}],
    }


def _part(name: str, type_: str, needed: bool) -> list[Json]:
    id_, path = f"Extension.extension:{name}", "Extension.extension"
    return [
        {"id": id_, "path": path, "sliceName": name, "min": 1 if needed else 0, "max": "1"},
        {"id": f"{id_}.extension", "path": f"{path}.extension", "max": "0"},
        {"id": f"{id_}.url", "path": f"{path}.url", "fixedUri": name},
        _value(id_, type_, required=True),
    ]
