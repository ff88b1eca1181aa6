"""What happens without anybody asking: timers that fall due, jobs that run here, messages on their way.

Everything is claimed first, with its attempt counted and committed, so that a crash in the middle counts too.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.commands.contracts import (
    Actor,
    ClaimDueWork,
    ClaimJob,
    CompleteJob,
    DeliverMessage,
    FailJob,
    FailTimer,
    FireTimer,
    ThrowJobError,
)
from engine.commands.records import MAX_ATTEMPTS, BusinessError, ClaimedJob, DueTimer, DueWork, JobContext
from engine.errors import Busy, Conflict, NotFound
from engine.store.transaction import Following

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger(__name__)

ENGINE = Actor(id="engine", kind="engine")
LONGEST_CHAIN = 1000  # pieces of work that one command may draw after it; the worker takes the rest
NO_REST = timedelta(0)
DIED = "the worker died during each attempt"


def settle(engine: Engine, following: Iterable[Following], now: datetime) -> None:
    """Run what a committed step left to be done here. What fails here is not lost: a worker finds it in its row."""
    agenda = deque(following)
    for _ in range(LONGEST_CHAIN):
        if not agenda:
            return
        work = agenda.popleft()
        try:
            agenda.extend(_follow(engine, work, now))
        except Busy:
            return
        except Exception:
            log.exception("%s %s is left to a worker", work.kind, work.id)


def _follow(engine: Engine, work: Following, now: datetime) -> list[Following]:
    if work.kind == "message":
        return engine.transact(DeliverMessage(message_id=work.id), by=ENGINE, now=now)[1]
    if work.kind == "spent":
        return engine.transact(FailJob(job_id=work.id, message=DIED, retries_left=0), by=ENGINE, now=now)[1]
    job, _ = engine.transact(ClaimJob(job_id=work.id), by=ENGINE, now=now)
    return [] if job is None else run_job(engine, job, now)


def run_job(engine: Engine, job: ClaimedJob, now: datetime) -> list[Following]:
    """Call the service task outside of any step's transaction, then report. A lost lease means another has reported."""
    try:
        command = _attempt(engine, job, now)
        return engine.transact(command, by=ENGINE, now=now)[1]
    except (Conflict, NotFound) as error:
        log.info("job %s: %s", job.id, error)
        return []


def _attempt(engine: Engine, job: ClaimedJob, now: datetime) -> Any:
    if job.retries_left == 0:
        return FailJob(job_id=job.id, message=DIED, retries_left=0, lease=job.lease)
    try:
        with engine.read() as conn:
            context = JobContext(
                variables=job.variables,
                headers=job.headers,
                instance_id=job.instance_id,
                element_id=job.element_id,
                business_key=job.business_key,
                now=now,
                region_id=engine.region_id,
                conn=conn,
            )
            result = engine.service_tasks[job.type].run(context)
    except BusinessError as error:
        return ThrowJobError(
            job_id=job.id, code=error.code, message=error.message, variables=error.variables, lease=job.lease
        )
    except Busy:
        raise
    except Exception as error:
        return FailJob(job_id=job.id, message=f"{type(error).__name__}: {error}", lease=job.lease)
    return CompleteJob(job_id=job.id, variables=result or {}, lease=job.lease)


def run_due(engine: Engine, limit: int) -> int:
    """One round of a worker. Raises Busy when the database is away."""
    now = engine.clock()
    due = _claim(engine, now, limit)
    for timer in due.timers:
        _fire(engine, timer, timer.due_at if engine.fires_at_due_time else now)
    for job in due.jobs:
        _guarded(engine, partial(run_job, engine, job, now), now)
    for message in due.messages:
        _guarded(engine, partial(_deliver, engine, message, now), now)
    return len(due.timers) + len(due.jobs) + len(due.messages)


def drive(engine: Engine, until: datetime, stop: Callable[[], bool] | None = None) -> int:
    """Time moves from due time to due time; each piece of work sees its own as now. `stop` is asked between two."""
    fired = 0
    while stop is None or not stop():
        due = _claim(engine, until, 1, in_order=True)
        for timer in due.timers:
            fired += _fire(engine, timer, timer.due_at, NO_REST)
        for job in due.jobs:
            _guarded(engine, partial(run_job, engine, job, _due(job)), _due(job))
        for message in due.messages:
            _guarded(engine, partial(_deliver, engine, message, until), until)
        if not (due.timers or due.jobs or due.messages):
            break
    return fired


def _claim(engine: Engine, until: datetime, limit: int, in_order: bool = False) -> DueWork:
    types = tuple(sorted(engine.service_tasks))
    command = ClaimDueWork(until=until, job_types=types, limit=limit, in_order=in_order)
    return engine.transact(command, by=ENGINE, now=until)[0]


def _due(job: ClaimedJob) -> datetime:
    assert job.due_at is not None
    return job.due_at


def _deliver(engine: Engine, message: UUID, now: datetime) -> list[Following]:
    return engine.transact(DeliverMessage(message_id=message), by=ENGINE, now=now)[1]


def _fire(engine: Engine, timer: DueTimer, now: datetime, backoff: timedelta = timedelta(seconds=5)) -> int:
    command = FireTimer(instance_id=timer.instance_id, wait_id=timer.wait_id)
    try:
        if timer.attempts > MAX_ATTEMPTS:
            raise RuntimeError("the worker died during each attempt")
        fired, following = engine.transact(command, by=ENGINE, now=now)
    except Busy:
        raise
    except Exception as error:
        log.exception("timer %s/%s", timer.instance_id, timer.wait_id)
        failed = FailTimer(
            instance_id=timer.instance_id,
            wait_id=timer.wait_id,
            attempts=timer.attempts,
            message=f"{type(error).__name__}: {error}",
            backoff=backoff,
        )
        engine.transact(failed, by=ENGINE, now=now)
        return 0
    settle(engine, following, now)
    return int(fired)


def _guarded(engine: Engine, work: Callable[[], list[Following]], now: datetime) -> None:
    """One bad piece of work must not stop the others."""
    try:
        settle(engine, work(), now)
    except Busy:
        raise
    except Exception:
        log.exception("left for the next round")
