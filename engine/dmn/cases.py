"""Test cases beside a decision table: `colour.dmn` has `colour.cases.csv`; a deployment whose cases fail is refused.

UTF-8 CSV, comma separated, first line the header. Lines that begin with `#` and empty lines are comments.

    case,systolic,danger_sign,=>colour,=>refer
    healthy woman,118,false,green,false
    very high,165,false,orange,true
    nothing known,,,,

Columns, in any order:
- `case` (optional): what the line shows, for messages.
- `now` (optional): the date or instant (ISO 8601) that `today()` and `now()` answer.
- `decision` (optional): id or name of the decision; without it the one that no other decision requires.
- every other column without `=>`: an input, by the name that the table uses. `a.b` sets the entry b of the context a.
- `=>name`: an output of that name (`=>a.b` goes deeper). `expected`: the whole result, where it is not a context.
  A line gives at least one; outputs without a column are not compared.

Cells, inputs and outputs alike:
- nothing: null
- a number, `true`, `false`, `null`, `"text"`, `@"2026-01-05"`, `[…]`, `{…}`: as in FEEL
- `= …`: any FEEL expression, e.g. `= date("2026-01-05") + duration("P3D")`
- anything else: that text. An input whose declared type is string takes its cell as text even when it looks like a
  number; one of a date, time or duration type takes ISO text.
Results are compared as plain data: a date equals its ISO text, 1 equals 1.0.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.dmn.definitions import Definitions
from engine.errors import EngineError, Text
from engine.feel import compile_expression, to_plain
from engine.problems import Problem

_FEEL = re.compile(r'-?[0-9]+(?:\.[0-9]+)?|-?\.[0-9]+|true|false|null|[\[{"].*|@".*', re.DOTALL)
MAX_CASES = 5_000


@dataclass(frozen=True)
class Case:
    """One line of the file."""

    line: int
    name: str
    decision: str
    inputs: dict[str, Any]
    expected: dict[str, Any]  # "" : the whole result
    now: datetime | None


def check_cases(definitions: Definitions, text: str) -> list[Problem]:
    """Run every case; a problem for each that cannot be read, cannot be run, or has another result."""
    problems: list[Problem] = []
    try:
        header, rows = _rows(text)
    except csv.Error as error:
        return [_problem(1, "", "不是合法的 CSV", f"not CSV: {error}")]
    for number, row in rows:
        named = dict(zip(header, row))
        try:
            if len(row) > len(header):
                raise _fault("单元格多于列", "there are more cells than columns")
            problems.extend(_run(definitions, _case(definitions, number, named)))
        except EngineError as error:
            problems.append(_problem(number, named.get("case", ""), error.message.zh, error.message.en))
    return problems


def read_cases(definitions: Definitions, text: str) -> list[Case]:
    """Every case of a file. Raises csv.Error, EngineError (a cell or column that cannot be read)."""
    header, rows = _rows(text)
    return [_case(definitions, number, dict(zip(header, row))) for number, row in rows]


def _rows(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and each row with its line. Raises csv.Error."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    reader = csv.reader(io.StringIO("".join(line for _, line in kept)), strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 0
    for row in reader:
        rows.append((kept[begins][0], row))
        begins = reader.line_num
        if len(rows) > MAX_CASES:
            break
    header = [name.strip() for name in rows[0][1]] if rows else []
    return header, rows[1:]


def _case(definitions: Definitions, number: int, row: dict[str, str]) -> Case:
    decision = _decision(definitions, (row.get("decision") or "").strip())
    kinds = {item.name: item.type_ref for item in definitions.model.inputs.values()}
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for column, cell in row.items():
        if column in ("case", "decision", "now", ""):
            continue
        if column == "expected":
            expected[""] = _value(cell, None)
        elif column.startswith("=>"):
            expected[column[2:].strip()] = _value(cell, None)
        else:
            _require_known(definitions, column)
            _put(inputs, column, _value(cell, kinds.get(column)), kinds)
    if not expected:
        raise _fault(
            "没有预期结果列（=>名称 或 expected）", "there is no column of expected results (=>name or expected)"
        )
    return Case(number, row.get("case", "").strip(), decision, inputs, expected, _instant(row.get("now", "")))


def _instant(cell: str) -> datetime | None:
    if not cell.strip():
        return None
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise _fault(f"“{cell}”不是日期或时刻", f"{cell!r} is neither a date nor an instant") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _decision(definitions: Definitions, wanted: str) -> str:
    if wanted:
        for identity, decision in definitions.decisions.items():
            if wanted in (identity, decision.name):
                return identity
        raise _fault(f"没有决策“{wanted}”", f"there is no decision {wanted!r}")
    required = {
        requirement.href.rpartition("#")[2]
        for item in definitions.model.decisions.values()
        for requirement in item.requirements
    }
    tops = [identity for identity in definitions.decisions if identity not in required]
    if len(tops) != 1:
        raise _fault(
            "文件有多个决策，请用 decision 列指明", "the file has several decisions: name one in a column `decision`"
        )
    return tops[0]


def _require_known(definitions: Definitions, column: str) -> None:
    """A misspelt column would make the case pass without its input."""
    names = {item.name for item in definitions.model.inputs.values()}
    first = column.partition(".")[0]
    if names and column not in names and first not in names and first not in definitions.declared:
        raise _fault(f"列“{column}”不是输入", f"the column {column!r} is no input")


def _put(inputs: dict[str, Any], column: str, value: Any, kinds: dict[str, Any]) -> None:
    if column in kinds or "." not in column:
        inputs[column] = value
        return
    first, _, rest = column.partition(".")
    inner = inputs.setdefault(first, {})
    if isinstance(inner, dict):
        _put(inner, rest, value, {})


def _value(cell: str | None, kind: str | None) -> Any:
    cell = (cell or "").strip()
    if not cell:
        return None
    if cell.startswith("="):
        return compile_expression(cell[1:]).evaluate({})
    if kind == "string" and not cell.startswith('"'):
        return cell
    if _FEEL.fullmatch(cell):
        return compile_expression(cell).evaluate({})
    return cell


def _run(definitions: Definitions, case: Case) -> list[Problem]:
    evaluation = definitions.evaluate(case.decision, case.inputs, now=case.now)
    problems = [_problem(case.line, case.name, fault.zh, fault.en) for fault in evaluation.errors]
    for name, expected in case.expected.items():
        actual = _at(evaluation.value, name)
        if to_plain(expected) != to_plain(actual):
            shown, found = to_plain(expected), to_plain(actual)
            rules = evaluation.trace["rules"]
            problems.append(
                _problem(
                    case.line,
                    case.name,
                    f"{name or '结果'} 应为 {shown!r}，实为 {found!r}（命中规则 {rules}）",
                    f"{name or 'the result'} should be {shown!r}, is {found!r} (rules {rules})",
                )
            )
    return problems


def _at(value: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _problem(line: int, name: str, zh: str, en: str) -> Problem:
    place = f"case/{line}"
    shown = f"“{name}”" if name else ""
    shown_en = f" ({name})" if name else ""
    return Problem(
        element_id=place,
        element_type="case",
        code="case",
        message=Text(zh=f"测试用例第 {line} 行{shown}：{zh}", en=f"test case, line {line}{shown_en}: {en}"),
    )


def _fault(zh: str, en: str) -> EngineError:
    return EngineError(zh, en)
