"""What a token with narrowed scopes may not write: neither what lies outside of them nor what would act on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_adapters.entries import Entry
from fhir_adapters.issues import FhirError, Issue, not_found
from fhir_adapters.references import Links, references_in
from fhir_adapters.store import resources
from fhir_adapters.types import ENGINE_OWNED, patient_of
from fhir_adapters.work import Item, Work, refuse_at

LETTER = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
ACTED_ON = ("EpisodeOfCare/", "ServiceRequest/", "Task/")  # naming one of these makes the process do something


def refuse_conditions(work: Work, entries: Iterable[Entry], links: Iterable[Links]) -> None:
    """Raises 403: whether there is something with an identifier tells of what the token may not see."""
    narrowing = work.viewer.narrowing
    for entry, its in zip(entries, links) if narrowing is not None else ():
        asks = bool(entry.if_none_exist) or (entry.method == "PUT" and entry.id is None)
        types = {entry.type} if asks else set()
        types |= {text.partition("?")[0] for text in its.conditionals}
        if narrowing is not None and any(narrowing.parts(type_, "s") is not None for type_ in types):
            text = (
                "令牌的授权范围有限定，不能按条件写入或引用",
                "a narrowed token uses no conditions here",
            )
            raise refuse_at(403, entry.at, "forbidden", "MCH-A-004", *text)


def refuse_items(work: Work) -> None:
    """Raises 403 with every item that is outside, 404 for a change of what is none of the caller's to see."""
    if work.viewer.narrowing is None:
        return
    issues = [issue for item in work.items for issue in _outside(work, item)]
    if issues:
        raise FhirError(403, issues)


def _outside(work: Work, item: Item) -> Iterator[Issue]:
    narrowing, letter = work.viewer.narrowing, LETTER.get(item.entry.method)
    if narrowing is None or letter is None:
        return
    if item.entry.method == "PUT" and item.entry.type in ENGINE_OWNED:
        key = (work.asked, work.region_id, item.entry.type, item.id, work.viewer)
        if resources.read(*key, letters=letter) is None:
            raise not_found(item.entry.at)
    elif item.resource is not None:
        if not narrowing.covers(work.region_id, item.resource, work.now, letter):
            yield _issue(item, "内容不在令牌的授权范围内", "what is sent lies outside of the token's scopes")
    elif item.found:
        stored = resources.current(work.asked, work.region_id, item.entry.type, item.id)
        if stored is None or not work.viewer.sees(work.region_id, stored, "crs"):
            yield _issue(item, "内容不在令牌的授权范围内", "what is sent lies outside of the token's scopes")
    if narrowing.patient_id is not None and any(_is_anothers(work, item, narrowing.patient_id)):
        yield _issue(item, "所引用的任务或个案不属于此患者", "a task or case that is referred to is another patient's")


def _is_anothers(work: Work, item: Item, patient_id: str) -> Iterator[bool]:
    for text in sorted(references_in(item.resource)) if item.resource is not None else ():
        if text.startswith(ACTED_ON):
            type_, id_ = text.partition("/_history/")[0].split("/", 1)
            stored = resources.current(work.asked, work.region_id, type_, id_)
            yield stored is not None and patient_of(stored.resource()) != patient_id


def _issue(item: Item, zh: str, en: str) -> Issue:
    return Issue(type="forbidden", code="MCH-A-002", zh=zh, en=en, expression=item.entry.at)
