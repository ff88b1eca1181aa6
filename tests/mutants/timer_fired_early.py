"""The bug: a worker looks for timers a day ahead, and nobody checks."""

from datetime import UTC, datetime, timedelta

from engine.commands import fire_timer
from engine.store.transaction import Tx

CAUGHT_BY = "R07"


def plant():
    send = Tx.send

    def ahead(self, statement, /, **params):
        if statement == "claim_due_timers":
            params["until"] += timedelta(days=1)
        return send(self, statement, **params)

    Tx.send = ahead
    fire_timer.datetime = Always


class Always:
    """Whatever a state says, it is due."""

    @staticmethod
    def fromisoformat(text):
        return datetime.min.replace(tzinfo=UTC)
