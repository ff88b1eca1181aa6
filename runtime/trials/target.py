"""A process of the kill trial: `web` answers completions asked for on its standard input, `worker` serves what is due.

python -m runtime.trials.target web|worker ENGINE_URL ORACLE_URL
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any
from uuid import UUID

import psycopg

from engine.clock import system_clock
from engine.commands.contracts import Actor, CompleteUserTask, IdempotencyKey
from engine.commands.records import JobContext, ServiceTask
from engine.engine import Engine
from engine.errors import EngineError
from engine.store import plain
from engine.store.connections import open_pool
from engine.worker import Worker

REGION = "trial"


def build(engine_url: str, oracle_url: str) -> Engine:
    outside = psycopg.connect(oracle_url, autocommit=True)

    def tell(job: JobContext) -> dict[str, Any]:
        """The effect outside: at least once, recognisable by its round."""
        outside.execute(
            "INSERT INTO effect (instance, round) VALUES (%s, %s)", [job.instance_id, job.variables["count"]]
        )
        return {}

    pool = open_pool(engine_url, max_size=2, timeout=10)
    return Engine(pool, clock=system_clock, region_id=REGION, service_tasks={"tell": ServiceTask(run=tell)})


def serve_web(engine: Engine) -> None:
    for line in sys.stdin:
        asked = plain.loads(line)
        answer = {"request": asked["request"], "outcome": _complete(engine, asked)}
        sys.stdout.write(plain.dumps(answer).decode() + "\n")
        sys.stdout.flush()


def _complete(engine: Engine, asked: dict[str, Any]) -> str:
    request = asked["request"]
    key = IdempotencyKey(client="trial", key=request, request_hash=asked["task"])
    command = CompleteUserTask(user_task_id=UUID(asked["task"]))
    try:
        engine.execute(command, by=Actor(id=request, kind="client"), idempotency=key)
        return "done"
    except EngineError as error:
        return error.code


def main(role: str, engine_url: str, oracle_url: str) -> None:
    engine = build(engine_url, oracle_url)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if role == "web":
        serve_web(engine)
    else:
        worker = Worker(engine, poll_s=0.1)
        signal.signal(signal.SIGTERM, worker.stop)
        worker.run()
    engine.pool.close()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
