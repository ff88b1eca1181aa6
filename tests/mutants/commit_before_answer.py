"""The bug: a step is committed before the answer that belongs to it is kept."""

from engine.store.transaction import Tx

CAUGHT_BY = "R02"


def plant():
    send = Tx.send

    def apart(self, statement, /, **params):
        if statement == "keep_answer":
            commit_and_begin(self)
        return send(self, statement, **params)

    Tx.send = apart


def commit_and_begin(tx):
    """One transaction ends, the next begins."""
    wire = getattr(tx, "_wire", None)
    if wire is not None:
        wire.commit()
        tx._wire = type(wire)(tx._conn)
    else:
        tx._conn.execute("COMMIT")
        tx._conn.execute("BEGIN")
