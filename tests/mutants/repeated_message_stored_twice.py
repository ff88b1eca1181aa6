"""The bug: what a sender says again in the same words is another resource."""

from fhir_adapters import writing

CAUGHT_BY = "R12"


def plant():
    writing._same_content = lambda work, resource: None
