"""What a person does with an arrival that was not understood: look, try again, correct a copy, put it aside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.errors import Conflict, Incorrect, NotFound
from fhir_adapters.arrivals.applying import SettleArrival
from fhir_adapters.arrivals.masking import masked, text_of
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.hl7v2.parsing import header_of
from fhir_adapters.store import arrivals
from fhir_adapters.store.arrivals import Arrival, Outcome
from workflows import audited
from workflows.people.model import Principal

STATES = {
    "open": ("not-understood", "waiting"),
    "understood": ("understood",),
    "no-effect": ("understood",),
    "settled": ("corrected", "discarded"),
    "all": ("not-understood", "waiting", "understood", "corrected", "discarded"),
}
LONGEST_REASON = 1000
LARGEST_TEXT = 900_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """`text` is covered but for its structure where `is_whole` is false."""

    arrival: Arrival
    outcome: Outcome
    text: str
    is_whole: bool


class Desk:
    def __init__(self, services: Any, receiver: Receiver | None = None) -> None:
        self._services = services
        self._receiver = receiver or Receiver(services)

    def listed(self, states: str, limit: int, client: str | None = None, channel: str | None = None) -> list[Outcome]:
        with self._services.pool.connection() as conn:
            region, noted = self._services.region_id, states == "no-effect"
            return arrivals.listed(conn, region, STATES[states], limit, client, channel, noted=noted)

    def shown(self, id_: UUID, principal: Principal) -> Shown:
        """Leaves its row in the audit: who looked, and whether at the whole. Raises NotFound."""
        whole = self.may_see_whole(principal)
        with self._services.pool.connection() as conn, conn.transaction():
            found = arrivals.arrival(conn, self._services.region_id, id_)
            outcome = arrivals.outcome(conn, self._services.region_id, id_)
            if found is None or outcome is None:
                raise NotFound("没有此消息", "no such arrival")
            told = {"whole": whole}
            self._services.people.audit(principal, "read", "arrival", str(id_), told, conn=conn)
        text = text_of(found.body) if whole else masked(found.channel, found.body)
        return Shown(arrival=found, outcome=outcome, text=re.sub(r"\r\n?", "\n", text), is_whole=whole)

    def may_see_whole(self, principal: Principal) -> bool:
        """Who matches what arrives to women, and may know of infectious diseases: an arrival may tell of one."""
        return principal.kind == "person" and self._services.people.may(principal, "match") and principal.restricted

    def retry(self, id_: UUID, principal: Principal) -> Outcome:
        """As if it had come just now: a code was mapped, two records were merged. Raises NotFound, Conflict."""
        self._require_open(id_)
        self._services.people.audit(principal, "retry", "arrival", str(id_), None)
        return self._receiver.understand(id_)

    def correct(self, id_: UUID, text: str, reason: str, principal: Principal) -> Outcome:
        """A corrected copy takes its place; what came stays as it came. Answers how the copy stands."""
        reason = _reason(reason)
        found = self._require_open(id_)
        body = _encoded(found, text)
        if body == found.body:
            raise Incorrect("内容没有改变", "nothing was changed", code="text")
        copy = self._receiver.store(
            body,
            client=found.client,
            channel=found.channel,
            origin=found.origin,
            control_id=found.control_id,
            corrects=id_,
            corrected_by=principal.login,
        )
        settled = SettleArrival(arrival_id=id_, state="corrected", reason=reason)
        audited.execute(self._services, settled, principal, "arrival", id_, {"copy": str(copy), "reason": reason})
        return self._receiver.understand(copy)

    def discard(self, id_: UUID, reason: str, principal: Principal) -> Outcome:
        reason = _reason(reason)
        settled = SettleArrival(arrival_id=id_, state="discarded", reason=reason)
        outcome: Outcome = audited.execute(self._services, settled, principal, "arrival", id_, {"reason": reason})
        return outcome

    def _require_open(self, id_: UUID) -> Arrival:
        with self._services.pool.connection() as conn:
            found = arrivals.arrival(conn, self._services.region_id, id_)
            outcome = arrivals.outcome(conn, self._services.region_id, id_)
        if found is None or outcome is None:
            raise NotFound("没有此消息", "no such arrival")
        if outcome.state not in STATES["open"]:
            raise Conflict("此消息已处理", "this arrival is settled already")
        return found


def _reason(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_REASON:
        raise Incorrect("请填写理由，不超过 1000 字", "give a reason of at most 1000 characters", code="reason")
    return text


def _encoded(found: Arrival, text: str) -> bytes:
    """In the characters and line ends of what it corrects."""
    if not 0 < len(text) <= LARGEST_TEXT:
        raise Incorrect("内容为空或过长", "the text is empty or too long", code="text")
    lines = re.sub(r"\r\n?", "\n", text)
    if found.channel == "hl7v2":
        return lines.replace("\n", "\r").encode(header_of(found.body).charset, "replace")
    try:
        found.body.decode("utf-8")
    except UnicodeDecodeError:
        return lines.encode("gb18030", "replace")
    return lines.encode()
