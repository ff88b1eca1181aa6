"""An operation as people write it (JSON, a file, a row of `batch`) and as the command it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from engine.commands.contracts import (
    ActivateInstance,
    CalledPlan,
    Instruction,
    MigrateInstance,
    ModifyInstance,
    RetryIncidents,
    RevertMigration,
    SetVariables,
    SuspendInstance,
    TerminateInstance,
)
from engine.errors import Incorrect

Parameters = Mapping[str, Any]


def command_for(operation: str, parameters: Parameters, instance_id: UUID, batch_id: UUID | None = None) -> Any:
    """Raises Incorrect when the parameters are not those of the operation."""
    make = OPERATIONS.get(operation)
    if make is None:
        raise Incorrect(f"没有操作“{operation}”", f"no such operation: {operation}", code="operation-unknown")
    if operation == "variables" and not parameters.get("variables"):
        raise Incorrect("没有给出变量", "no variables are given", code="parameters")
    try:
        return make({**parameters}, {"instance_id": instance_id, "batch_id": batch_id})
    except _UnknownName as error:
        [name] = error.args
        raise Incorrect(
            f"操作“{operation}”没有参数“{name}”", f"'{operation}' has no parameter '{name}'", code="parameters"
        ) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Incorrect(
            f"操作“{operation}”的参数不符", f"these are no parameters of '{operation}'", code="parameters"
        ) from None


class _UnknownName(ValueError):
    """A parameter that the operation does not have, and where it was given."""


def _migrate(given: dict[str, Any], common: dict[str, Any]) -> MigrateInstance:
    called = {key: _called(key, plan) for key, plan in (given.pop("called", None) or {}).items()}
    return MigrateInstance(**common, called=called, **_known(given, "version", "mapping", "timers", "reason"))


def _called(key: str, plan: Mapping[str, Any]) -> CalledPlan:
    if not isinstance(plan, Mapping):
        raise _UnknownName(f"called.{key}")
    for name in plan.keys() - {"version", "mapping"}:
        raise _UnknownName(f"called.{key}.{name}")
    return CalledPlan(**plan)


def _modify(given: dict[str, Any], common: dict[str, Any]) -> ModifyInstance:
    instructions = tuple(instruction(one) for one in given.pop("instructions"))
    return ModifyInstance(**common, instructions=instructions, **_known(given, "variables", "reason"))


def instruction(given: Mapping[str, Any]) -> Instruction:
    """`{"cancel": path}`, `{"start_before": path}` or `{"start_after": path}`. Raises ValueError."""
    [(action, element_id)] = given.items()
    if action not in ("cancel", "start_before", "start_after") or not isinstance(element_id, str):
        raise ValueError(action)
    return Instruction(action=action, element_id=element_id)


def _variables(given: dict[str, Any], common: dict[str, Any]) -> SetVariables:
    return SetVariables(**common, variables=dict(given.pop("variables")), **_known(given, "reason"))


def _retry(given: dict[str, Any], common: dict[str, Any]) -> RetryIncidents:
    _known(given, "reason")
    return RetryIncidents(instance_id=common["instance_id"])


def _plain(kind: Any) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    return lambda given, common: kind(**common, **_known(given, "reason"))


def _known(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """What was given and is not null. Raises _UnknownName for another name."""
    for name in sorted(given.keys() - set(names)):
        raise _UnknownName(name)
    return {name: value for name, value in given.items() if value is not None}


OPERATIONS: Mapping[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "migrate": _migrate,
    "revert": _plain(RevertMigration),
    "modify": _modify,
    "suspend": _plain(SuspendInstance),
    "activate": _plain(ActivateInstance),
    "terminate": _plain(TerminateInstance),
    "variables": _variables,
    "retry": _retry,
}
