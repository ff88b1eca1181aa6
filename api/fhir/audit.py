"""AuditEvent: the trail, for the auditor alone. Reading it leaves a row of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response

from api.fhir import replies
from api.fhir.guard import principal
from api.fhir.reading import PAGE, looking
from api.fhir.searching import address, parameters, searched
from engine.store import plain
from fhir_adapters.dates import interval
from fhir_adapters.issues import FhirError, Issue, not_found, refuse
from fhir_adapters.mappings.audit_event import to_audit_event
from fhir_adapters.store import audit

TYPE, AUDITOR = "AuditEvent", "auditor"
PARAMETERS = {"_id": "token", "agent": "token", "date": "date", "patient": "reference"}
CONTROL = frozenset({"_count", "_before", "_format", "_pretty"})
UNKNOWN = "不支持此参数", "parameter not supported"
MOST = 500
LONGEST = 18  # digits of a row's number


def register(bp: Blueprint, services: Any) -> None:
    @searched(bp, f"/{TYPE}")
    def audit_events() -> Response:
        return _search(services)

    @bp.get(f"/{TYPE}/<id_>")
    def audit_event(id_: str) -> Response:
        _require_auditor()
        with looking(services) as conn:
            number = _number(id_)
            rows = audit.events(conn, services.region_id, limit=1, id_=number) if number is not None else []
            if not rows:
                raise not_found()
            services.people.audit(principal(), "read", TYPE, id_, conn=conn)
        return replies.json(to_audit_event(rows[0]))


def _require_auditor() -> None:
    if AUDITOR not in principal().roles or principal().app is not None:
        text = "只有审计员可以读取审计记录", "only an auditor may read the trail"
        raise refuse(403, "forbidden", "MCH-A-002", *text)


def _search(services: Any) -> Response:
    _require_auditor()
    asked, count = _asked(), _count()
    with looking(services) as conn:
        rows = audit.events(conn, services.region_id, limit=count + 1, before=_before(), **asked)
        services.people.audit(principal(), "search", TYPE, None, conn=conn)
    base, shown = replies.base(services), rows[:count]
    entries = [
        {"fullUrl": f"{base}/{TYPE}/{row['id']}", "resource": to_audit_event(row), "search": {"mode": "match"}}
        for row in shown
    ]
    links = [("self", address())]
    if len(rows) > count:
        kept = {name: value for name, value in parameters().items() if name in PARAMETERS}
        following = {**kept, "_count": count, "_before": shown[-1]["id"]}
        links.append(("next", f"{base}/{TYPE}?{urlencode(following)}"))
    return replies.bundle("searchset", [plain.dumps(one).decode() for one in entries], links=links)


def _asked() -> dict[str, Any]:
    """What is not understood is refused: an auditor must not take a part for the whole."""
    given = parameters()
    problems = [
        Issue(
            type="not-supported",
            code="MCH-S-001",
            zh="不支持此参数",
            en="parameter not supported",
            expression=name[:64],
        )
        for name in given
        if name not in PARAMETERS and name not in CONTROL
    ]
    dates = [interval(one.replace(" ", "+")) for one in given.getlist("date")]
    if None in dates or len(dates) > 1:
        zh, en = "日期不合法", "not a date"
        allowed = "YYYY[-MM[-DD[Thh:mm:ss+zz:zz]]]"
        problems.append(Issue(type="invalid", code="MCH-S-002", zh=zh, en=en, expression="date", allowed=allowed))
    if problems:
        raise FhirError(400, problems)
    found: dict[str, Any] = {"actor": given.get("agent")}
    if "patient" in given:
        found["patient"] = given["patient"].removeprefix("Patient/")
    if "_id" in given:
        found["id_"] = _number(given["_id"]) or -1
    if dates and dates[0]:
        found |= {"low": dates[0][0], "high": dates[0][1]}
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None


def _count() -> int:
    return max(1, min(MOST, _number(parameters().get("_count", "")) or PAGE))


def _before() -> int | None:
    return _number(parameters().get("_before", ""))
