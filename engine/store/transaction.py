"""What a handler is given: a transaction that is open already and that it cannot end.

Statements are queued in a pipeline; only asking for a result makes a round trip. So a step costs two: lock and read,
then save and commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, TypeAlias, cast
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from engine.commands.contracts import Actor, IdempotencyKey
from engine.commands.records import Projection, Sequel, Statement
from engine.errors import Incorrect
from engine.problems import Problem
from engine.store import answers
from engine.store.connections import ACT_FOR
from engine.store.library import Library
from engine.store.questions import Question
from engine.store.sql import load
from engine.store.wire import Answer, Wire

SQL = load(__file__)
as_json = Jsonb  # how a handler marks a value for a jsonb column

Handler: TypeAlias = Callable[[Any, "Tx"], Any]
FormCheck: TypeAlias = Callable[[bytes], list[Problem]]


class Again(Exception):
    """The world moved while this transaction looked at it; nothing is written, start over."""


class Answered(Exception):
    """This request was answered before; the stored answer counts."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


class Unprojected(Exception):
    """A mapping raised when its step was on its way already: the transaction goes round again and projects first."""


class SequelFailed(Exception):
    """What a projection looked at afterwards could not be done: the transaction goes round again without it."""


@dataclass(frozen=True)
class Setting:
    """What does not change between the transactions of one engine."""

    region_id: str
    library: Library
    handlers: Mapping[type, Handler]
    projection: Projection | None
    local_job_types: frozenset[str]
    form_check: FormCheck | None


@dataclass(frozen=True)
class Following:
    """Work to be done when the transaction is committed: a job to run here, a message to correlate."""

    kind: str  # "job" | "message" | "spent": a job whose retries ran out while its workers died
    id: UUID


class Tx:
    def __init__(
        self, conn: Connection[Any], setting: Setting, now: datetime, by: Actor, wire: Wire | None = None
    ) -> None:
        """Without a wire: on a connection that only reads, one statement after the other."""
        self._conn = conn
        self._wire = wire
        self._setting = setting
        self._first_answer: tuple[Answer, str] | None = None
        self._buffered: list[Answer] = []
        self._following: list[Following] = []
        self._sequels: list[Sequel] = []
        self.now = now
        self.by = by
        self.command: Any = None
        self.region_id = setting.region_id
        self.library = setting.library
        self.projection = setting.projection
        self.form_check = setting.form_check
        self.projection_error: str | None = None  # set when this is the second try, without the projection
        self.projects_first = False  # set when this is the second try, after a mapping raised
        self.projected = False

    @property
    def conn(self) -> Connection[Any]:
        """For handlers of other rooms. It is inside the transaction; everything queued before has run."""
        if self._wire is not None:
            wire, self._wire = self._wire, None
            wire.leave()
        return self._conn

    @property
    def asked(self) -> Connection[Any] | Wire:
        """For handlers of other rooms that send statements by `ask` and `tell`: the pipeline goes on."""
        return self._wire if self._wire is not None else self._conn

    def run(self, command: Any) -> Any:
        """Another command inside this transaction."""
        outer, self.command = self.command, command
        try:
            return self._setting.handlers[type(command)](command, self)
        finally:
            self.command = outer

    def send(self, statement: str, /, **params: Any) -> Answer:
        """Queue a named statement."""
        return self._send(SQL[statement], {"region_id": self.region_id, **params})

    def _send(self, statement: LiteralString, params: Mapping[str, Any]) -> Any:
        if self._wire is not None:
            return self._wire.send(statement, params)
        return self._conn.execute(statement, params, binary=True)

    def hurry(self) -> None:
        """What is queued goes out now: the database works on it while the next statements are made."""
        if self._wire is not None:
            self._wire.hurry()

    def commit(self, question: Question | None = None, answer: Any = None) -> None:
        if self._wire is None:
            self._conn.execute("COMMIT")
        elif question is None:
            self._wire.commit()
        else:
            question.rows = self._wire.commit_and_ask((ACT_FOR, {"region_id": self.region_id}), question.of(answer))

    def project(self, statement: Statement) -> None:
        """Queue what the projection wants sent."""
        self.projected = True
        self._send(cast(LiteralString, statement.sql), statement.params)

    def afterwards(self, sequel: Sequel) -> None:
        """Queue what the projection wants looked at when everything is saved."""
        self.projected = True
        self._sequels.append(sequel)

    def run_sequels(self) -> None:
        """Raises SequelFailed, and what the database raises."""
        for sequel in self._sequels:
            try:
                sequel.run(self)
            except (psycopg.Error, Again):
                raise
            except Exception as error:
                raise SequelFailed(f"{type(error).__name__}: {error}") from error

    def one(self, statement: str, /, **params: Any) -> Any:
        cursor = self.send(statement, **params)
        self._check_first_answer()
        return cursor.fetchone()

    def all(self, statement: str, /, **params: Any) -> list[Any]:
        cursor = self.send(statement, **params)
        self._check_first_answer()
        return cursor.fetchall()

    def value(self, statement: str, /, **params: Any) -> Any:
        row = self.one(statement, **params)
        return row[0] if row else None

    def look_for_answer(self, idempotency: IdempotencyKey) -> None:
        """Asks whether this request was answered before; the answer is read with the first result that is needed."""
        cursor = self.send("find_answer", client=idempotency.client, key=idempotency.key)
        self._first_answer = (cursor, idempotency.request_hash)

    def answer_is_new(self) -> None:
        """Before an answer is kept: a handler that read nothing has not looked yet."""
        self._check_first_answer()

    def _check_first_answer(self) -> None:
        if self._first_answer is None:
            return
        (cursor, request_hash), self._first_answer = self._first_answer, None
        row = cursor.fetchone()
        if row is None:
            return
        if row[0] != request_hash:
            raise Incorrect(
                "同一 Idempotency-Key 已用于另一个请求",
                "this idempotency key belongs to another request",
                code="idempotency-key-reused",
            )
        raise Answered(answers.unpack(row[1]))

    def follow(self, kind: str, id: UUID) -> None:
        self._following.append(Following(kind, id))

    def runs_here(self, job_type: str) -> bool:
        return job_type in self._setting.local_job_types

    def look_for_buffered(self, instance_id: UUID) -> None:
        """Messages may wait for what was just subscribed; they are delivered after the commit."""
        self._buffered.append(self.send("find_buffered_for", instance_id=instance_id, now=self.now))

    def following(self) -> list[Following]:
        """To be asked after the commit."""
        found = [Following("message", row[0]) for cursor in self._buffered for row in cursor.fetchall()]
        return [*self._following, *found]
