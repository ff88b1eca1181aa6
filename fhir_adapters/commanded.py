"""What was commanded with a step, by a person or by an operator's hand."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import Operate


def is_command(command: Any, *types: type) -> bool:
    """Whether it is one of these, by itself or as an operator's."""
    return isinstance(command, types) or (isinstance(command, Operate) and isinstance(command.command, types))
