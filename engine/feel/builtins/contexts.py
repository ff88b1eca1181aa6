"""Context functions."""

from __future__ import annotations

from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail
from engine.feel.meter import MAX_DEPTH, Run


@builtin("get value", "m: context, key: string", "context: context, key: string")
def get_value(run: Run, context: dict[str, Any], key: str) -> Any:
    if key not in context:
        raise Fail(f"没有“{key}”这一项", f"there is no entry {key!r}")
    return context[key]


@builtin("get value", "context: context, keys: list")
def get_value_by_path(run: Run, context: Any, keys: list[Any]) -> Any:
    value = context
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise Fail(f"没有“{key}”这一项", f"there is no entry {key!r}")
        value = value[key]
    return value


@builtin("get entries", "m: context", "context: context")
def get_entries(run: Run, context: dict[str, Any]) -> list[Any]:
    run.charge(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def context(run: Run, entries: list[Any]) -> dict[str, Any]:
    run.charge(len(entries))
    made: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or "value" not in entry or not isinstance(entry.get("key"), str):
            raise Fail("每一项应为 {key, value}", "each entry should be {key, value}")
        if entry["key"] in made:
            raise Fail(f"“{entry['key']}”重复", f"{entry['key']!r} occurs twice")
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context, key: string, value: any")
def context_put(run: Run, context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    run.charge(len(context))
    return {**context, key: value}


@builtin("context put", "context: context, keys: list, value: any")
def context_put_path(run: Run, context: Any, keys: list[Any], value: Any) -> dict[str, Any]:
    if not keys or not all(isinstance(key, str) for key in keys):
        raise Fail("键应为文本列表", "the keys should be strings")
    if not isinstance(context, dict):
        raise Fail("路径经过的值不是上下文", "the path goes through something that is not a context")
    if len(keys) > MAX_DEPTH:
        raise Fail("路径过长", "the path is too long")
    run.charge(len(context) + 1)
    first, *rest = keys
    inner = context_put_path(run, context.get(first), rest, value) if rest else value
    return {**context, first: inner}


@builtin("context merge", "contexts: list")
def context_merge(run: Run, contexts: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for item in contexts:
        if not isinstance(item, dict):
            raise Fail("列表应只含上下文", "the list should hold contexts only")
        run.charge(len(item) + 1)
        made.update(item)
    return made
