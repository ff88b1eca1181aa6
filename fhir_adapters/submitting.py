"""A report is handed in: every counted indicator of a period becomes a MeasureReport that never changes. A correction
is another report that refers to the one it replaces; what a later count finds stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from engine.clock import CHINA
from engine.commands.contracts import IdempotencyKey
from engine.errors import Conflict, Incorrect, NotFound
from engine.store import plain
from fhir_adapters.dates import local_text
from fhir_adapters.mappings import measure
from fhir_adapters.store import submitted as store
from fhir_adapters.store.submitted import Frozen, Submitted
from fhir_adapters.terminology import CANONICAL_BASE
from workflows import indicators
from workflows.indicators import Figure, Period
from workflows.people import once
from workflows.people.model import Principal
from workflows.services import Services

REPORT = f"{CANONICAL_BASE}/sid/submitted-report"
BY = f"{CANONICAL_BASE}/StructureDefinition/submitted-by"
REPLACES = f"{CANONICAL_BASE}/StructureDefinition/replaces"
RETURNS = "returns."
DUE_WITHIN = timedelta(days=120)  # after a period's end its report falls due


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One indicator: what was handed in, and what is counted now."""

    indicator: str
    then: Mapping[str, int]
    now: Figure

    @property
    def differs(self) -> bool:
        return (self.then["numerator"], self.then["denominator"]) != (self.now.numerator, self.now.denominator)


def submit(
    services: Services,
    period: Period,
    *,
    by: Principal,
    organisation: str | None = None,
    replaces: UUID | None = None,
    reason: str | None = None,
    key: IdempotencyKey | None = None,
) -> Submitted:
    """Raises Incorrect (the period is not over, another's organisation, a correction without a reason), NotFound,
    Conflict (handed in before, or corrected already)."""
    now = services.clock()
    if organisation is not None and organisation not in by.organisations:
        raise Incorrect("没有此机构", "there is no such organisation", code="organisation")
    if now.astimezone(CHINA).date() < period.last:
        raise Incorrect("时期尚未结束，不能上报", "the period is not over yet", code="period-open")
    if replaces is not None and not (reason or "").strip():
        raise Incorrect("更正须写明原因", "a correction says why", code="reason")
    new_id = uuid4()
    with services.pool.connection() as conn, conn.transaction():
        if (made := once.made_before(conn, services.region_id, key, str(new_id), now)) is not None:
            return store.reports(conn, services.region_id, UUID(made))[0]
        before = store.reports(conn, services.region_id, replaces)[:1] if replaces else []
        if replaces is not None and (not before or not _same(before[0], period, organisation)):
            raise NotFound(
                "没有这份同一时期、同一机构的上报", "no report of that period and place", code="no-such-report"
            )
        found = indicators.report(services, conn, period, organisation=organisation)
        report = Submitted(
            id=new_id,
            first=period.first,
            last=period.last,
            organisation=organisation,
            due_on=_due_on(services, period),
            submitted_at=now,
            submitted_by=by.login,
            submitter=by.organisation,
            replaces=replaces,
            reason=reason.strip()[:200] if replaces and reason else None,
        )
        earlier = {one.indicator: one.id for one in _measures(conn, services, replaces)}
        counted = [figure for figure in found.figures if figure.definition.is_recorded]
        frozen = [_frozen(figure, found, report, earlier) for figure in counted]
        if not store.add(conn, services.region_id, report, frozen):
            raise Conflict(
                "这一时期已上报；有误请更正原来的一份", "handed in already; correct that one", code="submitted-before"
            )
        services.people.audit(by, "submit", "indicator", str(report.id), {"period": period.text}, conn=conn)
    return report


def beside(services: Services, conn: Any, id_: UUID) -> tuple[Submitted, list[Beside]]:
    """What was handed in with what is counted today. Raises NotFound."""
    known = store.reports(conn, services.region_id, id_)
    if not known:
        raise NotFound("没有这份上报", "no such report", code="no-such-report")
    report = known[0]
    period = indicators.read_period(f"{report.first}/{report.last}")
    now = {
        figure.definition.id: figure
        for figure in indicators.report(services, conn, period, organisation=report.organisation).figures
    }
    handed_in = _measures(conn, services, id_)
    return report, [Beside(indicator=one.indicator, then=_counts(one), now=now[one.indicator]) for one in handed_in]


def _frozen(figure: Figure, found: Any, report: Submitted, earlier: Mapping[str, UUID]) -> Frozen:
    id_ = uuid4()
    said: list[dict[str, Any]] = [{"url": BY, "valueString": report.submitted_by}]
    if (replaced := earlier.get(figure.definition.id)) is not None:
        said.append({"url": REPLACES, "valueReference": {"reference": f"MeasureReport/{replaced}"}})
    made = measure.to_report(figure, found)
    meta = {**made["meta"], "versionId": "1", "lastUpdated": local_text(report.submitted_at)}
    body = {
        "resourceType": "MeasureReport",
        "id": str(id_),
        "meta": meta,
        "extension": said,
        "identifier": [{"system": REPORT, "value": str(report.id)}],
        **{name: value for name, value in made.items() if name not in ("resourceType", "meta")},
    }
    text = plain.dumps(body).decode()
    return Frozen(id=id_, report_id=report.id, indicator=figure.definition.id, body=text)


def _measures(conn: Any, services: Services, report_id: UUID | None) -> list[Frozen]:
    return store.measures(conn, services.region_id, report_id=report_id) if report_id is not None else []


def _counts(one: Frozen) -> dict[str, int]:
    (group,) = plain.loads(one.body)["group"]
    return {part["code"]["coding"][0]["code"]: part["count"] for part in group["population"]}


def _same(report: Submitted, period: Period, organisation: str | None) -> bool:
    return (report.first, report.last, report.organisation) == (period.first, period.last, organisation)


def _due_on(services: Services, period: Period) -> Any:
    """The first day after the period on which the region's pack asks for a return; None where it asks for none."""
    pack = services.regions(services.settings.pack)
    ahead = Period("", period.last, period.last + DUE_WITHIN)
    return next((due.on for due in indicators.due_dates(pack, ahead) if due.key.startswith(RETURNS)), None)
