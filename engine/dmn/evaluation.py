"""What an evaluation leaves: the value, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.errors import Text
from engine.feel.plain import to_plain
from engine.feel.values import Function


@dataclass(frozen=True)
class Decision:
    """What others may know of a decision: its name, and the data it needs in the end."""

    id: str
    name: str
    inputs: tuple[str, ...]
    version_tag: str | None = None


@dataclass
class Record:
    """One decision as it went."""

    decision: str
    inputs: dict[str, Any]
    tables: list[tuple[str, list[str], list[Any], list[int]]]  # place, columns, inputs, numbers of matching rules
    output: Any = None
    required: list[Record] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision,
            "inputs": to_plain({name: value for name, value in self.inputs.items() if not isinstance(value, Function)}),
            "rules": self.tables[-1][3] if self.tables else [],
            "tables": [
                {"table": place, "inputs": to_plain(dict(zip(labels, values))), "rules": rules}
                for place, labels, values, rules in self.tables
            ],
            "output": to_plain(self.output),
            "required": [record.as_dict() for record in self.required],
        }


class Evaluation:
    """A decision's value and how it came about. `errors`: what is wrong with the data; `notes`: why nulls are null."""

    __slots__ = ("_record", "errors", "notes", "value")

    def __init__(self, value: Any, record: Record, errors: list[Text], notes: list[Text]) -> None:
        self.value = value
        self._record = record
        self.errors = errors
        self.notes = notes

    @property
    def trace(self) -> dict[str, Any]:
        """decision, inputs, rules (numbers of the rows that matched), output; the same of every decision required."""
        return self._record.as_dict()
