"""The bug: what a person asks for is carried out before anybody looks whether it was, and answered, already."""

from engine.store.transaction import Tx
from workflows import audited

CAUGHT_BY = "R02-county"


def plant():
    handlers = audited.handlers

    def late(people):
        handle = handlers(people)[audited.Audited]

        def run(asked, tx):
            look, tx.answer_is_new = tx.answer_is_new, lambda: None
            try:
                return handle(asked, tx)
            finally:
                tx.answer_is_new = look

        return {audited.Audited: run}

    audited.handlers = late
    assert hasattr(Tx, "answer_is_new")
