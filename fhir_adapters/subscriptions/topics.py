"""What one can be told of by name: a topic, the types it is about, and which change of a resource is one of its events.

Pure: the version before (None: there was none) and the version after decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.terminology import CANONICAL_BASE, OPERATION_CN, VISIT_TYPE, sid

Json = Mapping[str, Any]
Change = Callable[[Json | None, Json], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    name: str
    types: tuple[str, ...]
    zh: str
    en: str
    is_event: Change

    @property
    def canonical(self) -> str:
        return f"{CANONICAL_BASE}/SubscriptionTopic/{self.name}"


def _differs(before: Json | None, after: Json, *names: str) -> bool:
    return before is None or any(before.get(name) != after.get(name) for name in names)


def _codes(concept: Any) -> set[tuple[str | None, str | None]]:
    codings = concept.get("coding", ()) if isinstance(concept, Mapping) else ()
    return {(c.get("system"), c.get("code")) for c in codings if isinstance(c, Mapping)}


def _task_status(before: Json | None, after: Json) -> bool:
    return _differs(before, after, "status", "businessStatus")


def _referral_status(before: Json | None, after: Json) -> bool:
    group = after.get("groupIdentifier")
    is_referral = isinstance(group, Mapping) and group.get("system") == sid("referral-no")
    return is_referral and _task_status(before, after)


def _risk(before: Json | None, after: Json) -> bool:
    """A grading that counts, new or with another outcome."""
    is_graded = after.get("status") in ("final", "amended", "corrected")
    return is_graded and _differs(before, after, "status", "prediction")


def _episode(before: Json | None, after: Json) -> bool:
    return _differs(before, after, "status")


def _visit_window(before: Json | None, after: Json) -> bool:
    return "period" in (after.get("restriction") or {}) and _differs(before, after, "restriction")


def _is_delivery(resource: Json) -> bool:
    """Operations that end a birth (ICD-9-CM-3 72 to 74), with a time or a period."""
    codes = {code for system, code in _codes(resource.get("code")) if system == OPERATION_CN}
    return any(str(code).startswith(("72.", "73.", "74.")) for code in codes)


def _delivery(before: Json | None, after: Json) -> bool:
    return after.get("status") == "completed" and _is_delivery(after) and _differs(before, after, "status")


def _discharge(before: Json | None, after: Json) -> bool:
    kinds = {code for one in after.get("type", ()) for code in _codes(one)}
    is_stay = (VISIT_TYPE, "delivery-admission") in kinds
    return is_stay and after.get("status") == "finished" and _differs(before, after, "status")


def _replaced(resource: Json | None) -> list[Any]:
    return [link for link in (resource or {}).get("link", ()) if link.get("type") == "replaced-by"]


def _merged(before: Json | None, after: Json) -> bool:
    return bool(_replaced(after)) and _replaced(before) != _replaced(after)


def _topic(name: str, types: str, zh: str, en: str, is_event: Change) -> Topic:
    return Topic(name=name, types=tuple(types.split()), zh=zh, en=en, is_event=is_event)


TOPICS: dict[str, Topic] = {
    topic.canonical: topic
    for topic in (
        _topic("task-status", "Task", "任务状态变化", "a task opened or moved on", _task_status),
        _topic("referral-status", "Task", "转诊状态变化", "a referral moved on", _referral_status),
        _topic("risk-changed", "RiskAssessment", "风险分级", "a grading was made or changed", _risk),
        _topic("episode-status", "EpisodeOfCare", "个案状态变化", "a case opened, rests or ended", _episode),
        _topic("visit-window", "Task", "任务时限设定或改变", "the window of a task was set or moved", _visit_window),
        _topic("delivery-recorded", "Procedure", "分娩已记录", "a birth was recorded", _delivery),
        _topic("maternal-discharge", "Encounter", "产妇出院", "a stay for a birth ended", _discharge),
        _topic("patient-merged", "Patient", "患者合并", "a patient was replaced by another", _merged),
    )
}


def topic_named(criteria: str) -> Topic | None:
    """By its canonical, with or without a version behind it."""
    return TOPICS.get(criteria.partition("|")[0])
