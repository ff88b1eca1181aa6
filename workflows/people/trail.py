"""The trail of who looked at whom and did what, and the answers that a repeated request gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine.commands.contracts import IdempotencyKey
from workflows.people.desk import Desk
from workflows.people.model import Principal
from workflows.people.once import Once
from workflows.store import people as store


class Trail(Desk):
    """Rows are added and never changed."""

    def audit(
        self,
        principal: Principal,
        action: str,
        subject_kind: str,
        subject_id: str | None,
        detail: Mapping[str, Any] | None = None,
        *,
        conn: Any = None,
    ) -> None:
        """One row that is never changed. With `conn` it stands or falls with what that connection does."""
        if conn is not None:
            self._audit(conn, principal, action, subject_kind, subject_id, detail)
            return
        with self.pool.connection() as own:
            self._audit(own, principal, action, subject_kind, subject_id, detail)

    @contextmanager
    def reading(self, principal: Principal, action: str, subject_kind: str, subject_id: str | None) -> Iterator[Any]:
        """A connection for reading a woman's record; the audit row is in the same transaction, so there is no look
        without a trace."""
        with self.pool.connection() as conn, conn.transaction():
            yield conn
            self._audit(conn, principal, action, subject_kind, subject_id, None)

    def note_reading(self, principal: Principal, subject_kind: str, subject_id: str) -> None:
        """The trace of a look at something that is read over another connection: before it is read, so that here too
        there is no look without a trace."""
        self.audit(principal, "read", subject_kind, subject_id)

    def audit_rows(self, *, subject_id: str | None = None, after: int | None = None, limit: int = 200) -> list[Any]:
        with self.pool.connection() as conn:
            return store.rows(
                conn, "audit_rows", region_id=self.region_id, subject_id=subject_id, after=after, limit=limit
            )

    def newest(
        self, *, actor: str | None = None, subject_id: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[Any]:
        """Rows newest first, of one account or about one subject; `before` is the id of the last one seen."""
        asked = {"actor": actor, "subject_id": subject_id, "before": before, "limit": limit}
        with self.pool.connection() as conn:
            return store.rows(conn, "newest_audit_rows", region_id=self.region_id, **asked)

    def record_access(
        self,
        conn: Any,
        *,
        principal: Principal,
        interaction: str,
        resource_type: str,
        resource_id: str | None = None,
        patient_ids: Iterable[str] = (),
    ) -> None:
        """The trace of a read or search over FHIR, in the caller's transaction."""
        women = sorted(patient_ids)
        self._audit(conn, principal, interaction, resource_type, resource_id, {"patients": women} if women else None)

    def record_view(
        self,
        principal: Principal,
        *,
        interaction: str,
        pregnancy_id: str | None = None,
        patient_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """The trace of a page that showed a woman's record, or a list of women."""
        kind, subject = ("pregnancy", pregnancy_id) if pregnancy_id else ("patient", patient_id)
        self.audit(principal, interaction, kind, subject, detail)

    def answer_once(self, key: IdempotencyKey | None, plan: Mapping[str, Any]) -> Once:
        """For requests that are many transactions: the second one with the same key gets the first one's answer, or
        goes on with the first one's plan where that died."""
        return Once(self.pool, self.region_id, key, self._clock, plan)
