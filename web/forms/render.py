"""Fields of a form as HTML: labels, groups, errors tied to their fields; no inline script or style, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine.errors import Fault, Text
from web.forms.names import field_id
from web.forms.view import by_path, fields
from web.forms.wording import Page
from workflows.forms.form import Form

_SAY = {
    "add": Text(zh="添加", en="Add"),
    "remove": Text(zh="删除", en="Remove"),
    "required": Text(zh="必填", en="required"),
    "choose": Text(zh="请选择", en="choose"),
    "or": Text(zh="可填", en="or"),
    "confirm": Text(zh="已核对，无误", en="Checked, it is right"),
    "local": Text(zh="限值为本地设定", en="limits are a local setting"),
    "known": Text(zh="依据待核对", en="source to be verified"),
    "wrong": Text(zh="有 {n} 处需要修改", en="{n} places need a change"),
    "doubtful": Text(
        zh="有 {n} 处请核对：无误的在该处勾选“已核对，无误”，再提交一次",
        en="{n} places to look at again: tick “Checked, it is right” there if they are, and submit once more",
    ),
    "narrowed": Text(zh="已改为半角", en="changed to half-width"),
    "draft": Text(zh="草稿已保存", en="Draft saved"),
    "away": Text(
        zh="服务器暂时无法连接，内容仍在本页，正在重试",
        en="The server cannot be reached; nothing is lost, trying again",
    ),
    "stale": Text(zh="草稿未保存", en="The draft was not saved"),
    "now": Text(zh="现在", en="Now"),
    "same": Text(zh="同上次", en="Same as last time"),
}


def render(
    form: Form,
    answers: Mapping[str, Any],
    *,
    on: date,
    context: Mapping[str, Any] | None = None,
    errors: Sequence[Fault] = (),
    warnings: Sequence[Fault] = (),
    last_values: Mapping[str, Any] | None = None,
    lang: str = "zh",
    readonly: bool = False,
) -> Markup:
    """The fields, to stand inside the page's own `<form>`. What is typed wrongly is shown as it was typed."""
    page = Page(
        answers=answers,
        state=form.evaluate(answers, on, context),
        errors=by_path(errors),
        warnings=by_path(warnings),
        last_values=last_values or {},
        lang=lang,
        readonly=readonly,
    )
    tree = fields(form.items, page, answers)
    html = _templates().get_template("fields.html").render(fields=tree, today=on.isoformat(), say=_texts(lang))
    return Markup(html)


def summary(form: Form, errors: Sequence[Fault], lang: str = "zh", *, kind: str = "wrong") -> Markup:
    """What is wrong (or `doubtful`), as links to the fields; empty when nothing is. Give it the focus."""
    if not errors:
        return Markup("")
    entries = [
        {"href": f"#{field_id(fault.path)}", "label": _label(form, fault.path, lang), "text": _say(fault.message, lang)}
        for fault in errors
    ]
    title = _texts(lang)[kind].format(n=len(entries))
    return Markup(_templates().get_template("summary.html").render(entries=entries, title=title, kind=kind))


def _label(form: Form, path: str, lang: str) -> str:
    """The names on the way to the field: 胎儿/新生儿 2 · 出生体重."""
    names = []
    for part in path.split("."):
        name, _, number = part.partition("[")
        item = form.by_link_id.get(name)
        text = _say(item.text, lang) if item else name
        names.append(f"{text} {int(number[:-1]) + 1}" if number else text)
    return " · ".join(names)


def _say(text: Text, lang: str) -> str:
    return text.zh if lang.startswith("zh") else text.en


def _texts(lang: str) -> dict[str, str]:
    return {name: _say(text, lang) for name, text in _SAY.items()}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("web", "templates/forms"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
