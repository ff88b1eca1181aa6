"""The bug: nobody remembers what was made under a key, so that whoever asks again gets a second document."""

from api.fhir import documents

CAUGHT_BY = "R02-county"


def plant():
    documents.made_before = lambda *_: None
