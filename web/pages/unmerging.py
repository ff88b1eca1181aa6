"""Two women under one record: the merge taken back, what came since divided, and what that comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from fhir_adapters.corrections.asked import unmerger
from fhir_adapters.corrections.dividing import GOES, STAYS, Added
from fhir_adapters.corrections.unmerging import added_since, merges_of
from fhir_adapters.store import resources
from fhir_adapters.store.merging import Merge
from web import woman
from web.errors import STATUS
from web.pages.blueprint import bp, services, today
from web.words import record_kind
from workflows.corrections import carrying_out
from workflows.forms import forms_on_disk

CHOICES = "belongs:"  # before the reference, in the names of the form's choices


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The merge as the page shows it."""

    woman: woman.Woman
    merge: Merge
    names: dict[str, str]
    added: list[Added]
    titles: dict[str, Any]


@bp.get("/pregnancies/<pregnancy_id>/unmerge")
def unmerge_form(pregnancy_id: str) -> str:
    """404 where no record has become hers."""
    return _page(_shown(pregnancy_id))


@bp.post("/pregnancies/<pregnancy_id>/unmerge")
def unmerge(pregnancy_id: str) -> Response:
    """The first time the effect; with `confirmed` of just these choices it is done."""
    shown = _shown(pregnancy_id)
    belongs = {name.removeprefix(CHOICES): whose for name, whose in request.form.items() if name.startswith(CHOICES)}
    replaced, reason = request.form.get("replaced", "")[:64], request.form.get("reason", "")[:1000]
    said = hashlib.sha256(repr((replaced, sorted(belongs.items()))).encode()).hexdigest()
    is_told = all(one.reference in belongs for one in shown.added if one.belongs is None)
    dry_run = request.form.get("confirmed") != said
    try:
        asked = unmerger(
            services(), g.principal, pregnancy_id, replaced, belongs=belongs, reason=reason, dry_run=dry_run
        )
        effect = carrying_out.carry_out(services(), asked)
    except (Incorrect, Conflict) as error:
        return make_response(_page(shown, belongs, reason, error=error), STATUS[error.category])
    if dry_run:
        titles = {case: shown.names[who] for who, case in shown.merge.before["cases"].items()}
        effect["cases"] = [{**case, "title": titles.get(case["pregnancy_id"], "")} for case in effect["cases"]]
        confirmed = said if is_told else ""
        return make_response(_page(shown, belongs, reason, effect=effect, confirmed=confirmed))
    return redirect(url_for("web.pregnancy", pregnancy_id=pregnancy_id), 303)  # type: ignore[return-value]


def _shown(pregnancy_id: str) -> Shown:
    """Raises NotFound where the caller may not know of her, or nothing was merged into her record."""
    region = services().region_id
    with services().engine.read() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        merges = merges_of(conn, region, pregnancy_id)
        if not merges:
            raise NotFound("没有可撤销的合并", "there is no merge to take back")
        merge = merges[0]
        added = added_since(services(), conn, merge)
        names = {one: _name(conn, region, one) for one in (merge.survivor_id, merge.replaced_id)}
    services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
    return Shown(woman=she, merge=merge, names=names, added=added, titles={one.reference: _title(one) for one in added})


def _name(conn: Any, region: str, patient_id: str) -> str:
    stored = resources.current(conn, region, "Patient", patient_id)
    said = stored.resource() if stored else {}
    return next((str(name["text"]) for name in said.get("name", ()) if name.get("text")), patient_id)


def _title(one: Added) -> Any:
    """A form by its title, all else by what it is."""
    resource = one.members[0].stored.resource()
    for member in one.members:
        if member.stored.type == "QuestionnaireResponse":
            form = str(member.stored.resource().get("questionnaire", "")).partition("|")[0].rsplit("/", 1)[-1]
            if form in forms_on_disk():
                return forms_on_disk()[form].title
    code = resource.get("code", {})
    words = code.get("text") or next((c["display"] for c in code.get("coding", ()) if c.get("display")), "")
    words = words or resource.get("description", "")
    hidden = any(label in ("R", "V") for label in one.labels) and not g.principal.restricted
    return record_kind(resource["resourceType"]) if hidden or not words else words


def _page(
    shown: Shown,
    belongs: dict[str, str] | None = None,
    reason: str = "",
    *,
    effect: Any = None,
    confirmed: str = "",
    error: EngineError | None = None,
) -> str:
    return render_template(
        "unmerge.html",
        woman=shown.woman,
        shown=shown,
        sides=((STAYS, shown.merge.survivor_id), (GOES, shown.merge.replaced_id)),
        belongs=belongs or {},
        prefix=CHOICES,
        reason=reason,
        effect=effect,
        confirmed=confirmed,
        error=error,
    )
