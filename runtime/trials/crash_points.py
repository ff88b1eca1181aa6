"""Named places on a command's way where a process can die. They exist in a trial's processes only: what the command
calls is wrapped there, from outside; the product knows nothing of them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Callable
from typing import Any

import psycopg

from engine import interpreter
from engine.engine import Engine

WIRE = "engine.store.wire"  # what transactions send through, where the engine has it
DIED = 42
SAVE = re.compile(rb"\b(save_step|start_instance)\w*\(")
ANSWER = re.compile(rb"INSERT INTO idempotency")
PROJECTED = re.compile(rb"INSERT INTO projected")

# Where on the way, by what is passed there: a statement, before it is queued, after it, after the server has run it; or
# when the server has been sent it and nobody reads its answer.
BEFORE, QUEUED, RUN, SENT = "before", "queued", "run", "sent"
STATEMENTS = {
    "before_the_transaction": (BEFORE, re.compile(rb"^BEGIN")),
    "after_the_transaction_began": (RUN, re.compile(rb"^BEGIN")),
    "before_the_save": (BEFORE, SAVE),
    "after_the_save_was_queued": (QUEUED, SAVE),
    "after_the_save_was_run": (RUN, SAVE),
    "after_the_projection": (RUN, PROJECTED),
    "before_the_answer_is_kept": (BEFORE, ANSWER),
    "after_the_answer_was_kept": (RUN, ANSWER),
    "before_the_commit": (BEFORE, re.compile(rb"^COMMIT")),
    "after_the_commit_was_sent_before_its_answer_was_read": (SENT, re.compile(rb"^COMMIT")),
    "after_the_commit_before_it_is_known": (RUN, re.compile(rb"^COMMIT")),
}
FUNCTIONS = ("after_the_first_read", "after_the_interpreter", "after_the_transaction", "after_everything")
WORK = ("before_the_effect", "after_the_effect")
POINTS = (*STATEMENTS, *FUNCTIONS, *WORK)


def die(*_: Any, **__: Any) -> None:
    os._exit(DIED)


def _send_only(pgconn: Any, query: str | bytes) -> None:
    pgconn.send_query(query.encode() if isinstance(query, str) else query)
    while pgconn.flush():
        pass


class Armed:
    """Dies at `point` while a command of the given name is in its transaction, or in the work it draws after it."""

    def __init__(self, point: str, command: str) -> None:
        self._point = point
        self._command = command
        self._inside = False
        self._wrap_transactions()
        if point in STATEMENTS:
            self._wrap_statements(*STATEMENTS[point])
        elif point == "after_the_first_read":
            self._wrap_reads()
        elif point == "after_the_interpreter":
            for name in ("apply", "start"):
                self._die_after(interpreter, name)

    def work(self, effect: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
        """The service task, with its two points."""

        def run(job: Any) -> dict[str, Any]:
            if self._point == "before_the_effect":
                die()
            answer = effect(job)
            if self._point == "after_the_effect":
                die()
            return answer

        return run

    def finished(self) -> None:
        if self._point == "after_everything":
            die()

    def _wrap_transactions(self) -> None:
        transact = Engine.transact

        def watched(engine: Engine, command: Any, **rest: Any) -> Any:
            outer, self._inside = self._inside, type(command).__name__ == self._command
            answer = transact(engine, command, **rest)
            if self._inside and self._point == "after_the_transaction":
                die()
            self._inside = outer
            return answer

        Engine.transact = watched  # type: ignore[method-assign, assignment]

    def _wrap_statements(self, when: str, pattern: re.Pattern[bytes]) -> None:
        """A transaction sends through the wire, and through the driver's connection once a handler has asked for it."""
        if importlib.util.find_spec(WIRE):
            self._wrap_wire(importlib.import_module(WIRE).Wire, when, pattern)
        execute = psycopg.Connection.execute

        def watched(conn: Any, query: Any, *rest: Any, **options: Any) -> Any:
            met = self._inside and pattern.search(query.encode() if isinstance(query, str) else query)
            if met and when == BEFORE:
                die()
            if met and when == SENT:
                _send_only(conn.pgconn, query)
                die()
            cursor = execute(conn, query, *rest, **options)
            if met:
                if when == RUN:
                    execute(conn, "SELECT 1").fetchone()  # whatever is queued is run by the server
                die()
            return cursor

        psycopg.Connection.execute = watched  # type: ignore[assignment]

    def _wrap_wire(self, wire_class: Any, when: str, pattern: re.Pattern[bytes]) -> None:
        begin, send, commit = wire_class.__init__, wire_class.send, wire_class.commit

        def meets(text: bytes) -> bool:
            return self._inside and pattern.search(text) is not None

        def run(wire: Any) -> None:
            send(wire, "SELECT 1", {}).fetchone()  # whatever is queued is run by the server

        def begun(wire: Any, *rest: Any, begins: bool = True, **named: Any) -> None:
            met = begins and meets(b"BEGIN")
            if met and when == BEFORE:
                die()
            begin(wire, *rest, begins=begins, **named)
            if met:
                run(wire)
                die()

        def sent(wire: Any, statement: str, params: Any) -> Any:
            met = meets(statement.encode())
            if met and when == BEFORE:
                die()
            answer = send(wire, statement, params)
            if met:
                if when == RUN:
                    run(wire)
                die()
            return answer

        def committed(wire: Any) -> None:
            met = meets(b"COMMIT")
            if met and when == BEFORE:
                die()
            if met and when == SENT:
                wire_class._next = die  # the first answer that is waited for, with everything on its way
            commit(wire)
            if met:
                die()

        for name, function in (("__init__", begun), ("send", sent), ("commit", committed)):
            setattr(wire_class, name, function)

    def _wrap_reads(self) -> None:
        places: list[Any] = [psycopg.Cursor]
        if importlib.util.find_spec(WIRE):
            places.append(importlib.import_module(WIRE).Answer)
        for place in places:
            for name in ("fetchone", "fetchall"):
                self._die_after(place, name)

    def _die_after(self, place: Any, name: str) -> None:
        function = getattr(place, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            answer = function(*arguments, **named)
            if self._inside:
                die()
            return answer

        setattr(place, name, watched)
