"""What a person does to the machine leaves a row in the audit in the same transaction: both are stored, or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.contracts import Deploy, IdempotencyKey
from workflows.people import People
from workflows.people.model import Principal
from workflows.services import Services


@dataclass(frozen=True, kw_only=True)
class Audited:
    """Answers what `command` answers; a dry run leaves no row. `subject_id` None: the row names the answer,
    of a deployment each definition."""

    command: Any
    principal: Principal
    subject_kind: str
    subject_id: str | None = None
    action: str | None = None  # the kind of command, where nothing else is said
    detail: Mapping[str, Any] | None = None


def execute(
    services: Services,
    command: Any,
    principal: Principal,
    subject_kind: str,
    subject_id: object = None,
    detail: Mapping[str, Any] | None = None,
    *,
    action: str | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Any:
    """The command by this person, with its row; the same request again leaves no second one."""
    whole = Audited(
        command=command,
        principal=principal,
        subject_kind=subject_kind,
        subject_id=None if subject_id is None else str(subject_id),
        action=action,
        detail=detail,
    )
    return services.engine.execute(whole, by=principal.actor, idempotency=idempotency)


def handlers(people: Callable[[], People]) -> dict[type, Any]:
    """For the engine: one that knows no people."""

    def handle(asked: Audited, tx: Any) -> Any:
        tx.answer_is_new()  # the same request again is answered before the command finds that it was done
        answer = tx.run(asked.command)
        action = asked.action or type(asked.command).__name__
        for subject, detail in _rows(asked, answer):
            people().audit(asked.principal, action, asked.subject_kind, subject, detail, conn=tx.conn)
        return answer

    return {Audited: handle}


def _rows(asked: Audited, answer: Any) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    if isinstance(asked.command, Deploy):
        if not asked.command.dry_run:
            yield from ((item.key, {"version": item.version}) for item in answer)
    else:
        yield str(answer) if asked.subject_id is None else asked.subject_id, asked.detail
