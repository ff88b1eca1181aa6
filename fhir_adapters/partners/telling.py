"""The next step of a referral, told to the other side: in order, once as far as the other side can tell.

One connection at a time tells one counterpart, outside of any transaction. A process that dies meanwhile lets go of it,
and whoever tells the step again first looks whether the other side has it already.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fhir_adapters.documents import travelling
from fhir_adapters.mappings.referral import WORDS
from fhir_adapters.partners import offering
from fhir_adapters.partners.channel import Channel, NotAllowed, NotTaken, Refused, said
from fhir_adapters.partners.keys import signing_key
from fhir_adapters.store import referrals as rows
from fhir_adapters.store.referrals import Told
from fhir_adapters.terminology import REFERRAL_NO, TASK
from workflows.referrals import Partner, partner_of

log = logging.getLogger(__name__)

RESTS = tuple(map(timedelta, (0,) * 5, (5, 30, 120, 600, 1800)))
LAST_REST = timedelta(hours=1)
UNREACHED = timedelta(seconds=5)  # where nobody answered, the counterpart's other steps rest at least so long
IMPLIED = {  # where the other side stands further, it has the step
    "received": {"accepted", "refused", "departed", "arrived", "onward", "returned", "no-show"},
    "accepted": {"departed", "arrived", "onward", "returned", "no-show"},
    "departed": {"arrived", "onward", "returned"},
    "arrived": {"onward", "returned"},
    "onward": {"returned"},
}
STEP_OF = {code: step for step, (code, _) in WORDS.items()}
MOVED = ("status", "statusReason", "businessStatus", "executionPeriod", "lastModified", "output")


@dataclass(kw_only=True)
class Teller:
    """`clock` is the installation's, `wall` the machine's."""

    region_id: str
    clock: Callable[[], datetime]
    wall: Callable[[], datetime]
    _channels: dict[Partner, Channel] = field(default_factory=dict)

    def tell_next(self, conn: Any) -> bool:
        """Whether there was one that was due. `conn` is outside of any transaction and acts for the region."""
        for counterpart in rows.counterparts_due(conn, self.region_id, self.clock()):
            with rows.held(conn, self.region_id, counterpart) as is_held:
                told = rows.next_to_tell(conn, self.region_id, counterpart, self.clock()) if is_held else None
                if told is not None:
                    self._tell_one(conn, told)
                    return True
        return False

    def _tell_one(self, conn: Any, told: Told) -> None:
        partner = partner_of(conn, self.region_id, told.counterpart or "")
        if partner is None:  # its line was withdrawn
            rows.settle(conn, self.region_id, told, state="kept")
            return
        try:
            self._tell(conn, told, self._channel(conn, partner), partner)
        except NotAllowed as error:
            self._refused(conn, told, error.problem)
        except Refused as error:
            self._refused(conn, told, str(error))
        except NotTaken as error:
            rest = error.after or (RESTS[told.attempts] if told.attempts < len(RESTS) else LAST_REST)
            due = self.clock() + rest
            with conn.transaction():
                if error.status is None:
                    rows.rest(conn, self.region_id, told.counterpart, self.clock() + max(rest, UNREACHED))
                rows.settle(conn, self.region_id, told, state="waiting", due_at=due, problem=error.problem)
        else:
            with conn.transaction():
                rows.settle(conn, self.region_id, told, state="sent", told_at=self.clock())

    def _refused(self, conn: Any, told: Told, problem: str) -> None:
        log.error("referral %s: the step %s is not taken: %s", told.referral_no, told.step, problem)
        rows.settle(conn, self.region_id, told, state="refused", problem=problem)

    def _channel(self, conn: Any, partner: Partner) -> Channel:
        if partner not in self._channels:
            key = signing_key(conn, self.region_id, self.clock())
            self._channels[partner] = Channel(partner, lambda: key, self.wall)
        return self._channels[partner]

    def _tell(self, conn: Any, told: Told, channel: Channel, partner: Partner) -> None:
        ours = told.body["task"]
        number = next(str(i["value"]) for i in ours["identifier"] if i["system"] == TASK)
        theirs = channel.find("Task", TASK, number)
        if told.step == "requested":
            if theirs is None:
                _good(*channel.ask("POST", "", offering.bundle(conn, self.region_id, told, partner, self.clock())))
            return
        if theirs is None:
            raise NotTaken("对方还没有此转诊 / the other side does not have this referral yet")
        if not _has(theirs, told.step):
            document, name = travelling.of_step(conn, self.region_id, told, self.clock()), travelling.name_of(told)
            if document is not None and name is not None:
                ours = {**ours, "output": [*ours.get("output", ()), travelling.attached(document, name)]}
            _good(*channel.put(moved(theirs, ours)))
        if told.step == "withdrawn":
            _revoke(channel, told)


def moved(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Their Task with what our step says; everything else as it stands there."""
    kept = {name: value for name, value in theirs.items() if name not in MOVED}
    return {**kept, **{name: ours[name] for name in MOVED if name in ours}}


def _has(theirs: Mapping[str, Any], step: str) -> bool:
    """Whether it stands there already, or further."""
    codings = theirs.get("businessStatus", {}).get("coding", ())
    there = next((STEP_OF.get(str(c.get("code"))) for c in codings), None)
    return there == step or there in IMPLIED.get(step, ())


def _revoke(channel: Channel, told: Told) -> None:
    """The request itself, where it is ours."""
    request = channel.find("ServiceRequest", REFERRAL_NO, told.referral_no)
    if request is not None and request.get("status") == "active":
        _good(*channel.put({**request, "status": "revoked"}))


def _good(status: int, body: Any) -> None:
    if status not in (200, 201):
        raise Refused(f"HTTP {status}: {said(body)}")
