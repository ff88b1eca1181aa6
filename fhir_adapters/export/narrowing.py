"""A part of what is exported: resources that meet a filter, and of each the elements that were asked for. One line at a
time, so that no more than one is in memory."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from datetime import datetime

from engine.store import plain
from fhir_adapters.store.exports import Job, Line
from fhir_adapters.subscriptions.criteria import Version, read_criteria
from fhir_adapters.subsets import Subset, cut


def narrowed(region_id: str, job: Job, type_: str, found: Generator[Line, None, None]) -> Generator[Line, None, None]:
    """The lines as they are where nothing of the type is asked apart."""
    queries = [read_criteria(one, "_typeFilter") for one in job.filters if one.partition("?")[0] == type_]
    subset = Subset(elements=frozenset(job.elements))
    with closing(found):
        for line in found:
            if not queries and subset.is_whole:
                yield line
                continue
            resource = plain.read(line.text)
            version = Version(region_id, resource, datetime.fromisoformat(resource["meta"]["lastUpdated"]))
            if queries and not any(version.meets(query) for query in queries):
                continue
            yield line if subset.is_whole else line._replace(text=plain.dumps(cut(resource, subset)) + b"\n")
