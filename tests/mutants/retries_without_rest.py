"""The bug: who does not answer is asked again at once, and again."""

from datetime import timedelta

from fhir_adapters.subscriptions import sending

CAUGHT_BY = "R13"


def plant():
    sending.RESTS = (timedelta(0),) * 12
