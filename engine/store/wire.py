"""Statements of one transaction, sent through the driver's protocol layer (`psycopg.pq`) instead of its cursors.

A step sends five statements in two round trips; a cursor for each cost more than running the interpreter. Values are
still dumped and loaded by the driver's adapters. Once a handler asks for the connection itself, the transaction goes on
through cursors: `leave` hands it over.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, LiteralString, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary, proxy

from psycopg import Connection, abc, errors, pq
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.generators import fetch_many, send
from psycopg.rows import tuple_row

FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
_PARAMETER = re.compile(r"%\((\w+)\)[sbt]|%%")
Key: TypeAlias = tuple[bytes, tuple[int, ...]]  # a statement, and the types of its parameters
# Per connection: under which name the server has a statement prepared. Rolling back does not undo it.
_prepared: WeakKeyDictionary[Connection[Any], dict[Key, bytes]] = WeakKeyDictionary()


# Per connection: what dumps and what loads its values. Finding the adapters costs more than using them.
_adapting: WeakKeyDictionary[Connection[Any], tuple[abc.Transformer, abc.Transformer]] = WeakKeyDictionary()
_numbers = count()


@dataclass(frozen=True, slots=True)
class _Prepared:
    key: Key
    name: bytes


class Answer:
    """The rows of a statement; asking for them sends what is queued and waits."""

    __slots__ = ("_wire", "result")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.result: pq.abc.PGresult | None = None  # once it is there

    @property
    def rowcount(self) -> int:
        return self._arrived().command_tuples or 0

    def fetchone(self) -> tuple[Any, ...] | None:
        rows = self._rows(1)
        return rows[0] if rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows(None)

    def _rows(self, most: int | None) -> list[tuple[Any, ...]]:
        result = self._arrived()
        there = result.ntuples
        if not there:
            return []
        transformer = self._wire.loading
        transformer.set_pgresult(result)
        return transformer.load_rows(0, min(there, most or there), tuple_row(_Rows(result)))  # type: ignore[arg-type]

    def _arrived(self) -> pq.abc.PGresult:
        if self.result is None:
            self._wire.read_until(self)
        assert self.result is not None
        return self.result


class Wire:
    def __init__(self, conn: Connection[Any], *, begins: bool = True) -> None:
        """Without `begins` what is queued is a transaction of its own, over when `leave` has read it."""
        self.conn = conn
        self._pgconn = conn.pgconn
        self._expected: deque[Answer | _Prepared | None] = deque()  # None: nobody asks, only an error counts
        self._dumping, self.loading = _transformers(conn)
        self._names = _prepared.setdefault(conn, {})
        self._prepares = conn.prepare_threshold is not None
        self._new: dict[Key, bytes] = {}
        self._foreseen: dict[tuple[str, str], Answer] = {}
        self._is_syncing = False
        self._pgconn.enter_pipeline_mode()
        if begins:
            self._send_bare(b"BEGIN")

    def send(self, statement: str, params: Mapping[str, Any]) -> Answer:
        """Queue a statement with `%(name)s` parameters."""
        text, names, automatic = numbered(statement)
        dumping = self._dumping
        dumped = dumping.dump_sequence([params[name] for name in names], automatic)
        types, formats = dumping.types or (), dumping.formats
        if self._prepares:
            name = self._names.get((text, types)) or self._name(text, types)
            self._pgconn.send_query_prepared(name, dumped, formats, pq.Format.BINARY)
        else:  # behind a pooler that shares connections
            self._pgconn.send_query_params(text, dumped, types, formats, pq.Format.BINARY)
        answer = Answer(self)
        self._expected.append(answer)
        return answer

    def foresee(self, statement: str, params: Mapping[str, Any]) -> None:
        """Queue a question that will be asked: its answer comes with that of the next one."""
        self._foreseen[statement, repr(params)] = self.send(statement, params)

    def answer_to(self, statement: str, params: Mapping[str, Any]) -> Answer:
        """That of a question which was foreseen, once; else the question is sent."""
        found = self._foreseen.pop((statement, repr(params)), None) if self._foreseen else None
        return found or self.send(statement, params)

    def hurry(self) -> None:
        """Hand what is queued to the network; what does not fit goes with the next statements."""
        self._pgconn.flush()

    def commit(self) -> None:
        """End the transaction. When this returns it is durable; raises the first error of what was queued."""
        self._send_bare(b"COMMIT")
        self._synchronise()
        self._pgconn.exit_pipeline_mode()

    def commit_and_ask(
        self, first: tuple[str, Mapping[str, Any]], question: tuple[str, Mapping[str, Any]]
    ) -> list[tuple[Any, ...]] | None:
        """The same, and in the same round trip a question about what is there afterwards, with `first` in a transaction
        of its own. None where it failed: that takes nothing back."""
        done = Answer(self)
        self._send_bare(b"COMMIT")
        self._expected[-1] = done
        self.send(*first)
        asked = self.send(*question)
        try:
            self._synchronise()
        except errors.Error:
            if done.result is None or self._pgconn.status != pq.ConnStatus.OK:
                raise
            self.abandon()
            return None
        self._pgconn.exit_pipeline_mode()
        return asked.fetchall()

    def leave(self) -> None:
        """Everything queued has run; the transaction stays open and the connection is the driver's again."""
        self._synchronise()
        self._pgconn.exit_pipeline_mode()

    def abandon(self) -> None:
        """After an error: read what is on its way and roll back. The driver's own way of doing that would throw away
        what the server has prepared."""
        if self._pgconn.status != pq.ConnStatus.OK or self._pgconn.pipeline_status == pq.PipelineStatus.OFF:
            return
        self._sync()
        while not _is_sync(results := self._next()):
            queued = self._expected.popleft()
            if isinstance(queued, _Prepared) and results[-1].status == pq.ExecStatus.COMMAND_OK:
                self._names[queued.key] = queued.name
        self._pgconn.exit_pipeline_mode()
        self._pgconn.exec_(b"ROLLBACK")

    def read_until(self, answer: Answer) -> None:
        self._pgconn.send_flush_request()
        self._flush()
        self._read(answer)

    def _send_bare(self, text: bytes) -> None:
        """Queue a statement without parameters whose answer nobody reads."""
        if self._prepares:
            self._pgconn.send_query_prepared(self._names.get((text, ())) or self._name(text, ()), None)
        else:
            self._pgconn.send_query_params(text, None)
        self._expected.append(None)

    def _name(self, text: bytes, types: tuple[int, ...]) -> bytes:
        key = (text, types)
        name = self._new.get(key)
        if name is None:
            name = b"yt%d" % next(_numbers)
            self._new[key] = name
            self._pgconn.send_prepare(name, text, types)
            self._expected.append(_Prepared(key, name))
        return name

    def _synchronise(self) -> None:
        self._sync()
        self._read(None)
        self._next()  # the synchronisation point itself

    def _sync(self) -> None:
        """Once: a transaction whose end failed is waiting for it already."""
        if not self._is_syncing:
            self._is_syncing = True
            self._pgconn.pipeline_sync()
        self._flush()

    def _flush(self) -> None:
        if self._pgconn.flush():  # not everything went out at once
            self.conn.wait(send(self._pgconn))

    def _next(self) -> list[pq.abc.PGresult]:
        """The results of the next statement; waits only for those that did not come with an earlier one."""
        results: list[pq.abc.PGresult] = []
        while not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:
                return results
            results.append(result)
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
        return results + self.conn.wait(fetch_many(self._pgconn))

    def _read(self, last: Answer | None) -> None:
        """Hand out results up to this answer's; without one, of everything that is queued."""
        expected, pgconn = self._expected, self._pgconn
        is_busy, get_result = pgconn.is_busy, pgconn.get_result
        while expected:
            result = None
            while not is_busy():  # what came with an earlier one is not waited for
                more = get_result()
                if more is None:
                    break
                result = more
            else:
                rest = self.conn.wait(fetch_many(pgconn))
                result = rest[-1] if rest else result
            queued = expected.popleft()
            if result is None:
                raise errors.OperationalError("the connection was lost")
            if result.status in FAILED:
                raise self._failed(result)
            if queued is None:
                continue
            if isinstance(queued, _Prepared):
                self._names[queued.key] = queued.name
                continue
            queued.result = result
            if queued is last:
                return

    def _failed(self, result: pq.abc.PGresult) -> errors.Error:
        error = _error(result)
        if isinstance(error, errors.InvalidSqlStatementName):  # thrown away by the driver, after a rollback of its own
            self._names.clear()
        return error


@dataclass(frozen=True, slots=True)
class Alone:
    """A connection outside of any transaction, for questions that one statement answers. Each goes with `first`, a
    statement and its parameters, in one round trip and one transaction."""

    conn: Connection[Any]
    first: tuple[str, Mapping[str, Any]]

    def ask(self, statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        try:
            return self._ask(statement, params)
        except errors.InvalidSqlStatementName:  # thrown away by the driver; known by now
            return self._ask(statement, params)

    def _ask(self, statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        wire = Wire(self.conn, begins=False)
        try:
            wire.send(*self.first)
            answer = wire.send(statement, params)
            wire.leave()
        except BaseException:
            wire.abandon()
            raise
        return answer.fetchall()


def call(conn: Connection[Any], statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """One statement that is a transaction of its own and says itself for whom it acts: one call of the client library,
    which waits for the answer. For a connection that is in no transaction."""
    text, names, automatic = numbered(statement)
    dumping, loading = _transformers(conn)
    dumped = dumping.dump_sequence([params[name] for name in names], automatic)
    types, formats = dumping.types or (), dumping.formats
    if conn.prepare_threshold is None:  # behind a pooler that shares connections
        result = conn.pgconn.exec_params(text, dumped, types, formats, pq.Format.BINARY)
    else:
        result = _prepared_call(conn, (text, types), dumped, formats)
    if result.status in FAILED:
        raise _error(result)
    if not result.ntuples:
        return []
    loading.set_pgresult(result)
    return loading.load_rows(0, result.ntuples, tuple_row(_Rows(result)))  # type: ignore[arg-type]


def _prepared_call(conn: Connection[Any], key: Key, dumped: Any, formats: Any) -> pq.abc.PGresult:
    """What the server has prepared the driver may have thrown away, after a rollback of its own: then once more."""
    known = _prepared.setdefault(conn, {})
    while True:
        name, was_known = known.get(key), key in known
        if name is None:
            name = b"yt%d" % next(_numbers)
            made = conn.pgconn.prepare(name, *key)
            if made.status in FAILED:
                raise _error(made)
            known[key] = name
        result = conn.pgconn.exec_prepared(name, dumped, formats, pq.Format.BINARY)
        if not (was_known and result.status in FAILED and isinstance(_error(result), errors.InvalidSqlStatementName)):
            return result
        known.clear()


Asked: TypeAlias = "Connection[Any] | Alone | Wire"  # whoever answers a statement


def ask(conn: Asked, statement: LiteralString, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """One statement that answers by itself. On a connection that is inside a transaction the driver's cursor sends it:
    what the server has prepared is the driver's to know there, and a statement that is gone would spoil the whole."""
    if isinstance(conn, Wire):
        return conn.answer_to(statement, params).fetchall()
    if isinstance(conn, Alone):
        return conn.ask(statement, params)
    return conn.execute(statement, params, binary=True).fetchall()


def foresee(conn: Asked, statement: LiteralString, params: Mapping[str, Any]) -> None:
    """A statement that is going to be asked, before anything is written that it reads. Off a wire it waits for that."""
    if isinstance(conn, Wire):
        conn.foresee(statement, params)


def tell(conn: Connection[Any] | Wire, statement: LiteralString, params: Mapping[str, Any]) -> None:
    """One statement whose answer nobody needs. On a wire it goes with the next question, or with the commit."""
    if isinstance(conn, Wire):
        conn.send(statement, params)
    else:
        conn.execute(statement, params)


def _error(result: pq.abc.PGresult) -> errors.Error:
    """What the server says has a code; what has none the client library says, of a connection that is gone. It may say
    so before it takes the connection itself for broken."""
    if result.error_field(pq.DiagnosticField.SQLSTATE):
        return errors.error_from_result(result, encoding="utf-8")
    return errors.OperationalError(result.error_message.decode("utf-8", "replace"))


def _transformers(conn: Connection[Any]) -> tuple[abc.Transformer, abc.Transformer]:
    found = _adapting.get(conn)
    if found is None:
        context: Any = _Context(conn.adapters, proxy(conn))
        found = _adapting[conn] = Transformer(context), Transformer(context)
    return found


def _is_sync(results: list[pq.abc.PGresult]) -> bool:
    return bool(results) and results[0].status == pq.ExecStatus.PIPELINE_SYNC


class _Context(NamedTuple):
    """What a transformer is made for, without holding the connection alive."""

    adapters: AdaptersMap
    connection: Any


class _Rows:
    """What `tuple_row` wants to know of a cursor: nothing."""

    def __init__(self, result: pq.abc.PGresult) -> None:
        self.pgresult = result


@lru_cache(maxsize=512)
def numbered(statement: str) -> tuple[bytes, tuple[str, ...], list[PyFormat]]:
    """`%(name)s` -> `$1`, the names in order, and that the driver chooses the format of each."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        return f"${names.setdefault(match[1], len(names) + 1)}"

    text = _PARAMETER.sub(number, statement).encode()
    return text, tuple(names), [PyFormat.AUTO] * len(names)
