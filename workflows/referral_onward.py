"""A referral that follows from another one: who received her refers her on to a higher centre, and the first sender is
told at once; or sends her back to where she came from, with the plan (§8 rule 6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import IdempotencyKey, Started
from engine.errors import Conflict, Fault, Forbidden, Incorrect, NotFound, Text
from engine.store import reads
from workflows.occasions import WARD, BeginOccasion
from workflows.people.model import Principal
from workflows.places import TREATS
from workflows.referrals import PROCESS, sides, state_of
from workflows.services import Services

ONWARD, DOWN = "onward", "down"
WHILE = {ONWARD: "arrived", DOWN: "returned"}  # where the first one stands
KEPT = ("patient_id", "county_organisation", "colour", "purple", "edd", "lmp")
LONGEST = 500


def possible(state: str, variables: Any) -> str | None:
    """What may follow now; she is referred on once."""
    if state == WHILE[ONWARD] and not variables.get("onward_no"):
        return ONWARD
    return DOWN if state == WHILE[DOWN] and variables.get("transfer_result") == "back" else None


def begin(
    services: Services,
    first: UUID,
    *,
    by: Principal,
    how: str,
    reason: str,
    centre: str = "",
    idempotency: IdempotencyKey | None = None,
) -> Started:
    """`centre`: the institution that she is referred on to, by its name. Raises NotFound, Forbidden (not the receiver,
    or not a ward's role), Conflict (too late, or done), Incorrect by field."""
    with services.engine.read() as conn:
        found = reads.instance(conn, services.region_id, first)
    if found is None or found.definition_key != PROCESS or how not in WHILE:
        raise NotFound("没有此转诊", "no such referral")
    known, both = found.variables, sides(PROCESS, found.variables)
    if not by.roles & WARD or both["receiver"] not in by.organisations:
        raise Forbidden("由接收方的医务人员办理", "the receiver's staff does this")
    is_again = how == ONWARD and idempotency is not None  # the engine knows the first answer, or that it was done
    if possible(state_of(known), known) != how and not is_again:
        raise Conflict("转诊已不在这一步", "the referral has moved on", code="state")
    receiver = both["sender"] if how == DOWN else _centre(services, centre, both["receiver"])
    if not reason.strip() or len(reason) > LONGEST:
        raise _missing("reason", "请写明理由", "give the reason")
    pack = str(known.get("pack") or services.settings.pack)
    variables = {
        **{name: known.get(name) for name in KEPT},
        "home_organisation": both["receiver"],
        "hospital_organisation": both["receiver"],
        "receiving_organisation": receiver,
        "direction": how if how == DOWN else None,
        "based_on_no": known["referral_no"],
        "pack": pack,
        "policy": services.regions(pack).policy(),
    }
    at = services.clock().astimezone(CHINA).isoformat(timespec="seconds")
    tree = services.people.organisations()
    answers = {
        "requested_at": at,
        "contacted_first_at": at,
        "urgency": "planned" if how == DOWN else known.get("urgency") or "emergency",
        "transfer_reason": reason.strip(),
        "transportable": True,
        "receiving_centre": tree[receiver].name if receiver in tree else receiver,
        "doctor": by.name,
    }
    command = BeginOccasion(
        occasion="referral",
        pregnancy_id="",
        variables=variables,
        answers=answers,
        after=first if how == ONWARD else None,
    )
    return services.engine.execute(command, by=by.actor, idempotency=idempotency)


def _centre(services: Services, centre: str, own: str) -> str:
    for one in services.people.organisations().values():
        if centre.strip() in (one.id, one.name) and one.kind in TREATS and one.id != own:
            return one.id
    raise _missing("centre", "请给出另一家医疗机构", "name another hospital")


def _missing(field: str, zh: str, en: str) -> Incorrect:
    return Incorrect(zh, en, code=field, faults=[Fault(path=field, message=Text(zh=zh, en=en))])
