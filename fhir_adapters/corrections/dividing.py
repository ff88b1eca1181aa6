"""What was added to one record while two women stood under it: whose it is. Pure. By who it was entered for, else by
who entered it; what neither tells is asked of a person, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import Fault, Incorrect, Text
from fhir_adapters.store.merging import Came, Merge
from fhir_adapters.terminology import ACCOUNT
from fhir_adapters.types import ENGINE_OWNED, labels_of

STAYS, GOES = "survivor", "replaced"
OF_THE_PATH = frozenset(ENGINE_OWNED)  # stay with their own case
VISIT = "visit-"  # the Encounter of a visit is named after its form


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """One entry with what was drawn from it: a form and its results, or one thing that a hospital system sent.
    `belongs`: to which of the two; None where a person must say. `why` of the rules decided."""

    reference: str
    at: datetime
    by: str
    organisation: str | None
    belongs: str | None
    why: str
    members: tuple[Came, ...]

    @property
    def labels(self) -> frozenset[str]:
        """What of it is not everybody's to know."""
        return frozenset(label for one in self.members for label in labels_of(one.stored.resource()))


def divided(
    merge: Merge, came: Iterable[Came], sent_for_old: frozenset[str], organisation_of: Callable[[str], str | None]
) -> list[Added]:
    """Oldest first. `sent_for_old`: what a hospital system sent for the old id."""
    groups: dict[str, list[Came]] = {}
    for one in came:
        if one.stored.type not in OF_THE_PATH:
            groups.setdefault(_root(one), []).append(one)
    return [_added(merge, root, members, sent_for_old, organisation_of) for root, members in groups.items()]


def decide(added: Sequence[Added], said: Mapping[str, str], *, must: bool) -> dict[str, str]:
    """By the reference of each: whose it is. Raises Incorrect at each that nobody has decided, where one `must`; else
    those stay where they are."""
    known = {one.reference: one.belongs for one in added}
    faults = [
        Fault(path=f"belongs.{reference}", message=Text(zh="没有这份待归属的资料", en="nothing of this name is asked"))
        for reference, whose in said.items()
        if reference not in known or known[reference] is not None or whose not in (STAYS, GOES)
    ]
    if must:
        open_ones = [reference for reference, whose in known.items() if whose is None and reference not in said]
        text = Text(zh="请选择这份资料属于谁", en="say whose this is")
        faults += [Fault(path=f"belongs.{reference}", message=text) for reference in open_ones]
    if faults:
        raise Incorrect("合并期间的资料尚未分清", "not everything is divided", code="correction", faults=faults)
    return {reference: whose or said.get(reference) or STAYS for reference, whose in known.items()}


def whose_case(merge: Merge, pregnancy_id: str) -> str:
    """Of which of the two this pregnancy was before."""
    return GOES if merge.before["cases"].get(merge.replaced_id) == pregnancy_id else STAYS


def _root(one: Came) -> str:
    resource = one.stored.resource()
    for source in resource.get("derivedFrom", ()):
        reference = str(source.get("reference", ""))
        if reference.startswith("QuestionnaireResponse/"):
            return reference
    if one.stored.type == "Encounter" and one.stored.id.startswith(VISIT):
        return f"QuestionnaireResponse/{one.stored.id.removeprefix(VISIT)}"
    return f"{one.stored.type}/{one.stored.id}"


def _added(
    merge: Merge, root: str, members: list[Came], sent_for_old: frozenset[str], organisation_of: Callable[[str], Any]
) -> Added:
    first = next((one for one in members if f"{one.stored.type}/{one.stored.id}" == root), members[0])
    by = first.stored.source if first.stored.source.startswith("client:") else _account(first.stored.resource())
    organisation = organisation_of(by) if by else None
    belongs, why = _whose(merge, members, sent_for_old, organisation)
    return Added(
        reference=root, at=first.at, by=by, organisation=organisation, belongs=belongs, why=why, members=tuple(members)
    )


def _whose(
    merge: Merge, members: list[Came], sent_for_old: frozenset[str], organisation: str | None
) -> tuple[str | None, str]:
    tells = {f'"Patient/{merge.replaced_id}"': GOES}
    if merge.closed is not None:
        tells[f'"EpisodeOfCare/{merge.closed}"'] = whose_case(merge, merge.closed)
    named = {whose for text, whose in tells.items() for one in members if text in one.as_entered}
    if any(f"{one.stored.type}/{one.stored.id}" in sent_for_old for one in members):
        named.add(GOES)
    if named:
        return (named.pop(), "named") if len(named) == 1 else (None, "asked")
    care = merge.before.get("care", {})
    near = {whose: organisation in care.get(id_, ()) for whose, id_ in _ids(merge)}
    if near[STAYS] != near[GOES]:
        return (STAYS if near[STAYS] else GOES), "organisation"
    return None, "asked"


def _ids(merge: Merge) -> tuple[tuple[str, str], tuple[str, str]]:
    return (STAYS, merge.survivor_id), (GOES, merge.replaced_id)


def _account(resource: Mapping[str, Any]) -> str:
    """Who entered it here."""
    people = [resource.get("author"), *resource.get("performer", ())]
    for participant in resource.get("participant", ()):
        people.append(participant.get("individual"))
    for person in people:
        identifier = (person or {}).get("identifier", {}) if isinstance(person, Mapping) else {}
        if identifier.get("system") == ACCOUNT:
            return str(identifier.get("value", ""))
    return ""
