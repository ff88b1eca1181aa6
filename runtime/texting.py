"""The gateway for text messages: an HTTP address of whoever carries them, and the thread that sends what is due."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from threading import Event, Thread
from uuid import UUID

import psycopg

from engine.store import plain
from runtime.settings import Settings
from runtime.subscribers import own_connection
from workflows import texting
from workflows.services import Services

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
POLL_S = 60.0
FOR_GOOD = frozenset({400, 404, 410, 413, 422})


class HttpGateway:
    """POST {"id","to","text"}; `id` is also the header Idempotency-Key. 2xx: taken. Redirects are not followed."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url, self._token = url, token

    def send(self, id: UUID, number: str, text: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(id)}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = plain.dumps({"id": str(id), "to": number, "text": text})
        try:
            with _OPENER.open(urllib.request.Request(self._url, body, headers), timeout=TIMEOUT_S):
                return
        except urllib.error.HTTPError as error:
            with error:
                kind = texting.Refused if error.code in FOR_GOOD else texting.NotTaken
                raise kind(f"HTTP {error.code}") from None
        except (urllib.error.URLError, OSError) as error:
            raise texting.NotTaken(type(error).__name__) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A telephone number goes to the address that was configured and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def gateway_of(settings: Settings) -> HttpGateway | None:
    """None where no gateway is configured: then reminders are only told to who asks for them."""
    if settings.sms_url is None:
        return None
    token = settings.sms_token_file.read_text(encoding="utf-8").strip() if settings.sms_token_file else None
    return HttpGateway(settings.sms_url, token)


def send_due(services: Services, gateway: texting.Gateway) -> int:
    """Everything that is due now, in this thread."""
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        return texting.send_due(services, gateway, conn)


class Texts:
    """In a worker process: a thread, and only where there is a gateway."""

    def __init__(self, services: Services, *, poll_s: float = POLL_S) -> None:
        self._services, self._poll_s = services, poll_s
        self._gateway = gateway_of(services.settings)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="texts", daemon=True)

    def start(self) -> None:
        if self._gateway is not None:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    def _run(self) -> None:
        """A database that is away is waited for."""
        assert self._gateway is not None
        while not self._stopping.is_set():
            try:
                send_due(self._services, self._gateway)
            except psycopg.OperationalError:
                log.warning("the database is away")
            except Exception as error:
                log.error(
                    "sending reminders begins again: %s", type(error).__name__
                )  # no trace: it could hold a number
            self._stopping.wait(self._poll_s)
