"""The way of everything that arrives: stored and committed, then read, then applied, then answered. Whatever dies in
between, the bytes are there, and the next look goes on from where it stood."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.commands.contracts import Actor
from engine.errors import Busy, EngineError, NotFound
from fhir_adapters.access import Viewer
from fhir_adapters.arrivals import agreed
from fhir_adapters.arrivals import refused as refused_writes
from fhir_adapters.arrivals.applying import FINAL, NEWS, ApplyArrival, NoteTrouble
from fhir_adapters.arrivals.model import NotUnderstood, Problem, Reading, problems_of, refused
from fhir_adapters.arrivals.profile import Profile
from fhir_adapters.cda import documents
from fhir_adapters.entries import Entry, checked
from fhir_adapters.hl7v2 import messages
from fhir_adapters.store import arrivals
from fhir_adapters.store.arrivals import Arrival, Outcome
from fhir_adapters.tabular import rows
from fhir_adapters.tolerances import documents as bundles_of_documents
from fhir_adapters.tolerances.agreeing import tolerant
from workflows.people.model import Principal

log = logging.getLogger(__name__)

Reader = Callable[[Arrival, Profile], Reading]
READERS: Mapping[str, Reader] = {
    "hl7v2": messages.read,
    "cda": documents.read,
    "csv": rows.read,
    "view": rows.read,
    "fhir": refused_writes.read,
    "document": bundles_of_documents.read,
}
KEPT = timedelta(days=200)  # what was settled; the Cybersecurity Law, article 21, asks six months of logs
ENGINE = Actor(id="engine", kind="engine")
MOST = 100


class Receiver:
    """Any number of processes may receive; each arrival takes effect once."""

    def __init__(self, services: Any, readers: Mapping[str, Reader] = READERS) -> None:
        self._services = services
        self._readers = readers
        self.profiles = agreed.profiles(services)

    def store(
        self,
        body: bytes,
        *,
        client: str,
        channel: str,
        origin: str,
        control_id: str = "",
        kind: str = "",
        corrects: UUID | None = None,
        corrected_by: str | None = None,
    ) -> UUID:
        """Durable when this returns; the same once more is the same arrival. Raises Busy."""
        digest = hashlib.sha256(body).hexdigest()
        origin, control_id, kind = (_storable(text) for text in (origin, control_id, kind))
        with self._services.pool.connection() as conn, conn.transaction():
            id_, _ = arrivals.add(
                conn, self._services.region_id, client=client, channel=channel, origin=origin[:300],
                control_id=control_id[:200], kind=kind[:100], digest=digest, body=body, now=self._services.clock(),
                corrects=corrects, corrected_by=corrected_by,
            )  # fmt: skip
        return id_

    def outcome(self, id_: UUID) -> Outcome:
        """How it stands. Raises NotFound."""
        with self._services.pool.connection() as conn:
            held = arrivals.outcome(conn, self._services.region_id, id_)
        if held is None:
            raise NotFound("没有此消息", "no such arrival")
        return held

    def understand(self, id_: UUID) -> Outcome:
        """How it stands afterwards. Raises Busy: then it waits, and is looked at again."""
        with self._services.pool.connection() as conn:
            held = arrivals.outcome(conn, self._services.region_id, id_)
            found = arrivals.arrival(conn, self._services.region_id, id_)
        if held is None or found is None:
            raise NotFound("没有此消息", "no such arrival")
        if held.state in FINAL:
            return held
        try:
            return self._apply(found)
        except Busy:
            raise
        except EngineError as error:
            kind = error.kind if isinstance(error, NotUnderstood) else ""
            return self._note(id_, kind, problems_of(error))
        except Exception as error:
            if self._services.database_is_away(error):
                raise Busy("数据库暂不可用", "the database is away") from error
            log.exception("arrival %s", id_)
            fault = Problem(code="MCH-X-500", zh="处理时出错，已保存待查", en="it could not be handled; it is kept")
            return self._note(id_, "", [fault])

    def _apply(self, found: Arrival) -> Outcome:
        who = self._services.people.system(found.client) if found.client else None
        if who is None:
            raise refused("", "MCH-I-001", "发送方未登记", "the sender is not registered")
        profile = agreed.with_own_codes(self._services, self.profiles.of(found.client))
        reading = self._readers[found.channel](found, profile)
        if reading.is_as_sent:
            reading = replace(reading, entries=tuple(tolerant(self._services, who, reading.entries)))
        require_sound(reading, who)
        command = ApplyArrival(arrival_id=found.id, reading=reading, viewer=Viewer.of(who))
        outcome: Outcome = self._services.engine.execute(command, by=who.actor)
        return outcome

    def _note(self, id_: UUID, kind: str, problems: list[Problem]) -> Outcome:
        command = NoteTrouble(arrival_id=id_, kind=_storable(kind), problems=tuple(problems))
        outcome: Outcome = self._services.engine.execute(command, by=ENGINE)
        return outcome

    def refuse_with(self, id_: UUID, kind: str, problems: list[Problem]) -> Outcome:
        """It is not looked at, for a reason that lies outside of it."""
        return self._note(id_, kind, problems)

    def receive(self, body: bytes, **told: Any) -> Outcome:
        """Store it, then understand it."""
        return self.understand(self.store(body, **told))

    def look_again(self, older_than: timedelta = timedelta(0)) -> int:
        """What was stored by a process that died before it looked; answers how many were settled."""
        with self._services.pool.connection() as conn:
            before = self._services.clock() - older_than
            ids = arrivals.waiting(conn, self._services.region_id, before, MOST)
        return sum(self.understand(id_).state != "waiting" for id_ in ids)

    def forget(self) -> int:
        """What was settled long ago goes; what waits for a person stays."""
        with self._services.pool.connection() as conn, conn.transaction():
            before = self._services.clock() - KEPT
            arrivals.forget_news(conn, self._services.region_id, NEWS, before)
            return arrivals.forget(conn, self._services.region_id, before)


def _storable(text: str) -> str:
    """NUL is in no text that could be stored."""
    return text.replace("\x00", "")


def require_sound(reading: Reading, who: Principal) -> None:
    """As over FHIR: scopes, structure, bindings, invariants. Raises FhirError with the places of the arrival."""
    entries = list(reading.entries)
    if reading.subject is not None:
        if not reading.subject.identities:
            zh, en = "没有可用的病人号码", "no number that names the patient"
            raise refused(reading.subject.at, "MCH-I-100", zh, en, reading.kind)
        patient = reading.subject.patient
        entries.insert(0, Entry(method="POST", type="Patient", resource=patient, at=reading.subject.at))
    try:
        checked(entries, who.scopes)
    except EngineError as error:
        raise NotUnderstood(problems_of(error), reading.kind) from error
