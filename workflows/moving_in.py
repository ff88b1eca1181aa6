"""A woman whom another region hands over (M-02) and who is accepted here: her case is opened in the same transaction,
so that nobody is accepted and then forgotten, and what the sender knew of her is known in it, as the sender's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from engine.store import reads
from workflows import duplicates, intake
from workflows.institutions.reported import MovedIn
from workflows.services import Services

CASES = UUID("0a9a4f0b-3c6e-4f83-9a58-0d1b6a3c8e42")  # namespace: a case's id derives from the hand-over's number
OPEN = ("active", "suspended")


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: she is accepted and has a case, or neither. Raises Incorrect where no institution here would look
    after her."""

    def handle(command: MovedIn, tx: Any) -> Any:
        tx.answer_is_new()
        completed = tx.run(command.finish)
        known, patient_id = command.variables, str(command.variables["patient_id"])
        if _in_care(tx, patient_id):
            return completed
        pregnancy_id = str(uuid5(CASES, f"{tx.region_id}/{known['referral_no']}"))
        lmp, edd = known.get("lmp"), known.get("edd")
        variables = intake.start_variables(
            services(),
            by=tx.by,
            pregnancy_id=pregnancy_id,
            patient_id=patient_id,
            lmp=lmp,
            edd=edd,
            edd_basis="lmp" if lmp and not edd else None,
        )
        tx.run(intake.OpenCase(pregnancy_id=pregnancy_id, variables=variables))
        services().patients.take_into_case(tx.conn, patient_id, pregnancy_id, list(known.get("brought") or ()))
        return completed

    def _in_care(tx: Any, patient_id: str) -> bool:
        case = services().patients.newest_case(tx.conn, patient_id)
        found = reads.instance_by_business_key(tx.conn, tx.region_id, duplicates.JOURNEY, case) if case else None
        return found is not None and found.status in OPEN

    return {MovedIn: handle}
