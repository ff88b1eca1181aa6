"""What completing a form has to do besides: a monthly sheet that is handed in, a woman who is registered, a woman of
another region who is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.contracts import CompleteUserTask

SHEET = "sweep"
REGISTRATION = "registration"
HANDOVER_ANSWER = "handover-answer"


@dataclass(frozen=True, kw_only=True)
class SheetReported:
    """Answers `Completed`. The task is finished, and who is pregnant without a case is a lead, in one transaction.
    `variables`: those of the case of the task."""

    finish: CompleteUserTask
    rows: tuple[Mapping[str, Any], ...]
    stated: int  # pregnant without a case, as the unit counts them
    reporter: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Registered:
    """Answers `Completed`. A woman is registered; what other registers said of her is about her case from now on."""

    finish: CompleteUserTask
    document: str
    pregnancy_id: str


@dataclass(frozen=True, kw_only=True)
class MovedIn:
    """Answers `Completed`. A woman whom another installation hands over is accepted here: she has a case at once.
    `variables`: those of the hand-over."""

    finish: CompleteUserTask
    variables: Mapping[str, Any]


def follow(command: CompleteUserTask, values: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """The command as it is, or with what follows from its form."""
    if command.submission is None:
        return command
    if command.submission.form == REGISTRATION and values.get("id_no") and variables.get("pregnancy_id"):
        document = str(values["id_no"]).strip().upper()
        return Registered(finish=command, document=document, pregnancy_id=str(variables["pregnancy_id"]))
    is_elsewhere = variables.get("from_elsewhere") is True
    if command.submission.form == HANDOVER_ANSWER and values.get("handover_accepted") is True and is_elsewhere:
        return MovedIn(finish=command, variables=variables)
    if command.submission.form != SHEET:
        return command
    return SheetReported(
        finish=command,
        rows=tuple(values.get("rows") or ()),
        stated=int(values.get("sweep_new_pregnant") or 0),
        reporter=str(values.get("reporter") or ""),
        variables=variables,
    )
