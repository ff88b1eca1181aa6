"""The bug: whoever takes over a request of the dead begins it anew, instead of going on with what that had set out to
do: the clock goes its minute a second time."""

from workflows.store import people

CAUGHT_BY = "R02-county"
SMALL = {"names": ("the clock is moved by hand",), "n": 15}


def plant():
    take = people.take_answer

    def anew(conn, plan, **values):
        found = take(conn, plan, **values)
        return found if found is None else {**found, "body": dict(plan)}

    people.take_answer = anew
