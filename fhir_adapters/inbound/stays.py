"""What a hospital takes back of a stay: that she was admitted or moved to the ward that began her assessment, or that
she left (ADT A11, A12, A13, or the Encounter changed or deleted). What has not reached the pathway is withdrawn; what
has is for a person: nothing falls by itself.
"""

from __future__ import annotations

from engine.commands.contracts import WithdrawMessage
from engine.store import plain
from fhir_adapters.dates import interval
from fhir_adapters.inbound.asked import note
from fhir_adapters.store import inbound, resources
from fhir_adapters.terminology import VISIT_TYPE
from fhir_adapters.types import patient_of
from fhir_adapters.work import Item, Json, Work

ADMITTED, DISCHARGED = "message_admitted", "message_discharged"
TAKEN_BACK = "message_discharge_withdrawn"
BEGUN = ("arrived", "triaged", "in-progress")
REASONS = {
    ADMITTED: "入院（或转入产科）已被医院取消，由此开始的待产评估或再评估请核对是否继续"
    " / the hospital took back an admission: check whether the assessment that it began goes on",
    DISCHARGED: "出院已被医院取消，产后访视已从原出院时间起算，请核对"
    " / the hospital took back the discharge that the visits after birth are counted from: check them",
}


def receive(work: Work) -> None:
    for item in work.items:
        if item.entry.type != "Encounter" or item.saved is None or not item.saved.changed:
            continue
        before = _before(work, item)
        if before is None:
            continue
        now: Json = item.resource if item.resource is not None else {"status": "entered-in-error"}
        if before.get("status") == "finished" and now.get("status") != "finished":
            _not_discharged(work, item, before)
        if _is_not_there(work, item, before, now):
            _ask(work, item, before, ADMITTED)


def _is_not_there(work: Work, item: Item, before: Json, now: Json) -> bool:
    """Whether what a case was told of her coming is taken back."""
    if _is_admitted(before) and not _is_admitted(now):
        return _told(work, item, ADMITTED) is not None
    return _wards(now) < _wards(before) and _came_by_transfer(work, item)


def _wards(stay: Json) -> int:
    return len(stay.get("location", ()))


def _came_by_transfer(work: Work, item: Item) -> bool:
    """Whether a ward that she was moved to, and not her admission, is what the case was told of."""
    version = inbound.last_caused(work.conn, work.region_id, "Encounter", item.id, ADMITTED)
    if version is None or version < 2:
        return False
    told, earlier = (_version(work, item.id, number) for number in (version, version - 1))
    return told is not None and earlier is not None and _wards(told) > _wards(earlier)


def is_for_birth(encounter: Json) -> bool:
    codings = [c for t in encounter.get("type", ()) for c in t.get("coding", ())]
    return any(c.get("system") == VISIT_TYPE and c.get("code") == "delivery-admission" for c in codings)


def _is_admitted(encounter: Json) -> bool:
    return encounter.get("class", {}).get("code") == "IMP" and encounter.get("status") in (
        *BEGUN,
        "finished",
        "onleave",
    )


def _before(work: Work, item: Item) -> Json | None:
    assert item.saved is not None
    if item.saved.version < 2:
        return None
    return _version(work, item.saved.id, item.saved.version - 1)


def _version(work: Work, id_: str, number: int) -> Json | None:
    found = resources.read(work.conn, work.region_id, "Encounter", id_, work.viewer, number, letters=None)
    return plain.read(found[0].body) if found is not None else None


def discharge_of(work: Work, encounter_id: str) -> str:
    """The number under which a case is told of this stay's end: another one once it was taken back."""
    caused = inbound.caused_by(work.conn, work.region_id, "Encounter", encounter_id)
    times = sum(event == TAKEN_BACK for event, _ in caused)
    return f"fhir/{DISCHARGED}/{encounter_id}" + (f"/{times}" if times else "")


def withdraw_discharge(work: Work, encounter_id: str, episode_id: str) -> bool:
    """Whether the end of this stay was still waiting to be told."""
    id_ = discharge_of(work, encounter_id)
    return bool(work.run(WithdrawMessage(name=DISCHARGED, key=episode_id, message_id=id_)))


def _not_discharged(work: Work, item: Item, before: Json) -> None:
    episode_id = _told(work, item, DISCHARGED)
    if episode_id is None:
        return
    if withdraw_discharge(work, item.id, episode_id):
        note(work, item, TAKEN_BACK, episode_id)
    else:
        _ask(work, item, before, DISCHARGED)


def _told(work: Work, item: Item, event: str) -> str | None:
    """The case that was told this of the stay."""
    caused = inbound.caused_by(work.conn, work.region_id, "Encounter", item.id)
    return next((episode for name, episode in caused if name == event), None)


def _ask(work: Work, item: Item, before: Json, event: str) -> None:
    assert item.saved is not None
    inbound.ask_a_person(
        work.conn,
        work.region_id,
        kind="withdrawn-evidence",
        source=work.viewer.source,
        reason=REASONS[event],
        at=work.now,
        resource=(item.saved.type, item.saved.id, item.saved.version),
        patient_id=item.patient_id or patient_of({**before, "resourceType": "Encounter"}),
    )


def forget_earlier_discharges(work: Work, item: Item, episode_id: str) -> None:
    """She is admitted again before the birth: that she left an earlier stay is not that she left after the birth."""
    begin = interval((item.resource or {}).get("period", {}).get("start", ""))
    for stored in resources.of_patient(work.conn, work.region_id, str(item.patient_id), ("Encounter",)):
        stay = stored.resource()
        end = interval(stay.get("period", {}).get("end", ""))
        is_earlier = begin is None or end is None or end[1] <= begin[1]
        if stored.id != item.id and stay.get("status") == "finished" and is_for_birth(stay) and is_earlier:
            withdraw_discharge(work, stored.id, episode_id)
