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

from engine.commands.backoff import rest_after
from engine.commands.contracts import (
    LEASE,
    Actor,
    ClaimDueWork,
    ClaimJob,
    CompleteJob,
    DeliverMessage,
    FailJob,
    FailMessage,
    FailStart,
    FailTimer,
    FireTimer,
    StartByTimer,
    ThrowJobError,
)
from engine.commands.records import (
    MAX_ATTEMPTS,
    BusinessError,
    ClaimedJob,
    DueMessage,
    DueStart,
    DueTimer,
    DueWork,
    JobContext,
)
from engine.errors import Busy, Conflict, NotFound
from engine.store.transaction import Following

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger(__name__)

ENGINE = Actor(id="engine", kind="engine")
LONGEST_CHAIN = 1000  # pieces of work that one command may draw after it; the worker takes the rest
NO_REST = timedelta(0)
UNRENEWED = timedelta(seconds=10)  # the lease of a single piece on a clock that is being moved
KINDS = ("timer", "job", "message", "start")
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
    if job is None:
        return []
    with engine.leases.held(DueWork(jobs=(job,))):
        return run_job(engine, job, now)


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


def run_due(engine: Engine, limit: int, before_each: Callable[[], None] = lambda: None) -> int:
    """One round of a worker; `before_each` may take its time. Raises Busy when the database is away.

    First what nobody has begun, many at once; but each job alone, since it may be what kills its worker. What was begun
    and not finished comes alone too, one by one: whatever killed a worker takes nothing else with it, and its own
    attempts are spent soon.
    """
    now = engine.clock()
    due = _claim(engine, now, limit)
    _serve(engine, due, now, before_each)
    done = len(due)
    if due.jobs:
        done += _one_by_one(engine, now, "job", limit - 1, before_each)
    for kind in due.suspects:
        done += _one_by_one(engine, now, kind, limit, before_each, suspect=True)
    return done


def _one_by_one(
    engine: Engine, now: datetime, kind: str, most: int, before_each: Callable[[], None], *, suspect: bool = False
) -> int:
    for done in range(most):
        alone = _claim(engine, now, 1, suspect=suspect, kinds=(kind,))
        if not len(alone):
            return done
        _serve(engine, alone, now, before_each)
    return most


def _serve(engine: Engine, due: DueWork, now: datetime, before_each: Callable[[], None]) -> None:
    if not len(due):
        return
    with engine.leases.held(due) as hold:
        for timer in due.timers:
            before_each()
            hold.begin(timer)
            _fire(engine, timer, timer.due_at if engine.fires_at_due_time else now)
        for start in due.starts:
            before_each()
            hold.begin(start)
            _start(engine, start, start.due_at if engine.fires_at_due_time else now)
        for job in due.jobs:
            before_each()
            hold.begin(job)
            _guarded(engine, partial(run_job, engine, job, now), now)
        for message in due.messages:
            before_each()
            hold.begin(message)
            _send(engine, message, now)


def drive(engine: Engine, until: datetime, stop: Callable[[], bool] | None = None) -> int:
    """Time moves from due time to due time; each piece of work sees its own as now. `stop` is asked between two."""
    fired = 0
    while stop is None or not stop():
        due = _claim(engine, until, 1, in_order=True, suspect=None)
        for timer in due.timers:
            fired += _fire(engine, timer, timer.due_at, NO_REST)
        for start in due.starts:
            fired += _start(engine, start, start.due_at, NO_REST)
        for job in due.jobs:
            _guarded(engine, partial(run_job, engine, job, _due(job)), _due(job))
        for message in due.messages:
            _send(engine, message, until, NO_REST)
        if not len(due):
            break
    return fired


def _claim(
    engine: Engine,
    until: datetime,
    limit: int,
    *,
    in_order: bool = False,
    suspect: bool | None = False,
    kinds: tuple[str, ...] = KINDS,
) -> DueWork:
    types = tuple(sorted(engine.service_tasks))
    command = ClaimDueWork(
        until=until,
        job_types=types,
        limit=limit,
        in_order=in_order,
        suspect=suspect,
        kinds=kinds,
        spread=NO_REST if in_order else engine.timer_spread,
        lock_for=UNRENEWED if in_order else LEASE,
    )
    return engine.transact(command, by=ENGINE, now=until)[0]


def _due(job: ClaimedJob) -> datetime:
    assert job.due_at is not None
    return job.due_at


def _fire(engine: Engine, timer: DueTimer, now: datetime, backoff: timedelta | None = None) -> int:
    """1 when it fired."""
    place: dict[str, Any] = {"instance_id": timer.instance_id, "wait_id": timer.wait_id}
    rest = rest_after(timer.attempts, f"{timer.instance_id}/{timer.wait_id}") if backoff is None else backoff
    return _attempted(
        engine,
        FireTimer(**place),
        timer.attempts,
        lambda problem: FailTimer(**place, attempts=timer.attempts, message=problem, backoff=rest),
        now,
    )


def _start(engine: Engine, start: DueStart, now: datetime, backoff: timedelta | None = None) -> int:
    """1 when an instance began."""
    place = {"definition_key": start.definition_key, "element_id": start.element_id}
    rest = rest_after(start.attempts, start.element_id) if backoff is None else backoff
    return _attempted(
        engine,
        StartByTimer(**place),
        start.attempts,
        lambda problem: FailStart(**place, attempts=start.attempts, problem=problem, back_off=rest),
        now,
    )


def _send(engine: Engine, message: DueMessage, now: datetime, backoff: timedelta | None = None) -> None:
    rest = rest_after(message.attempts, str(message.id)) if backoff is None else backoff
    _attempted(
        engine,
        DeliverMessage(message_id=message.id),
        message.attempts,
        lambda problem: FailMessage(message_id=message.id, attempts=message.attempts, problem=problem, back_off=rest),
        now,
    )


def _attempted(engine: Engine, command: Any, attempts: int, failed: Callable[[str], Any], now: datetime) -> int:
    """1 when the command, whose attempt is counted already, did what it is for. A worker that died during each attempt
    left the count behind: then it is not tried again."""
    try:
        if attempts > MAX_ATTEMPTS:
            raise RuntimeError(DIED)
        answer, following = engine.transact(command, by=ENGINE, now=now)
    except Busy:
        raise
    except Exception as error:
        log.exception("%s", command)
        engine.transact(failed(f"{type(error).__name__}: {error}"), by=ENGINE, now=now)
        return 0
    settle(engine, following, now)
    return int(bool(answer))


def _guarded(engine: Engine, work: Callable[[], list[Following]], now: datetime) -> None:
    """One bad piece of work must not stop the others."""
    try:
        settle(engine, work(), now)
    except Busy:
        raise
    except Exception:
        log.exception("left for the next round")
