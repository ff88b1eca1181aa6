"""Indicators and reports: definitions as data, numbers counted in the database, each with the women behind it."""

from workflows.indicators.counting import Figure, Listed, Report, listed, report
from workflows.indicators.definitions import Definition, definition, definitions
from workflows.indicators.periods import Period, quarter_of, read_period

__all__ = [
    "Definition",
    "Figure",
    "Listed",
    "Period",
    "Report",
    "definition",
    "definitions",
    "listed",
    "quarter_of",
    "read_period",
    "report",
]
