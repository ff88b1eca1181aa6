"""Strict JSON: what cannot be stored and returned unchanged is refused at the door, so that it is never a fault later.

Values are None, bool, int, Decimal, str, list, dict. A fraction keeps its digits; a float never arises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import orjson

from engine.errors import Malformed

MAX_DEPTH = 64  # nesting that any document of ours needs is below 20
MAX_EXPONENT = 6144  # decimal128, which FEEL computes with; beyond it lies no measurement, only an attack
_INT64 = 1 << 63
_READER = json.JSONDecoder(parse_float=Decimal)
_READER_OF_LONG = json.JSONDecoder(parse_float=Decimal, parse_int=lambda digits: _whole(digits))


def loads(text: str | bytes) -> Any:
    """Read one JSON document. Raises Malformed for anything another reader might understand differently: duplicate
    keys, NaN, Infinity, NUL, lone surrogates, nesting beyond 64, numbers out of range."""
    try:
        source = text if isinstance(text, str) else text.decode("utf-8")
        value = json.loads(
            source, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise Malformed("内容不是有效的 UTF-8", "not valid UTF-8", code="json") from error
    except json.JSONDecodeError as error:
        raise Malformed(
            f"JSON 有误：第 {error.lineno} 行第 {error.colno} 列",
            f"malformed JSON at line {error.lineno} column {error.colno}: {error.msg}",
            code="json",
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    if source.count("{") + source.count("[") > MAX_DEPTH:
        _check_depth(value, MAX_DEPTH)
    if "\\u" in source or "\x00" in source or not isinstance(text, bytes):
        _check_text(value)
    return value


def read(stored: str | bytes) -> Any:
    """Read JSON that this product itself has written: fractions as Decimal, no further checks."""
    text = stored if isinstance(stored, str) else str(stored, "utf-8")
    try:
        return _READER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # jsonb writes 1E+6000 with all its zeros, and int() reads 4,300 digits at most
        return _READER_OF_LONG.decode(text)


def dumps(value: Any) -> bytes:
    """UTF-8 JSON, keys in the order given, a Decimal with its digits. Raises Malformed for what JSON cannot say."""
    try:
        return orjson.dumps(value, default=_write_other)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise Malformed("内容不能写成 JSON", f"not JSON: {error}", code="json") from error
    return orjson.dumps(_with_large_integers(value), default=_write_other)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed(f"JSON 中键“{_shown(twice)}”重复", f"the key {_shown(twice)!r} is there twice", code="json")
    return result


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:  # an exponent that decimals do not have
        raise _out_of_range() from None
    if abs(number.adjusted()) > MAX_EXPONENT or len(digits) > MAX_EXPONENT:
        raise _out_of_range()
    return number


def _integer(digits: str) -> int:
    if len(digits) > 1000:
        raise _out_of_range()
    return int(digits)


def _out_of_range() -> Malformed:
    return Malformed("JSON 中的数字超出范围", "a number is out of range", code="json")


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= 1000 else Decimal(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"JSON 中不能有 {name}", f"{name} is not JSON", code="json")


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise _too_deep()
    if isinstance(value, dict):
        for item in value.values():
            _check_depth(item, left - 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, left - 1)


def _check_text(value: Any) -> None:
    """PostgreSQL stores neither NUL nor half a surrogate pair."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Malformed("JSON 文本中含不可存储的字符", "text holds NUL or a lone surrogate", code="json")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item)
    elif isinstance(value, list):
        for item in value:
            _check_text(item)


def _too_deep() -> Malformed:
    return Malformed(f"JSON 嵌套超过 {MAX_DEPTH} 层", f"JSON is nested deeper than {MAX_DEPTH}", code="json")


def _shown(key: str) -> str:
    return key[:40].encode("utf-8", "replace").decode("utf-8")


def _write_other(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON-like")


def _with_large_integers(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < _INT64:
        return orjson.Fragment(str(value))
    if isinstance(value, Mapping):
        return {key: _with_large_integers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_large_integers(item) for item in value]
    return value
