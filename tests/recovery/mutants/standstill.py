"""The bug: a timer is forgotten when its worker takes it."""

import sys
from itertools import count

from engine.store.transaction import SQL, Tx
from runtime.trials import target

calls = count(1)
send = Tx.send


def forget(self, statement, /, **params):
    cursor = send(self, statement, **params)
    if statement == "claim_due_timers" and next(calls) % 5 == 0:
        self.conn.execute("DELETE FROM timer WHERE locked_until IS NOT NULL")
    return cursor


if __name__ == "__main__":
    assert "claim_due_timers" in SQL
    Tx.send = forget
    target.main(*sys.argv[1:])
