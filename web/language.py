"""Two languages: Chinese is the source text of every page, English comes from `locale/en/LC_MESSAGES/messages.po`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import g, has_request_context, request

from engine.errors import Text

LANGUAGES = {"zh": "zh-CN", "en": "en"}  # our word -> the `lang` attribute
COOKIE = "yuntu_lang"
LOCALE = Path(__file__).parent / "locale"


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Chinese sentence -> sentence in `lang`; empty for Chinese itself."""
    if lang == "zh":
        return {}
    with (LOCALE / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


def current() -> str:
    """The language of this request: the person's choice, else Chinese."""
    if not has_request_context():
        return "zh"
    if "lang" not in g:
        chosen = request.cookies.get(COOKIE, "zh")
        g.lang = chosen if chosen in LANGUAGES else "zh"
    return g.lang


def gettext(message: str, **values: Any) -> str:
    """The sentence in the language of the request, its `%(name)s` filled in."""
    text = catalogue(current()).get(message, message)
    return text % values if values else text


def pick(text: Text) -> str:
    """A sentence that carries both languages itself."""
    return text.en if current() == "en" else text.zh


_ = gettext
