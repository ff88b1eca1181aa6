"""Messages of FHIR: a Bundle whose first entry says what happened -> the entries of one transaction, and the reply.

A message is known by the id of its header, else by the Bundle's identifier: what came before is answered as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from fhir_adapters.dates import local_text
from fhir_adapters.entries import MAX_ENTRIES, Entry
from fhir_adapters.issues import FhirError, Issue, outcome
from fhir_adapters.mappings.common import Json
from fhir_adapters.message_events import EVENT, EVENTS
from fhir_adapters.rules.check import check
from fhir_adapters.terminology import is_identity
from fhir_adapters.types import ENGINE_OWNED, TYPES

ANSWERS = UUID("6d3c1f0a-6b7e-4f0c-9a55-2f6f1b0a7c11")  # the space in which ids of replies are made


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`key`: what it is known by. `event`: one of `EVENTS`."""

    key: str
    event: str
    header: Mapping[str, Any]
    entries: tuple[Entry, ...]


def read_message(bundle: Any) -> Message:
    """Raises FhirError 400 with every problem of what is no message, 422 for one that cannot be carried out."""
    listed = _listed(bundle)
    header = listed[0].get("resource") if listed and isinstance(listed[0], Mapping) else None
    at = "Bundle.entry[0].resource"
    if not isinstance(header, Mapping) or header.get("resourceType") != "MessageHeader":
        text = "第一个条目应为 MessageHeader", "the first entry must be a MessageHeader"
        raise _refused(400, "structure", "MCH-B-020", *text, at)
    problems = check(header, type_="MessageHeader", at=at)
    if problems:
        raise FhirError(422, problems)
    if "response" in header:
        text = "这是对消息的答复，此处只收消息", "this is an answer to a message; only messages are taken here"
        raise _refused(422, "not-supported", "MCH-B-021", *text, f"{at}.response")
    event = _event(header, at)
    entries = [_entry(number, one, problems) for number, one in enumerate(listed[1:], start=1)]
    if problems:
        raise FhirError(422, problems)
    made = tuple(entry for entry in entries if entry is not None)
    needed = EVENTS[event][1]
    if not any(entry.type in needed for entry in made):
        text = "消息中没有此事件所说的资源", "the message holds none of what this event is about"
        raise _refused(422, "required", "MCH-B-023", *text, "Bundle.entry", " | ".join(needed))
    return Message(key=_key(bundle, header), event=event, header=header, entries=made)


def _listed(bundle: Any) -> Sequence[Any]:
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise _refused(400, "structure", "MCH-B-001", "应为 Bundle", "a Bundle is expected", "Bundle")
    if bundle.get("type") != "message":
        text = "Bundle.type 应为 message", "Bundle.type must be message"
        raise _refused(400, "invalid", "MCH-B-002", *text, "Bundle.type")
    listed = bundle.get("entry")
    if not isinstance(listed, list) or not listed:
        raise _refused(400, "required", "MCH-B-001", "entry 应为数组", "entry must be an array", "Bundle.entry")
    if len(listed) > MAX_ENTRIES:
        text = f"条目超过 {MAX_ENTRIES}", f"more than {MAX_ENTRIES} entries"
        raise _refused(413, "too-long", "MCH-B-004", *text, "Bundle.entry")
    return listed


def _event(header: Mapping[str, Any], at: str) -> str:
    coding = header.get("eventCoding")
    code = coding.get("code") if isinstance(coding, Mapping) and coding.get("system") == EVENT else None
    if code not in EVENTS:
        text = "不认识的事件", "unknown event"
        raise _refused(422, "code-invalid", "MCH-B-022", *text, f"{at}.eventCoding", f"{EVENT}: {' | '.join(EVENTS)}")
    return str(code)


def _key(bundle: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    identifier = bundle.get("identifier")
    named = identifier if isinstance(identifier, Mapping) else {}
    key = header.get("id") or (f"{named.get('system', '')}|{named['value']}" if named.get("value") else None)
    if not isinstance(key, str) or not key:
        text = "须给出 MessageHeader.id 或 Bundle.identifier", "MessageHeader.id or Bundle.identifier is needed"
        raise _refused(400, "required", "MCH-B-024", *text, "Bundle.entry[0].resource.id")
    return key


def _entry(number: int, one: Any, problems: list[Issue]) -> Entry | None:
    """How a resource of a message is stored: a person by identity, what has an identifier under it, else anew."""
    at = f"Bundle.entry[{number}].resource"
    given = one.get("resource") if isinstance(one, Mapping) else None
    resource: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    type_ = str(resource.get("resourceType"))
    if type_ not in TYPES:
        text = "未知或不支持的资源类型", "unknown or unsupported resource type"
        problems.append(_issue("not-supported", "MCH-B-008", *text, at))
        return None
    if type_ in ENGINE_OWNED and type_ != "Task":
        text = "此类资源由流程引擎维护", "this type is kept by the engine"
        problems.append(_issue("business-rule", "MCH-O-001", *text, at))
        return None
    url = one.get("fullUrl")
    full_url = url if isinstance(url, str) else None
    named = _identifier(resource)
    if type_ == "Task" and isinstance(resource.get("id"), str):
        return Entry(method="PUT", type=type_, id=resource["id"], resource=resource, full_url=full_url, at=at)
    query = (("identifier", named),) if named else ()
    if type_ == "Patient" or not query:
        return Entry(
            method="POST", type=type_, resource=resource, full_url=full_url, at=at, if_none_exist=query or None
        )
    return Entry(method="PUT", type=type_, query=query, resource=resource, full_url=full_url, at=at)


def _identifier(resource: Mapping[str, Any]) -> str | None:
    """What the sender knows it by; of a person what names nobody else."""
    listed = resource.get("identifier")
    found = [one for one in (listed if isinstance(listed, list) else (listed,)) if isinstance(one, Mapping)]
    whole = [one for one in found if isinstance(one.get("system"), str) and isinstance(one.get("value"), str)]
    if resource.get("resourceType") == "Patient":
        whole = [one for one in whole if is_identity(one["system"])]
    return f"{whole[0]['system']}|{whole[0]['value']}" if whole else None


def reply(
    message: Message,
    *,
    sender: str,
    base: str,
    at: datetime,
    done: Sequence[Mapping[str, Any]],
    error: FhirError | None,
) -> Json:
    """The answer: `done` names what was stored; with `error` nothing was, and its issues say why."""
    id_ = uuid5(ANSWERS, f"{sender}\x1f{message.key}")
    header_id, outcome_id = str(uuid5(id_, "header")), str(uuid5(id_, "outcome"))
    response: Json = {"identifier": message.key if _is_id(message.key) else str(id_), "code": _code(error)}
    if error is not None:
        response["details"] = {"reference": f"urn:uuid:{outcome_id}"}
    header: Json = {
        "resourceType": "MessageHeader",
        "id": header_id,
        "eventCoding": {"system": EVENT, "code": message.event, "display": EVENTS[message.event][0]},
        "destination": [_where(message.header)],
        "source": {"name": "孕途", "endpoint": f"{base}/$process-message"},
        "response": response,
    }
    stored = [f"{one['type']}/{one['id']}" for one in done if one.get("id")]
    if stored:
        header["focus"] = [{"reference": f"{base}/{named}"} for named in dict.fromkeys(stored)]
    entries: list[Json] = [{"fullUrl": f"urn:uuid:{header_id}", "resource": header}]
    if error is not None:
        said = {"id": outcome_id, **outcome(error.issues)}
        entries.append({"fullUrl": f"urn:uuid:{outcome_id}", "resource": said})
    return {
        "resourceType": "Bundle",
        "id": str(id_),
        "type": "message",
        "timestamp": local_text(at),
        "entry": entries,
    }


def _code(error: FhirError | None) -> str:
    if error is None:
        return "ok"
    return "transient-error" if error.status in (429, 503) else "fatal-error"


def _where(header: Mapping[str, Any]) -> Json:
    """Back to where it came from."""
    source = header.get("source", {})
    return {name: source[name] for name in ("name", "endpoint") if name in source}


def _is_id(text: str) -> bool:
    return len(text) <= 64 and all(letter.isalnum() or letter in "-." for letter in text)


def _issue(type_: str, code: str, zh: str, en: str, at: str, allowed: str | None = None) -> Issue:
    return Issue(type=type_, code=code, zh=zh, en=en, expression=at, allowed=allowed)


def _refused(status: int, type_: str, code: str, zh: str, en: str, at: str, allowed: str | None = None) -> FhirError:
    return FhirError(status, [_issue(type_, code, zh, en, at, allowed)])
