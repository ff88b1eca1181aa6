"""Referrals as both sides did them: each step with the time that its side said, when it came here, when it was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, EngineError, Incorrect, NotFound
from engine.store import plain, reads
from fhir_adapters.documents import travelling
from fhir_adapters.documents.kinds import KINDS
from fhir_adapters.documents.page import page
from fhir_adapters.store import documents
from fhir_adapters.store import referrals as rows
from web import filling, worklist
from web.errors import STATUS
from web.pages.blueprint import bp, now, services
from workflows import referral_ends, referral_onward
from workflows.reading_cases import reading_cases
from workflows.referrals import LEAVES, PROCESS, state_of
from workflows.referrals import sides as sides_of

CALLED = "call_referral"  # of the diagram of a pregnancy
STEPS = (
    *("task_request_transfer", "task_answer_transfer", "task_next_centre", "task_find_centre", "task_depart"),
    *("task_arrive", "task_transfer_result", "task_follow_result", "task_trace_no_show"),
)


@bp.get("/referrals")
def referrals() -> str:
    """Those that one of the reader's institutions sends or receives, the newest first."""
    with services().people.reading(g.principal, "search", "referral", None) as conn:
        found = rows.recent(conn, services().region_id, g.principal.organisations)
    return render_template(
        "referrals.html", rows=found, within=_within_journeys(), places=services().people.organisations()
    )


def _within_journeys() -> list[worklist.Row]:
    """What is open of referrals that care itself began (an emergency in a visit): they have no number of their own."""
    with reading_cases(services(), g.principal) as conn:
        asked: dict[str, Any] = {"definition_key": worklist.MAIN, "order": "created", "limit": worklist.ROWS}
        pages = [reads.user_tasks(conn, services().region_id, element_id=one, **asked) for one in STEPS]
        tasks = sorted((t for page in pages for t in page.items if f"{CALLED}/" in t.path), key=lambda t: t.created_at)
        return worklist.rows(services(), conn, tasks[::-1], g.principal, services().people.organisations(), now())


@bp.get("/referrals/<referral_no>")
def referral(referral_no: str) -> str:
    """404 for one that is none of the reader's institutions'."""
    return _page(referral_no)


def _page(referral_no: str, how: str = "", error: EngineError | None = None) -> str:
    """`how`: what was asked for and refused by `error`; what was typed for it stands there again."""
    steps, instance = _found(referral_no)
    with services().engine.read() as conn:
        papers = documents.of_referral(conn, services().region_id, referral_no, restricted=g.principal.restricted)
        waiting = reads.user_tasks(conn, services().region_id, instance_id=instance.id).items
    state, sides = state_of(instance.variables), sides_of(instance.definition_key, instance.variables)
    mine = {side for side, organisation in sides.items() if organisation in g.principal.organisations}
    may_end = referral_ends.MAY_END.get(instance.definition_key, {})
    is_referral = instance.definition_key == PROCESS
    can = [how for how, (states, side) in may_end.items() if state in states and side in mine]
    unsaid = "receiver" in mine and any(task.element_id == LEAVES for task in waiting)
    places = services().people.organisations()
    names = services().people.names({step.by for step in steps})
    return render_template(
        "referral.html",
        no=referral_no,
        steps=steps,
        state=state,
        sides=sides,
        waiting=waiting,
        papers=[(one, KINDS[one.kind].title) for one in papers],
        to_make=_to_make(steps, papers),
        can=can,
        is_referral=is_referral,
        unsaid=unsaid,
        places=places,
        names=names,
        reason=instance.variables.get("transfer_reason"),
        pregnancy_id=instance.business_key,
        done=request.args.get("done") == "1",
        follows=referral_onward.possible(state, instance.variables) if "receiver" in mine and is_referral else None,
        onward={name: instance.variables.get(name) for name in ("onward_to", "onward_no", "based_on_no")},
        hospitals=[one.name for one in places.values() if one.kind == "hospital"],
        idempotency_key=str(uuid4()),
        error=error,
        refused=how,
        sent=request.form,
    )


def _refused(referral_no: str, how: str, error: EngineError) -> Response:
    return make_response(_page(referral_no, how, error), STATUS[error.category])


def _to_make(steps: list[rows.Told], papers: list[documents.Kept]) -> list[tuple[str, str]]:
    """Steps whose document nobody sent, as between two institutions that both use these pages, with its title."""
    there = {one.kind for one in papers}
    named = {step.step: name for step in steps if (name := travelling.name_of(step))}
    wanted = {step: travelling.KINDS_OF[name] for step, name in named.items()}
    return [(step, KINDS[kind].title) for step, kind in wanted.items() if kind not in there]


@bp.get("/referrals/<referral_no>/documents/<any(requested, returned):step>")
def referral_paper(referral_no: str, step: str) -> Response:
    """The document of a step as things stand now; nobody keeps it."""
    steps, _ = _found(referral_no)
    told = next((one for one in reversed(steps) if one.step == step), None)
    services().people.note_reading(g.principal, "document", f"{referral_no[:64]}/{step}")
    with services().engine.read() as conn:
        now = services().clock()
        made = travelling.of_step(conn, services().region_id, told, now, keeps=False) if told is not None else None
    if made is None:
        raise NotFound("没有这份文档", "no such document")
    return _paper(made)


@bp.get("/referrals/<referral_no>/documents/<uuid:document_id>")
def referral_document(referral_no: str, document_id: UUID) -> Response:
    """What travelled with it, as a page of its own that a browser prints. What came from another system is shown in a
    frame of no rights: nothing in it runs, loads, or leads anywhere."""
    _found(referral_no)  # whoever may see the referral may see what came with it
    services().people.note_reading(g.principal, "document", str(document_id))
    with services().engine.read() as conn:
        found = documents.of_referral(conn, services().region_id, referral_no, restricted=g.principal.restricted)
    one = next((one for one in found if one.id == document_id), None)
    if one is None:
        raise NotFound("没有这份文档", "no such document")
    return _paper(one)


def _paper(kept: documents.Kept) -> Response:
    g.shows_paper = True
    return make_response(page(plain.read(kept.body)))


@bp.post("/referrals/<referral_no>/<any(withdrawn, 'no-show', arrived):how>")
def end_referral(referral_no: str, how: str) -> Response:
    """403 for the other side's step, 409 when it is too late, 422 without a reason."""
    _, instance = _found(referral_no)
    if how == "arrived":
        referral_ends.is_here(services(), instance.id, by=g.principal)
    else:
        try:
            reason = request.form.get("reason", "")[:1000]
            referral_ends.end(services(), instance.id, by=g.principal, how=how, reason=reason)
        except (Incorrect, Conflict) as error:
            return _refused(referral_no, how, error)
    return redirect(url_for("web.referral", referral_no=referral_no, done=1), 303)  # type: ignore[return-value]


@bp.post("/referrals/<referral_no>/<any(onward, down):how>")
def follow_referral(referral_no: str, how: str) -> Response:
    """303 to the referral that follows; 403 for the sender, 409 when it is too late, 422 for what is missing."""
    _, instance = _found(referral_no)
    sent = request.form
    given = {"reason": sent.get("reason", "")[:1000], "centre": sent.get("centre", "")[:200]}
    once = filling.idempotency(sent)
    try:
        started = referral_onward.begin(services(), instance.id, by=g.principal, how=how, idempotency=once, **given)
    except (Incorrect, Conflict) as error:
        return _refused(referral_no, how, error)
    with services().engine.read() as conn:
        next_one = reads.instance(conn, services().region_id, started.instance_id)
    number = next_one.variables["referral_no"] if next_one else referral_no
    return redirect(url_for("web.referral", referral_no=number, done=1), 303)  # type: ignore[return-value]


def _found(referral_no: str) -> tuple[list[rows.Told], Any]:
    """Its steps and its process; the look is noted."""
    unknown = NotFound("没有此转诊，或与您的机构无关", "no such referral, or none of your institutions'")
    with services().people.reading(g.principal, "read", "referral", referral_no[:64]) as conn:
        steps = rows.steps(conn, services().region_id, referral_no)
        named = {one for step in steps for one in (step.organisation, step.counterpart)}
        if not steps or not named & g.principal.organisations:
            raise unknown
        instance = reads.instance(conn, services().region_id, steps[0].instance_id)
    if instance is None:
        raise unknown
    return steps, instance
