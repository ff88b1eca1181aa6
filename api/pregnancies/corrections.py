"""What was recorded wrongly about a woman is put right: `dry_run` answers the effect and stores nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import fields, validate

from api.answers import at, reply
from api.pregnancies.summary import case_for
from api.requests import Strict, idempotency, load, principal, text
from fhir_adapters.corrections.asked import identity_correction, late_result, merger, unmerger, withdrawal
from fhir_adapters.corrections.results import Result, results_of
from workflows.corrections import carrying_out, criteria, grading
from workflows.corrections.carrying_out import CarryOut
from workflows.services import Services
from workflows.task_access import today_in_china

LONGEST = 1000


class AmendGradingBody(Strict):
    graded_at = text(40, required=True)
    number = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1))
    newest = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=1))
    criteria = fields.List(fields.String(validate=validate.Length(min=1, max=20)), required=True)
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


class EnterResultBody(Strict):
    name = text(40, required=True)
    value = text(40, required=True)
    observed_at = text(40, required=True)
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


class IdentityBody(Strict):
    name = text(50, required=True)
    id_type = text(20, required=True)
    id_no = fields.String(load_default="", validate=validate.Length(max=30))
    birth_date = text(10, required=True)
    phone = fields.String(load_default="", validate=validate.Length(max=20))
    handbook_no = fields.String(load_default="", validate=validate.Length(max=40))
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


class MergeBody(Strict):
    duplicate = fields.UUID(required=True)
    kept = fields.UUID(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


class UnmergeBody(Strict):
    replaced = text(64, required=True)
    belongs = fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        values=fields.String(validate=validate.OneOf(("survivor", "replaced"))),
        load_default=dict,
    )
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


class WithdrawResultBody(Strict):
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


def add_routes(bp: Blueprint, services: Services) -> None:
    @bp.post("/<uuid:pregnancy_id>/corrections/grading")
    def amend_grading(pregnancy_id: UUID) -> Response:
        """A grading was entered in error: `criteria` are all that hold. `graded_at` says which result, and `number`
        where it is not the one in force; 409 where `newest` is not in force any more."""
        given = load(AmendGradingBody())
        _require_hers(pregnancy_id)
        by = principal()
        return _answer(
            grading.amendment(
                services,
                by,
                str(pregnancy_id),
                given["graded_at"],
                given["criteria"],
                given["reason"],
                dry_run=given["dry_run"],
                number=given["number"],
                newest=given["newest"],
            )
        )

    @bp.get("/<uuid:pregnancy_id>/gradings")
    def gradings(pregnancy_id: UUID) -> Response:
        """Every result with its number, what was in error before what took its place. What says purple only for whoever
        may know."""
        with services.people.reading(principal(), "read", "pregnancy", str(pregnancy_id)) as conn:
            variables = case_for(services, conn, principal(), str(pregnancy_id)).variables
        return reply({"items": grading.listed(variables, restricted=principal().restricted)})

    @bp.post("/<uuid:pregnancy_id>/corrections/identity")
    def correct_identity(pregnancy_id: UUID) -> Response:
        """Who she is, in place; 409 `same-document` where the document is on another record: then merge the two."""
        given = load(IdentityBody())
        _require_hers(pregnancy_id)
        reason, dry_run = given.pop("reason"), given.pop("dry_run")
        return _answer(
            identity_correction(services, principal(), str(pregnancy_id), person=given, reason=reason, dry_run=dry_run)
        )

    @bp.post("/<uuid:pregnancy_id>/corrections/merge")
    def merge(pregnancy_id: UUID) -> Response:
        """The woman of `duplicate` is this one: her record becomes this one's; `kept`: which of two open pregnancies
        goes on."""
        given = load(MergeBody())
        for one in (pregnancy_id, given["duplicate"]):
            _require_hers(one)
        kept, reason, dry_run = given["kept"], given["reason"], given["dry_run"]
        return _answer(
            merger(
                services,
                principal(),
                str(pregnancy_id),
                str(given["duplicate"]),
                kept=str(kept) if kept else None,
                reason=reason,
                dry_run=dry_run,
            )
        )

    @bp.post("/<uuid:pregnancy_id>/corrections/unmerge")
    def unmerge(pregnancy_id: UUID) -> Response:
        """The Patient `replaced` is another woman after all. `noted.asked` lists what a person must tell; `belongs`
        tells it."""
        given = load(UnmergeBody())
        _require_hers(pregnancy_id)
        return _answer(unmerger(services, principal(), str(pregnancy_id), **given))

    @bp.get("/criteria-changes")
    def criteria_changes() -> Response:
        """Open cases that the newest version of the criteria table would see differently; they keep their result."""
        with services.people.reading(principal(), "search", "criteria-changes", None) as conn:
            known = criteria.versions(services, conn)
            found = criteria.affected(services, conn, principal(), today_in_china(services))
        return reply(
            {
                "versions": [{"version": one.version, "deployed_at": at(one.deployed_at)} for one in known],
                "items": [
                    {
                        "pregnancy_id": one.pregnancy_id,
                        "version": one.version,
                        "gained": list(one.gained),
                        "lost": list(one.lost),
                    }
                    for one in found
                ],
            }
        )

    @bp.get("/<uuid:pregnancy_id>/results")
    def results(pregnancy_id: UUID) -> Response:
        """What was measured, newest first, with when it was measured and when it was stored."""
        with services.people.reading(principal(), "read", "pregnancy", str(pregnancy_id)) as conn:
            case_for(services, conn, principal(), str(pregnancy_id))
            restricted = principal().restricted
            found = results_of(conn, services.region_id, str(pregnancy_id), restricted=restricted)
        return reply({"items": [result_json(one) for one in found]})

    @bp.post("/<uuid:pregnancy_id>/corrections/results")
    def enter_result(pregnancy_id: UUID) -> Response:
        """A result entered after its day: every clock runs from `observed_at`."""
        given = load(EnterResultBody())
        _require_hers(pregnancy_id)
        return _answer(late_result(services, principal(), str(pregnancy_id), **given))

    @bp.post("/<uuid:pregnancy_id>/corrections/results/<result_id>/withdrawal")
    def withdraw_result(pregnancy_id: UUID, result_id: str) -> Response:
        """A result was entered in error: what rested on it is listed, and a doctor confirms the grading."""
        given = load(WithdrawResultBody())
        _require_hers(pregnancy_id)
        return _answer(withdrawal(services, principal(), str(pregnancy_id), result_id, **given))

    def _require_hers(pregnancy_id: UUID) -> None:
        with services.engine.read() as conn:
            case_for(services, conn, principal(), str(pregnancy_id))

    def _answer(asked: CarryOut) -> Response:
        effect: dict[str, Any] = carrying_out.carry_out(services, asked, idempotency())
        return reply({"dry_run": asked.dry_run, **effect})


def result_json(one: Result) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "value": one.value,
        "at": at(one.at),
        "stored_at": at(one.stored_at),
        "late": one.late,
        "withdrawn": one.withdrawn,
        "source": one.source,
    }
