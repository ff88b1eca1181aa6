"""The bug: an event that was refused twice is given up."""

from fhir_adapters.subscriptions import sending

CAUGHT_BY = "R13"


def plant():
    sending.POISON_AFTER = 2
