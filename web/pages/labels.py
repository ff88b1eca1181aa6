"""The colours of a woman as a sheet to print: stickers for the handbook and for the health record ([seed:003 3],
[seed:004 四(一)3]), made from the grading record and typed nowhere."""

from __future__ import annotations

from flask import g, render_template

from web import risk, woman
from web.looking import looking
from web.pages.blueprint import bp, now, services, today

SHEETS = ("handbook", "record")  # 《母子健康手册》 and 孕产妇健康档案


@bp.get("/pregnancies/<pregnancy_id>/label")
def label_sheet(pregnancy_id: str) -> str:
    """Printing is looking: one audit row. Purple is a sticker of its own, for those who may know; its reason is not on
    it."""
    with looking() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        services().people.record_view(g.principal, interaction="print", pregnancy_id=pregnancy_id)
    history = [
        (change.on, change.colours) for change in risk.changes(she.variables, g.principal.roles) if not change.error
    ]
    return render_template(
        "label.html",
        woman=she,
        sheets=SHEETS,
        screened=she.variables.get("screening") == "positive" and not she.variables.get("graded_at"),
        history=history,
        system=services().regions(services().settings.pack).value("it.system_name"),
        printed_at=now(),
    )
