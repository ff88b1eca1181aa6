"""Indicators and reports: definitions as data, numbers counted in the database, each with the women behind it."""

from workflows.indicators.counting import Figure, Listed, Report, listed, report
from workflows.indicators.definitions import Definition, definition, definitions
from workflows.indicators.periods import Period, quarter_of, read_period
from workflows.indicators.shapes import report_json, women_json
from workflows.indicators.sheets import Table, as_csv, report_tables, women_table, workbook

__all__ = [
    "Definition",
    "Figure",
    "Listed",
    "Period",
    "Report",
    "Table",
    "as_csv",
    "definition",
    "definitions",
    "listed",
    "quarter_of",
    "read_period",
    "report",
    "report_json",
    "report_tables",
    "women_json",
    "women_table",
    "workbook",
]
