"""String functions, regular expressions among them."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.regex import Pattern, compile_pattern
from engine.feel.text import string_of
from engine.feel.values import integer


@builtin("string", "from: any", weight=10)
def string(run: Run, value: Any) -> str | None:
    return None if value is None else string_of(value, run)


@builtin("string length", "string: string")
def string_length(run: Run, text: str) -> Any:
    return Decimal(len(text))


@builtin("substring", "string: string, start position: number, length?: number|null")
def substring(run: Run, text: str, start: Any, length: Any = None) -> str:
    first = integer(Decimal(start).to_integral_value(ROUND_DOWN))
    if not first:
        raise Fail("起始位置从 1（或从末尾 -1）数起", "positions count from 1, or from -1 at the end")
    begin = first - 1 if first > 0 else len(text) + first
    if begin < 0:
        begin = 0
    if length is None:
        return text[begin:]
    if length < 1:
        raise Fail("长度应大于零", "the length should be positive")
    return text[begin : begin + int(min(length, len(text)))]


@builtin("upper case", "string: string")
def upper_case(run: Run, text: str) -> str:
    run.charge_string(len(text))
    return text.upper()


@builtin("lower case", "string: string")
def lower_case(run: Run, text: str) -> str:
    run.charge_string(len(text))
    return text.lower()


@builtin("substring before", "string: string, match: string")
def substring_before(run: Run, text: str, match: str) -> str:
    run.charge_string(len(text))
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after", "string: string, match: string")
def substring_after(run: Run, text: str, match: str) -> str:
    run.charge_string(len(text))
    if not match:
        return text
    return text.partition(match)[2]


@builtin("contains", "string: string, match: string")
def contains(run: Run, text: str, match: str) -> bool:
    run.charge_string(len(text))
    return match in text


@builtin("starts with", "string: string, match: string")
def starts_with(run: Run, text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with", "string: string, match: string")
def ends_with(run: Run, text: str, match: str) -> bool:
    return text.endswith(match)


@builtin("string join", "list: list, delimiter?: string|null")
def string_join(run: Run, items: list[Any], delimiter: str | None = None) -> str:
    if any(item is not None and not isinstance(item, str) for item in items):
        raise Fail("列表应只含文本", "the list should hold strings only")
    parts = [item for item in items if item is not None]
    run.charge(len(parts))
    run.charge_string(sum(map(len, parts)) + len(delimiter or "") * len(parts))
    return (delimiter or "").join(parts)


# --- regular expressions ---------------------------------------------------------------------------------------------


@builtin("matches", "input: string, pattern: string, flags?: string|null", weight=20)
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool:
    return _pattern(run, pattern, flags).search(text, 0, run) is not None


@builtin("replace", "input: string, pattern: string, replacement: string, flags?: string|null", weight=20)
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    compiled = _pattern(run, pattern, flags)
    pieces = _replacement(replacement, compiled.groups, "q" in (flags or ""))
    if compiled.search("", 0, run) is not None:
        raise Fail("正则表达式匹配空文本", "the pattern matches the empty string")
    result, at, size = [], 0, 0
    for spans in compiled.find_all(text, run):
        parts = [text[at : spans[0]]]  # type: ignore[misc]
        for piece in pieces:
            parts.append(piece if isinstance(piece, str) else _group(text, spans, piece))
        result.extend(parts)
        size += sum(map(len, parts))
        run.charge_string(size)
        at = spans[1]  # type: ignore[assignment]
    result.append(text[at:])
    return "".join(result)


def _group(text: str, spans: list[int | None], number: int) -> str:
    start, end = spans[2 * number], spans[2 * number + 1]
    return "" if start is None or end is None else text[start:end]


def _replacement(template: str, groups: int, literal: bool) -> list[str | int]:
    """Text and group numbers; `$` and `\\` must be escaped by `\\`."""
    if literal:
        return [template]
    pieces: list[str | int] = []
    at = 0
    while at < len(template):
        character = template[at]
        following = template[at + 1 : at + 2]
        if character == "\\":
            if following not in ("\\", "$") or not following:
                raise Fail("替换文本中的 \\ 只能转义 \\ 或 $", "a \\ in the replacement escapes only \\ or $")
            pieces.append(following)
            at += 2
        elif character == "$":
            end = at + 1
            while (
                end < len(template)
                and template[end] in "0123456789"
                and (end == at + 1 or int(template[at + 1 : end + 1]) <= groups)
            ):
                end += 1
            if end == at + 1:
                raise Fail("$ 之后应为数字", "a $ is followed by a digit")
            number = int(template[at + 1 : end])
            pieces.append(number if number <= groups else "")
            at = end
        else:
            pieces.append(character)
            at += 1
    return pieces


@builtin("split", "string: string, delimiter: string", weight=20)
def split(run: Run, text: str, delimiter: str) -> list[str]:
    compiled = _pattern(run, delimiter, None)
    if compiled.search("", 0, run) is not None:
        raise Fail("分隔模式匹配空文本", "the delimiter matches the empty string")
    parts, at = [], 0
    for spans in compiled.find_all(text, run):
        parts.append(text[at : spans[0]])  # type: ignore[misc]
        at = spans[1]  # type: ignore[assignment]
    parts.append(text[at:])
    run.charge_list(len(parts))
    return parts


def _pattern(run: Run, pattern: str, flags: str | None) -> Pattern:
    run.charge_string(len(pattern))
    return compile_pattern(pattern, flags or "", run)
