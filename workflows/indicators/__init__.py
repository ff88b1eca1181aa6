"""Indicators and reports: definitions as data, numbers counted in the database, each with the women behind it."""

from workflows.indicators.calendar import Due, due_dates
from workflows.indicators.counting import Figure, Listed, Report, listed, report
from workflows.indicators.definitions import Definition, definition, definitions
from workflows.indicators.periods import Period, quarter_of, read_period
from workflows.indicators.score import ScoreSheet, score_sheet, score_table
from workflows.indicators.shapes import report_json, women_json
from workflows.indicators.sheets import Table, as_csv, report_tables, women_table, workbook

__all__ = [
    "Definition",
    "Due",
    "Figure",
    "Listed",
    "Period",
    "Report",
    "ScoreSheet",
    "Table",
    "as_csv",
    "definition",
    "definitions",
    "due_dates",
    "listed",
    "quarter_of",
    "read_period",
    "report",
    "report_json",
    "report_tables",
    "score_sheet",
    "score_table",
    "women_json",
    "women_table",
    "workbook",
]
