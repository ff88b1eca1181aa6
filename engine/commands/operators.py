"""What operators may ask, by command: the table that the engine adds to its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.commands import (
    batches,
    contracts,
    migrate_instance,
    modify_instance,
    operate,
    retry_incidents,
    revert_migration,
    suspend_definition,
)

OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    contracts.ActivateDefinition: suspend_definition.activate,
    contracts.ClaimBatchItems: batches.claim,
    contracts.ControlBatch: batches.control,
    contracts.CreateBatch: batches.create,
    contracts.FailBatchItem: batches.fail,
    contracts.MigrateInstance: migrate_instance.handle,
    contracts.ModifyInstance: modify_instance.handle,
    contracts.Operate: operate.handle,
    contracts.RetryIncidents: retry_incidents.handle,
    contracts.RevertMigration: revert_migration.handle,
    contracts.RunBatchItems: batches.run,
    contracts.SuspendDefinition: suspend_definition.suspend,
}
