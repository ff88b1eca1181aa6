"""What people see when something cannot be: what happened, what was kept, what to do next. Never a stack trace."""

from __future__ import annotations

from flask import Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError, Text
from web import security
from web.language import pick

STATUS = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "stale": 412,
    "incorrect": 422,
    "busy": 503,
}
NEXT_STEP = {
    403: Text(zh="如确需访问，请联系本单位管理员。", en="If you need access, ask your administrator."),
    404: Text(zh="请检查地址，或回到待办列表。", en="Check the address, or go back to the task list."),
    409: Text(zh="请返回列表，查看最新状态。", en="Go back to the list to see where things stand."),
    503: Text(zh="您的数据没有丢失，请稍后重试。", en="Nothing is lost. Please try again shortly."),
}
SENTENCES = {
    400: Text(zh="请求无法理解", en="the request cannot be understood"),
    403: Text(zh="没有权限", en="you may not do this"),
    404: Text(zh="没有这个页面", en="no such page"),
    405: Text(zh="这个地址不接受这种请求", en="this address does not take such a request"),
    413: Text(zh="内容过大", en="too large"),
    500: Text(zh="系统内部出错", en="something broke on our side"),
    503: Text(zh="系统暂时不可用", en="the system is away for a moment"),
}
OTHER = Text(zh="请返回后重试。", en="Go back and try again.")


def page(status: int, message: Text) -> Response:
    """An error as a page, or as JSON where a script of ours asked."""
    if request.headers.get("X-CSRF-Token"):
        answer = jsonify({"message": {"zh": message.zh, "en": message.en}})
        answer.status_code = status
        return answer
    step = pick(NEXT_STEP.get(status, OTHER))
    body = render_template("error.html", status=status, message=pick(message), next_step=step)
    return security.protect(make_response(body, status))


def from_engine(error: EngineError) -> Response:
    return page(STATUS.get(error.category, 500), error.message)


def from_http(error: HTTPException) -> Response:
    status = error.code or 500
    return page(status, SENTENCES.get(status, SENTENCES[500]))


def not_found() -> Response:
    """For addresses that belong to no page at all."""
    return page(404, SENTENCES[404])


def failed(status: int) -> Response:
    """For what broke underneath a page: nobody is asked who is signed in, the answer may be away."""
    g.setdefault("session", None)
    return page(status, SENTENCES.get(status, SENTENCES[500]))
