"""What comes in: strict JSON checked by a schema, a revision, an idempotency key, a page position."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from api.errors import UnsupportedMediaType
from engine.commands.contracts import IdempotencyKey
from engine.errors import Fault, Incorrect, Malformed, Text
from engine.store import plain
from workflows.people.model import Principal

MESSAGES = {
    "Missing data for required field.": "必填",
    "Unknown field.": "没有这个字段",
    "Field may not be null.": "不能为 null",
    "Not a valid string.": "应为文本",
    "Not a valid integer.": "应为整数",
    "Not a valid mapping type.": "应为对象",
    "Not a valid boolean.": "应为 true 或 false",
    "Not a valid number.": "应为数字",
    "Number too large.": "数字太大",
    "Not a valid list.": "应为列表",
    "Not a valid date.": "应为日期，如 2026-01-05",
    "String does not match expected pattern.": "格式不符",
    "Not a valid UUID.": "应为 UUID",
    "Invalid input type.": "应为 JSON 对象",
}
THAN = " than(?: or equal to)?"
# sentences with a number in them; {0}, {1}: what stands there
PATTERNS = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"Length must be between (\d+) and (\d+)\.", "长度应为 {0} 到 {1}"),
        (r"Shorter than minimum length (\d+)\.", "长度至少为 {0}"),
        (r"Longer than maximum length (\d+)\.", "长度至多为 {0}"),
        (
            r"Must be (greater than(?: or equal to)?) (\S+) and (less than(?: or equal to)?) (\S+)\.",
            "应{0} {1} 且{2} {3}",
        ),
        (rf"Must be ((?:greater|less){THAN}) (\S+)\.", "应{0} {1}"),
        (r"Must be one of: (.+)\.", "只能是：{0}"),
    )
)
ABOVE = {
    "greater than": "大于",
    "greater than or equal to": "不小于",
    "less than": "小于",
    "less than or equal to": "不大于",
}
_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")
_ENTITY_TAG = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')


class Strict(Schema):
    """A body in which every name is known and every text can be stored."""

    class Meta:
        unknown = RAISE


def text(longest: int, **more: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=longest), **more)


class PlainObject(fields.Field[dict[str, Any]]):
    """Any JSON object, handed on unread."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("Not a valid mapping type.")
        return value


class Duration(fields.Field[timedelta]):
    """ISO 8601, days and smaller: what `parse_duration` reads."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> timedelta:
        found = parse_duration(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("应为 ISO 8601 时长，如 P7D。 Not an ISO 8601 duration such as P7D.")
        return found


class Instant(fields.Field[datetime]):
    """ISO 8601 with offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            found = None
        if found is None or found.tzinfo is None:
            raise ValidationError("应为带时区的时刻。 Not an instant with an offset.")
        return found


_DURATION = re.compile(r"^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$")


def parse_duration(value: str) -> timedelta | None:
    match = _DURATION.match(value)
    if match is None or not any(match.groups()) or value.endswith("T"):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def json_body(*, required: bool = True) -> dict[str, Any]:
    """The body as an object. Raises UnsupportedMediaType, Malformed."""
    raw = request.get_data(cache=True)
    if not raw and not required:
        return {}
    if not (request.mimetype == "application/json" or request.mimetype.endswith("+json")):
        raise UnsupportedMediaType("请以 application/json 发送", "send application/json")
    value = plain.loads(raw)
    if not isinstance(value, dict):
        raise Malformed("内容应为 JSON 对象", "the body must be a JSON object", code="json")
    return value


def load(schema: Schema, body: dict[str, Any] | None = None, *, required: bool = True) -> dict[str, Any]:
    """The body as the schema wants it. Raises Incorrect with a fault per field."""
    try:
        return schema.load(json_body(required=required) if body is None else body)
    except ValidationError as error:
        raise Incorrect(
            "内容有误", "the body does not fit", faults=list(_faults(error.normalized_messages()))
        ) from None


def _faults(messages: Any, path: str = "") -> Any:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = "" if name == "_schema" else str(name)
            yield from _faults(inner, f"{path}.{step}".strip("."))
    else:
        for message in messages:
            yield Fault(path=path, message=in_both(message))


def in_both(message: str) -> Text:
    """The library's sentences in Chinese too; a message of ours holds both already, as `中文。 English.`"""
    if (known := MESSAGES.get(message)) is not None:
        return Text(zh=known, en=message)
    for pattern, chinese in PATTERNS:
        if match := pattern.fullmatch(message):
            return Text(zh=chinese.format(*(ABOVE.get(part, part) for part in match.groups())), en=message)
    zh, parts, en = message.partition("。 ")
    return Text(zh=f"{zh}。", en=en) if parts and en.isascii() else Text(zh=message, en=message)


def principal() -> Principal:
    """Who asks; the guard has put it there."""
    return g.principal


def idempotency() -> IdempotencyKey | None:
    """From the header `Idempotency-Key`; the same key with another body or address is refused by the engine."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.match(key):
        raise Malformed(
            "Idempotency-Key 无效", "Idempotency-Key: 1 to 200 visible ASCII letters", code="idempotency-key"
        )
    seal = hashlib.sha256(request.method.encode() + b"\0" + request.full_path.encode() + b"\0" + request.get_data())
    caller = principal()
    return IdempotencyKey(client=f"{caller.kind}:{caller.id}", key=key, request_hash=seal.hexdigest())


def expected_revision() -> int | None:
    """From `If-Match`; `*` asks for nothing."""
    tag = request.headers.get("If-Match")
    if tag is None or tag.strip() == "*":
        return None
    match = _ENTITY_TAG.match(tag.strip())
    if match is None:
        raise Malformed("If-Match 无效", 'If-Match must be one entity tag such as "3"', code="if-match")
    return int(match[1])


def query_uuid(name: str) -> UUID | None:
    value = request.args.get(name)
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Malformed(f"参数 {name} 应为 UUID", f"{name} must be a UUID", code="query") from None


def query_choice(name: str, choices: tuple[str, ...], default: str) -> str:
    value = request.args.get(name) or default
    if value not in choices:
        raise Malformed(f"参数 {name} 只能是 {'、'.join(choices)}", f"{name} must be one of {choices}", code="query")
    return value


def query_flag(name: str) -> bool:
    return query_choice(name, ("0", "1", "true", "false"), "0") in {"1", "true"}


def query_limit(default: int = 50, most: int = 200) -> int:
    value = request.args.get("limit") or str(default)
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= most:
        raise Malformed(f"参数 limit 应为 1 到 {most}", f"limit must be 1 to {most}", code="query")
    return int(value)


def query_whole(name: str) -> int | None:
    """A number from 1 on, as versions are."""
    value = request.args.get(name)
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:10]) < 2**31:
        raise Malformed(f"参数 {name} 应为正整数", f"{name} must be a positive number", code="query")
    return int(value)


def only(*names: str) -> None:
    """Refuse query parameters that the route does not know: a misspelt filter must not answer everything."""
    unknown = sorted(set(request.args) - set(names))
    if unknown:
        raise Malformed(f"没有参数 {unknown[0][:40]}", f"unknown parameter {unknown[0][:40]}", code="query")
