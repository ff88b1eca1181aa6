"""The peer-owned part of a write: which id each entry gets, who may change it, what is stored.

Sending again finds what is there: by the condition given, and for the same content from the same sender about the same
patient also without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

from fhir_adapters import deaths, outside
from fhir_adapters.correlation import Correlated, Episodes, correlate, named_mother
from fhir_adapters.entries import Entry, conditions
from fhir_adapters.issues import FhirError, Issue, not_found
from fhir_adapters.labels import labelled
from fhir_adapters.references import Links, links_of, rewritten
from fhir_adapters.store import many, merging, resources
from fhir_adapters.store.resources import Draft
from fhir_adapters.store.texts import split
from fhir_adapters.terminology import is_identity, same_system
from fhir_adapters.tolerances import keeping
from fhir_adapters.tolerances.kinds import SNAPSHOT
from fhir_adapters.types import ENGINE_OWNED, PEOPLE_FREE, is_referral, patient_of
from fhir_adapters.work import Item, Json, Work, refuse_at


def assign(work: Work, entries: list[Entry]) -> None:
    """Give every entry its id and resolve every reference. Raises FhirError; nothing is written yet but claims."""
    _refuse_same_identity_twice(entries)
    resolved: dict[str, str] = {}
    items: dict[int, Item] = {}
    links = [links_of(entry.resource) for entry in entries]
    outside.refuse_conditions(work, entries, links)
    for number, entry in enumerate(entries):
        if entry.method in ("PUT", "DELETE", "GET"):
            items[number] = _existing(work, entry)
            if entry.full_url:
                resolved[entry.full_url] = items[number].reference
    waiting = sorted(
        (n for n, e in enumerate(entries) if e.method == "POST"), key=lambda n: (not entries[n].if_none_exist, n)
    )
    said = _said_before(work, entries, links)
    while waiting:
        number = next((n for n in waiting if links[n].urns <= resolved.keys()), waiting[0])
        waiting.remove(number)
        items[number] = item = _new(work, entries[number], links[number], resolved, said.get(number, UNASKED))
        if entries[number].full_url:
            resolved[str(entries[number].full_url)] = item.reference
    work.items = [items[number] for number in range(len(entries))]
    _refuse_two_changes_of_one(work.items)
    for item, its in zip(work.items, links):
        if item.entry.resource is not None and not item.found:
            item.resource = _linked(work, item.entry, its, resolved, item.id)
            item.patient_id = patient_of(item.resource)


def _refuse_same_identity_twice(entries: list[Entry]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for entry in entries:
        for identifier in (entry.resource or {}).get("identifier", ()) if entry.method == "POST" else ():
            system, value = (
                identifier.get("system"),
                identifier.get("value") if isinstance(identifier, Mapping) else None,
            )
            if not system or not value or not is_identity(same_system(system)):
                continue
            key = (entry.type, same_system(system), value.strip().upper())
            if key in seen:
                text = "同一事务中两个条目具有相同身份标识", "two entries of one transaction have the same identity"
                raise refuse_at(400, f"{entry.at}.identifier", "duplicate", "MCH-B-003", *text)
            seen.add(key)


def _refuse_two_changes_of_one(items: list[Item]) -> None:
    """Which of the two would stand is nobody's guess."""
    seen: set[str] = set()
    for item in items:
        if item.entry.method in ("PUT", "DELETE"):
            if item.reference in seen:
                text = "同一事务两次改变同一资源", "one transaction changes the same resource twice"
                raise refuse_at(400, item.entry.at, "duplicate", "MCH-B-003", *text)
            seen.add(item.reference)


def _existing(work: Work, entry: Entry) -> Item:
    if entry.id is not None:
        return Item(entry=entry, id=entry.id)
    if entry.method == "GET":
        return Item(entry=entry, id="")
    if entry.method == "DELETE":
        return Item(entry=entry, id=visible_match(work, entry))
    found = _matches(work, entry, entry.query)
    if found and _is_mistaken(work, entry, found[0]):
        return _somebody_else(work, entry, found[0], str(uuid4()), found=False)
    return Item(entry=entry, id=found[0] if found else (entry.resource or {}).get("id") or str(uuid4()))


def _somebody_else(work: Work, entry: Entry, mistaken_for: str, id_: str, *, found: bool) -> Item:
    """Who bears a number that leads to another: the one that was told apart before, else a new one."""
    query = entry.if_none_exist or entry.query
    others = resources.with_identifier(work.asked, work.region_id, entry.type, [_identifier(entry, query)])
    known = next((o for o in others if o != mistaken_for and not _is_mistaken(work, entry, o)), None)
    if known is not None:
        return Item(entry=entry, id=known, found=found)
    return Item(entry=entry, id=id_, status=201, mistaken_for=mistaken_for)


def _is_mistaken(work: Work, entry: Entry, found: str) -> bool:
    return entry.type == "Patient" and keeping.is_mistaken(work, entry.resource or {}, found)


UNASKED = "?"  # no id of a resource: whether the same was said before is still to be asked


def _said_before(work: Work, entries: list[Entry], links: list[Links]) -> dict[int, str | None]:
    """Of the creates that refer to nothing in this request: which resource says exactly that already. One question for
    all of them."""
    asked: dict[int, tuple[str, str, str]] = {}
    for number, entry in enumerate(entries):
        is_plain = entry.method == "POST" and not entry.if_none_exist and entry.type not in ENGINE_OWNED
        if is_plain and len(entries) > 1 and not links[number].urns and not links[number].conditionals:
            key = _content(dict(entry.resource or {}))
            if key is not None:
                asked[number] = key
    found = many.same_of(work.asked, work.region_id, work.viewer.source, sorted(set(asked.values())))
    return {number: found.get(key) for number, key in asked.items()}


def _new(work: Work, entry: Entry, links: Links, resolved: Mapping[str, str], said: str | None) -> Item:
    """A create: what is there already by the condition or by its content, else a new id."""
    id_ = str(uuid4())
    if entry.if_none_exist:
        holder = _claim(work, entry, id_)
        found = [holder] if holder else _matches(work, entry, entry.if_none_exist)
        if found and _is_mistaken(work, entry, found[0]):
            return _somebody_else(work, entry, found[0], id_, found=True)
        if found:
            return Item(entry=entry, id=found[0], found=True)
    elif entry.type == "Patient" and SNAPSHOT in work.viewer.tolerances:
        same = _same_patient(work, entry)
        if same:
            return Item(entry=entry, id=same, found=True)
    elif links.urns <= resolved.keys() and entry.type not in ENGINE_OWNED:
        same = said if said != UNASKED else _same_content(work, _linked(work, entry, links, resolved, id_))
        if same:
            return Item(entry=entry, id=same, found=True)
    return Item(entry=entry, id=id_, status=201)


def _claim(work: Work, entry: Entry, id_: str) -> str | None:
    """Take the identity in the condition; who comes second waits for the first and then finds hers."""
    system, value = _identifier(entry, entry.if_none_exist or ())
    holder = resources.claim(work.asked, work.region_id, entry.type, system, value, id_)
    is_live = holder is not None and resources.current(work.asked, work.region_id, entry.type, holder) is not None
    return holder if is_live else None


def _identifier(entry: Entry, query: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The one condition that we take: `identifier=system|value`."""
    if len(query) == 1 and query[0][0] == "identifier" and "|" in query[0][1]:
        system, _, value = query[0][1].partition("|")
        if system and value.strip():
            return same_system(system), value.strip().upper()
    text = "条件应为 identifier=system|value", "the condition must be identifier=system|value"
    raise refuse_at(400, entry.at, "not-supported", "MCH-C-003", *text)


def _matches(work: Work, entry: Entry, query: tuple[tuple[str, str], ...]) -> list[str]:
    system, value = _identifier(entry, query)
    found = resources.with_identifier(work.asked, work.region_id, entry.type, [(system, value)])
    return _at_most_one(entry, found)


def visible_match(work: Work, entry: Entry) -> str:
    """The resource that a conditional delete or patch means. What the caller may not know of is not there."""
    found = resources.with_identifier(work.asked, work.region_id, entry.type, [_identifier(entry, entry.query)])
    letter, key = outside.LETTER[entry.method], (work.asked, work.region_id, entry.type)
    seen = [id_ for id_ in found if resources.read(*key, id_, work.viewer, letters=letter)]
    if not seen:
        raise not_found(entry.at)
    return _at_most_one(entry, seen)[0]


def _at_most_one(entry: Entry, found: list[str]) -> list[str]:
    if len(found) > 1:
        text = "条件匹配多个资源", "the condition matches several resources"
        raise refuse_at(412, entry.at, "multiple-matches", "MCH-C-004", *text)
    return found


def _same_patient(work: Work, entry: Entry) -> str | None:
    """The Patient that this sender described with the same words and numbers before."""
    said = split(labelled({**(entry.resource or {}), "id": "same"})).content_hash
    for one in (entry.resource or {}).get("identifier", ()):
        system, value = same_system(str(one.get("system"))), one.get("value")
        if not value or not is_identity(system):
            continue
        for id_ in resources.with_identifier(work.asked, work.region_id, "Patient", [(system, value)]):
            found = resources.read(work.asked, work.region_id, "Patient", id_, work.viewer)
            if found is None or found[0].source != work.viewer.source:
                continue
            if split({**found[0].resource(), "id": "same"}).content_hash == said:
                return id_
    return None


def _same_content(work: Work, resource: Json) -> str | None:
    key = _content(resource)
    if key is None:
        return None
    type_, patient_id, digest = key
    return resources.same(work.asked, work.region_id, type_, patient_id, work.viewer.source, digest)


def _content(resource: Json) -> tuple[str, str, str] | None:
    """Type, patient and what is said; None where repeating it is no repetition."""
    patient_id = patient_of(resource) if resource["resourceType"] != "Patient" else None
    if patient_id is None:
        return None
    return resource["resourceType"], patient_id, split(labelled(resource)).content_hash


def _linked(work: Work, entry: Entry, links: Links, resolved: Mapping[str, str], id_: str) -> Json:
    """The resource with its id and with references that can be followed."""
    assert entry.resource is not None
    if not links.conditionals and not links.leads_to(resolved.keys()):
        return {**entry.resource, "id": id_}
    asked = {text: _conditional(work, entry, text) for text in links.conditionals}

    def change(text: str) -> str:
        return resolved.get(text) or asked.get(text) or text

    return {**rewritten(entry.resource, change), "id": id_}


def _conditional(work: Work, entry: Entry, text: str) -> str:
    type_, _, query = text.partition("?")
    probe = Entry(method="GET", type=type_, at=entry.at)
    found = _matches(work, probe, conditions(query))
    if not found:
        words = "条件引用没有匹配的资源", "a conditional reference matches nothing"
        raise refuse_at(412, entry.at, "not-found", "MCH-B-010", *words)
    return f"{type_}/{found[0]}"


def permit(work: Work) -> None:
    """Raises FhirError with everything that this caller may not do: foreign resources, stale versions, unknown
    patients."""
    outside.refuse_items(work)
    seen = {item.id for item in work.items if item.entry.type == "Patient"}
    locked = sorted((i for i in work.items if i.entry.method in ("PUT", "DELETE")), key=lambda i: i.reference)
    for item in locked:
        if item.entry.type not in ENGINE_OWNED:
            _permit_change(work, item)
    issues = [issue for item in work.items if item.resource is not None for issue in _ownership(item)]
    issues += [issue for item in work.items for issue in _patient(work, item, seen)]
    if issues:
        raise FhirError(422, issues)


def _permit_change(work: Work, item: Item) -> None:
    head = resources.lock(work.asked, work.region_id, item.entry.type, item.id)
    if head is None:
        if item.entry.method == "DELETE":
            raise not_found(item.entry.at)
        if item.entry.if_match is not None:
            raise _stale(item, None)
        item.status = 201
        return
    letter = outside.LETTER[item.entry.method]
    found = resources.read(work.asked, work.region_id, item.entry.type, item.id, work.viewer, letters=letter)
    if found is None:
        raise not_found(item.entry.at)
    if item.entry.type == "Patient" and not found[0].deleted:
        item.before = found[0].resource()
    if head.owner != work.viewer.source:
        text = "只能修改本系统创建的资源", "only the system that created a resource may change it"
        raise refuse_at(403, item.entry.at, "forbidden", "MCH-O-002", *text)
    if item.entry.if_match is not None and item.entry.if_match != head.version:
        raise _stale(item, head.version)


def _stale(item: Item, version: int | None) -> FhirError:
    etag = f'W/"{version}"' if version is not None else None
    text = "资源已有新版本，请重新读取", "a newer version is stored, read it again"
    return refuse_at(412, item.entry.at, "conflict", "MCH-C-002", *text, etag=etag)


def _ownership(item: Item) -> Iterator[Issue]:
    is_told = item.entry.type == "Task" and (item.entry.method == "PUT" or is_referral(item.resource or {}))
    if item.entry.type in ENGINE_OWNED and not is_told:
        yield Issue(
            type="business-rule",
            code="MCH-O-001",
            zh="此类资源由流程引擎维护",
            en="resources of this type are kept by the engine",
            expression=item.entry.at,
        )


def _patient(work: Work, item: Item, seen: set[str]) -> Iterator[Issue]:
    """The patient must be one that the caller may know of: an unknown and a foreign one get the same answer. `seen`:
    those of whom that is known already."""
    patient_id = item.patient_id
    if item.entry.type == "Patient" or patient_id is None or patient_id in seen or item.entry.type in ENGINE_OWNED:
        return
    if resources.read(work.asked, work.region_id, "Patient", patient_id, work.viewer, letters=None) is not None:
        seen.add(patient_id)
    else:
        yield Issue(
            type="not-found",
            code="MCH-V-0301",
            zh="引用的患者不存在",
            en="the patient that is referred to does not exist",
            expression=item.entry.at,
        )


def store(work: Work) -> None:
    """Write what is new, under the cases it belongs to."""
    writable = [item for item in work.items if item.resource is not None and item.entry.type not in ENGINE_OWNED]
    _open_areas(work, writable)
    deaths.keep(work, writable)
    drafts, known = [], Episodes()
    for item in writable:
        assert item.resource is not None
        item.resource = labelled(item.resource)
        if item.entry.type not in ("Patient", "RelatedPerson", *PEOPLE_FREE):
            found = _case_of(work, item, known)
            if found.result == "none" and _now_another(work, item):
                found = _case_of(work, item, known)
            item.correlated = item.correlated if found.result == "none" else found
        drafts.append(Draft(resource=item.resource, episode_id=item.correlated.episode_id))
    for episodes in known.values():
        work.women.update((episode["id"], patient_of(episode)) for episode in episodes)
    saved = resources.save(work.asked, work.region_id, work.now, work.viewer.source, drafts)
    by_reference = {f"{one.type}/{one.id}": one for one in saved}
    for item in writable:
        item.saved = by_reference[item.reference]
    keeping.keep(work)
    deaths.ask(work, writable)
    for item in work.items:
        if item.entry.method == "DELETE" and item.entry.type not in ENGINE_OWNED:
            _delete(work, item)


def _now_another(work: Work, item: Item) -> bool:
    """Whether it is about a record that became another: then it is filed under that one."""
    old = item.patient_id
    became = merging.survivor_of(work.asked, work.region_id, merging.PATIENT, old) if old else None
    if became is None:
        return False
    item.resource = rewritten(item.resource, lambda text: f"Patient/{became}" if text == f"Patient/{old}" else text)
    item.patient_id = became
    sent_for = merging.Part(type=item.entry.type, id=item.id, patient_id=str(old), episode_id=None, came_later=True)
    merging.keep_part(work.asked, work.region_id, str(old), sent_for)
    return True


def _case_of(work: Work, item: Item, known: Episodes) -> Correlated:
    assert item.resource is not None
    if work.opening is not None and item.patient_id == work.opening.patient_id:
        return Correlated("case", work.opening.pregnancy_id)
    return correlate(work.asked, work.region_id, item.resource, item.patient_id, known)


def _open_areas(work: Work, items: list[Item]) -> None:
    """A patient is known to those who bring her; a child to those who know the mother."""
    for item in work.items:
        if item.entry.type == "Patient" and item.entry.method in ("POST", "PUT"):
            resources.add_area(work.asked, work.region_id, item.id, {o for o in [work.by.organisation] if o})
    for item in items:
        if item.entry.type == "RelatedPerson" and item.resource is not None and item.patient_id:
            mother = named_mother(work.asked, work.region_id, item.resource)
            if mother:
                resources.share_area(work.asked, work.region_id, mother, item.patient_id)


def _delete(work: Work, item: Item) -> None:
    stored = resources.current(work.asked, work.region_id, item.entry.type, item.id)
    if stored is None:
        item.status = 204
        return
    draft = Draft(resource=stored.resource(), deleted=True)
    item.saved = resources.save(work.asked, work.region_id, work.now, work.viewer.source, [draft])[0]
    resources.release(work.asked, work.region_id, item.entry.type, item.id)
    item.status = 204
