"""What the answer to a client with tolerances says of them, and what is kept of a write that was refused."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Response, g, request

from api.fhir.guard import principal
from engine.errors import EngineError
from fhir_adapters.arrivals import refused
from fhir_adapters.arrivals.model import problems_of
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.entries import Entry
from fhir_adapters.issues import Issue, translate
from fhir_adapters.store import arrivals
from fhir_adapters.tolerances.agreeing import issue_of
from fhir_adapters.tolerances.kinds import SNAPSHOT

log = logging.getLogger(__name__)
HEADER = "X-MCH-Tolerance"
MOST_KEPT = 1000  # refused writes of one client that wait for a person
KEPT_STATUS = 422  # what a repair on our side or a corrected copy can change
UNREADABLE, OTHER_UNDER_A_KEY = 400, "idempotency-key-reused"


def issues(entry: Entry) -> list[Issue]:
    return [issue_of(use) for use in entry.tolerated]


def told(response: Response, entries: Sequence[Entry], applied: Mapping[str, Any]) -> Response:
    """Which tolerances were used and how often: counted, and said in a header."""
    found = count(entries, applied)
    if found:
        response.headers[HEADER] = "; ".join(f"{name}={times}" for name, times in sorted(found.items()))
    return response


def count(entries: Sequence[Entry], applied: Mapping[str, Any]) -> Counter[str]:
    who = principal()
    if not who.tolerances:
        return Counter()
    uses = [(use.tolerance, entry.type, use.at) for entry in entries for use in entry.tolerated]
    if SNAPSHOT in who.tolerances:
        pairs = zip(entries, applied["entries"], strict=True)
        uses += [(SNAPSHOT, entry.type, entry.type) for entry, done in pairs if _is_unchanged(entry, done)]
    if uses:
        g.tolerated = [*g.get("tolerated", ()), *uses]
    return Counter(tolerance for tolerance, _, _ in uses)


def _is_unchanged(entry: Entry, done: Mapping[str, Any]) -> bool:
    """Sent again as it was: 200, and nothing was written."""
    return entry.method in ("POST", "PUT") and done["status"] == 200 and done.get("at") is None


@contextmanager
def keeping_refused(services: Any, entries: Sequence[Entry]) -> Iterator[None]:
    """What a system sent and was refused waits until somebody looked; the sender's answer is the same in any case."""
    try:
        yield
    except EngineError as error:
        # Nothing of another request under a used key is to be repaired here; told in FHIR's words it is the cause.
        is_other = OTHER_UNDER_A_KEY in (error.code, getattr(error.__cause__, "code", None))
        if translate(error).status == KEPT_STATUS and principal().kind == "client" and not is_other:
            _try(partial(_keep, services, entries, error))
        raise


@contextmanager
def keeping_unreadable(services: Any) -> Iterator[None]:
    """The same for a body that cannot be read at all: its bytes as they came."""
    try:
        yield
    except EngineError as error:
        if request.method == "POST" and principal().kind == "client" and translate(error).status == UNREADABLE:
            type_ = (request.view_args or {}).get("type_", "Bundle")
            _try(partial(_store, services, request.get_data(), f"POST {type_}"[:100], error))
        raise


def _try(keep: Callable[[], None]) -> None:
    """The refusal is what the sender is to hear, whatever becomes of this."""
    try:
        keep()
    except Exception as trouble:
        log.warning("a refused write was not kept: %s", type(trouble).__name__)


def _keep(services: Any, entries: Sequence[Entry], error: EngineError) -> None:
    if all(entry.patch is None and entry.method in ("POST", "PUT") for entry in entries):
        _store(services, refused.body_of(entries), refused.kind_of(entries), error)


def _store(services: Any, body: bytes, kind: str, error: EngineError) -> None:
    client = principal().login
    with services.pool.connection() as conn:
        if arrivals.count_open(conn, services.region_id, client, "fhir") >= MOST_KEPT:
            return
    receiver = Receiver(services)
    id_ = receiver.store(body, client=client, channel="fhir", origin="fhir", kind=kind)
    receiver.refuse_with(id_, kind, problems_of(translate(error)))
