"""What was recorded wrongly about a woman is put right: `dry_run` answers the effect and stores nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import fields, validate

from api.answers import reply
from api.pregnancies.summary import case_for
from api.requests import Strict, idempotency, load, principal, text
from workflows.corrections import carrying_out, grading
from workflows.corrections.carrying_out import CarryOut
from workflows.services import Services

LONGEST = 1000


class AmendGradingBody(Strict):
    graded_at = text(40, required=True)
    criteria = fields.List(fields.String(validate=validate.Length(min=1, max=20)), required=True)
    reason = fields.String(required=True, validate=validate.Length(max=LONGEST))
    dry_run = fields.Boolean(load_default=False)


def add_routes(bp: Blueprint, services: Services) -> None:
    @bp.post("/<uuid:pregnancy_id>/corrections/grading")
    def amend_grading(pregnancy_id: UUID) -> Response:
        """The grading in force was entered in error: `criteria` are all that hold, `graded_at` says which result."""
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
            )
        )

    def _require_hers(pregnancy_id: UUID) -> None:
        with services.engine.read() as conn:
            case_for(services, conn, principal(), str(pregnancy_id))

    def _answer(asked: CarryOut) -> Response:
        effect: dict[str, Any] = carrying_out.carry_out(services, asked, idempotency())
        return reply({"dry_run": asked.dry_run, **effect})
