"""The bug: what the projection wants stored is stored at once, on a connection of its own."""

import psycopg

from engine.store.transaction import Tx

CAUGHT_BY = "R02"


def plant():
    def at_once(self, statement):
        self.projected = True
        with psycopg.connect(self._conn.info.dsn, autocommit=True) as own:
            own.execute(statement.sql.encode(), statement.params)

    Tx.project = at_once
