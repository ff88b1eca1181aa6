"""What a person asks for, read and checked, as one thing to carry out: for the page and for HTTP the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fhir_adapters.corrections.identity import CorrectIdentity
from fhir_adapters.corrections.merging import MergeWomen
from fhir_adapters.corrections.results import EnterResult, WithdrawResult
from fhir_adapters.corrections.unmerging import UnmergeWomen, cases_of
from workflows.corrections import identity, reason_of, results
from workflows.corrections.carrying_out import CarryOut
from workflows.people.model import Principal
from workflows.services import Services
from workflows.task_access import today_in_china


def late_result(
    services: Services, by: Principal, pregnancy_id: str, *, name: str, value: str, observed_at: str, reason: str,
    dry_run: bool,
) -> CarryOut:  # fmt: skip
    """Raises Incorrect by field."""
    command = EnterResult(
        pregnancy_id=pregnancy_id,
        resource_id=str(uuid4()),
        name=name,
        value=results.figure_of(name, value),
        observed_at=results.moment_of(observed_at, services.clock()),
        reason=reason_of(reason),
    )
    return _asked(command, by, "enter-result", dry_run, {"result": name})


def withdrawal(
    services: Services, by: Principal, pregnancy_id: str, result_id: str, *, reason: str, dry_run: bool
) -> CarryOut:
    command = WithdrawResult(pregnancy_id=pregnancy_id, resource_id=result_id, reason=reason_of(reason))
    return _asked(command, by, "withdraw-result", dry_run, {"resource": f"Observation/{result_id}"})


def identity_correction(
    services: Services, by: Principal, pregnancy_id: str, *, person: Mapping[str, str], reason: str, dry_run: bool
) -> CarryOut:
    """Raises Incorrect by field."""
    said = identity.identity_of(person, today_in_china(services))
    command = CorrectIdentity(pregnancy_id=pregnancy_id, person=said, reason=reason_of(reason))
    return _asked(command, by, "correct-identity", dry_run, {})


def merger(
    services: Services, by: Principal, survivor: str, duplicate: str, *, kept: str | None, reason: str, dry_run: bool
) -> CarryOut:
    """Of two records that are one woman's: `survivor` and `duplicate` name them by a pregnancy each."""
    command = MergeWomen(survivor=survivor, duplicate=duplicate, kept=kept, reason=reason_of(reason))
    detail = {"survivor": survivor, "duplicate": duplicate, "kept": kept}
    cases = (survivor, duplicate)
    return CarryOut(command=command, pregnancies=cases, principal=by, kind="merge", dry_run=dry_run, detail=detail)


def unmerger(
    services: Services, by: Principal, pregnancy_id: str, replaced: str, *, belongs: Mapping[str, str], reason: str,
    dry_run: bool,
) -> CarryOut:  # fmt: skip
    """A merge taken back. `replaced`: the Patient that is her own again; `belongs`: of what nobody but a person can
    tell, whose it is, `survivor` or `replaced`."""
    command = UnmergeWomen(
        pregnancy_id=pregnancy_id, replaced=replaced, reason=reason_of(reason), belongs=dict(belongs),
        complete=not dry_run,
    )  # fmt: skip
    cases = cases_of(services, pregnancy_id, replaced)
    detail = {"replaced": replaced, "belongs": dict(belongs)}
    return CarryOut(command=command, pregnancies=cases, principal=by, kind="unmerge", dry_run=dry_run, detail=detail)


def _asked(command: Any, by: Principal, kind: str, dry_run: bool, detail: dict[str, Any]) -> CarryOut:
    cases = (command.pregnancy_id,)
    return CarryOut(command=command, pregnancies=cases, principal=by, kind=kind, dry_run=dry_run, detail=detail)
