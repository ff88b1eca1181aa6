"""Two records of one woman, side by side: whose record stays, which pregnancy goes on, what that comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect
from engine.store import reads
from fhir_adapters.corrections.asked import merger
from fhir_adapters.corrections.identity import identity_now
from fhir_adapters.corrections.results import results_of
from web import woman
from web.errors import STATUS
from web.pages.blueprint import bp, services, today
from workflows.corrections import carrying_out

OPEN = ("active", "suspended")
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two, as the page shows it."""

    woman: woman.Woman
    person: Any
    patient_id: str | None
    results: int
    tasks: int

    @property
    def is_open(self) -> bool:
        return self.woman.instance.status in OPEN


@bp.get("/pregnancies/<pregnancy_id>/merge")
def merge_form(pregnancy_id: str) -> str:
    """Without `other` the page looks her up: `q` a name or number."""
    return _page(pregnancy_id, request.args.get("other", "")[:64], words=request.args.get("q", "")[:100])


@bp.post("/pregnancies/<pregnancy_id>/merge")
def merge(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just these choices it is done."""
    other = request.form.get("other", "")[:64]
    stays, kept = request.form.get("survivor", "")[:64], request.form.get("kept", "")[:64] or None
    reason = request.form.get("reason", "")[:1000]
    sides = _sides(pregnancy_id, other)
    said = f"{stays}|{kept}"
    dry_run = request.form.get("confirmed") != said
    given = {"survivor": stays, "kept": kept, "reason": reason}
    try:
        if stays not in (pregnancy_id, other):
            raise Incorrect("请选择保留哪一份档案", "say whose record stays", code="correction")
        goes = other if stays == pregnancy_id else pregnancy_id
        asked = merger(services(), g.principal, stays, goes, kept=kept, reason=reason, dry_run=dry_run)
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(pregnancy_id, other, given=given, error=error), STATUS[error.category])
    if dry_run:
        titles = {side.woman.pregnancy_id: side.person.name for side in sides}
        effect["cases"] = [{**case, "title": titles[case["pregnancy_id"]]} for case in effect["cases"]]
        return make_response(_page(pregnancy_id, other, given=given, effect=effect, confirmed=said))
    going_on = effect["noted"]["kept"] or stays
    return redirect(url_for("web.pregnancy", pregnancy_id=going_on), 303)  # type: ignore[return-value]


def _sides(*pregnancies: str) -> list[Side]:
    """Raises NotFound where the caller may not know of one of them."""
    with services().engine.read() as conn:
        found = [_side(conn, one) for one in pregnancies]
    for one in pregnancies:
        services().people.record_view(g.principal, interaction="read", pregnancy_id=one)
    return found


def _side(conn: Any, pregnancy_id: str) -> Side:
    she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    region = services().region_id
    known = identity_now(conn, region, pregnancy_id)
    if known is None:
        raise Conflict("尚未建册，没有可合并的档案", "she is not registered yet", code="not-registered")
    tasks = reads.user_tasks(conn, region, business_key=pregnancy_id, limit=MOST).items
    results = results_of(conn, region, pregnancy_id, restricted=g.principal.restricted)
    return Side(woman=she, person=known[1], patient_id=known[0], results=len(results), tasks=len(tasks))


def _page(
    pregnancy_id: str,
    other: str,
    *,
    words: str = "",
    given: dict[str, Any] | None = None,
    effect: Any = None,
    confirmed: str = "",
    error: EngineError | None = None,
) -> str:
    sides = _sides(pregnancy_id, *([other] if other else []))
    found = []
    if words and not other:
        with services().engine.read() as conn:
            hits = services().patients.search(conn, words, g.principal.organisations)
        found = [one for one in hits if one["patient_id"] != sides[0].patient_id]
        services().people.record_view(g.principal, interaction="search")
    older = min(sides, key=lambda side: str(side.woman.variables.get("registered_on") or "9"))
    choice = {"survivor": older.woman.pregnancy_id, "kept": older.woman.pregnancy_id, "reason": ""}
    return render_template(
        "merge.html",
        woman=sides[0].woman,
        sides=sides,
        both_open=len(sides) == 2 and all(side.is_open for side in sides),
        words=words,
        found=found,
        given={**choice, **(given or {})},
        effect=effect,
        confirmed=confirmed,
        error=error,
    )
