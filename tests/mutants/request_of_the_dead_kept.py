"""The bug: nobody takes over a request whose process died; its key says "still running" for a week."""

from workflows.store import people

CAUGHT_BY = "R02-county"
SMALL = {"names": ("the clock is moved by hand",), "n": 4}


def plant():
    take = people.take_answer

    def first_only(conn, plan, **values):
        found = take(conn, plan, **values)
        return found if found is not None and found["fence"] == 1 else None

    people.take_answer = first_only
