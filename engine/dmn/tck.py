"""The DMN Technology Compatibility Kit: its test files read and run, one test per result node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any

from engine.dmn.definitions import Definitions
from engine.dmn.files import load
from engine.dmn.xml import Node, clean, parse
from engine.errors import EngineError
from engine.feel.meter import Run
from engine.feel.plain import to_plain
from engine.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time
from engine.feel.text import string_of

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
TOLERANCE = Decimal("1e-8")  # as the kit's own runner compares results of log, exp and sqrt


@dataclass(frozen=True)
class Outcome:
    """One result node."""

    folder: str
    level: str
    case: str
    result_node: str
    expected: Any
    actual: Any
    error: str | None
    passed: bool
    non_null: bool


def run_folder(folder: Path) -> Iterator[Outcome]:
    """Every test below a folder of the kit. A model that cannot be read fails all its tests."""
    for path in sorted(folder.rglob("*.xml")):
        try:
            root, _ = parse(path.read_bytes())
        except EngineError:
            continue
        if root.tag == "testCases":
            yield from _run_file(path, root)


def _run_file(path: Path, root: Node) -> Iterator[Outcome]:
    level = next((part for part in path.parts if part.startswith("compliance-level")), "")
    name_node = root.find("modelName")
    model_path = path.parent / ((name_node.text or "").strip() if name_node is not None else "")
    definitions: Definitions | None = None
    failure = None
    try:
        definitions = load(model_path, lenient=True)
    except (EngineError, OSError) as error:
        failure = str(error)
    for case in root.findall("testCase"):
        inputs = {clean(item.get("name")): read_value(item) for item in case.findall("inputNode")}
        for result in case.findall("resultNode"):
            yield _run_case(path, level, case, result, inputs, definitions, failure)


def _run_case(
    path: Path,
    level: str,
    case: Node,
    result: Node,
    inputs: dict[str, Any],
    definitions: Definitions | None,
    failure: str | None,
) -> Outcome:
    name = clean(result.get("name"))
    expected_node = result.find("expected")
    expected = None if expected_node is None else read_value(expected_node)
    actual, error = None, failure
    if definitions is not None:
        try:
            actual, error = _evaluate(definitions, case, name, inputs)
        except EngineError as raised:
            error = str(raised)
    passed = definitions is not None and same(expected, actual)
    shown = None if passed else _shown(actual)
    return Outcome(
        path.parent.name,
        level,
        case.get("id", ""),
        name,
        to_plain(expected),
        shown,
        error,
        passed,
        expected is not None,
    )


def _evaluate(definitions: Definitions, case: Node, name: str, inputs: dict[str, Any]) -> tuple[Any, str | None]:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    invocable = clean(case.get("invocableName"))
    source = definitions.model
    if case.get("type") in ("decisionService", "bkm") or invocable:
        for group in (source.services, source.knowledge):
            for item in group.values():  # type: ignore[attr-defined]
                if item.name == (invocable or name):
                    evaluation = definitions.invoke(item.id, inputs, now=now)
                    value = evaluation.value
                    if isinstance(value, dict) and name in value and name != invocable:
                        value = value[name]
                    return value, _first(evaluation.errors + evaluation.notes)
    for identity, decision in source.decisions.items():
        if decision.name == name:
            evaluation = definitions.evaluate(identity, inputs, now=now)
            return evaluation.value, _first(evaluation.errors + evaluation.notes)
    for service in source.services.values():
        if service.name == name:
            return definitions.invoke(service.id, inputs, now=now).value, None
    return None, f"no decision named {name!r}"


def _first(texts: list[Any]) -> str | None:
    return texts[0].en if texts else None


def _shown(value: Any) -> Any:
    try:
        return to_plain(value) if not hasattr(value, "start") else string_of(value, Run())
    except EngineError as error:
        return str(error)


# --- values of the kit -----------------------------------------------------------------------------------------------


def read_value(node: Node) -> Any:
    """A value, a list, or a context of components."""
    found = node.find("list")
    if found is not None:
        return None if _is_nil(found) else [read_value(item) for item in found.findall("item")]
    components = node.findall("component")
    if components:
        return {clean(item.get("name")): read_value(item) for item in components}
    value = node.find("value")
    if value is None or _is_nil(value):
        return None
    text = value.text or ""
    kind = value.get(f"{_XSI}type", "xsd:string").rpartition(":")[2]
    return _READERS.get(kind, lambda written: written)(text)


def _is_nil(node: Node) -> bool:
    return node.get(f"{_XSI}nil") == "true"


def _number(text: str) -> Any:
    try:
        return Decimal(text.strip())
    except DecimalException:
        return text


_READERS: dict[str, Any] = {
    **dict.fromkeys(("decimal", "double", "float", "integer", "int", "long"), _number),
    "boolean": lambda text: text.strip() in ("true", "1"),
    "date": lambda text: parse_date(text.strip()),
    "time": lambda text: parse_time(text.strip()),
    "dateTime": lambda text: parse_date_time(text.strip()),
    **dict.fromkeys(("duration", "dayTimeDuration", "yearMonthDuration"), lambda text: parse_duration(text.strip())),
}


def same(expected: Any, actual: Any) -> bool:
    """Equal as the kit compares: numbers within 1e-8, the rest exactly."""
    if isinstance(expected, Decimal):
        if isinstance(actual, bool) or not isinstance(actual, Decimal | int):
            return False
        difference = abs(expected - actual)
        return difference <= TOLERANCE * max(abs(expected), Decimal(1))
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(same(one, other) for one, other in zip(expected, actual))
        )
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(same(value, actual[name]) for name, value in expected.items())
        )
    return type(expected) is type(actual) and bool(expected == actual)


def summary(outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    """The shape of the contract: null and non-null results counted apart."""

    def count(chosen: list[Outcome]) -> dict[str, int]:
        return {"tests": len(chosen), "passed": sum(outcome.passed for outcome in chosen)}

    levels = sorted({outcome.level for outcome in outcomes})
    return {
        "summary": {
            **count(outcomes),
            "non_null": count([outcome for outcome in outcomes if outcome.non_null]),
            "null": count([outcome for outcome in outcomes if not outcome.non_null]),
            "by_level": {
                level.removeprefix("compliance-level-"): count([o for o in outcomes if o.level == level])
                for level in levels
            },
            "seconds": round(seconds, 3),
        },
        "failed": [
            {
                "folder": outcome.folder,
                "case": outcome.case,
                "result_node": outcome.result_node,
                "expected": outcome.expected,
                "actual": outcome.actual,
                "error": outcome.error,
            }
            for outcome in outcomes
            if not outcome.passed
        ],
    }
