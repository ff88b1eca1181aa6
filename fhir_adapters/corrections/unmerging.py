"""A merge that was wrong, taken back: two women again, each with what was hers and what was entered for her since.

The pregnancy that was closed goes on where it stood, with its own deadlines. What happened stays on record; a doctor of
each confirms the grading, since results of two women had stood together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage, ReopenInstance, SetVariables
from engine.errors import Conflict, NotFound
from engine.store import reads
from fhir_adapters.corrections.dividing import GOES, OF_THE_PATH, STAYS, Added, decide, divided
from fhir_adapters.facts import woman_of
from fhir_adapters.references import rewritten
from fhir_adapters.store import merging, resources
from fhir_adapters.store.merging import Merge
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.terminology import is_identity, same_system
from workflows.duplicates import JOURNEY
from workflows.services import Services

TOLD = "message_diagnosis_received"
FINDING = "撤销合并"
OPEN = ("active", "suspended")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class UnmergeWomen:
    """The record `replaced` was never this woman's. `belongs`: of what only a person can tell, whose it is. `complete`:
    everything must be told, as it must be when it is done; for a look at the effect not."""

    pregnancy_id: str
    replaced: str
    reason: str
    belongs: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    return {UnmergeWomen: lambda command, tx: _unmerge(command, tx, services())}


def merges_of(conn: Any, region_id: str, pregnancy_id: str) -> list[Merge]:
    """Which records have become hers, newest first: only the newest can be taken back."""
    woman = woman_of(conn, region_id, pregnancy_id)
    return merging.open_merges_into(conn, region_id, woman) if woman else []


def added_since(services: Services, conn: Any, merge: Merge) -> list[Added]:
    """What came to the one record since, and whose it is as far as that can be told."""
    region = services.region_id
    came = merging.came_after(conn, region, merge)
    sent = frozenset(f"{p.type}/{p.id}" for p in merging.parts(conn, region, merge.id) if p.came_later)
    works_at = {account.login: account.organisation_id for account in services.people.accounts()}
    works_at |= {f"client:{client.name}": client.organisation_id for client in services.people.clients()}
    return divided(merge, came, sent, works_at.get)


def cases_of(services: Services, pregnancy_id: str, replaced: str) -> tuple[str, ...]:
    """The pregnancies that taking this merge back changes; the same when it is asked once more."""
    with services.engine.read() as conn:
        merge = merging.last_merge(conn, services.region_id, replaced)
    return tuple(dict.fromkeys([pregnancy_id, *(merge.before["cases"].values() if merge else ())]))


def _unmerge(command: UnmergeWomen, tx: Any, services: Services) -> Json:
    conn, region = tx.conn, tx.region_id
    merge = _merge(conn, region, command.pregnancy_id, command.replaced)
    for one in sorted((merge.survivor_id, merge.replaced_id)):  # one order for everybody: no deadlocks
        resources.lock(conn, region, "Patient", one)
    added = added_since(services, conn, merge)
    whose = decide(added, command.belongs, must=command.complete)
    _patients(tx, merge)
    restored = _give_back(tx, merge)
    _path_with_its_case(tx, merge)
    _divide(tx, merge, added, whose)
    for kind, old in ((merging.PATIENT, merge.replaced_id), (merging.PREGNANCY, merge.closed)):
        if old is not None:
            merging.remove(conn, region, kind, old, merge.before["earlier"].get(kind, ()))
    merging.end(conn, region, merge.id, tx.now, tx.by.id)
    _cases(tx, merge, command)
    return {
        "survivor": merge.survivor_id,
        "replaced": merge.replaced_id,
        "reopened": merge.closed,
        "restored": restored,
        "divided": [_told(one, whose[one.reference]) for one in added if one.belongs is not None],
        "asked": [_told(one, command.belongs.get(one.reference)) for one in added if one.belongs is None],
    }


def _told(one: Added, belongs: str | None) -> Json:
    at = one.at.astimezone(CHINA).isoformat(timespec="minutes")
    return {
        "reference": one.reference, "at": at, "organisation": one.organisation, "belongs": belongs, "why": one.why
    }  # fmt: skip


def _merge(conn: Any, region: str, pregnancy_id: str, replaced: str) -> Merge:
    woman = woman_of(conn, region, pregnancy_id)
    merge = merging.open_merge(conn, region, replaced)
    if woman is None or merge is None:
        raise NotFound("没有可撤销的合并", "there is no merge to take back")
    if woman != merge.survivor_id or merging.survivor_of(conn, region, merging.PATIENT, woman) is not None:
        raise NotFound("没有可撤销的合并", "there is no merge to take back")
    if (newest := merging.open_merges_into(conn, region, woman)[0]).id != merge.id:
        day = newest.at.astimezone(CHINA).date().isoformat()
        raise Conflict(
            f"此后又有合并（{day}）：请先撤销后来的一次",
            f"another record was merged later ({day}): take that one back first",
            code="merged-again",
        )
    return merge


def _patients(tx: Any, merge: Merge) -> None:
    """Each says again what she said; numbers go back to whom they were registered for."""
    conn, region = tx.conn, tx.region_id
    now = {one: resources.current(conn, region, "Patient", one) for one in (merge.survivor_id, merge.replaced_id)}
    versions = merge.before["versions"]
    then = {one: merging.version_of_patient(conn, region, one, versions[one]) for one in now}
    if None in now.values() or None in then.values():
        raise NotFound("没有此孕产妇", "no such woman")
    one, other = (now[id_].resource() for id_ in now)  # type: ignore[union-attr]
    had, had_other = (then[id_].resource() for id_ in now)  # type: ignore[union-attr]
    hers = {_number(i) for i in had.get("identifier", ())}
    others = {_number(i) for i in had_other.get("identifier", ()) if is_identity(same_system(i.get("system", "")))}
    kept = [i for i in one.get("identifier", ()) if _number(i) in hers or _number(i) not in others]
    survivor = {**one, "identifier": kept, "link": _links(one, merge.replaced_id)}
    restored = {**other, "link": _links(other, merge.survivor_id)}
    for name in ("identifier", "active"):
        restored.pop(name, None)
        if name in had_other:
            restored[name] = had_other[name]
    drafts = [Draft(resource={k: v for k, v in each.items() if v != []}) for each in (survivor, restored)]
    resources.save(conn, region, tx.now, ENGINE, drafts, engine_owned=True)
    for system, value in sorted(others - hers):
        merging.give_identity(conn, region, system, value, merge.replaced_id, merge.survivor_id)
    for id_ in (merge.survivor_id, merge.replaced_id):
        merging.narrow_area(conn, region, id_, merge.before["areas"][id_])


def _number(identifier: Mapping[str, Any]) -> tuple[str, str]:
    return same_system(identifier.get("system", "")), str(identifier.get("value", "")).upper()


def _links(patient: Mapping[str, Any], other: str) -> list[Any]:
    return [link for link in patient.get("link", ()) if link.get("other", {}).get("reference") != f"Patient/{other}"]


def _give_back(tx: Any, merge: Merge) -> int:
    """What the merge moved is where it was."""
    moved = [part for part in merging.parts(tx.conn, tx.region_id, merge.id) if not part.came_later]
    for part in moved:
        _file(tx, merge, part.type, part.id, part.patient_id, part.episode_id)
    return len(moved)


def _path_with_its_case(tx: Any, merge: Merge) -> None:
    """Tasks, gradings and flags since then are of the woman whose pregnancy it is."""
    whose = {case: woman for woman, case in merge.before["cases"].items()}
    for one in merging.came_after(tx.conn, tx.region_id, merge):
        if one.stored.type not in OF_THE_PATH:
            continue
        case = merging.ownership(tx.conn, tx.region_id, one.stored.type, one.stored.id)[1]
        if case in whose:
            _file(tx, merge, one.stored.type, one.stored.id, whose[case], case)


def _divide(tx: Any, merge: Merge, added: Iterable[Added], whose: Mapping[str, str]) -> None:
    woman = {STAYS: merge.survivor_id, GOES: merge.replaced_id}
    for one in added:
        id_ = woman[whose[one.reference]]
        for member in one.members:
            _file(tx, merge, member.stored.type, member.stored.id, id_, merge.before["cases"].get(id_))


def _file(tx: Any, merge: Merge, type_: str, id_: str, patient_id: str, episode_id: str | None) -> None:
    """Under this woman and this pregnancy. A sender's text stays as it was sent, unless we had it name the other."""
    conn, region = tx.conn, tx.region_id
    if type_ == merging.DOCUMENT:
        merging.move_document(conn, region, id_, patient_id)
        return
    stored = resources.current(conn, region, type_, id_)
    if stored is None:
        return  # its sender has deleted it meanwhile
    by_engine, filed = merging.ownership(conn, region, type_, id_)
    cases = [case for case in merge.before["cases"].values() if case != episode_id]
    told = {f"Patient/{one}": f"Patient/{patient_id}" for one in (merge.survivor_id, merge.replaced_id)}
    if episode_id in merge.before["cases"].values():
        told |= {f"EpisodeOfCare/{one}": f"EpisodeOfCare/{episode_id}" for one in cases}
    resource = stored.resource()
    changed = rewritten(resource, lambda text: told.get(text, text))
    if changed != resource:
        draft = Draft(resource=changed, episode_id=episode_id)
        source = ENGINE if by_engine else stored.source
        resources.save(conn, region, tx.now, source, [draft], engine_owned=by_engine)
    if changed != resource or filed != episode_id or not by_engine:
        merging.repoint(conn, region, changed, patient_id, episode_id)


def _cases(tx: Any, merge: Merge, command: UnmergeWomen) -> None:
    """Whose each case is, what was closed goes on, and a doctor looks at either."""
    conn, region = tx.conn, tx.region_id
    for id_, patient_id in merge.before["patients"].items():
        case = reads.instance(conn, region, UUID(id_))
        if case is not None and case.status == "active" and case.variables.get("patient_id") != patient_id:
            tx.run(SetVariables(instance_id=case.id, variables={"patient_id": patient_id}, reason="unmerge"))
    again = dict.fromkeys(("end_code", "ended_on", "end_reason", "merged_into"))
    for id_ in merge.before["ended"]:
        ended = reads.instance(conn, region, UUID(id_))
        if ended is None:
            raise Conflict(
                "重复建册的个案已归档，不能恢复", "the pregnancy that was closed has been archived", code="archived"
            )
        said: Json = {"patient_id": merge.before["patients"].get(id_) or ended.variables.get("patient_id")}
        if ended.definition_key == JOURNEY:
            said |= {**again, "stage": merge.before["stages"].get(id_)}
        tx.run(ReopenInstance(instance_id=ended.id, variables=said, reason="unmerge"))
    for pregnancy_id in dict.fromkeys(merge.before["cases"].values()):
        _tell(tx, pregnancy_id, command)


def _tell(tx: Any, pregnancy_id: str, command: UnmergeWomen) -> None:
    case = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, pregnancy_id)
    if case is None or case.status != "active":
        return
    at = tx.now.astimezone(CHINA).isoformat(timespec="seconds")
    line = {"kind": "unmerge", "at": at, "by": tx.by.id, "reason": command.reason, "replaced": command.replaced}
    lines = [*(case.variables.get("corrections") or ()), line]
    tx.run(SetVariables(instance_id=case.id, variables={"corrections": lines}, reason="unmerge"))
    text = "档案合并已撤销：合并期间曾混有另一人的资料，请复核分级；颜色不自动改变"
    raised = [*(case.variables.get("raised_by") or ()), {"code": FINDING, "level": "warn", "text": text}]
    tx.run(PublishMessage(name=TOLD, key=pregnancy_id, payload={"findings": raised}, ttl=timedelta(0)))
