"""The bug: the answer of a request is not kept beside its step."""

from engine.store.transaction import Tx

CAUGHT_BY = "R10"


def plant():
    send = Tx.send

    def forgetful(self, statement, /, **params):
        return None if statement == "keep_answer" else send(self, statement, **params)

    Tx.send = forgetful
