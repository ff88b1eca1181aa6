"""Who a woman is, put right: another name, document, birth date; what follows from it first."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from fhir_adapters.access import Viewer
from fhir_adapters.corrections.asked import identity_correction
from fhir_adapters.corrections.identity import earlier, identity_now
from web import woman
from web.errors import STATUS
from web.language import pick
from web.looking import looked_at
from web.pages.blueprint import bp, services
from workflows.corrections import carrying_out
from workflows.corrections.identity import NAMES, Identity, questions


@bp.get("/pregnancies/<pregnancy_id>/identity")
def identity(pregnancy_id: str) -> str:
    return _page(looked_at(pregnancy_id))


@bp.post("/pregnancies/<pregnancy_id>/identity")
def correct_identity(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just these answers it is done."""
    given = {name: request.form.get(name, "").strip()[:100] for name in NAMES}
    reason = request.form.get("reason", "")[:1000]
    she = looked_at(pregnancy_id)
    said = hashlib.sha256("|".join(given.values()).encode()).hexdigest()[:16]
    dry_run = request.form.get("confirmed") != said
    try:
        asked = identity_correction(services(), g.principal, pregnancy_id, person=given, reason=reason, dry_run=dry_run)
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(she, given, reason, error=error), STATUS[error.category])
    if dry_run:
        return make_response(_page(she, given, reason, effect=effect, confirmed=said))
    return redirect(url_for("web.pregnancy", pregnancy_id=pregnancy_id), 303)  # type: ignore[return-value]


def _page(
    she: woman.Woman,
    given: dict[str, str] | None = None,
    reason: str = "",
    *,
    effect: Any = None,
    confirmed: str = "",
    error: EngineError | None = None,
) -> str:
    with services().engine.read() as conn:
        found = identity_now(conn, services().region_id, she.pregnancy_id)
        if found is None:
            raise NotFound("没有此孕产妇", "no such woman")
        patient_id, now = found
        before = earlier(conn, services().region_id, patient_id, Viewer.of(g.principal))
    lines = [line for line in she.variables.get("corrections") or () if line.get("kind") == "identity"]
    return render_template(
        "identity.html",
        woman=she,
        values=given or {name: getattr(now, name) for name in NAMES},
        questions=questions(),
        earlier=[(one.until, _said(one.person)) for one in before],
        corrections=lines,
        names=services().people.names({line["by"] for line in lines}),
        reason=reason,
        effect=effect,
        confirmed=confirmed,
        error=error,
    )


def _said(person: Identity) -> str:
    kinds = questions()["id_type"]
    option = kinds.option(person.id_type)
    parts = [person.name, pick(option.text) if option else "", person.id_no, person.birth_date, person.phone]
    return " · ".join(part for part in parts if part)
