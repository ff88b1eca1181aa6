"""What a form is made of, after it has been read: no JSON, no FHIR shapes, nothing that could still be refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.errors import Text
from workflows.forms.expressions import Expression

NOT_PERFORMED, ASKED_UNKNOWN = "not-performed", "asked-unknown"
ABSENT = {
    NOT_PERFORMED: Text(zh="未查", en="not done"),
    ASKED_UNKNOWN: Text(zh="不详", en="unknown"),
}
NUMBERS = frozenset({"integer", "decimal", "quantity"})
DATES = frozenset({"date", "dateTime"})
CHOICES = frozenset({"choice", "open-choice"})


@dataclass(frozen=True, kw_only=True)
class Option:
    code: str
    text: Text
    system: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unit:
    """UCUM `code` for machines, `display` for people."""

    code: str
    display: str
    system: str | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Outside low..high is refused, outside confirm_low..confirm_high asked again. `mark`: who must still sign them."""

    low: Decimal | None = None
    high: Decimal | None = None
    confirm_low: Decimal | None = None
    confirm_high: Decimal | None = None
    mark: str | None = None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One `enableWhen`: the answer to `question` compared with `answer`."""

    question: str
    operator: str
    answer: Any


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """Must not be false. Empty (something is not answered yet) is not false."""

    key: str
    expression: Expression
    message: Text
    is_error: bool = True


@dataclass(frozen=True, kw_only=True)
class Lunar:
    """A date that may be typed in the lunar calendar: the items that keep what was told and, where the form
    asks for it, in which calendar."""

    told: str
    calendar: str | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    link_id: str
    type: str
    text: Text
    prefix: str | None = None
    required: bool = False
    repeats: bool = False
    read_only: bool = False
    hidden: bool = False
    max_length: int | None = None
    decimal_places: int | None = None
    regex: str | None = None
    hint: Text | None = None
    control: str | None = None
    date_range: str = "past"
    check: str | None = None
    lunar: Lunar | None = None
    limits: Limits = Limits()
    unit: Unit | None = None
    options: tuple[Option, ...] = ()
    absent: tuple[str, ...] = ()
    initial: Any = None
    conditions: tuple[Condition, ...] = ()
    any_condition: bool = False
    enabled_by: Expression | None = None
    required_by: Expression | None = None
    zero_by: Expression | None = None
    calculated: Expression | None = None
    constraints: tuple[Constraint, ...] = ()
    codes: tuple[dict[str, str], ...] = ()
    is_measured: bool = False
    items: tuple[Item, ...] = field(default=(), repr=False)

    @property
    def is_group(self) -> bool:
        return self.type == "group"

    @property
    def is_table(self) -> bool:
        """A group with one row per thing: its answer is a list of dicts."""
        return self.is_group and self.repeats

    @property
    def is_question(self) -> bool:
        return self.type not in {"group", "display"}

    def option(self, code: Any) -> Option | None:
        return self._by_code.get(code) if isinstance(code, str) else None

    @cached_property
    def _by_code(self) -> dict[str, Option]:
        return {option.code: option for option in reversed(self.options)}

    def walk(self) -> Iterator[Item]:
        """This item and everything under it, in the order of the page."""
        yield self
        for item in self.items:
            yield from item.walk()


def columns(items: tuple[Item, ...]) -> Iterator[Item]:
    """Questions and tables whose answers lie side by side in one dict: plain groups are looked through."""
    for item in items:
        if item.is_group and not item.repeats:
            yield from columns(item.items)
        elif item.type != "display":
            yield item
