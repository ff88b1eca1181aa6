"""Tables that leave the system: a workbook with a sheet per table, or one table as CSV. Both languages side by side,
women by their number, never by a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import Text
from workflows.indicators.counting import Figure, Listed, Report
from workflows.indicators.definitions import Definition
from workflows.indicators.reasons import HIDDEN, NOT_RECORDED, PARTS, reason_text

WIDEST = 48  # characters
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one
OPS = {"lt": "<", "le": "≤", "ge": "≥", "eq": "="}


@dataclass(frozen=True, slots=True)
class Table:
    """`title`: the name of the sheet, at most 31 characters. Cells are text, numbers, dates or None."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


def report_tables(report: Report, places: Mapping[str, str]) -> list[Table]:
    """The indicators of the whole, the same by organisation, and what each counts. `places`: names of organisations."""
    head = (
        "编号 No.",
        "指标 Indicator",
        "分子 Numerator",
        "分母 Denominator",
        "不计 Left out",
        "率 Rate",
        "每 Per",
        "目标 Target",
    )
    about = f"{report.period.first}–{report.period.last} {report.region} {report.pack}"
    whole = [
        (*_line(figure), _target(figure), _yes_no(figure.is_met), figure.median, figure.p90, about)
        for figure in report.figures
    ]
    parts = [
        (places.get(place, place), *_line(figure))
        for place, figures in report.by_organisation.items()
        for figure in figures
        if figure.denominator or figure.numerator or figure.excluded
    ]
    more = ("达标 Met", "中位数 Median", "P90", "时期与地区 Period, region")
    return [
        Table("指标 Indicators", (*head, *more), whole),
        Table("按机构 By organisation", ("机构 Organisation", *head[:7]), parts),
        Table("口径 Definitions", DEFINED, [_defined(figure.definition) for figure in report.figures]),
    ]


DEFINED = (
    "编号 No.",
    "指标 Indicator",
    "分子 Numerator",
    "分母 Denominator",
    "计数规则 Rule",
    "标记 Mark",
    "依据 Source",
)


def women_table(known: Definition, rows: Iterable[Listed], hidden: int, places: Mapping[str, str]) -> Table:
    """The women behind one number."""
    head = ("档案编号 Record", "机构 Organisation", "日期 Date", "计数 Counted", "原因 Reason", "数值 Value")
    lines: list[Sequence[Any]] = [
        (
            *(row.pregnancy_id, places.get(row.organisation or "", row.organisation), row.on),
            *(_both(PARTS[row.part]), _both(reason_text(row.reason)), row.value),
        )
        for row in rows
    ]
    if hidden:
        lines.append((_both(Text(zh=HIDDEN.zh.format(n=hidden), en=HIDDEN.en.format(n=hidden))),))
    return Table(known.id, head, lines)


def workbook(tables: Sequence[Table]) -> bytes:
    """An .xlsx file. What writes it is loaded when it is first wanted: it knows every chart there is."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet(table.title)
        sheet.append(list(table.head))
        for row in table.rows:
            sheet.append([_cell(value) for value in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for number, name in enumerate(table.head, start=1):
            longest = max([_width(name), *(_width(row[number - 1]) for row in table.rows if len(row) >= number)])
            sheet.column_dimensions[get_column_letter(number)].width = min(WIDEST, longest + 2)
        for line in sheet.iter_rows(min_row=2):
            for cell in line:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(table: Table) -> bytes:
    """UTF-8 with the mark that Excel wants."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.head)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def _line(figure: Figure) -> tuple[Any, ...]:
    known = figure.definition
    if not known.is_recorded:
        return (known.id, _both(known.name), _both(NOT_RECORDED), None, None, None, known.factor)
    counts = (figure.numerator, figure.denominator, figure.excluded)
    return (known.id, _both(known.name), *counts, figure.rate, known.factor)


def _defined(known: Definition) -> tuple[Any, ...]:
    texts = [_both(text) for text in (known.name, known.numerator, known.denominator, known.rule)]
    return (known.id, *texts, f"[{known.mark}]", known.source)


def _target(figure: Figure) -> str | None:
    target = figure.target
    return f"{OPS[target.op]} {target.value} [{target.mark}] {target.source}" if target else None


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "是 yes" if value else "否 no"


def _both(text: Text | None) -> str | None:
    return f"{text.zh} {text.en}" if text else None


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run is made text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return float(value) if isinstance(value, Decimal) else value


def _width(value: Any) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value)) if value is not None else 0
