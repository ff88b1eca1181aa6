"""Whether a woman wants to be reminded by text message: what she said, written down from her page."""

from __future__ import annotations

from flask import Response, g, redirect, request, url_for

from engine.errors import Incorrect
from web.pages.blueprint import bp, services
from workflows import texting

WORDS = {"yes": True, "no": False}


@bp.post("/pregnancies/<pregnancy_id>/texts")
def text_consent(pregnancy_id: str) -> Response:
    """303 to her page; 404 for a woman who is not the caller's."""
    word = request.form.get("agreed", "")
    if word not in WORDS:
        raise Incorrect("请选择同意或不同意", "say whether she agrees", code="agreed")
    texting.record_consent(services(), pregnancy_id, WORDS[word], by=g.principal)
    return redirect(f"{url_for('web.pregnancy', pregnancy_id=pregnancy_id)}#texts", 303)  # type: ignore[return-value]
