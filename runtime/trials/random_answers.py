"""A form filled in at random within its limits: every answer that is taken could have been a person's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from engine.clock import CHINA
from workflows.forms import Form, Item
from workflows.forms.items import columns

WILDNESS = (0.03, 0.03, 0.1, 0.4, 1.0)  # how many of the answers are drawn; the others are as the example has them
FEW = 0.4  # share of the questions that nobody has to answer which are answered
TRIES = 9
GIVE_UP_DRAWING = 4  # tries after which what is still refused is answered as the example is
LAST_WORDS = frozenset(
    {"died", "lost", "moved", "ended", "delivered", "refused"}
)  # a walk that ends at once shows little
RARELY = 0.01
NUMBER_SPAN = Decimal(100)  # of a number without a limit
DAYS_BACK, DAYS_AHEAD = 40, 60


def fill_in(form: Form, chance: Random, *, base: Mapping[str, Any], now: datetime, fixed: Set[str]) -> dict[str, Any]:
    """`base` with some answers drawn. `fixed`: questions that are not drawn, such as who she is."""
    wild = chance.choice(WILDNESS)
    items = _questions(form)
    answers = {name: value for name, value in base.items() if name in items}
    for name, item in items.items():
        if name not in fixed and chance.random() < wild and (item.required or name in answers or chance.random() < FEW):
            answers[name] = _drawn(item, chance, now)
    return answers


def corrected(
    form: Form,
    chance: Random,
    *,
    answers: Mapping[str, Any],
    refused: Iterable[str],
    attempt: int,
    base: Mapping[str, Any],
    now: datetime,
    fixed: Set[str],
) -> dict[str, Any] | None:
    """What is sent in after a refusal: other answers where the faults lie, in the end those of the example. None when
    even these were refused."""
    if attempt >= TRIES:
        return dict(base) if attempt == TRIES else None
    items, changed = _questions(form), dict(answers)
    for path in sorted({re.split(r"[.\[]", path)[0] for path in refused}):
        changed.pop(path, None)
        if (attempt >= GIVE_UP_DRAWING or path in fixed) and path in base:
            changed[path] = base[path]
        elif path in items and path not in fixed:
            changed[path] = _drawn(items[path], chance, now)
    return changed


def _questions(form: Form) -> dict[str, Item]:
    return {item.link_id: item for item in columns(form.items) if not item.read_only}


def _drawn(item: Item, chance: Random, now: datetime) -> Any:
    if item.is_table:
        rows = [_row(item, chance, now) for _ in range(chance.choice((1, 1, 2)))]
        return [row | ({"order": number} if "order" in row else {}) for number, row in enumerate(rows, 1)]
    drawn = DRAW.get(item.type, _text)
    if item.repeats:
        return list(dict.fromkeys(drawn(item, chance, now) for _ in range(chance.choice((1, 1, 2)))))
    return drawn(item, chance, now)


def _row(item: Item, chance: Random, now: datetime) -> dict[str, Any]:
    inner = [each for each in columns(item.items) if not each.read_only]
    return {
        each.link_id: _drawn(each, chance, now)
        for each in inner
        if each.required and not each.conditions and not each.enabled_by
    }


def _choice(item: Item, chance: Random, now: datetime) -> Any:
    codes = [option.code for option in item.options]
    return chance.choices(codes, [RARELY if code in LAST_WORDS else 1 for code in codes])[0] if codes else "x"


def _whole(item: Item, chance: Random, now: datetime) -> Any:
    low, high = _limits(item)
    return chance.randint(int(low), max(int(low), int(high)))


def _quantity(item: Item, chance: Random, now: datetime) -> Any:
    low, high = _limits(item)
    places = item.decimal_places if item.decimal_places is not None else 1
    return round(float(low) + chance.random() * float(high - low), places) if places else _whole(item, chance, now)


def _limits(item: Item) -> tuple[Decimal, Decimal]:
    low = item.limits.low if item.limits.low is not None else Decimal(0)
    return low, item.limits.high if item.limits.high is not None else low + NUMBER_SPAN


def _day(item: Item, chance: Random, now: datetime) -> Any:
    on = now.astimezone(CHINA).date()
    return (on + timedelta(days=_shift(item, chance))).isoformat()


def _moment(item: Item, chance: Random, now: datetime) -> Any:
    return (now.astimezone(CHINA) + timedelta(days=_shift(item, chance), minutes=-chance.randint(1, 90))).isoformat(
        timespec="seconds"
    )


def _shift(item: Item, chance: Random) -> int:
    if item.date_range == "future":
        return chance.randint(1, DAYS_AHEAD)
    return chance.choice((0, 0, -chance.randint(0, DAYS_BACK)))


def _truth(item: Item, chance: Random, now: datetime) -> Any:
    return chance.random() < 0.7


def _text(item: Item, chance: Random, now: datetime) -> Any:
    return "随机" if item.max_length is None or item.max_length >= 2 else "随"


Draw = Callable[[Item, Random, datetime], Any]
DRAW: Mapping[str, Draw] = {
    "boolean": _truth,
    "choice": _choice,
    "open-choice": _choice,
    "integer": _whole,
    "decimal": _quantity,
    "quantity": _quantity,
    "date": _day,
    "dateTime": _moment,
}
