"""A date typed as told in the lunar calendar: the field holds the Gregorian day, beside it stands what was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from workflows.forms.items import Item
from workflows.policies import lunar


def taken(items: Sequence[Item], answers: Any, on: date) -> list[dict[str, Any]]:
    """Of each item that holds a lunar date: `path`, `told`, the Gregorian `day`, and the `answers` that stand for it.
    What cannot be read stays as it was typed, and the form refuses it at its field."""
    if not isinstance(answers, Mapping):
        return []
    return [one for item in items if (one := _taken(item, answers, on)) is not None]


def _taken(item: Item, answers: Mapping[str, Any], on: date) -> dict[str, Any] | None:
    typed = answers.get(item.link_id)
    if item.lunar is None or not isinstance(typed, str) or not lunar.is_told(typed):
        return None
    day = lunar.gregorian(typed, on)
    if day is None:
        return None
    said = {item.lunar.told: typed.strip(), item.link_id: day.isoformat()}
    if item.lunar.calendar is not None:
        said[item.lunar.calendar] = "lunar"
    return {"path": item.link_id, "told": typed.strip(), "day": day.isoformat(), "answers": said}
