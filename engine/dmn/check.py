"""What a decision file must pass before it is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.dmn.cases import check_cases
from engine.dmn.cells import UNKNOWN, fold, static_cell
from engine.dmn.coverage import Coverage, Finding
from engine.dmn.definitions import Definitions, read_decisions
from engine.dmn.tables import CompiledTable
from engine.dmn.words import finding_text
from engine.errors import Text
from engine.feel.plain import to_plain
from engine.feel.types import ANY, SIMPLE, bare
from engine.feel.values import kind_of
from engine.problems import Problem

MAX_FINDINGS = 20  # per table and kind


@dataclass
class Report:
    """`refused`: reasons not to deploy; `warnings`: what the author should look at; `findings` stand behind both."""

    definitions: Definitions | None = None
    refused: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    findings: list[tuple[str, Finding, Text]] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        (self.refused if problem.severity == "error" else self.warnings).append(problem)


def check_decisions(xml: bytes, *, cases: str | None = None, imported: Sequence[Definitions] = ()) -> Report:
    """Everything at once: syntax, names, types, overlaps, gaps, unreachable rules, cases. Raises Refused when it is not
    a DMN file at all."""
    definitions = read_decisions(xml, imported=imported, lenient=True)
    return check_definitions(definitions, cases=cases)


def check_definitions(definitions: Definitions, *, cases: str | None = None) -> Report:
    """The same for a model that was read leniently."""
    report = Report(definitions)
    for problem in definitions.problems:
        report.add(problem)
    _names(definitions, report)
    for table in definitions.tables:
        _types(table, report)
        _coverage(table, report)
    if cases is not None and not report.refused:
        for problem in check_cases(definitions, cases):
            report.add(problem)
    return report


def _names(definitions: Definitions, report: Report) -> None:
    """An unknown name is null for ever. Where the model declares no input data, anything may be a variable."""
    severity = "error" if definitions.model.inputs else "warning"
    for place, names in definitions.unknown_names:
        for name in sorted(names):
            report.add(
                Problem(
                    element_id=place,
                    element_type="literalExpression",
                    code="unknown-name",
                    message=Text(
                        zh=f"“{place}”中的名称“{name}”既不是输入，也不是被引用的决策",
                        en=f"{place}: {name!r} is neither an input nor a required decision",
                    ),
                    severity=severity,
                )
            )


# --- types -----------------------------------------------------------------------------------------------------------


def _types(table: CompiledTable, report: Report) -> None:
    for number, cells in enumerate(table.cells):
        shape = table.shapes[number]
        for row, cell in enumerate(cells, 1):
            read = static_cell(cell.node) if cell.tests else None
            if read is not None and shape in SIMPLE and read.kind not in (shape, "null"):
                report.add(_clash(table, row, table.inputs[number][0], read.kind, shape))
    for number, kind in enumerate(table.output_types):
        output = table.table.outputs[number]
        allowed = [value for value in table.priorities[number] if value is not UNKNOWN]
        for row, rule in enumerate(table.table.rules, 1):
            value = _constant(table, rule.results[number] if number < len(rule.results) else "")
            if value is UNKNOWN or value is None:
                continue
            name = output.name or "output"
            if kind is not ANY and not kind.accepts(value):
                report.add(
                    _clash(
                        table,
                        row,
                        name,
                        kind_of(value),
                        str(bare(kind)) if kind_of(value) == bare(kind).name else str(kind),
                    )
                )
            elif len(allowed) == len(table.priorities[number]) and allowed and value not in allowed:
                report.add(_clash(table, row, name, repr(to_plain(value)), str(to_plain(allowed))))


def _constant(table: CompiledTable, text: str) -> Any:
    try:
        return fold(table.environment.dialect.expression(text).node) if text.strip() else None
    except ValueError:
        return None


def _clash(table: CompiledTable, row: int, column: str, found: str, wanted: str) -> Problem:
    return Problem(
        element_id=f"{table.place}/{row}/{column}",
        element_type="unaryTests",
        code="type-clash",
        message=Text(
            zh=f"决策表“{table.place}”第 {row} 行“{column}”列：{found} 与 {wanted} 不符",
            en=f"table {table.place!r}, row {row}, column {column!r}: {found} does not fit {wanted}",
        ),
    )


# --- overlaps, gaps, unreachable rules -------------------------------------------------------------------------------


def _coverage(table: CompiledTable, report: Report) -> None:
    coverage = Coverage(table)
    if table.policy in ("UNIQUE", "ANY"):
        overlapping = (f for f in coverage.overlaps() if table.policy == "UNIQUE" or _differ(table, f.rules))
        for finding in _first(overlapping):
            _report(table, finding, report, "error")
    if not table.has_default and table.policy != "COLLECT":
        for finding in coverage.gaps():
            _report(table, finding, report, "warning")
    for finding in _first(coverage.unreachable()):
        _report(table, finding, report, "warning")
    if not coverage.complete:
        report.add(
            Problem(
                element_id=table.place,
                element_type="decisionTable",
                code="search-stopped",
                message=Text(zh="表太大，空隙未全部查找", en="the table is too large: not every gap was looked for"),
                severity="warning",
            )
        )


def _first(findings: Any) -> list[Finding]:
    found = []
    for finding in findings:
        found.append(finding)
        if len(found) >= MAX_FINDINGS:
            break
    return found


def _differ(table: CompiledTable, rules: tuple[int, ...]) -> bool:
    one, other = (table.table.rules[rule - 1].results for rule in rules)
    return [text.strip() for text in one] != [text.strip() for text in other]


def _report(table: CompiledTable, finding: Finding, report: Report, severity: str) -> None:
    message = finding_text(table, finding)
    report.findings.append((table.place, finding, message))
    report.add(
        Problem(
            element_id="/".join([table.place, *map(str, finding.rules[-1:])]),
            element_type="rule" if finding.rules else "decisionTable",
            code=finding.kind,
            message=message,
            severity=severity,
        )
    )
