"""A form of a woman of whom nothing is known yet: registering her, or a lead about her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import g

from engine.errors import NotFound
from web.pages.blueprint import services

ONE_FORM = UUID("6f0f4f0e-6d3c-5b8e-9a52-0c7b1d1f2a11")  # names the ids that are made from forms


@dataclass(frozen=True, kw_only=True)
class Blank:
    """As `filling.fields` wants a page that has a form and no task."""

    form: Any
    known: Mapping[str, Any] = field(default_factory=dict)
    last_values: Mapping[str, Any] = field(default_factory=dict)
    fillable: bool = True


def blank_form(form_id: str) -> Blank:
    form = services().forms.get(form_id)
    if form is None:
        raise NotFound("登记表尚未发布", "the registration form is not deployed")
    return Blank(form=form)


def one_case(key: str) -> str:
    """One form on a page is one case, however often it is sent: a double click, the back button, a retry."""
    return str(uuid5(ONE_FORM, f"{g.principal.login}/{key}") if key else uuid4())
