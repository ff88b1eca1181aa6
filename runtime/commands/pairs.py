"""Values on the command line that are more than one word: `a=b`, and JSON objects."""

from __future__ import annotations

from typing import Any

import click

from engine.errors import Malformed
from engine.store import plain


class Pairs(click.ParamType):
    """`OLD=NEW`; an empty right side is null."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:
        left, sign, right = str(value).partition("=")
        if not left or not sign:
            self.fail(f"'{value}' 应为 A=B / is not of the form A=B", param, ctx)
        return left, right or None


class Values(click.ParamType):
    """A JSON object."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        try:
            found = plain.loads(str(value))
        except Malformed as error:
            self.fail(f"{error.message.zh} {error.message.en}", param, ctx)
        if not isinstance(found, dict):
            self.fail("应为 JSON 对象 / is no JSON object", param, ctx)
        return found
