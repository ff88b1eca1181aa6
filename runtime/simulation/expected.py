"""What can be counted beforehand, from who the women are alone: the pathway's promises as plain sums.

Knows the persons and the tables it asks, and nothing of diagrams, decision tables or the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from psycopg import Connection

from runtime.simulation.persons import CODES, STORIES, Person

STEADY = timedelta(days=60)  # in care for so long before an end, she was screened, graded and looked after
SETTLED = timedelta(days=150)  # after the last thing that is planned for her, everything about her is done
HIGH = ("orange", "red")
FEW_PLATELETS = 50  # 10⁹/L: below it is a near miss by itself (D13)
COLOUR = {"green": "green", "short": "green", "yellow": "yellow", "orange": "orange", "red": "red"}

OVER = "SELECT business_key, variables->>'end_code' FROM instance WHERE definition_key = 'pregnancy_journey'"
DONE = """
SELECT i.business_key, t.element_id, count(*)
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 WHERE t.state = 'completed' GROUP BY 1, 2
"""
FIRST_GRADING = """
SELECT DISTINCT ON (m.key) m.key, m.payload->>'colour', (m.payload->>'purple')::boolean
  FROM message m WHERE m.name = 'message_graded' AND m.state = 'delivered' ORDER BY m.key, m.published_at
"""
STARTED = "SELECT definition_key, business_key, count(*) FROM instance GROUP BY 1, 2"


def differences(owner: Connection[Any], people: Iterable[Person], until: date) -> list[str]:
    """Of the women whose ways are over by `until`; empty when everything is as it must be."""
    settled = [person for person in people if _over_on(person) + SETTLED <= until]
    codes = dict(owner.execute(OVER).fetchall())
    done: dict[str, Counter[str]] = {}
    for key, element, number in owner.execute(DONE).fetchall():
        done.setdefault(key, Counter())[element] = number
    graded = {key: (colour, purple) for key, colour, purple in owner.execute(FIRST_GRADING).fetchall()}
    started = Counter({(key, case): number for key, case, number in owner.execute(STARTED).fetchall()})
    found = []
    for person in settled:
        facts = _Facts(person, codes, done.get(person.pregnancy_id, Counter()), graded, started)
        found += [f"{person.number} ({person.end}) {what}: {got} instead of {want}" for what, got, want in _held(facts)]
    return found


class _Facts:
    def __init__(self, person: Person, codes: Any, done: Counter[str], graded: Any, started: Counter[Any]) -> None:
        self.person = person
        self.code = codes.get(person.pregnancy_id)
        self.done = done
        self.graded = graded.get(person.pregnancy_id)
        self.started = started


def _held(facts: _Facts) -> list[tuple[str, Any, Any]]:
    """What is not as it must be."""
    person, done = facts.person, facts.done
    must: list[tuple[str, Any, Any]] = [("end", facts.code, CODES[person.end]), ("closed", done["task_close_case"], 1)]
    if person.lead_id:
        must.append(("lead", facts.started["pregnancy_lead", person.lead_id], 1))
    must.append(
        ("death review", facts.started["death_review", person.pregnancy_id], int(person.end.startswith("died")))
    )
    if _is_steady(person):
        if _first_colour(person) != "green" or person.story == "short":
            must.append(("first colour", facts.graded and facts.graded[0], _first_colour(person)))
        must.append(("purple", bool(facts.graded and facts.graded[1]), bool(person.infections)))
        must.append(("screened", min(done["task_screen"], 1), 1))
        must.append(("disease report", min(done["task_pmtct_report"], 1), int(bool(person.infections))))
        if _first_colour(person) in HIGH:
            must.append(("case file", min(done["task_open_case_file"], 1), 1))
    if person.delivers:
        must += _after_birth(facts)
    return [row for row in must if row[1] != row[2]]


def _after_birth(facts: _Facts) -> list[tuple[str, Any, Any]]:
    person, done = facts.person, facts.done
    live = [each for each in person.births if each["outcome"] == "live_birth"]
    must = [
        ("births told", facts.started["newborns", person.pregnancy_id], 1),
        ("first care", done["task_newborn_care"], len(live)),
    ]
    if person.end != "died_after_birth":
        if person.told_by != "nobody":  # else she was home already when somebody asked
            must.append(("discharge", done["task_record_discharge"], 1))
        must.append(("42nd day", done["task_check_42d"], 2 if person.is_unwell else 1))
        shown = bool(done["task_first_visit"]) and STORIES[person.story].get("plt", FEW_PLATELETS) < FEW_PLATELETS
        told_at_discharge = (person.is_near_miss or shown) and person.told_by != "nobody"
        must.append(("near miss", facts.started["near_miss_review", person.pregnancy_id], int(told_at_discharge)))
    return must


def _first_colour(person: Person) -> str:
    """Hepatitis B alone is yellow by Y-2.3, beside the flag."""
    colour = COLOUR[person.story]
    return "yellow" if colour == "green" and "hepatitis_b" in person.infections else colour


def _over_on(person: Person) -> date:
    return max(person.ends_on or person.delivers_on, person.delivers_on)


def _is_steady(person: Person) -> bool:
    return person.delivers or (person.ends_on or person.delivers_on) >= person.arrives_on + STEADY
