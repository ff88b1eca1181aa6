"""A transaction's statements through the driver's protocol layer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors

from engine.store.connections import configure
from engine.store.wire import Wire, ask, foresee


@pytest.fixture
def conn(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database) as conn:
        configure(conn)
        yield conn


def doubled(wire: Wire, number: int) -> Any:
    answer = wire.send("SELECT 2 * %(number)s::integer, '%%'", {"number": number}).fetchone()
    assert answer is not None
    return answer[0]


def prepared(conn: Connection[Any]) -> int:
    row = conn.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'yt%'").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_committed_is_there_and_what_was_abandoned_is_not(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer)")
    for number, ends in ((1, Wire.commit), (2, Wire.abandon)):
        wire = Wire(conn)
        wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": number})
        ends(wire)
    assert conn.execute("SELECT number FROM kept").fetchall() == [(1,)]


FIRST = ("SELECT set_config('yuntu.asked', %(by)s::text, true)", {"by": "somebody"})
COUNT = ("SELECT count(*), current_setting('yuntu.asked') FROM kept", dict[str, Any]())


def test_a_question_that_goes_with_the_commit_sees_what_was_committed(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer)")
    for number in (1, 2):
        wire = Wire(conn)
        wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": number})
        assert wire.commit_and_ask(FIRST, COUNT) == [(number, "somebody")]
    assert not conn.info.transaction_status
    assert ask(conn, "SELECT current_setting('yuntu.asked', true)", {}) == [("",)]  # it was that question's alone


def test_a_question_that_fails_takes_nothing_of_the_commit_back(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer)")
    wire = Wire(conn)
    wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": 1})
    assert wire.commit_and_ask(FIRST, ("SELECT 1 / %(zero)s::integer", {"zero": 0})) is None
    assert conn.execute("SELECT number FROM kept").fetchall() == [(1,)]


def test_nothing_is_asked_after_a_commit_that_failed(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    wire = Wire(conn)
    for _ in range(2):
        wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": 1})
    with pytest.raises(errors.UniqueViolation):
        wire.commit_and_ask(FIRST, COUNT)
    wire.abandon()
    assert conn.execute("SELECT number FROM kept").fetchall() == []


def test_a_statement_is_prepared_once_also_when_its_transaction_failed(conn: Connection[Any]) -> None:
    wire = Wire(conn)
    assert doubled(wire, 4) == 8
    wire.send("SELECT 1 / %(zero)s::integer", {"zero": 0})
    with pytest.raises(errors.DivisionByZero):
        wire.commit()
    wire.abandon()
    for number in range(3):
        wire = Wire(conn)
        assert doubled(wire, number) == 2 * number
        wire.commit()
    assert prepared(conn) == 4  # with BEGIN and COMMIT


def test_a_failed_statement_takes_the_later_ones_with_it(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer)")
    wire = Wire(conn)
    wire.send("SELECT 1 / %(zero)s::integer", {"zero": 0})
    later = wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": 1})
    with pytest.raises(errors.DivisionByZero):
        later.fetchall()
    wire.abandon()
    assert conn.execute("SELECT number FROM kept").fetchall() == []


def test_the_connection_itself_is_inside_the_transaction(conn: Connection[Any]) -> None:
    conn.execute("CREATE TABLE kept (number integer)")
    wire = Wire(conn)
    wire.send("INSERT INTO kept VALUES (%(number)s)", {"number": 1})
    wire.leave()
    assert conn.execute("SELECT number FROM kept").fetchall() == [(1,)]
    conn.execute("ROLLBACK")
    assert conn.execute("SELECT number FROM kept").fetchall() == []


def test_what_the_driver_threw_away_is_prepared_again(conn: Connection[Any]) -> None:
    wire = Wire(conn)
    doubled(wire, 1)
    wire.commit()
    conn.execute("DEALLOCATE ALL")
    wire = Wire(conn)
    with pytest.raises(errors.InvalidSqlStatementName):
        doubled(wire, 1)
    wire.abandon()
    wire = Wire(conn)
    assert doubled(wire, 2) == 4
    wire.commit()


def test_without_prepared_statements_it_works_behind_a_pooler(conn: Connection[Any]) -> None:
    conn.prepare_threshold = None
    wire = Wire(conn)
    assert doubled(wire, 3) == 6
    wire.commit()
    assert prepared(conn) == 0


def test_many_large_values_at_once_arrive(conn: Connection[Any]) -> None:
    wire = Wire(conn)
    answers = [wire.send("SELECT %(text)s::text", {"text": "x" * 200_000}) for _ in range(40)]
    assert [len(row[0]) for answer in answers for row in answer.fetchall()] == [200_000] * 40
    wire.commit()


def by_itself(conn: Connection[Any]) -> Any:
    return ask(conn, "SELECT 1", {})


def in_a_transaction(conn: Connection[Any]) -> Any:
    return Wire(conn).send("SELECT 1", {}).fetchone()


def of_a_server(what: bytes, code: bytes) -> bytes:
    told = b"S%b\0V%b\0C%b\0Mterminating connection\0\0" % (what, what, code)
    return (b"N" if what == b"WARNING" else b"E") + (len(told) + 4).to_bytes(4, "big") + told


LAST_WORDS = {
    "none": b"",
    "stopped at once": of_a_server(b"WARNING", b"57P02"),
    "stopped": of_a_server(b"FATAL", b"57P01"),
}


@pytest.mark.parametrize("words", LAST_WORDS)
@pytest.mark.parametrize("asking", [by_itself, in_a_transaction])
def test_a_server_that_went_away_is_an_operational_error(conn: Connection[Any], asking: Any, words: str) -> None:
    """Whatever it said before. After the warning of an immediate stop, libpq still takes the connection for good."""
    assert ask(conn, "SELECT 1", {}) == [(1,)]
    ours, theirs = socket.socketpair()
    os.dup2(ours.fileno(), conn.fileno())
    ours.close()
    with theirs:
        theirs.sendall(LAST_WORDS[words])

    with pytest.raises(psycopg.OperationalError):
        asking(conn)
    conn.close()


def test_a_question_that_was_foreseen_is_answered_with_the_next_one(conn: Connection[Any], monkeypatch: Any) -> None:
    doubling, reads = "SELECT 2 * %(number)s::integer", []
    read_until = Wire.read_until
    monkeypatch.setattr(Wire, "read_until", lambda wire, answer: (reads.append(answer), read_until(wire, answer))[1])
    wire = Wire(conn)
    foresee(wire, doubling, {"number": 4})
    foresee(wire, doubling, {"number": 5})

    assert [ask(wire, doubling, {"number": number}) for number in (1, 5, 4)] == [[(2,)], [(10,)], [(8,)]]
    assert len(reads) == 1
    assert ask(wire, doubling, {"number": 4}) == [(8,)] and len(reads) == 2, "it is answered once"
    wire.commit()


def test_what_was_foreseen_and_never_asked_is_in_nobodys_way(conn: Connection[Any]) -> None:
    wire = Wire(conn)
    foresee(wire, "SELECT 7", {})
    assert doubled(wire, 3) == 6
    wire.commit()
    assert conn.execute("SELECT 1").fetchone() == (1,)
