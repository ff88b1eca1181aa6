"""A worker found what the diagram foresees: a BPMN error, caught by its code."""

from __future__ import annotations

from engine.commands.contracts import ThrowJobError
from engine.commands.jobs import lock_job
from engine.interpreter.contracts import ErrorThrown
from engine.store import instances
from engine.store.transaction import Tx


def handle(command: ThrowJobError, tx: Tx) -> None:
    job = lock_job(tx, command.job_id, command.lease)
    instances.advance(tx, job.held, ErrorThrown(job.wait_id, command.code, command.message, command.variables))
