"""The bug: two deployments at once number their versions from the same newest one."""

from engine.store.transaction import Tx

CAUGHT_BY = "R10"


def plant():
    send = Tx.send

    def unlocked(self, statement, /, **params):
        return None if statement == "hold_deployment_lock" else send(self, statement, **params)

    Tx.send = unlocked
