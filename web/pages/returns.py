"""What leaves the county and what comes in: individual returns as files, registers of others as CSV."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.errors import Conflict, Incorrect, NotFound
from web.errors import STATUS
from web.pages.blueprint import bp, services
from web.pages.indicators import FILES, period_asked
from workflows import indicators
from workflows.institutions import imports, returns, reviews


@bp.get("/institutions/returns")
def returns_page() -> str:
    """Every return with how many rows it has in the period, of the caller's institutions alone."""
    period, _ = period_asked()
    with services().people.reading(g.principal, "search", "return", None) as conn:
        counted = [
            (one, len(returns.table(services(), conn, one.id, period, g.principal).rows))
            for one in returns.returns().values()
        ]
    return render_template("institution_returns.html", period=period, counted=counted)


@bp.get("/institutions/returns/<kind>.<ending>")
def return_file(kind: str, ending: str) -> Response:
    """One return as CSV or as a workbook."""
    period, _ = period_asked()
    if ending not in FILES or (kind != "all" and kind not in returns.returns()):
        raise NotFound("没有这种文件", "no such kind of file")
    asked = list(returns.returns()) if kind == "all" else [kind]
    with services().people.reading(g.principal, "export", "return", kind) as conn:
        tables = [returns.table(services(), conn, one, period, g.principal) for one in asked]
    content = indicators.workbook(tables) if ending == "xlsx" else indicators.as_csv(tables[0])
    headers = {"Content-Disposition": f'attachment; filename="{kind}-{period.text.replace("/", "_")}.{ending}"'}
    return Response(content, content_type=FILES[ending], headers=headers)


@bp.get("/institutions/reviews")
def reviews_page() -> str:
    """The log of reviews in a period, and which problems they have in common."""
    period, _ = period_asked()
    with services().people.reading(g.principal, "search", "review", None) as conn:
        found = reviews.log(services(), conn, period, g.principal)
    return render_template(
        "institution_reviews.html", period=period, found=found, kinds=reviews.KINDS, problems=reviews.problems(found)
    )


@bp.get("/institutions/registers")
def registers() -> str:
    """Births registered against births on record, and whom no case is about."""
    return _page()


@bp.post("/institutions/registers")
def bring_in() -> Response:
    """303 to the page; 409 and 422 with what is wrong, by row and column."""
    sent = request.files.get("file")
    content = sent.read(imports.MOST_BYTES + 1) if sent is not None else b""
    try:
        imports.bring_in(services(), request.form.get("source", ""), content, by=g.principal)
    except (Incorrect, Conflict) as error:
        return make_response(_page(error), STATUS[error.category])
    return redirect(url_for("web.registers"), 303)  # type: ignore[return-value]


@bp.post("/institutions/registers/<uuid:batch_id>/<int:number>/settlement")
def settle_row(batch_id: UUID, number: int) -> Response:
    try:
        imports.settle(services(), batch_id, number, request.form.get("said", ""), by=g.principal)
    except (Incorrect, Conflict) as error:
        return make_response(_page(error), STATUS[error.category])
    return redirect(url_for("web.registers"), 303)  # type: ignore[return-value]


def _page(error: Any = None) -> str:
    period, _ = period_asked()
    with services().people.reading(g.principal, "search", "register", None) as conn:
        rows = imports.open_rows(services(), conn)
        births = imports.reconciled(services(), conn, period.first, period.last)
    return render_template(
        "institution_registers.html", period=period, sources=imports.SOURCES, rows=rows, births=births, error=error
    )
