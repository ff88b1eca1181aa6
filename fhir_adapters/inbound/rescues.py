"""An emergency that another hospital's system sends: the receiving institution's rescue (P13) is opened with the
referral, in the same transaction. What becomes of the referral calls it off, as long as nobody has begun it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engine.commands.contracts import StartInstance
from engine.store import reads
from fhir_adapters.work import Work
from workflows import occasions

PROCESS, EMERGENCY, WAITS = "rescue", "emergency", "task_answer_transfer"
KEPT = (*occasions.OF_THE_CASE, "pack", "policy")


def opened_for(work: Work, referral_id: UUID) -> UUID | None:
    """The rescue of this referral; None where it is no emergency, she is not to be brought here, or the institution is
    at her rescue already."""
    referral = reads.instance(work.conn, work.region_id, referral_id)
    assert referral is not None
    said = referral.variables
    waiting = reads.user_tasks(work.conn, work.region_id, instance_id=referral_id, element_id=WAITS).items
    if said.get("urgency") != EMERGENCY or not waiting:
        return None
    key = said.get("pregnancy_id")
    running = reads.instance_by_business_key(work.conn, work.region_id, PROCESS, str(key)) if key else None
    if running is not None and running.status in ("active", "suspended"):
        if running.variables.get("hospital_organisation") == said["receiving_organisation"]:
            return None
        key = None  # another institution's: one process of a kind stands under a case, as with referrals
    start = StartInstance(definition_key=PROCESS, business_key=key, variables=_variables(said))
    instance_id: UUID = work.run(start).instance_id
    return instance_id


def _variables(referral: Any) -> dict[str, Any]:
    return {
        **{name: referral[name] for name in KEPT if name in referral},
        "hospital_organisation": referral["receiving_organisation"],
        "asking_organisation": referral["sending_organisation"],
        "rescue_referral_no": referral["referral_no"],
    }
