"""Two records of one woman become one: by a person here, whoever asked for it, a colleague or a hospital system.

One Patient survives and is named by `replaces`, the other says `replaced-by` and carries no document any more. Of two
open pregnancies one goes on, with the results of both; the other is void, and its tasks go with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage, SetVariables, TerminateInstance
from engine.errors import Conflict, Incorrect, NotFound
from engine.store import reads
from fhir_adapters.facts import woman_of
from fhir_adapters.references import rewritten
from fhir_adapters.store import inbound, merging, resources
from fhir_adapters.store.merging import Merge, Part
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.terminology import is_identity, same_system
from fhir_adapters.types import ENGINE_OWNED, patient_of
from workflows import duplicates
from workflows.duplicates import JOURNEY
from workflows.people.visibility import care_in
from workflows.services import Services

VOID = "void"
TOLD = "message_diagnosis_received"
OPEN = ("active", "suspended")
OF_THE_PATH = frozenset(ENGINE_OWNED)  # stay with their own case


@dataclass(frozen=True, kw_only=True)
class MergeWomen:
    """The women of two pregnancies are one. `survivor`: whose record stays, named by her pregnancy; `kept`: which
    pregnancy goes on where both are open."""

    survivor: str
    duplicate: str
    kept: str | None
    reason: str


def now_another(services: Services, pregnancy_id: str) -> str | None:
    """The pregnancy that this one went on in; None where it is its own."""
    with services.engine.read() as conn:
        return merging.survivor_of(conn, services.region_id, merging.PREGNANCY, pregnancy_id)


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    return {MergeWomen: lambda command, tx: _merge(command, tx, services())}


def _merge(command: MergeWomen, tx: Any, services: Services) -> dict[str, Any]:
    conn, region = tx.conn, tx.region_id
    stays, goes = (woman_of(conn, region, one) for one in (command.survivor, command.duplicate))
    if stays is None or goes is None:
        raise NotFound("没有此孕产妇", "no such woman")
    if stays == goes:
        raise Conflict("两份档案已是同一人", "the two records are one already", code="same-woman")
    for one in sorted((stays, goes)):  # one order for everybody: no deadlocks
        resources.lock(conn, region, "Patient", one)
    both = (command.survivor, command.duplicate)
    cases = {one: reads.instance_by_business_key(conn, region, JOURNEY, one) for one in both}
    closed, kept = _which_closes(command, cases)
    running = _instances_of(tx, goes)
    if any(case.status == "suspended" and case.business_key != closed for case in running):
        raise Conflict(
            "该档案的流程已被挂起：请管理员先恢复，再合并",
            "a process of this record is suspended: resume it before the records are merged",
            code="suspended",
        )
    _remember(tx, {stays: command.survivor, goes: command.duplicate}, cases, (closed, kept))
    _patients(tx, stays, goes)
    moved = _resources(tx, stays, goes, closed, kept)
    for case in running:
        if case.status != "active":
            continue
        tx.run(SetVariables(instance_id=case.id, variables={"patient_id": stays}, reason="merge"))
    if closed is not None and kept is not None:
        _close(tx, closed, kept)
        merging.add(conn, region, merging.PREGNANCY, closed, kept, tx.now, tx.by.id)
        _tell_colour(tx, cases, closed, kept)
    merging.add(conn, region, merging.PATIENT, goes, stays, tx.now, tx.by.id)
    going_on = kept or next((one for one, case in cases.items() if case is not None and case.status in OPEN), None)
    if going_on is not None:
        _note(tx, going_on, command, goes)
        for lead in duplicates.leads_of(services, conn, goes):
            tx.run(PublishMessage(name="message_lead_registered", key=lead))
    state = "assigned" if going_on else "dismissed"
    for item in merging.open_questions_about(conn, region, goes):
        inbound.decide(conn, region, item, state=state, episode_id=going_on, by=tx.by.id, now=tx.now)
    return {"survivor": stays, "replaced": goes, "moved": moved, "closed": closed, "kept": going_on}


def _which_closes(command: MergeWomen, cases: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The pregnancy that is void, and the one that goes on; nothing closes while at most one is open."""
    both = [one for one, case in cases.items() if case is not None and case.status in OPEN]
    if len(both) < 2:
        return None, None
    if command.kept not in both:
        raise Incorrect(
            "两次妊娠都在管：请选择保留哪一份", "both pregnancies are open: say which goes on", code="correction"
        )
    return next(one for one in both if one != command.kept), command.kept


def _remember(
    tx: Any, named: Mapping[str, str], cases: Mapping[str, Any], which: tuple[str | None, str | None]
) -> None:
    """What it takes to undo the merge: versions, organisations and instances as they are now. `named`: the pregnancy
    of each woman, who stays first."""
    conn, region = tx.conn, tx.region_id
    stays, goes = named
    heads = {one: resources.current(conn, region, "Patient", one) for one in (stays, goes)}
    running = [*_instances_of(tx, stays), *_instances_of(tx, goes)]
    care = {one: care_in(case.variables) if (case := cases[named[one]]) is not None else () for one in named}
    closed, kept = which
    ending = [one for one in reads.instances(conn, region, business_key=closed) if one.status in OPEN] if closed else []
    before = {
        "known": [
            *(f"{s.type}/{s.id}" for one in named for s in merging.all_of_patient(conn, region, one)),
            *(f"{part.type}/{part.id}" for one in named for part in merging.documents_of(conn, region, one)),
        ],
        "versions": {one: head.version for one, head in heads.items() if head is not None},
        "cases": dict(named),
        "care": {one: sorted(found) for one, found in care.items()},
        "areas": {one: merging.area_of(conn, region, one) for one in (stays, goes)},
        "earlier": {
            merging.PATIENT: merging.merged_into(conn, region, merging.PATIENT, goes),
            merging.PREGNANCY: merging.merged_into(conn, region, merging.PREGNANCY, closed) if closed else [],
        },
        "patients": {str(one.id): str(one.variables.get("patient_id")) for one in running},
        "ended": [str(one.id) for one in ending],
        "stages": {str(one.id): one.variables.get("stage") for one in ending},
    }
    merging.keep(
        conn,
        region,
        Merge(
            id=uuid4(), at=tx.now, by=tx.by.id, survivor_id=stays, replaced_id=goes, closed=closed, kept=kept,
            before=before,
        ),
    )  # fmt: skip


def _patients(tx: Any, stays: str, goes: str) -> None:
    conn, region = tx.conn, tx.region_id
    found = [resources.current(conn, region, "Patient", one) for one in (stays, goes)]
    if found[0] is None or found[1] is None:
        raise NotFound("没有此孕产妇", "no such woman")
    one, other = (stored.resource() for stored in found if stored is not None)
    held = {(same_system(i.get("system", "")), str(i.get("value", "")).upper()) for i in one.get("identifier", ())}
    more = [
        {**i, "use": "old"}
        for i in other.get("identifier", ())
        if is_identity(same_system(i.get("system", "")))
        and (same_system(i["system"]), str(i.get("value", "")).upper()) not in held
    ]
    survivor = {
        **one,
        "identifier": [*one.get("identifier", ()), *more],
        "link": [*_links(one, goes), {"other": {"reference": f"Patient/{goes}"}, "type": "replaces"}],
    }
    replaced = {name: value for name, value in other.items() if name != "identifier"}
    link = {"other": {"reference": f"Patient/{stays}"}, "type": "replaced-by"}
    replaced |= {"active": False, "link": [*_links(other, stays), link]}
    if not survivor["identifier"]:
        del survivor["identifier"]
    drafts = [Draft(resource=survivor), Draft(resource=replaced)]
    resources.save(conn, region, tx.now, ENGINE, drafts, engine_owned=True)
    merging.hand_over_identities(conn, region, goes, stays)
    resources.share_area(conn, region, goes, stays)
    resources.share_area(conn, region, stays, goes)


def _links(patient: Mapping[str, Any], other: str) -> list[Any]:
    return [link for link in patient.get("link", ()) if link.get("other", {}).get("reference") != f"Patient/{other}"]


def _resources(tx: Any, stays: str, goes: str, closed: str | None, kept: str | None) -> int:
    """What is about her is found under who stays; results of the pregnancy that closes go on in the other."""
    conn, region = tx.conn, tx.region_id
    about = merging.all_of_patient(conn, region, goes)
    if closed is not None and woman_of(conn, region, closed) == stays:
        about += merging.all_of_patient(conn, region, stays)
    ours = []
    for stored in about:
        resource = stored.resource()
        by_engine, episode = merging.ownership(conn, region, stored.type, stored.id)
        follows = closed is not None and episode == closed and stored.type not in OF_THE_PATH
        told = {f"Patient/{goes}": f"Patient/{stays}"}
        if follows:
            told[f"EpisodeOfCare/{closed}"] = f"EpisodeOfCare/{kept}"
        changed = rewritten(resource, partial(_now, told))
        filed = kept if follows else episode
        if by_engine and changed != resource:
            ours.append(Draft(resource=changed, episode_id=filed))
        if changed != resource or filed != episode:
            was = Part(
                type=stored.type, id=stored.id, patient_id=patient_of(resource) or goes, episode_id=episode,
                came_later=False,
            )  # fmt: skip
            merging.keep_part(conn, region, goes, was)
            merging.repoint(conn, region, changed, stays, filed)
    resources.save(conn, region, tx.now, ENGINE, ours, engine_owned=True)
    papers = merging.documents_of(conn, region, goes)
    for paper in papers:
        merging.keep_part(conn, region, goes, paper)
        merging.move_document(conn, region, paper.id, stays)
    return len(about) + len(papers)


def _now(told: Mapping[str, str], text: str) -> str:
    return told.get(text, text)


def _instances_of(tx: Any, patient_id: str) -> list[Any]:
    """What has not ended about her."""
    found: dict[Any, Any] = {}
    for stored in resources.of_patient(tx.conn, tx.region_id, patient_id, ("EpisodeOfCare",)):
        found |= {one.id: one for one in reads.instances(tx.conn, tx.region_id, business_key=stored.id)}
    return [one for one in found.values() if one.status in OPEN]


def _close(tx: Any, closed: str, kept: str) -> None:
    """Void, as a person would have closed it, with everything that was still to be done for it."""
    on = tx.now.astimezone(CHINA).date().isoformat()
    for one in reads.instances(tx.conn, tx.region_id, business_key=closed):
        ending: dict[str, Any] = {}
        if one.definition_key == JOURNEY:
            ending = {"end_code": VOID, "ended_on": on, "end_reason": f"重复建册，并入 {kept}", "stage": "closed"}
            ending["merged_into"] = kept
        if one.status in OPEN:
            why = f"duplicate of {kept}"
            tx.run(TerminateInstance(instance_id=one.id, reason=why, variables=ending, reversible=True))


def _tell_colour(tx: Any, cases: Mapping[str, Any], closed: str, kept: str) -> None:
    """A higher colour of the record that closes is never lost: a doctor confirms it in the one that goes on."""
    was, now = dict(cases[closed].variables), dict(cases[kept].variables)
    order = [colour["id"] for colour in (now.get("policy") or {}).get("scheme", {}).get("colours", ())]
    rank = {colour: n for n, colour in enumerate(order)}
    higher = rank.get(str(was.get("colour")), -1) > rank.get(str(now.get("colour")), -1)
    if not higher and not (was.get("purple") is True and now.get("purple") is not True):
        return
    codes = [code for code in was.get("criteria") or () if not str(code).startswith("P")]
    text = f"档案合并：另一份档案的分级较高{'，标准 ' + '、'.join(codes) if codes else ''}；请复核"
    raised = [*(now.get("raised_by") or ()), {"code": "档案合并", "level": "warn", "text": text}]
    tx.run(PublishMessage(name=TOLD, key=kept, payload={"findings": raised}, ttl=timedelta(0)))


def _note(tx: Any, pregnancy_id: str, command: MergeWomen, goes: str) -> None:
    case = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, pregnancy_id)
    if case is None or case.status != "active":
        return
    at = tx.now.astimezone(CHINA).isoformat(timespec="seconds")
    line = {"kind": "merge", "at": at, "by": tx.by.id, "reason": command.reason, "replaced": goes}
    lines = [*(case.variables.get("corrections") or ()), line]
    tx.run(SetVariables(instance_id=case.id, variables={"corrections": lines}, reason="merge"))
