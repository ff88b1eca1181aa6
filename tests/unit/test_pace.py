"""User actions come first: the pace of what falls due by itself."""

from engine.pace import BURST, LEAST, MOST, Pace


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def run(pieces, *, people_wait):
    time = Time()
    pace = Pace(lambda: people_wait, clock=time, sleep=time.sleep)
    for _ in range(pieces):
        pace()
    return pace, time.now


def test_what_falls_due_in_daily_life_is_not_held_back():
    assert run(int(BURST), people_wait=False)[1] == 0


def test_a_backlog_yields_while_people_are_served_but_never_stops():
    pace, seconds = run(10_000, people_wait=True)

    assert pace.rate == LEAST
    assert 0.9 * LEAST <= 10_000 / seconds <= 1.2 * LEAST


def test_with_nobody_there_it_runs_as_fast_as_it_may():
    pace, seconds = run(10_000, people_wait=False)

    assert pace.rate == MOST
    assert 10_000 / seconds >= 0.9 * MOST


def test_it_recovers_when_people_are_gone():
    time, there = Time(), [True]
    pace = Pace(lambda: there[0], clock=time, sleep=time.sleep)
    for _ in range(500):
        pace()
    there[0] = False
    for _ in range(500):
        pace()

    assert pace.rate == MOST
