"""A cohort lives through its pregnancies on a stepped clock: real engine, real forms, people who work by day."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import Actor, PublishMessage
from engine.errors import Conflict, EngineError, Forbidden, NotFound
from engine.store import reads
from runtime.demo.answers import answers_for
from runtime.demo.stepped_clock import SteppedClock
from runtime.demo.women import Woman
from workflows import completion, intake, journey, task_access
from workflows.people.model import Principal
from workflows.people.visibility import may_complete
from workflows.services import Services
from workflows.store import people as people_store
from workflows.store.figures import opened_since

HOSPITAL_SYSTEM = "his-demo"
LONGEST_STEP = timedelta(days=1)  # so that nobody learns of a fired timer later than a day


@dataclass
class Tally:
    """What happened, for the report."""

    women: int = 0
    steps: int = 0
    timers_fired: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # element: why a form was not accepted
    nobody: Counter[str] = field(default_factory=Counter)  # element: no account may finish it


class Cohort:
    """`run` goes from arrival to arrival, task to task, timer to timer, until `until`."""

    def __init__(self, services: Services, clock: SteppedClock, women: list[Woman], *, seed: int) -> None:
        self._services = services
        self._clock = clock
        self._women = {woman.pregnancy_id: woman for woman in women}
        self._rng = Random(seed)
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._planned: set[UUID] = set()
        self._workers = [self._principal(account) for account in services.people.accounts()]
        self.tally = Tally(women=len(women))
        for woman in women:
            self._at(_by_day(woman.arrives_on, self._rng), self._arrive, woman)
            self._plan_end(woman)

    def run(self, until: datetime, progress: Callable[[datetime], None] = lambda _: None) -> Tally:
        while (now := self._clock()) < until:
            first = self._agenda[0][0] if self._agenda else until
            moment = max(now, min(first, now + LONGEST_STEP, until))
            self._fire(now, moment)
            self._clock.set(moment)
            while self._agenda and self._agenda[0][0] <= moment < until:
                heapq.heappop(self._agenda)[2]()
            progress(moment)
        return self.tally

    def meanwhile(self, moment: datetime, do: Callable[..., None], *arguments: Any) -> None:
        """Something that happens beside the women's ways."""
        self._at(moment, do, *arguments)

    # --- what people do ---------------------------------------------------------------------------------------------

    def _arrive(self, woman: Woman) -> None:
        intake.open_case(
            self._services,
            by=self._by_login(woman.registrar),
            answers=answers_for("registration", woman, {}, {}, self._today()),
            home_organisation=woman.home,
            patient_id=woman.patient_id,
            pregnancy_id=woman.pregnancy_id,
        )
        self.tally.steps += 2
        self._look_at(woman)

    def _finish(self, task_id: UUID, woman: Woman) -> None:
        services = self._services
        with services.engine.read() as conn:
            task = reads.user_task(conn, services.region_id, task_id)
            if task is None or not task.is_open:
                return
            care = people_store.care_of(conn, services.region_id, task.instance_id)
            worker = next((each for each in self._workers if may_complete(each, task, care)), None)
            if worker is None:
                self.tally.nobody[task.element_id] += 1
                return
            entered = self._entered(conn, task, woman)
        try:
            completion.complete(services, task_id, by=worker, **entered)
        except (Conflict, NotFound):
            return  # the process went another way at the same hour
        except (EngineError, Forbidden) as error:
            faults = "; ".join(f"{fault.path}: {fault.message.en}" for fault in error.faults[:5])
            self.tally.refused[f"{task.element_id}: {error} {faults}"] += 1
            return
        self.tally.steps += 1
        self.tally.tasks[task.element_id] += 1
        if task.due_at is not None and self._clock() > task.due_at:
            self.tally.overdue[task.element_id] += 1
        self._look_at(woman)

    def _entered(self, conn: Any, task: Any, woman: Woman) -> dict[str, Any]:
        form = task_access.form_of(self._services, task_access.over(conn), task)
        if form is None:
            return {"variables": {}}
        variables = task_access.variables_of(self._services, conn, task)
        facts = task_access.known(self._services, task_access.over(conn), task.business_key)
        proposed = journey.prefill(form.id, facts, variables, self._today()) if form.id in PROPOSED else {}
        return {"answers": answers_for(form.id, woman, proposed, variables, self._today())}

    def _tell(self, woman: Woman, name: str, payload: dict[str, Any]) -> None:
        by = Actor(id=HOSPITAL_SYSTEM, kind="client", organisation="org-hospital")
        message = PublishMessage(name=name, key=woman.pregnancy_id, payload=payload)
        found = self._services.engine.execute(message, by=by)
        self.tally.steps += 1
        if found.instance_id is not None:
            self._look_at(woman)

    def _plan_end(self, woman: Woman) -> None:
        """A birth is reported by the hospital's system; so is an end before it."""
        if woman.ends == "closed.recovered":
            born = woman.delivers_on.isoformat()
            newborn = {"order": 1, "outcome": "live_birth", "sex": "female", "weight_g": 2900 + woman.number * 37 % 900}
            payload = {"delivered_on": born, "delivered_at": f"{born}T06:20:00+08:00", "fetuses": [newborn]}
            self._at(_by_day(woman.delivers_on, self._rng), self._tell, woman, "message_delivered", payload)
            return
        ended = woman.lmp + timedelta(days=self._rng.randint(84, 180))
        payload = {"end_code": woman.ends, "reason": "示范", "ended_on": ended.isoformat()}
        self._at(_by_day(max(ended, woman.arrives_on + timedelta(days=20)), self._rng), self._tell, woman,
                 "message_end_reported", payload)  # fmt: skip

    # --- what the engine does ---------------------------------------------------------------------------------------

    def _fire(self, since: datetime, until: datetime) -> None:
        fired = self._services.engine.drive(until)
        if not fired:
            return
        self.tally.timers_fired += fired
        self.tally.steps += fired
        with self._services.engine.read() as conn:
            opened = opened_since(conn, self._services.region_id, since)
            tasks = [reads.user_task(conn, self._services.region_id, task_id) for task_id in opened]
        for task in tasks:
            self._plan(task)

    def _look_at(self, woman: Woman) -> None:
        """Her tasks and her children's: these have instances of their own."""
        with self._services.engine.read() as conn:
            page = reads.user_tasks(conn, self._services.region_id, business_key=woman.pregnancy_id, limit=200)
        for task in page.items:
            self._plan(task)

    def _plan(self, task: Any) -> None:
        woman = self._women.get(task.business_key)
        if woman is None or task.id in self._planned or task.element_id in STANDING:
            return
        self._planned.add(task.id)
        now = self._clock()
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        share = (
            self._rng.uniform(1.05, 1.6) if woman.habit == "late" and self._rng.random() < 0.4 else self._rng.random()
        )
        wish = opens + max(timedelta(hours=1), (limit - opens) * min(share, 1.6) * 0.9)
        self._at(_working_hour(wish, now, self._rng), self._finish, task.id, woman)

    # --- small things -----------------------------------------------------------------------------------------------

    def _at(self, moment: datetime, do: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), lambda: do(*arguments)))

    def _today(self) -> Any:
        return self._clock().astimezone(CHINA).date()

    def _by_login(self, login: str) -> Principal:
        return next(worker for worker in self._workers if worker.login == login)

    def _principal(self, account: Any) -> Principal:
        with self._services.pool.connection() as conn:
            actor = Actor(id=account.login, organisation=account.organisation_id, roles=account.roles)
            return self._services.people.principal_of(conn, actor)


# Forms that the system fills in from what is known; the others are written by hand.
PROPOSED = frozenset(
    {"risk-screening", "risk-grading", "screening-referral", "case-file", "risk-report", "edd-confirmation"}
)
# Standing tasks end by a message or by the follow-up's end; nobody fills them in on a given day.
STANDING = frozenset({"task_record_delivery", "task_follow_case_file"})


def _by_day(day: Any, rng: Random) -> datetime:
    """Some time between half past eight and five in China."""
    return datetime.combine(day, time(8, 30), CHINA) + timedelta(minutes=rng.randint(0, 510))


def _working_hour(wish: datetime, earliest: datetime, rng: Random) -> datetime:
    local = wish.astimezone(CHINA)
    moment = _by_day(local.date(), rng) if not 8 <= local.hour < 17 else local
    return max(moment, earliest + timedelta(minutes=5))
