"""The root elements that events refer to: messages, signals, errors, escalations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.model.extensions import Extensions, attribute_of
from engine.model.names import BPMN, ZEEBE


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """By id: a message's (name, key) and the name or code of the others."""

    messages: Mapping[str, tuple[str | None, str | None]]
    signals: Mapping[str, str | None]
    errors: Mapping[str, str | None]
    escalations: Mapping[str, str | None]


def read_references(root: Any) -> References:
    """All root elements of the file that an event may refer to."""
    return References(
        messages={
            xml.get("id", ""): (attribute_of(xml, "name"), Extensions(xml).get(ZEEBE, "subscription", "correlationKey"))
            for xml in root.findall(f"{{{BPMN}}}message")
        },
        signals=_named(root, "signal", "name"),
        errors=_named(root, "error", "errorCode"),
        escalations=_named(root, "escalation", "escalationCode"),
    )


def _named(root: Any, local: str, attribute: str) -> dict[str, str | None]:
    return {xml.get("id", ""): attribute_of(xml, attribute) for xml in root.findall(f"{{{BPMN}}}{local}")}


def reference(text: str | None) -> str:
    """The id in a QName reference: the part after the prefix."""
    return (text or "").strip().rpartition(":")[2]
