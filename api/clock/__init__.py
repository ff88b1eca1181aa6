"""`/api/clock`: the hand-moved clock of rehearsals. Where the machine's clock runs, there is no such thing: 404."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from marshmallow import ValidationError, validates_schema

from api.answers import at, reply
from api.requests import Duration, Instant, Strict, idempotency, load
from engine.errors import Incorrect, NotFound
from workflows.services import Services


class MoveBody(Strict):
    advance = Duration()
    to = Instant()

    @validates_schema
    def one_of_them(self, given: dict[str, Any], **_: Any) -> None:
        if len(given) != 1:
            raise ValidationError("请给 advance 或 to 之一。 Give either advance or to.")


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("clock", __name__, url_prefix="/api")

    def manual() -> Any:
        if services.settings.manual_clock_at is None:
            raise NotFound("系统时钟不可调", "the machine's clock runs; it cannot be moved")
        return services.timekeeper

    @bp.get("/clock")
    def now() -> Response:
        """The time of the pathway."""
        manual()
        return reply({"now": at(services.clock()), "fired": 0})

    @bp.post("/clock")
    def move() -> Response:
        """Go forward; fires what falls due in order, each at its own time, and answers when nothing is due."""
        keeper = manual()
        given = load(MoveBody())
        target = given["to"] if "to" in given else services.clock() + given["advance"]
        with services.people.answer_once(idempotency(), {"to": target.isoformat()}) as once:
            if once.stored is None:
                target = datetime.fromisoformat(once.plan["to"])  # of a move that died on its way, where that one went
                if target < services.clock() and not once.goes_on:
                    raise Incorrect("时钟不能倒退", "the clock never goes back", code="clock-backwards")
                fired = keeper.advance_to(target)
                once.keep({"now": at(services.clock()), "fired": fired})
        return reply(once.stored)

    return bp
