"""A part of the county, lived through day by day: every case that has something to do on a day, one after the other.

Cases do not touch each other, so parts live side by side in processes of their own; the day is the same for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta

from engine.clock import CHINA
from runtime.simulation.course import Course, Tally
from runtime.simulation.desk import Desk
from runtime.simulation.habits import Habits
from runtime.simulation.passing import Passers, Passing
from runtime.simulation.persons import Person
from runtime.simulation.plan import Plan
from runtime.simulation.staff import Staff

ONE_DAY = timedelta(days=1)


class Part:
    """Cases by the day on which something happens to them next."""

    def __init__(self, courses: Iterable[Course], begins_on: date) -> None:
        self._by_day: dict[date, list[Course]] = defaultdict(list)
        self.day = begins_on
        for course in courses:
            self._put(course)

    def live(self, days: int, next_day: Callable[[int], None]) -> None:
        """`next_day` waits until everybody is as far."""
        for number in range(days):
            end = datetime.combine(self.day + ONE_DAY, time(0), CHINA)
            for course in self._by_day.pop(self.day, ()):
                course.live(end)
                self._put(course)
            self.day += ONE_DAY
            next_day(number + 1)

    def _put(self, course: Course) -> None:
        if (moment := course.next_at) is not None:
            self._by_day[max(moment.astimezone(CHINA).date(), self.day)].append(course)


def courses_of(
    desk: Desk, people: Iterable[Person], leads_alone: Iterable[Passing], plan: Plan, tally: Tally
) -> list[Course]:
    return [
        *(Course(desk, person.keys, Habits(person, plan.seed, plan.rates), tally) for person in people),
        *(Course(desk, lead.keys, Passers(lead, plan.seed, plan.rates), tally) for lead in leads_alone),
    ]


def institutions(desk: Desk, begins_on: date, known_leads: list[str], plan: Plan, tally: Tally) -> list[Course]:
    """What institutions have to do: one course for all of them."""
    staff = Staff(begins_on, plan.days, plan.seed, plan.rates)
    desk.know_leads(known_leads)
    return [Course(desk, [], staff, tally, desk.look_at_institutions)]
