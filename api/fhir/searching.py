"""A search comes by GET, or with its parameters in the body by POST to `_search`: one view for both, so that no type
knows only one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

BY_POST = "search_by_post"  # how such an endpoint's name ends: the guard expects a form there
View = TypeVar("View", bound=Callable[..., Response])


def searched(bp: Blueprint, rule: str) -> Callable[[View], View]:
    """Registers the view for both ways."""

    def register(view: View) -> View:
        bp.add_url_rule(rule, view.__name__, view, methods=["GET"])
        bp.add_url_rule(f"{rule}/_search", f"{view.__name__}_{BY_POST}", view, methods=["POST"])
        return view

    return register


def parameters() -> MultiDict[str, str]:
    """Those of the address and, by POST, those of the body."""
    pairs = list(request.args.items(multi=True))
    return MultiDict([*pairs, *(request.form.items(multi=True) if request.method == "POST" else ())])


def address() -> str:
    """Of the same search by GET."""
    pairs = list(parameters().items(multi=True))
    return request.base_url.removesuffix("/_search") + (f"?{urlencode(pairs)}" if pairs else "")
