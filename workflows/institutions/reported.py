"""A monthly sheet that is being handed in: what completing its task has to do besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.contracts import CompleteUserTask

SHEET = "sweep"


@dataclass(frozen=True, kw_only=True)
class SheetReported:
    """Answers `Completed`. The task is finished, and who is pregnant without a case becomes a lead, in one transaction.
    `variables`: those of the case of the task."""

    finish: CompleteUserTask
    rows: tuple[Mapping[str, Any], ...]
    stated: int  # pregnant without a case, as the unit counts them
    reporter: str
    variables: Mapping[str, Any]


def follow(command: CompleteUserTask, values: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    """The command as it is, or with what follows from its form."""
    if command.submission is None or command.submission.form != SHEET:
        return command
    return SheetReported(
        finish=command,
        rows=tuple(values.get("rows") or ()),
        stated=int(values.get("sweep_new_pregnant") or 0),
        reporter=str(values.get("reporter") or ""),
        variables=variables,
    )
