"""What is wrong with a diagram, a decision table, a form or a pack, at which element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Fault, Incorrect, Text


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding. `element_id`: the id in the diagram, or `table/row/column` for a cell; None: the file as a whole."""

    element_id: str | None
    element_type: str | None
    code: str
    message: Text
    severity: str = "error"  # "error" refuses the deployment, "warning" is shown

    def as_json(self) -> dict[str, Any]:
        """The shape of `refused` and `warnings` in the contract."""
        return {
            "element_id": self.element_id,
            "element_type": self.element_type,
            "code": self.code,
            "message": {"zh": self.message.zh, "en": self.message.en},
        }


DEFINITION = Text(zh="定义未通过校验，未部署", en="the definition was refused")


class Refused(Incorrect):
    """A definition that must not be deployed; `problems` name every reason at once. `what`: of something else."""

    code = "refused"

    def __init__(self, problems: Sequence[Problem], what: Text = DEFINITION) -> None:
        super().__init__(
            what.zh,
            what.en,
            faults=[Fault(path=p.element_id or "", message=p.message) for p in problems],
        )
        self.problems = tuple(problems)
