"""A process that completes one user task and dies at a named point on the way.

python -m tests.recovery.crash URL POINT USER_TASK_ID
"""

import os
import sys
from uuid import UUID

import psycopg

from engine import due
from engine import engine as engine_module
from engine.commands import complete_user_task
from engine.commands.contracts import Actor, CompleteUserTask, IdempotencyKey
from engine.commands.records import ServiceTask
from engine.engine import Engine
from engine.store import instances
from engine.store.connections import open_pool
from tests.store.store_kit import Clock

DIED = 42
REGION = "r"
NURSE = Actor(id="nurse-1")


def service_tasks(url):
    """Writes down that it ran: at least once."""

    def tell(job):
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("INSERT INTO told (instance) VALUES (%s)", [job.instance_id])
        return {"told": True}

    return {"tell": ServiceTask(run=tell)}


def engine_on(url, pool):
    return Engine(pool, clock=Clock(), region_id=REGION, service_tasks=service_tasks(url))


def command_for(task_id):
    return CompleteUserTask(user_task_id=task_id, variables={"done": True})


KEY = IdempotencyKey(client="c", key="k", request_hash="h")


def die(*_, **__):
    os._exit(DIED)


def die_after(function):
    def wrapped(*args, **kwargs):
        function(*args, **kwargs)
        die()

    return wrapped


def die_before_the_first_commit():
    execute = psycopg.Connection.execute

    def listening(self, query, *rest, **options):
        if query == "COMMIT":
            die()
        return execute(self, query, *rest, **options)

    psycopg.Connection.execute = listening


def die_before_the_commit_that_completes_the_job():
    transact = Engine.transact

    def listening(self, command, **rest):
        if type(command).__name__ == "CompleteJob":
            die_before_the_first_commit()
        return transact(self, command, **rest)

    Engine.transact = listening


def patch(place, name, wrapper):
    setattr(place, name, wrapper(getattr(place, name)))


POINTS = {
    "after_the_lock": lambda: patch(complete_user_task.instances, "lock_for_user_task", die_after),
    "after_the_interpreter": lambda: patch(instances.interpreter, "apply", die_after),
    "after_the_save": lambda: patch(instances, "save", die_after),
    "before_the_commit": die_before_the_first_commit,
    "after_the_commit": lambda: setattr(engine_module, "settle", die),
    "after_the_job_is_claimed": lambda: setattr(due, "_attempt", die),
    "after_the_job_has_run": lambda: patch(due, "_attempt", die_after),
    "before_the_job_is_completed": die_before_the_commit_that_completes_the_job,
    "before_the_message_is_delivered": lambda: setattr(due, "DeliverMessage", die),
}


def main(url, point, task_id):
    with open_pool(url) as pool:
        engine = engine_on(url, pool)
        POINTS[point]()
        engine.execute(command_for(UUID(task_id)), by=NURSE, idempotency=KEY)


if __name__ == "__main__":
    main(*sys.argv[1:])
