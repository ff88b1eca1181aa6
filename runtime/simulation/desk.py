"""What waits of a case, and how it is moved: timers fired, tasks finished and messages sent by the product's own ways.

Who looks does so as the owner of the tables, by SQL of its own; who acts is an account with the role that the task asks
for, by the same call as a page makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from engine.clock import CHINA
from engine.commands.contracts import Actor, Completed, FireTimer, PublishMessage
from engine.due import ENGINE, settle
from engine.store import given
from engine.store.connections import configure
from runtime.simulation.clock import PlacedClock
from workflows import completion, journey, task_access
from workflows.forms import Form
from workflows.intake import JOURNEY
from workflows.people.model import Principal
from workflows.people.visibility import may_complete
from workflows.services import Services

HOSPITAL_SYSTEM = Actor(id="his-demo", kind="client", organisation="org-hospital")

# One question, since each costs more than what it asks for. Tasks oldest first, each beside the timer that is due next.
LOOK = """
WITH live AS (
  SELECT i.region_id, i.id, i.definition_key FROM instance i WHERE i.region_id = %s AND i.status = 'active' AND {cases}
)
SELECT m.instance_id, m.wait_id, m.due_at, m.element_id,
       t.id, t.instance_id, t.definition_key, t.element_id, t.path, t.business_key, t.form, t.form_version,
       t.organisation, t.candidate_roles, t.candidate_users, t.assignee, t.created_at, t.window_from, t.due_at,
       t.until_at
  FROM (SELECT 1) one
  LEFT JOIN (
    SELECT m.instance_id, m.wait_id, m.due_at, m.element_id
      FROM live i JOIN timer m ON m.region_id = i.region_id AND m.instance_id = i.id
     ORDER BY m.due_at, i.definition_key, m.path, m.wait_id LIMIT 1
  ) m ON true
  LEFT JOIN (
    SELECT t.* FROM live i JOIN user_task t
        ON t.region_id = i.region_id AND t.instance_id = i.id AND t.state <= 'claimed'
  ) t ON true
 ORDER BY t.created_at, t.definition_key, t.path, t.wait_id
"""
OF_CASES = LOOK.format(cases="i.business_key = ANY(%s)")
# Of institutions: about no woman in care. A lead that nobody of the county was drawn for comes from a monthly sheet.
OF_INSTITUTIONS = LOOK.format(
    cases="""
       (i.definition_key IN ('institution_duty', 'action_item', 'official_notice', 'inspection', 'adverse_event',
                             'support_request')
        OR (i.definition_key = 'pregnancy_lead'
            AND NOT EXISTS (SELECT 1 FROM drawn_lead d WHERE d.id = i.business_key)))"""
)
DRAWN_LEADS = """
CREATE TEMPORARY TABLE drawn_lead AS SELECT unnest(%s::text[]) AS id;
CREATE INDEX ON drawn_lead (id);
ANALYZE drawn_lead;
"""
VARIABLES = "SELECT variables, given::text FROM instance WHERE region_id = %s AND id = %s"


class Timer(NamedTuple):
    instance_id: UUID
    wait_id: int
    due_at: datetime
    element_id: str


class OpenTask(NamedTuple):
    id: UUID
    instance_id: UUID
    definition_key: str
    element_id: str
    path: str
    business_key: str | None
    form: str | None
    form_version: int | None
    organisation: str | None
    candidate_roles: Sequence[str]
    candidate_users: Sequence[str]
    assignee: str | None
    created_at: datetime
    window_from: datetime | None
    due_at: datetime | None
    until_at: datetime | None


OF_TIMER = len(Timer._fields)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a case waits for: its open tasks, oldest first, and the timer that is due next."""

    tasks: tuple[OpenTask, ...]
    timer: Timer | None


class Desk:
    """`owner_url`: the database as its owner. One for each process; cases take turns at it."""

    def __init__(self, services: Services, clock: PlacedClock, owner_url: str) -> None:
        self.services = services
        self.clock = clock
        self.owner_url = owner_url
        self.workers = [_principal(services, account) for account in services.people.accounts()]
        self._owner = psycopg.connect(owner_url, autocommit=True, prepare_threshold=1)
        configure(self._owner)
        self._owner.execute("SET plan_cache_mode = 'force_generic_plan'")  # planning costs more than looking
        self._who: dict[Any, Principal | None] = {}

    def close(self) -> None:
        self._owner.close()

    @property
    def today(self) -> date:
        return self.clock().astimezone(CHINA).date()

    def look(self, keys: list[str]) -> Waiting:
        """Of the cases with these keys."""
        return self._look(OF_CASES, self.services.region_id, keys)

    def know_leads(self, drawn: list[str]) -> None:
        """Those that belong to somebody drawn; told once, before anybody looks at institutions."""
        psycopg.ClientCursor(self._owner).execute(DRAWN_LEADS, [drawn])

    def look_at_institutions(self) -> Waiting:
        """What stood there this morning: what others begin in the course of the day is seen tomorrow, so that it does
        not matter who of them comes first."""
        waiting = self._look(OF_INSTITUTIONS, self.services.region_id)
        morning = datetime.combine(self.today, time(0), CHINA)
        return Waiting(tuple(task for task in waiting.tasks if task.created_at < morning), waiting.timer)

    def _look(self, query: str, *asked: Any) -> Waiting:
        rows = self._owner.execute(query, asked, binary=True).fetchall()  # type: ignore[call-overload]
        due = Timer(*rows[0][:OF_TIMER]) if rows[0][0] else None
        return Waiting(tuple(OpenTask(*row[OF_TIMER:]) for row in rows if row[OF_TIMER]), due)

    def fire(self, timer: Timer) -> bool:
        """At its own time; one that was due before it was set, at once. What raises here is a fault of the product,
        and nothing hides it."""
        command, at = FireTimer(instance_id=timer.instance_id, wait_id=timer.wait_id), self.clock()
        fired, following = self.services.engine.transact(command, by=ENGINE, now=at)
        settle(self.services.engine, following, at)
        return bool(fired)

    def tell(self, name: str, key: str, payload: Mapping[str, Any], by: Actor = HOSPITAL_SYSTEM) -> bool:
        """Whether somebody listened."""
        message = PublishMessage(
            name=name, key=key, payload=payload, message_id=f"{name}/{key}/{self.clock().isoformat()}"
        )
        return self.services.engine.execute(message, by=by).instance_id is not None

    def worker_for(self, task: OpenTask) -> Principal | None:
        """An account of the county that may finish the task; None where nobody may."""
        asks = (task.organisation, tuple(task.candidate_roles or ()), tuple(task.candidate_users or ()), task.assignee)
        if asks not in self._who:
            self._who[asks] = next((each for each in self.workers if may_complete(each, task)), None)
        return self._who[asks]

    def by_login(self, login: str) -> Principal:
        return next(worker for worker in self.workers if worker.login == login)

    def form_of(self, task: OpenTask) -> Form | None:
        return task_access.form_of(self.services, self.services.engine.read, task)

    def variables_of(self, task: OpenTask) -> dict[str, Any]:
        row = self._owner.execute(VARIABLES, [self.services.region_id, task.instance_id]).fetchone()
        return given.whole(*row) if row else {}

    def case_of(self, tasks: Iterable[OpenTask]) -> dict[str, Any] | None:
        """Variables of the journey among whose tasks these are; None where none is open."""
        task = next((task for task in tasks if task.definition_key == JOURNEY), None)
        return self.variables_of(task) if task else None

    def proposed(self, task: OpenTask, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the page would show in the form before anybody types."""
        facts = task_access.known(self.services, self.services.engine.glance, task.business_key)
        return journey.prefill(str(task.form), facts, variables, self.today)

    def finish(self, task: OpenTask, by: Principal, entered: Mapping[str, Any]) -> Completed:
        """`entered`: `{"answers": …}` or `{"variables": …}`. Raises as `completion.complete` does."""
        return completion.complete(self.services, task.id, by=by, **entered)


@contextmanager
def desk_over(services: Services, clock: PlacedClock, owner_url: str) -> Iterator[Desk]:
    desk = Desk(services, clock, owner_url)
    try:
        yield desk
    finally:
        desk.close()


def _principal(services: Services, account: Any) -> Principal:
    with services.pool.connection() as conn:
        actor = Actor(id=account.login, organisation=account.organisation_id, roles=account.roles)
        return services.people.principal_of(conn, actor)
