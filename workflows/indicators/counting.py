"""Every indicator of a region in a period, by organisation, beside its target; and the women behind a number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.errors import NotFound
from workflows.indicators.definitions import Definition, definition, definitions
from workflows.indicators.periods import Period
from workflows.people.model import Organisation, Principal
from workflows.regions import Pack
from workflows.services import Services
from workflows.store import indicators as store

LONGEST_LIST = 5_000
COMPARE = {
    "lt": lambda found, wanted: found < wanted,
    "le": lambda found, wanted: found <= wanted,
    "ge": lambda found, wanted: found >= wanted,
    "eq": lambda found, wanted: found == wanted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the region's pack aims at, with the mark and sentence of where that comes from."""

    value: Decimal
    op: str
    mark: str
    source: str
    of: str | None = None  # for which institutions, where it is not for all
    year: int | None = None  # by when


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One indicator of one organisation, or of all. `numerator` None: not yet recorded. `rate` None without a
    denominator. `excluded`: how many were looked at and left out."""

    definition: Definition
    numerator: int | None = None
    denominator: int | None = None
    excluded: int = 0
    rate: Decimal | None = None
    median: Decimal | None = None
    p90: Decimal | None = None
    target: Target | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or no rate."""
        if self.target is None or self.rate is None:
            return None
        return COMPARE[self.target.op](self.rate, self.target.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`figures` of the whole, `by_organisation` of each place that adds to them, in the order of the definitions."""

    region: str
    pack: str
    period: Period
    organisation: str | None
    counted_at: datetime
    figures: tuple[Figure, ...]
    by_organisation: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One woman, birth, report or referral that an indicator looked at. `part`: numerator, denominator or excluded."""

    instance_id: Any
    pregnancy_id: str | None  # None for what is about no woman: a unit's monthly return
    organisation: str | None
    on: date
    part: str
    reason: str | None
    value: Decimal | None


def report(
    services: Services, conn: Any, period: Period, *, organisation: str | None = None, pack: Pack | None = None
) -> Report:
    """Raises NotFound for an organisation that is none of the region's."""
    rules = pack or services.regions(services.settings.pack)
    within = _within(services, organisation)
    now = services.clock()
    found = store.counts(conn, _asked(services, period, now, rules, within))
    counted: dict[str | None, dict[str, Any]] = {}
    for row in found:
        counted.setdefault(row["organisation"], {})[row["indicator"]] = row
    places = sorted(place for place in counted if place is not None)
    return Report(
        region=services.region_id,
        pack=rules.id,
        period=period,
        organisation=organisation,
        counted_at=now,
        figures=_figures(counted.get(None, {}), rules, period),
        by_organisation={place: _figures(counted[place], rules, period) for place in places},
    )


def listed(
    services: Services,
    conn: Any,
    indicator: str,
    period: Period,
    *,
    by: Principal,
    organisation: str | None = None,
    pack: Pack | None = None,
) -> tuple[list[Listed], int]:
    """The women behind a number that the caller may know of, and how many rows are kept back for those who may know of
    infectious diseases. Raises NotFound for an unknown indicator, or one that is not counted yet."""
    known = definition(indicator)
    if known.missing is not None:
        raise NotFound(
            f"尚未记录：{known.missing.zh}", f"not yet recorded: {known.missing.en}", code="not-yet-recorded"
        )
    rules = pack or services.regions(services.settings.pack)
    within = _within(services, organisation)
    mine = by.organisations if within is None else within & by.organisations
    asked = _asked(services, period, services.clock(), rules, mine)
    may_know = by.restricted
    found = store.women(conn, asked, indicator, may_know_protected=may_know, limit=LONGEST_LIST)
    hidden = 0 if may_know else store.protected(conn, asked, indicator)
    return [_listed(row) for row in found], hidden


def _asked(
    services: Services, period: Period, now: datetime, rules: Pack, organisations: Collection[str] | None
) -> dict[str, Any]:
    minutes = int(rules.value("emergency.ddi_target_min"))
    return store.asked(services.region_id, period.first, period.last, now, minutes, organisations)


def _within(services: Services, organisation: str | None) -> frozenset[str] | None:
    """The organisation and all below it; None for the whole region."""
    if organisation is None:
        return None
    tree: Mapping[str, Organisation] = services.people.organisations()
    if organisation not in tree:
        raise NotFound(f"没有机构“{organisation[:50]}”", "no such organisation", code="no-such-organisation")
    seen = {organisation}
    while below := {o.id for o in tree.values() if o.parent_id in seen} - seen:
        seen |= below
    return frozenset(seen)


def _figures(counted: Mapping[str, Any], rules: Pack, period: Period) -> tuple[Figure, ...]:
    return tuple(
        _figure(known, counted.get(known.id), _target(known, rules, period)) for known in definitions().values()
    )


def _figure(known: Definition, row: Mapping[str, Any] | None, target: Target | None) -> Figure:
    if not known.is_recorded:
        return Figure(definition=known, target=target)
    numerator, denominator = (row["numerator"], row["denominator"]) if row else (0, 0)
    return Figure(
        definition=known,
        numerator=numerator,
        denominator=denominator,
        excluded=row["excluded"] if row else 0,
        rate=rate(numerator, denominator, known.factor),
        median=row["median"] if row else None,
        p90=row["p90"] if row else None,
        target=target,
    )


def rate(numerator: int, denominator: int, factor: int) -> Decimal | None:
    """To one decimal, halves up; None without a denominator.

    >>> rate(1, 3, 100)
    Decimal('33.3')
    """
    if not denominator:
        return None
    return (Decimal(numerator) * factor / denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _target(known: Definition, rules: Pack, period: Period) -> Target | None:
    """A target as packs write it: a number that is at least to be reached, or `{value, op, by_year}`."""
    key, said = next(((key, found) for key in known.targets if (found := _said(rules, key)) is not None), (None, None))
    if key is None:
        return None
    if isinstance(said, Mapping):
        value, op = said.get("by_year", {}).get(str(period.last.year), said["value"]), said.get("op", "ge")
    else:
        value, op = said, "lt" if key.endswith("_max_pct") else "ge"
    source = rules.source(key)
    more: dict[str, Any] = {"of": _of(said), "year": said.get("year")} if isinstance(said, Mapping) else {}
    return Target(value=Decimal(str(value)), op=op, mark=source.mark, source=source.text, **more)


def _said(rules: Pack, key: str) -> Any:
    try:
        return rules.value(key)
    except KeyError:
        return None


def _of(said: Mapping[str, Any]) -> str | None:
    """For whom the target is, and how often what is counted should be read."""
    reads = f"平均阅读量 {said['reads']}" if "reads" in said else None
    return "，".join(part for part in (said.get("of"), reads) if part) or None


def _listed(row: Mapping[str, Any]) -> Listed:
    part = "numerator" if row["numerator"] else "denominator" if row["denominator"] else "excluded"
    return Listed(
        instance_id=row["instance_id"],
        pregnancy_id=row["pregnancy_id"],
        organisation=row["organisation"],
        on=row["happened_on"],
        part=part,
        reason=row["reason"],
        value=row["value"],
    )
