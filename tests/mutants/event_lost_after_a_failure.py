"""The bug: an event that was not taken once is not told again."""

from fhir_adapters.store.subscriptions import Subscriptions

CAUGHT_BY = "R13"


def plant():
    rest = Subscriptions.rest

    def skip(self, found, **more):
        if found.status == "active" and more["status"] == "active" and found.sent_number < found.event_count:
            return self.move_on(found, found.sent_number + 1, now=more["now"], next_at=more["due_at"])
        return rest(self, found, **more)

    Subscriptions.rest = skip
