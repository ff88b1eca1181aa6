"""Errors of the JSON interface: `application/problem+json` (RFC 9457), in both languages, naming the place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError, Fault, Text
from engine.problems import Refused
from engine.store import plain

STATUS = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "stale": 412,
    "too-large": 413,
    "incorrect": 422,
    "busy": 503,
    "fault": 500,
}
TITLES = {
    400: Text(zh="请求无法读取", en="The request cannot be read"),
    401: Text(zh="请先登录", en="Sign in first"),
    403: Text(zh="没有权限", en="Not allowed"),
    404: Text(zh="没有找到", en="Not found"),
    405: Text(zh="不支持此方法", en="Method not allowed"),
    409: Text(zh="情况已变化", en="The world moved on"),
    412: Text(zh="版本已过期", en="A newer revision is stored"),
    413: Text(zh="内容过大", en="Too large"),
    415: Text(zh="内容类型不支持", en="Unsupported media type"),
    422: Text(zh="内容有误", en="What was sent does not fit"),
    500: Text(zh="系统内部出错", en="Something went wrong on our side"),
    503: Text(zh="暂时不可用，请稍后重试", en="Not available for the moment, try again"),
}
LOG = logging.getLogger("yuntu.http")


class Unauthenticated(EngineError):
    """No token, or one that is not good any more: 401."""

    category = "unauthenticated"
    code = "unauthenticated"


class UnsupportedMediaType(EngineError):
    """The body is of a kind that this route does not read: 415."""

    category = "media-type"
    code = "unsupported-media-type"


STATUS["media-type"] = 415


def problem(status: int, code: str, message: Text, faults: Sequence[Fault] = ()) -> Response:
    """One error answer. The detail is bilingual, so that a caller shows what its user reads."""
    title = TITLES.get(status, TITLES[500])
    body = {
        "type": f"urn:yuntu:problem:{code}",
        "title": f"{title.zh} {title.en}",
        "status": status,
        "detail": f"{message.zh} {message.en}",
        "code": code,
        "errors": [fault_json(fault) for fault in faults] or [fault_json(Fault(path="", message=message))],
    }
    response = Response(plain.dumps(body), status=status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def fault_json(fault: Fault) -> dict[str, Any]:
    return {"path": fault.path, "message": {"zh": fault.message.zh, "en": fault.message.en}}


def from_engine(error: EngineError) -> Response:
    """Also the shape of `POST /api/definitions` for a refused file."""
    status = STATUS.get(error.category, 500)
    response = problem(status, error.code, error.message, error.faults)
    if isinstance(error, Refused):
        body = plain.loads(response.get_data())
        body["refused"] = [p.as_json() for p in error.problems if p.severity == "error"]
        response.set_data(plain.dumps(body))
    return response


def from_http(error: HTTPException) -> Response:
    status = error.code or 500
    title = TITLES.get(status, TITLES[500])
    return problem(status, f"http-{status}", title)


def from_fault(error: Exception, database_is_away: Callable[[BaseException], bool]) -> Response:
    """Anything else. A database that is away is 503; the rest is our fault: logged with its trace, never shown."""
    if database_is_away(error):
        return problem(503, "database-away", Text(zh="数据库暂时不可用，请稍后重试", en="the database is away"))
    LOG.error("unhandled %s", type(error).__name__, exc_info=error)
    return problem(500, "fault", TITLES[500])
