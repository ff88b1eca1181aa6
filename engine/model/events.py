"""The event definition of an event, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.model.elements import (
    CancelEvent,
    CompensateEvent,
    ConditionalEvent,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    Kind,
    LinkEvent,
    MessageEvent,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
)
from engine.model.extensions import Extensions, attribute_of, has_job
from engine.model.names import BPMN, YUNTU, split
from engine.model.references import References, reference
from engine.model.sentences import Unreadable, at

MISFIRES = ("fire_once", "fire_all", "skip")
THROWING = frozenset({Kind.THROW, Kind.END})


def read_event(xml: Any, kind: Kind, references: References, *, starts_process: bool) -> EventDefinition | None:
    """What the event waits for or throws; None for a none event. Raises Unreadable."""
    found = [child for child in xml if isinstance(child.tag, str) and child.tag.endswith("EventDefinition")]
    referred = xml.findall(f"{{{BPMN}}}eventDefinitionRef")
    if referred:
        raise Unreadable(at(xml, "unsupported_event", what="eventDefinitionRef"))
    if len(found) > 1:
        raise Unreadable(at(xml, "multiple_events"))
    if not found:
        return None
    local = split(found[0].tag)[1]
    read = READERS.get(local)
    if read is None or kind not in PLACES[local]:
        raise Unreadable(at(xml, "unsupported_event", what=local))
    return read(xml, found[0], kind, references, starts_process)


def read_message(
    xml: Any, referrer: Any, references: References, *, needs_key: bool, needed: bool = True
) -> MessageEvent | None:
    """The message that `referrer` names by messageRef. Raises Unreadable."""
    name_and_key = references.messages.get(reference(referrer.get("messageRef")))
    if name_and_key is None:
        if not needed:
            return None
        raise Unreadable(at(xml, "message_missing"))
    name, key = name_and_key
    if name is None:
        raise Unreadable(at(xml, "message_without_name"))
    if needs_key and key is None:
        raise Unreadable(at(xml, "message_without_key", name=name))
    return MessageEvent(name=name, key=key)


def _message(
    xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool
) -> EventDefinition | None:
    if kind in THROWING and has_job(xml):
        return read_message(xml, definition, references, needs_key=False, needed=False)
    message = read_message(xml, definition, references, needs_key=not starts_process)
    if starts_process and message is not None and message.name.startswith("="):
        raise Unreadable(at(xml, "start_message_dynamic"))
    return message


def _timer(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    sorts = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}
    found = [
        (sort, "".join(child.itertext()).strip())
        for local, sort in sorts.items()
        for child in definition.findall(f"{{{BPMN}}}{local}")
    ]
    found = [(sort, text) for sort, text in found if text]
    if len(found) != 1:
        raise Unreadable(at(xml, "timer_several" if found else "timer_missing"))
    extensions = Extensions(xml)
    misfire = extensions.get(YUNTU, "misfire", "policy") or "fire_once"
    if misfire not in MISFIRES:
        raise Unreadable(at(xml, "misfire_unknown", policy=misfire))
    sort, text = found[0]
    return TimerEvent(
        sort=sort,
        text=text,
        misfire=misfire,
        calendar=extensions.get(YUNTU, "calendar", "id"),
        zone=extensions.get(YUNTU, "calendar", "zone"),
    )


def _signal(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    identity = reference(definition.get("signalRef"))
    if identity not in references.signals:
        raise Unreadable(at(xml, "signal_missing"))
    name = references.signals[identity]
    if name is None:
        raise Unreadable(at(xml, "signal_without_name"))
    if starts_process and name.startswith("="):
        raise Unreadable(at(xml, "start_signal_dynamic"))
    return SignalEvent(name=name)


def _error(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    code = references.errors.get(reference(definition.get("errorRef")))
    if code is None and kind in THROWING:
        raise Unreadable(at(xml, "error_missing"))
    if code is not None and code.startswith("=") and kind not in THROWING:
        raise Unreadable(at(xml, "error_code_dynamic"))
    return ErrorEvent(code=code)


def _escalation(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    code = references.escalations.get(reference(definition.get("escalationRef")))
    if code is None and kind in THROWING:
        raise Unreadable(at(xml, "escalation_missing"))
    if code is not None and code.startswith("=") and kind not in THROWING:
        raise Unreadable(at(xml, "error_code_dynamic"))
    return EscalationEvent(code=code)


def _conditional(
    xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool
) -> EventDefinition:
    condition = definition.find(f"{{{BPMN}}}condition")
    text = "" if condition is None else "".join(condition.itertext()).strip()
    if not text:
        raise Unreadable(at(xml, "condition_event_missing"))
    return ConditionalEvent(condition=text)


def _link(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    name = attribute_of(definition, "name")
    if name is None:
        raise Unreadable(at(xml, "link_without_name"))
    return LinkEvent(name=name)


def _terminate(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    return TerminateEvent()


def _compensate(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    return CompensateEvent(activity=reference(definition.get("activityRef")) or None)


def _cancel(xml: Any, definition: Any, kind: Kind, references: References, starts_process: bool) -> EventDefinition:
    return CancelEvent()


Read = Callable[[Any, Any, Kind, References, bool], EventDefinition | None]
READERS: dict[str, Read] = {
    "messageEventDefinition": _message,
    "timerEventDefinition": _timer,
    "signalEventDefinition": _signal,
    "errorEventDefinition": _error,
    "escalationEventDefinition": _escalation,
    "conditionalEventDefinition": _conditional,
    "linkEventDefinition": _link,
    "terminateEventDefinition": _terminate,
    "compensateEventDefinition": _compensate,
    "cancelEventDefinition": _cancel,
}

CATCHING = frozenset({Kind.START, Kind.CATCH, Kind.BOUNDARY})
PLACES: dict[str, frozenset[Kind]] = {
    "messageEventDefinition": CATCHING | THROWING,
    "timerEventDefinition": CATCHING,
    "signalEventDefinition": CATCHING | THROWING,
    "errorEventDefinition": frozenset({Kind.START, Kind.BOUNDARY, Kind.END}),
    "escalationEventDefinition": frozenset({Kind.START, Kind.BOUNDARY}) | THROWING,
    "conditionalEventDefinition": CATCHING,
    "linkEventDefinition": frozenset({Kind.CATCH, Kind.THROW}),
    "terminateEventDefinition": frozenset({Kind.END}),
    "compensateEventDefinition": frozenset({Kind.BOUNDARY}) | THROWING,
    "cancelEventDefinition": frozenset({Kind.BOUNDARY, Kind.END}),
}
