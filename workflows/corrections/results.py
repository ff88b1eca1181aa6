"""A result that comes late, or that is taken back: which may be entered by hand, and what rested on one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from engine.clock import CHINA
from engine.errors import Text
from workflows import prefill, tables
from workflows.corrections.asking import wrong
from workflows.facts import assessed, date_of, derived
from workflows.forms import Item, forms_on_disk
from workflows.forms.items import columns
from workflows.policies.gestational_age import LONGEST

LATE_AFTER = timedelta(hours=24)  # D-2: seen the same day; unseen for longer is late [default]
FORMS = ("anc-first", "anc-visit", "delivery", "postnatal-42d")
WITHDRAWN = "撤回"
# what a laboratory or a ward measures; units and limits are those of the forms
MEASURED = frozenset(
    {
        *("height", "weight", "prepregnancy_weight", "sbp", "dbp", "spo2", "hb", "wbc", "plt", "glucose"),
        *("ogtt_0", "ogtt_1h", "ogtt_2h", "fundal_height", "abdominal_circ", "pasp", "lvef", "bile_acid"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Rested:
    """What a withdrawn result had shown: criteria that nothing else shows, and of these the ones in force."""

    criteria: tuple[str, ...]
    in_force: tuple[str, ...]


@cache
def enterable() -> Mapping[str, Item]:
    """Measured figures with a unit and limits, by name, worded as their forms word them."""
    found: dict[str, Item] = {}
    for form in FORMS:
        for item in columns(forms_on_disk()[form].items):
            if item.link_id in MEASURED and not item.repeats:
                found.setdefault(item.link_id, item)
    return found


def unit_of(name: str) -> str:
    """Of a figure that may be entered by hand; empty for any other."""
    item = enterable().get(name)
    return item.unit.code if item is not None and item.unit is not None else ""


def words_of(name: str, display: str) -> Text:
    item = enterable().get(name)
    return item.text if item else Text(zh=display, en=display)


def figure_of(name: str, text: str) -> Decimal:
    """Raises Incorrect for what is no figure of this kind, or a slip of the pen."""
    item = enterable().get(name)
    if item is None:
        raise wrong("name", "请选择检查项目", "choose what was measured")
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise wrong("value", "请填数字", "give a figure") from None
    low, high = item.limits.low, item.limits.high
    if not value.is_finite() or (low is not None and value < low) or (high is not None and value > high):
        span = f"{low}–{high} {unit_of(name)}"
        raise wrong("value", f"应在 {span} 之间", f"between {span}")
    return value


def moment_of(text: str, now: datetime) -> datetime:
    """When the sample was taken, in China. Raises Incorrect for a moment that cannot be."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise wrong("observed_at", "请填时间，如 2026-01-05 09:30", "say when, such as 2026-01-05 09:30") from None
    at = at if at.tzinfo else at.replace(tzinfo=CHINA)
    if at > now:
        raise wrong("observed_at", "不能晚于现在", "it cannot be later than now")
    if now - at > timedelta(days=LONGEST):
        raise wrong("observed_at", "早于本次妊娠", "before this pregnancy")
    return at


def rested_on(before: Mapping[str, Any], after: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> Rested:
    """`before`, `after`: what was known with the result and without it."""
    shown, still = (set(_criteria(known, variables, on)) for known in (before, after))
    gone = sorted(shown - still)
    return Rested(criteria=tuple(gone), in_force=tuple(c for c in gone if c in (variables.get("criteria") or ())))


def _criteria(known: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> Sequence[str]:
    edd, rules = date_of(variables.get("edd")), prefill.policy(variables)
    return tables.grading_criteria(assessed(derived(known, on, edd), rules["age_reference"], edd), rules, on)


def finding(what: str, rested: Rested, reason: str) -> dict[str, str]:
    """For the doctor who confirms the grading. Purple is named nowhere."""
    open_criteria = [code for code in rested.criteria if not code.startswith("P")]
    based = f"；据此的标准 {'、'.join(open_criteria)}" if open_criteria else ""
    why = f"；{reason}" if reason else ""
    return {"code": WITHDRAWN, "level": "warn", "text": f"{what}{based}{why}；颜色不自动下降，请复核"}
