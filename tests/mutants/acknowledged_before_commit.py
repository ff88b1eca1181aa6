"""The bug: a completion is acknowledged before it is committed, and the commit does not come."""

from engine import engine as engine_module
from engine.commands.contracts import CompleteUserTask

CAUGHT_BY = "R10"


class RolledBack(Exception):
    def __init__(self, answer):
        self.answer = answer


def plant():
    class Forgetful(engine_module._Attempt):
        def _keep(self, tx, idempotency, answer):
            if isinstance(self._command, CompleteUserTask):
                raise RolledBack(answer)
            super()._keep(tx, idempotency, answer)

        def run(self, pool):
            try:
                return super().run(pool)
            except RolledBack as gone:
                return gone.answer, []

    engine_module._Attempt = Forgetful
