"""The bug: the answer of a request is committed first, its step afterwards."""

from engine.commands.contracts import CompleteUserTask
from engine.store.transaction import Tx

CAUGHT_BY = "R02"


def plant():
    send, held = Tx.send, []

    def in_the_wrong_order(self, statement, /, **params):
        if statement == "save_step" and isinstance(self.command, CompleteUserTask):
            held.append(params)
            return None
        cursor = send(self, statement, **params)
        if statement == "keep_answer" and held:
            commit_and_begin(self)
            send(self, "save_step", **held.pop())
        return cursor

    Tx.send = in_the_wrong_order


def commit_and_begin(tx):
    """One transaction ends, the next begins."""
    wire = getattr(tx, "_wire", None)
    if wire is not None:
        wire.commit()
        tx._wire = type(wire)(tx._conn)
    else:
        tx._conn.execute("COMMIT")
        tx._conn.execute("BEGIN")
