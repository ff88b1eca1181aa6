"""`/api/institutions`: duties, matters, the directory, individual returns, registers of others."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import fields

from api.answers import reply
from api.requests import PlainObject, Strict, idempotency, load, only, principal, text
from engine.errors import Incorrect, Malformed
from workflows import indicators
from workflows.institutions import calendar, directory, imports, matters, returns, reviews, staff
from workflows.services import Services
from workflows.task_access import today_in_china


class MatterBody(Strict):
    kind = text(60, required=True)
    organisation = text(100)
    pregnancy = text(60)


class LineBody(Strict):
    organisation = text(100, required=True)
    kind = text(40, required=True)
    fields_ = PlainObject(required=True, data_key="fields")
    since = fields.Date()
    until = fields.Date()


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("institutions", __name__, url_prefix="/api/institutions")

    @bp.get("/duties")
    def duties() -> Response:
        """Periods of the duties of the caller's institutions, soonest due first. `?state=overdue|open|waiting|done`"""
        only("state")
        wanted = request.args.get("state")
        with services.engine.read() as conn:
            found = calendar.periods(services, conn, principal(), today_in_china(services))
        return reply({"items": [_period(one) for one in found if wanted in (None, one.state)]})

    @bp.post("/duties")
    def take_up() -> Response:
        """The duties of the region's institutions by today's table; answers how many began."""
        return reply({"began": calendar.take_up(services, by=principal(), idempotency=idempotency())})

    @bp.get("/matters")
    def begun() -> Response:
        """Notices, checks, events, requests and measures of the caller's institutions, newest first."""
        with services.engine.read() as conn:
            found = matters.listed(services, conn, principal())
        return reply({"items": [_matter(one) for one in found]})

    @bp.post("/matters")
    def begin() -> Response:
        """Begin a notice, a check, an adverse event, a request, a review: 201 with the instance; its first task is a
        form."""
        body = load(MatterBody())
        instance = matters.begin(
            services,
            body["kind"],
            by=principal(),
            organisation=body.get("organisation"),
            pregnancy_id=body.get("pregnancy"),
            idempotency=idempotency(),
        )
        return reply({"id": str(instance)}, 201)

    @bp.get("/directory")
    def lines() -> Response:
        """Lines of the directory as they stand today, `log=1` all there ever were. `?organisation=&kind=&log=`"""
        only("organisation", "kind", "log")
        place, kind = (request.args.get(name) or None for name in ("organisation", "kind"))
        found = directory.lines(services, organisation=place, kind=kind, all=request.args.get("log") == "1")
        return reply({"items": [_line(one) for one in found]})

    @bp.post("/directory")
    def add() -> Response:
        """Add a line: 201 with its id."""
        body = load(LineBody())
        made = directory.add(
            services,
            by=principal(),
            organisation=body["organisation"],
            kind=body["kind"],
            fields=body["fields_"],
            since=body.get("since"),
            until=body.get("until"),
        )
        return reply({"id": str(made)}, 201)

    @bp.post("/directory/<uuid:line_id>/withdrawal")
    def withdraw(line_id: UUID) -> Response:
        """The line does not hold any more; it stays in the change log."""
        directory.withdraw(services, line_id, by=principal())
        return reply({"id": str(line_id)})

    @bp.get("/staff")
    def posts() -> Response:
        """Posts against what the region wants, and workload by account. `?period=2026Q1`"""
        only("period")
        with services.engine.read() as conn:
            worked = staff.workload(services, conn, principal(), _asked_period())
        standards = staff.standards(services, principal())
        return reply({"standards": [_standard(one) for one in standards], "workload": [_worked(one) for one in worked]})

    @bp.get("/returns/<kind>")
    def individual(kind: str) -> Response:
        """An individual return of the caller's institutions: births, maternal-deaths, newborn-deaths, defects,
        resources. `?period=2026Q1`"""
        only("period")
        with services.people.reading(principal(), "export", "return", kind) as conn:
            table = returns.table(services, conn, kind, _asked_period(), principal())
        rows = [[_cell(cell) for cell in row] for row in table.rows]
        return reply({"title": table.title, "head": list(table.head), "rows": rows})

    @bp.get("/reviews")
    def reviewed() -> Response:
        """The log of reviews in a period and the problems they have in common. `?period=2026Q1`"""
        only("period")
        with services.people.reading(principal(), "search", "review", None) as conn:
            found = reviews.log(services, conn, _asked_period(), principal())
        common = [{"cell": one.cell, "name": one.name.zh, "reviews": one.reviews} for one in reviews.problems(found)]
        return reply({"items": [_review(one) for one in found], "problems": common})

    @bp.post("/registers/<source>")
    def bring_in(source: str) -> Response:
        """A CSV of births, marriages or prepregnancy as `text/csv`: all of it or nothing; 201 with what it matched."""
        if request.mimetype != "text/csv":
            raise Malformed("请以 text/csv 发送", "send text/csv", code="media-type")
        found = imports.bring_in(services, source, request.get_data(), by=principal())
        counted = {"rows": found.rows, "matched": found.matched, "unknown": found.unknown, "leads": found.leads}
        return reply({"id": found.batch_id, **counted}, 201)

    @bp.get("/registers/births")
    def reconciliation() -> Response:
        """Births registered against births on record. `?period=2026Q1`"""
        only("period")
        period = _asked_period()
        with services.people.reading(principal(), "search", "register", None) as conn:
            found = imports.reconciled(services, conn, period.first, period.last)
        rows = [{**row, "happened_on": _cell(row["happened_on"])} for row in found.pop("unregistered")]
        return reply({**found, "unregistered": rows})

    return bp


def _asked_period() -> indicators.Period:
    asked = request.args.get("period")
    if not asked:
        raise Incorrect("请给 period，如 2026Q1", "give a period such as 2026Q1", code="query")
    return indicators.read_period(asked)


def _period(one: calendar.Period) -> dict[str, Any]:
    return {
        "organisation": one.organisation,
        "code": one.duty["code"],
        "name": one.duty["name"],
        "source": one.duty["source"],
        "due_on": one.due_on.isoformat(),
        "state": one.state,
        "files": one.files,
        "task": str(one.task_id) if one.task_id else None,
    }


def _matter(one: matters.Matter) -> dict[str, Any]:
    return {
        "id": str(one.instance_id),
        "kind": one.kind,
        "name": one.name,
        "organisation": one.organisation,
        "from_organisation": one.from_organisation,
        "open": one.is_open,
        "task": str(one.task_id) if one.task_id else None,
    }


def _review(one: reviews.Review) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "pregnancy": one.pregnancy_id,
        "organisation": one.organisation,
        "reviewed_on": one.reviewed_on.isoformat(),
        "level": one.level,
        "departments": list(one.departments),
        "cells": list(one.cells),
    }


def _line(one: directory.Line) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "organisation": one.organisation,
        "kind": one.kind,
        "fields": dict(one.body),
        "since": one.since.isoformat(),
        "until": _cell(one.until),
        "withdrawn": one.withdrawn_at is not None,
    }


def _standard(one: staff.Standard) -> dict[str, Any]:
    return {"organisation": one.organisation, "post": one.post.zh, "have": one.have, "want": one.want}


def _worked(one: staff.Worked) -> dict[str, Any]:
    return {"account": one.login, "finished": one.finished, "late": one.late, "women": one.women}


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
