"""The bug: of two results the one that was stored later counts, whenever it was measured."""

from datetime import UTC, datetime

from fhir_adapters import facts

CAUGHT_BY = "R12"


def plant():
    facts._effective = lambda observation: datetime(2026, 1, 5, tzinfo=UTC)
