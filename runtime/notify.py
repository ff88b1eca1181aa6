"""A destination for what happened: an address that is told by HTTP which tasks opened and ended. Ids only."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import timedelta

from engine.outbox import Destination, Entry, Later, Never
from engine.store import plain

TIMEOUT_S = 10.0
FOR_GOOD = frozenset({400, 404, 405, 410, 413, 422})


def to_address(url: str, name: str = "notify") -> Destination:
    """POST {"key","stream","revision","at","events"}; the key is also the header Idempotency-Key."""

    def send(entry: Entry) -> None:
        body = {
            "key": entry.key,
            "stream": str(entry.stream),
            "revision": entry.revision,
            "at": entry.at.isoformat(),
            "events": [dict(event) for event in entry.events],
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": entry.key}
        request = urllib.request.Request(url, plain.dumps(body), headers)
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S):
                return
        except urllib.error.HTTPError as error:
            with error:
                _explain(error)

    return Destination(name=name, send=send)


def _explain(error: urllib.error.HTTPError) -> None:
    if error.code in FOR_GOOD:
        raise Never(f"HTTP {error.code}") from None
    after = error.headers.get("Retry-After", "")
    if after.isdigit():
        raise Later(f"HTTP {error.code}", timedelta(seconds=min(int(after), 3600))) from None
    raise RuntimeError(f"HTTP {error.code}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends us elsewhere is wrong: what it is told is for it."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
