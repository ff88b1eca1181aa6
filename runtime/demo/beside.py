"""What goes on in the demonstration county beside its women in care: a lead nobody followed, and calendars."""

from __future__ import annotations

from datetime import date, timedelta

from engine.clock import CHINA
from engine.commands.contracts import Actor
from engine.store import reads
from runtime.demo import identity
from workflows import completion, leads
from workflows.forms import example_answers
from workflows.institutions import calendar
from workflows.services import Services

LEAD_AGO = timedelta(days=22)  # T-01 by default: after 14 days the village doctor's visit, 7 days on the county's turn
VISIT_AFTER = timedelta(days=16)
CALENDAR_AGO = timedelta(days=40)  # the end of a month has passed: a monthly duty was missed, others are under way
VILLAGE = Actor(id="village", organisation="org-vil-1", roles=("R-VDOC",))
OFFICER = Actor(id="officer", organisation="org-mch", roles=("R-PM-F",))
BORN = date(1999, 3, 8)
SERIAL = 499  # of a document that no woman of the county has: theirs count from nought


def report_lead(services: Services, number: int) -> None:
    """The first village's doctor hears of a pregnancy; the township does not get her to register. `number`: of women
    invented before her."""
    today = services.clock().astimezone(CHINA).date()
    answers = {
        **example_answers("pregnancy-lead"),
        "name": identity.name(number),
        "id_no": identity.identity_number(BORN, SERIAL),
        "birth_date": BORN.isoformat(),
        "phone": identity.phone(number),
        "lead_on": today.isoformat(),
        "lead_lmp": (today - timedelta(weeks=6)).isoformat(),
    }
    leads.open_lead(services, by=VILLAGE, answers=answers)


def visit_lead(services: Services) -> None:
    """The village doctor goes to see her; she does not register, and the county's turn comes."""
    with services.engine.read() as conn:
        found = reads.user_tasks(conn, services.region_id, element_id="task_visit_lead", limit=1).items
    today = services.clock().astimezone(CHINA).date().isoformat()
    for task in found:
        answers = {**example_answers("lead-note"), "contacted_on": today}
        completion.complete(services, task.id, by=VILLAGE, answers=answers)


def begin_calendars(services: Services) -> None:
    """Of every institution that the region gives duties."""
    calendar.take_up(services, by=OFFICER)
