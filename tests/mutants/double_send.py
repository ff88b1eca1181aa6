"""The bug: the save of a completion is sent twice."""

from engine.commands.contracts import CompleteUserTask
from engine.store.transaction import Tx, as_json

CAUGHT_BY = "R10"


def plant():
    send = Tx.send

    def send_twice(self, statement, /, **params):
        cursor = send(self, statement, **params)
        if statement == "save_step" and isinstance(self.command, CompleteUserTask):
            history = {"history": params["rows"].obj["history"]}
            send(self, statement, **{**params, "revision": params["revision"] + 1, "rows": as_json(history)})
        return cursor

    Tx.send = send_twice
