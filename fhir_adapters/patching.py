"""A PATCH becomes the PUT of what the patch makes of the stored resource, held against other writers meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhir_adapters.entries import Entry, problems
from fhir_adapters.issues import FhirError, Issue, not_found
from fhir_adapters.patches import patch
from fhir_adapters.store import resources
from fhir_adapters.types import ENGINE_OWNED
from fhir_adapters.work import Work
from fhir_adapters.writing import visible_match


def resolved(work: Work, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with every patch applied. Raises FhirError with the faults of all of them."""
    known = {n: _target(work, e) for n, e in enumerate(entries) if e.method == "PATCH"}
    for type_, id_ in sorted((entries[n].type, id_) for n, id_ in known.items()):
        if type_ not in ENGINE_OWNED:  # those are locked by their instance, which comes first
            resources.lock(work.asked, work.region_id, type_, id_)
    found, issues, status = list(entries), [], 422
    for number, id_ in known.items():
        try:
            found[number] = _patched(work, entries[number], id_)
            issues += problems(found[number])
        except FhirError as error:
            if error.status in (404, 410):
                raise
            status = min(status, error.status)
            issues += [_at_entry(issue, entries[number].at) for issue in error.issues]
    if issues:
        raise FhirError(status, issues)
    return found


def _at_entry(issue: Issue, at: str) -> Issue:
    """In a Bundle the operation stands inside an entry."""
    return replace(issue, expression=f"{at}.{issue.expression}") if at.startswith("Bundle") else issue


def _target(work: Work, entry: Entry) -> str:
    return entry.id if entry.id is not None else visible_match(work, entry)


def _patched(work: Work, entry: Entry, id_: str) -> Entry:
    stored = resources.read(work.asked, work.region_id, entry.type, id_, work.viewer, letters="u")
    if stored is None or stored[0].deleted:
        raise not_found(entry.at)
    assert entry.patch is not None
    after = patch.apply(entry.patch, stored[0].resource())
    return replace(entry, method="PUT", id=id_, query=(), resource=after, patch=None)
