"""A Subscription as it was sent -> what its owner wants to be told, where and how. Every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.rules.check import check
from fhir_adapters.search.query import Query
from fhir_adapters.subscriptions.criteria import Version, read_criteria
from fhir_adapters.subscriptions.topics import TOPICS, Topic, topic_named

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
CONTENTS = ("empty", "id-only", "full-resource")
MIME = ("application/fhir+json", "application/json")
LONGEST_TIMEOUT_S, MOST_EVENTS = 30, 100
STATUSES = ("requested", "active", "off")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}): ?([\x20-\x7e\x80-\U0010ffff]{0,1000})")
_OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection", "x-mch-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`topic` None: classic, the one criterion is the event. `content`: of a topic's notification; of a classic one
    `full-resource` where a payload was asked for, else `empty`."""

    topic: Topic | None
    criteria: tuple[Query, ...]
    endpoint: str
    content: str
    headers: tuple[tuple[str, str], ...] = ()
    heartbeat_s: int | None = None
    timeout_s: int = 10
    max_count: int = 1
    ends_at: datetime | None = None

    @property
    def types(self) -> tuple[str, ...]:
        return self.topic.types if self.topic else tuple(sorted({query.type for query in self.criteria}))

    def is_event(self, before: Version | None, after: Version) -> bool:
        """Whether this new version is one of the wished-for events. Of several filters those on its type all hold."""
        if after.type not in self.types:
            return False
        if self.topic and not self.topic.is_event(before.resource if before else None, after.resource):
            return False
        return all(after.meets(query) for query in self.criteria if query.type == after.type)


def read_wish(resource: Mapping[str, Any]) -> Wish:
    """Raises FhirError 422."""
    issues = check(resource, type_="Subscription")
    if issues:
        raise FhirError(400 if issues[0].code == "MCH-V-0002" else 422, issues)
    reading = _Reading(resource)
    wish = reading.wish()
    if reading.issues:
        raise FhirError(422, reading.issues)
    return wish


class _Reading:
    def __init__(self, resource: Mapping[str, Any]) -> None:
        self.resource, self.channel = resource, resource["channel"]
        self.issues: list[Issue] = []

    def wish(self) -> Wish:
        topic = topic_named(self.resource["criteria"])
        criteria = self._filters(topic) if topic else self._classic()
        if self.channel["type"] != "rest-hook":
            self._wrong("channel.type", "只支持 rest-hook", "only rest-hook is supported", "rest-hook")
        if not self.channel.get("endpoint"):
            self._wrong("channel.endpoint", "须给出地址", "an address is needed")
        if self.resource["status"] not in STATUSES:
            self._wrong("status", "状态应为 requested 或 off", "status must be requested or off", " | ".join(STATUSES))
        return Wish(
            topic=topic,
            criteria=criteria,
            endpoint=self.channel.get("endpoint", ""),
            content=self._content(topic),
            headers=self._headers(),
            heartbeat_s=self._number("backport-heartbeat-period", 86400),
            timeout_s=self._number("backport-timeout", LONGEST_TIMEOUT_S) or 10,
            max_count=self._number("backport-max-count", MOST_EVENTS) or 1,
            ends_at=self._end(),
        )

    def _wrong(self, at: str, zh: str, en: str, allowed: str | None = None) -> None:
        self.issues.append(
            Issue(type="value", code="MCH-N-001", zh=zh, en=en, expression=f"Subscription.{at}", allowed=allowed)
        )

    def _classic(self) -> tuple[Query, ...]:
        text = self.resource["criteria"]
        if "/SubscriptionTopic/" in text:
            self._wrong("criteria", "没有此主题", "there is no such topic", " | ".join(TOPICS))
            return ()
        return self._query(text, "Subscription.criteria")

    def _query(self, text: str, at: str) -> tuple[Query, ...]:
        try:
            return (read_criteria(text, at),)
        except FhirError as error:
            self.issues += error.issues
            return ()

    def _filters(self, topic: Topic) -> tuple[Query, ...]:
        found: list[Query] = []
        for number, text in enumerate(_extensions(self.resource.get("_criteria"), "backport-filter-criteria")):
            at = f"Subscription.criteria.extension[{number}]"
            if str(text).partition("?")[0] not in topic.types:
                self._wrong(
                    f"criteria.extension[{number}]",
                    "条件的类型不属于此主题",
                    "the filter is not on a type of the topic",
                )
            else:
                found += self._query(str(text), at)
        return tuple(found)

    def _content(self, topic: Topic | None) -> str:
        payload = self.channel.get("payload")
        if payload is not None and payload.partition(";")[0] not in MIME:
            self._wrong("channel.payload", "只支持 JSON", "only JSON is sent", " | ".join(MIME))
        if topic is None:
            return "full-resource" if payload else "empty"
        wanted = _extensions(self.channel.get("_payload"), "backport-payload-content")
        content = wanted[0] if wanted else "id-only"
        if content not in CONTENTS:
            self._wrong(
                "channel.payload.extension[0]", "内容级别不合法", "not a level of content", " | ".join(CONTENTS)
            )
        return str(content)

    def _headers(self) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for number, line in enumerate(self.channel.get("header", ())):
            matched = _HEADER.fullmatch(line)
            if matched is None or matched[1].lower().startswith(_OURS) or not matched[2].isascii():
                self._wrong(f"channel.header[{number}]", "请求头不可用", "this header cannot be sent", "Name: value")
            else:
                found.append((matched[1], matched[2]))
        return tuple(found)

    def _number(self, name: str, most: int) -> int | None:
        found = _extensions(self.channel, name)
        if not found:
            return None
        if not isinstance(found[0], int) or not 1 <= found[0] <= most:
            self._wrong("channel.extension", f"{name} 超出范围", f"{name} is out of range", f"1–{most}")
            return None
        return found[0]

    def _end(self) -> datetime | None:
        text = self.resource.get("end")
        return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _extensions(element: Any, name: str) -> list[Any]:
    found = element.get("extension", ()) if isinstance(element, Mapping) else ()
    return [
        value
        for one in found
        if one.get("url") == f"{BACKPORT}/{name}"
        for key, value in one.items()
        if key.startswith("value")
    ]
