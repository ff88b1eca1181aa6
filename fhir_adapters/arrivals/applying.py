"""An arrival that was read becomes resources, in one transaction with what is noted of it; or nothing, and it waits for
a person. The way of its resources is that of every FHIR write: `bundles.apply`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from engine.errors import Conflict, NotFound
from fhir_adapters import bundles
from fhir_adapters.access import Viewer
from fhir_adapters.arrivals.model import SUBJECT, Original, Problem, Reading, Subject, refused
from fhir_adapters.arrivals.stays import at, merged
from fhir_adapters.correlation import mother_of, of_patient
from fhir_adapters.entries import Entry
from fhir_adapters.mappings import newborn
from fhir_adapters.references import references_in, rewritten
from fhir_adapters.store import arrivals, came, resources
from fhir_adapters.terminology import ID_CARD, same_system
from fhir_adapters.types import patient_of
from fhir_adapters.work import Work

DOCUMENTS = UUID("0b6d6f0e-6f0d-4b55-9a0c-3e2d8a5f7c21")  # the space in which ids of documents that came are made
DATED = ("Encounter", "Appointment")  # of what no element says when it was said
NEWS = "news/"  # of a stay or appointment: the mark is when the last was said of it
FINAL = frozenset({"understood", "corrected", "discarded"})
IDENTITY = {"name": ("姓名", "name"), "birthDate": ("出生日期", "birth date"), "phone": ("电话", "phone")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyArrival:
    """Answers how it stands. One that was settled before is answered as it was. Raises NotUnderstood, FhirError."""

    arrival_id: UUID
    reading: Reading
    viewer: Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTrouble:
    """It cannot be taken: where and why, for a person and for the sender's answer."""

    arrival_id: UUID
    kind: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleArrival:
    """A person puts it aside, or has sent a corrected copy on its way. Raises NotFound, Conflict."""

    arrival_id: UUID
    state: str  # discarded | corrected
    reason: str


def handlers(services: Callable[[], Any]) -> dict[type, Any]:
    def apply(command: ApplyArrival, tx: Any) -> arrivals.Outcome:
        held = _held(tx, command.arrival_id)
        if held.state not in FINAL:
            _apply(Work(tx=tx, services=services(), viewer=command.viewer, by=tx.by), command)
        return _held(tx, command.arrival_id)

    return {ApplyArrival: apply, NoteTrouble: _note, SettleArrival: _settle}


def _held(tx: Any, arrival_id: UUID) -> arrivals.Outcome:
    found = arrivals.outcome(tx.conn, tx.region_id, arrival_id, held=True)
    if found is None:
        raise NotFound("没有此消息", "no such arrival")
    return found


def _note(command: NoteTrouble, tx: Any) -> arrivals.Outcome:
    held = _held(tx, command.arrival_id)
    if held.state not in FINAL:
        told = [problem.as_json() for problem in command.problems]
        kind = command.kind or held.kind
        state = "not-understood"
        arrivals.settle(tx.conn, tx.region_id, command.arrival_id, state, kind=kind, now=tx.now, problems=told)
    return _held(tx, command.arrival_id)


def _settle(command: SettleArrival, tx: Any) -> arrivals.Outcome:
    held = _held(tx, command.arrival_id)
    if held.state not in ("not-understood", "waiting"):
        raise Conflict("此消息已处理", "this arrival is settled already")
    arrivals.settle(
        tx.conn, tx.region_id, command.arrival_id, command.state, kind=held.kind, now=tx.now,
        problems=held.problems, became=held.became, by=tx.by.id, reason=command.reason,
    )  # fmt: skip
    return _held(tx, command.arrival_id)


def _apply(work: Work, command: ApplyArrival) -> None:
    reading, subject = command.reading, command.reading.subject
    entries = list(reading.entries)
    became: list[str] = []
    known: str | None = None
    asked = False
    if subject is not None:
        known = _whose(work, subject, reading.became_another)
        if known is not None:
            asked = _compare(work, command, subject, known)
            entries = _known_children(work, entries, known)
        if entries:
            entries.insert(0, _patient_entry(work, subject, known))
    if not reading.is_as_sent:
        entries = [kept for entry in entries if (kept := _newer(work, entry, known, reading)) is not None]
    if entries:
        bundles.apply(work, bundles.ApplyBundle(entries=tuple(entries), viewer=command.viewer))
        known = known or next((i.id for i in work.items if i.entry.full_url == SUBJECT), None)
        became = [f"{i.entry.type}/{i.id}" for i in work.items if i.id and not (i.found and i.entry.type == "Patient")]
    if subject is not None and known is not None:
        _know_her_by(work, subject, known)
        became = became or [f"Patient/{known}"]
    if subject is not None and known is not None and reading.became_another:
        asked = _merge(work, command, known) or asked
    if reading.original is not None and known is not None:
        became.append(f"DocumentReference/{_keep(work, reading.original, known)}")
    _ask_for_codes(work, command)
    arrivals.settle(
        work.conn, work.region_id, command.arrival_id, "understood", kind=reading.kind, now=work.now, became=became,
        notes=[note.as_json() for note in _notes(work, reading, asked)],
    )  # fmt: skip


def _keep(work: Work, original: Original, patient_id: str) -> UUID:
    """As it came. The same bytes again are the same document."""
    told = asdict(original)
    name = "\x1f".join((work.region_id, work.viewer.source, original.number, sha256(original.body).hexdigest()))
    id_ = uuid5(DOCUMENTS, name)
    kept = came.Came(id=id_, patient_id=patient_id, owner=work.viewer.source, created_at=work.now, **told)
    came.add(work.conn, work.region_id, kept)
    return id_


def _notes(work: Work, reading: Reading, asked: bool) -> Iterator[Problem]:
    """Of news of a stay, an appointment or who she is: why it changes nothing for her, if so."""
    told = [entry for entry in reading.entries if entry.type in DATED]
    is_about_her = reading.subject is not None and reading.subject.renames
    if reading.is_as_sent or not (told or is_about_her):
        return
    stored = [i for i in work.items if i.entry.type in DATED and i.saved is not None and i.saved.changed]
    if not stored:
        if not asked:
            yield Problem(
                code="MCH-I-201", zh="所述已知或已过时，没有改变什么", en="known or out of date: nothing changed"
            )
    elif all(item.correlated.result == "none" for item in stored):
        yield Problem(code="MCH-I-202", zh="已存入，她没有在管的个案", en="stored; she has no case here")
    elif not arrivals.have_effect(work.conn, work.region_id, [i.saved for i in stored if i.saved is not None]):
        yield Problem(code="MCH-I-200", zh="已存入，对流程没有作用", en="stored; it has no effect on her pathway")


def _whose(work: Work, subject: Subject, former: tuple[tuple[str, str], ...]) -> str | None:
    """The one patient whom these numbers name. Never a guess: numbers of two people are a question for a person."""
    found = arrivals.patients_with(work.conn, work.region_id, [(same_system(s), v) for s, v in subject.identities])
    if not found and former:
        found = arrivals.patients_with(work.conn, work.region_id, former)  # she got another number: the same record
    if len(found) > 1:
        zh, en = "号码分属不同的人，请核对身份", "the numbers belong to different people: check who she is"
        raise refused(subject.at, "MCH-I-101", zh, en)
    return found[0] if found else None


def _compare(work: Work, command: ApplyArrival, subject: Subject, known: str) -> bool:
    """Whether a person is asked about what the hospital says of her that we have otherwise. A card number leaves no
    doubt; any other number does."""
    stored = resources.current(work.conn, work.region_id, "Patient", known)
    assert stored is not None
    said, has = _person(subject.patient), _person(stored.resource())
    differs = [name for name in IDENTITY if said.get(name) and has.get(name) and said[name] != has[name]]
    added = [name for name in IDENTITY if said.get(name) and not has.get(name)] if subject.renames else []
    by_card = any(same_system(s) == ID_CARD for s, _ in subject.identities)
    doubted = [name for name in differs if name == "birthDate" or (name == "name" and not by_card)]
    if doubted and not subject.renames:
        zh, en = "、".join(IDENTITY[n][0] for n in doubted), ", ".join(IDENTITY[n][1] for n in doubted)
        zh, en = f"号码相同而{zh}不同，请核对身份", f"the same number with another {en}: check who she is"
        raise refused(subject.at, "MCH-I-102", zh, en)
    if differs or added:
        zh = "、".join(IDENTITY[n][0] for n in (*differs, *added))
        en = ", ".join(IDENTITY[n][1] for n in (*differs, *added))
        reason = f"医院登记的{zh}不同，请核对 / the hospital has another {en}"
        _propose(work, command, "identity-differs", reason, known)
    return bool(differs or added)


def _person(patient: Mapping[str, Any]) -> dict[str, str]:
    name = next((n.get("text") for n in patient.get("name", ()) if n.get("text")), "")
    phone = next((t.get("value") for t in patient.get("telecom", ()) if t.get("system") == "phone"), "")
    return {"name": str(name).replace(" ", ""), "birthDate": str(patient.get("birthDate") or ""), "phone": str(phone)}


def _patient_entry(work: Work, subject: Subject, known: str | None) -> Entry:
    """Found by a number that leads to her, else made."""
    if known is not None:
        _know_her_by(work, subject, known)
    system, value = subject.identities[0]
    for one in subject.identities if known is not None else ():
        if known in arrivals.patients_with(work.conn, work.region_id, [(same_system(one[0]), one[1])]):
            system, value = one
            break
    condition = (("identifier", f"{system}|{value}"),)
    return Entry(
        method="POST",
        type="Patient",
        resource=subject.patient,
        full_url=SUBJECT,
        if_none_exist=condition,
        at=subject.at,
    )


def _known_children(work: Work, entries: list[Entry], mother: str) -> list[Entry]:
    """Children whom the ward has recorded already keep that record: what is told of them is told of it."""
    told = [entry for entry in entries if entry.type == "Patient" and entry.if_none_exist]
    case = of_patient(work.asked, work.region_id, mother, work.now).episode_id if told else None
    known: dict[str, str] = {}
    for entry in told if case else ():
        order = (entry.resource or {}).get("multipleBirthInteger", 1)
        id_ = newborn.id_of(str(case), order)
        system, _, value = (entry.if_none_exist or (("", ""),))[0][1].partition("|")
        is_here = bool(resources.with_identifier(work.asked, work.region_id, "Patient", [(system, value)]))
        if not is_here and resources.current(work.asked, work.region_id, "Patient", id_) is not None:
            known[str(entry.full_url)] = f"Patient/{id_}"
    return [_about_known(entry, known) for entry in entries if not _is_record_of(entry, known)]


def _about_known(entry: Entry, known: Mapping[str, str]) -> Entry:
    return replace(entry, resource=rewritten(entry.resource, lambda text: known.get(text, text))) if known else entry


def _is_record_of(entry: Entry, known: Mapping[str, str]) -> bool:
    """The Patient of one of these, or who its mother is."""
    whose = (entry.resource or {}).get("patient", {}).get("reference")
    return entry.full_url in known or (entry.type == "RelatedPerson" and whose in known)


def _know_her_by(work: Work, subject: Subject, patient_id: str) -> None:
    """From now on each of these numbers leads to her."""
    for system, value in subject.identities:
        resources.claim(work.asked, work.region_id, "Patient", same_system(system), value.strip().upper(), patient_id)


def _newer(work: Work, entry: Entry, known: str | None, reading: Reading) -> Entry | None:
    """The entry as it stands after what came before it, which may have been said later. None: it is out of date."""
    if entry.method != "PUT" or not entry.query or entry.resource is None:
        return entry
    is_late = entry.type in DATED and _is_late(work, entry, reading.told_at)
    system, _, value = entry.query[0][1].partition("|")
    found = resources.with_identifier(work.asked, work.region_id, entry.type, [(system, value)])
    stored = resources.current(work.asked, work.region_id, entry.type, found[0]) if len(found) == 1 else None
    if stored is None:
        if entry.resource.get("status") == "entered-in-error":
            return None  # what was never sent is withdrawn: nothing is to be done
        return entry
    before = stored.resource()
    _require_same_subject(work, entry, before, known)
    if entry.type == "Encounter":
        stay = merged(entry.resource, before, is_late=is_late, takes_back=reading.takes_back)
        return replace(entry, resource=stay)
    if is_late:
        return None
    said, had = at(entry.resource.get("issued")), at(before.get("issued"))
    if said is not None and had is not None and said < had:
        return None
    return entry


def _require_same_subject(work: Work, entry: Entry, before: Mapping[str, Any], known: str | None) -> None:
    """A number that is used again for somebody else is a question, not a change of what was said of the first."""
    whose = patient_of(before)
    if SUBJECT not in references_in(entry.resource):  # about a child of hers
        whose = mother_of(work.asked, work.region_id, str(whose)) or known
    if whose != known:
        zh, en = "同一单号此前属于另一位患者", "this number belonged to another patient before"
        raise refused(entry.at, "MCH-I-103", zh, en)


def _is_late(work: Work, entry: Entry, told_at: str | None) -> bool:
    """Whether something later was said of this stay or appointment before; from now on this counts as said."""
    client, name = work.viewer.source, f"{NEWS}{entry.type}/{(entry.query or (('', ''),))[0][1]}"
    said, mark = at(told_at), arrivals.mark_of(work.conn, work.region_id, client, name)
    if said is not None:
        arrivals.put_mark(work.conn, work.region_id, client, name, said, work.now)
    return said is not None and mark is not None and said < mark


def _merge(work: Work, command: ApplyArrival, survivor: str) -> bool:
    """Whether there are two records that a hospital holds for one woman's: a person merges them, or does not."""
    former = arrivals.patients_with(work.conn, work.region_id, list(command.reading.became_another))
    others = [one for one in former if one != survivor]
    for one in others:
        reason = "医院要求合并两份档案，请核对 / the hospital asks to merge two records"
        _propose(work, command, "merged-patient", reason, one)
    return bool(others)


def _propose(work: Work, command: ApplyArrival, kind: str, reason: str, patient_id: str) -> None:
    stored = resources.current(work.asked, work.region_id, "Patient", patient_id)
    assert stored is not None
    arrivals.propose(
        work.conn, work.region_id, kind=kind, source=work.viewer.source, reason=reason, at=work.now,
        resource=("Patient", patient_id, stored.version), patient_id=patient_id, arrival_id=command.arrival_id,
    )  # fmt: skip


def _ask_for_codes(work: Work, command: ApplyArrival) -> None:
    for item in work.items:
        code = command.reading.unmapped.get(item.entry.at)
        if code is None or item.saved is None or not item.saved.changed:
            continue
        reason = f"未对照的项目代码或单位 {code} / code or unit not mapped: {code}"
        arrivals.propose(
            work.conn, work.region_id, kind="unmapped-code", source=work.viewer.source, reason=reason, at=work.now,
            resource=arrivals.version_of(item.saved), patient_id=item.patient_id, arrival_id=command.arrival_id,
        )  # fmt: skip
