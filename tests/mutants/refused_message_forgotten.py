"""The bug: a message that is refused is kept nowhere."""

from api.fhir import overlooking

CAUGHT_BY = "R12"


def plant():
    overlooking._store = lambda *_: None
