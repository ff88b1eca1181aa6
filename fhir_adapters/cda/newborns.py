"""The children of a delivery record (WS/T 500.15, 500.16): who is born, and which entry is about whom.

What is about one child stands together, in a section or organizer of its own. An entry of which that cannot be said is
a question, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.arrivals.model import Json, Subject, Troubles, child
from fhir_adapters.arrivals.values import moment
from fhir_adapters.cda.parsing import Element, every, find, place
from fhir_adapters.entries import Entry
from fhir_adapters.mappings.newborn import LIVE
from fhir_adapters.terminology import BIRTH_TIME, DATA_ELEMENT, NEWBORN, ROLE_CODE, fact_name, is_identity

SEX, BORN, APGAR, INTERVAL = "DE02.01.040.00", "DE02.01.005.01", "DE05.10.001.00", "2.16.156.10011.2.3.2.48"
MINUTES = {"1": "apgar_1", "2": "apgar_5", "3": "apgar_10"}  # of INTERVAL [known]
FACTS = frozenset({"weight_g", "length_cm", "birth_head", "apgar_1", "apgar_5", "apgar_10", "outcome"})
OUTCOMES = {"活产": "live_birth", "死胎": "stillbirth_iufd", "死产": "stillbirth_intrapartum"}
SEXES = {"1": "male", "2": "female", "男": "male", "女": "female", "男性": "male", "女性": "female"}
NAMES = {"male": "之子", "female": "之女"}
_UNITS = ("section", "organizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`unit`: the element in which everything is about this child. `outcome` None: not said."""

    order: int
    unit: Element
    sex: str
    born_at: str | None
    outcome: str | None

    @property
    def has_record(self) -> bool:
        """A Patient of its own: born alive, and when is known. A stillborn child is told of by its mother's facts."""
        return self.born_at is not None and (self.outcome is None or self.outcome in LIVE)


def meaning(element: Element, systems: Mapping[str, str]) -> str | None:
    """What the entry says of a child; the minute of an Apgar score beside it where one code stands for all three."""
    code = find(element, "code")
    if code is None:
        return None
    name, system = code.get("code") or "", systems.get(code.get("codeSystem") or "", "")
    if system == DATA_ELEMENT and name == APGAR:
        values = [v for o in every(element, "observation") if (v := find(o, "value")) is not None]
        minute = next((v.get("code") for v in values if v.get("codeSystem") == INTERVAL), None)
        return MINUTES.get(str(minute))
    if system == DATA_ELEMENT and name in (SEX, BORN):
        return name
    fact = fact_name(system, name)
    return fact if fact in FACTS else None


def children(root: Element, systems: Mapping[str, str], troubles: Troubles) -> list[Child]:
    """In the order of the document."""
    told = [(e, m) for e in every(root, "observation") if (m := meaning(e, systems)) and find(e, "value") is not None]
    counts: dict[str, int] = {}
    for _, name in told:
        counts[name] = counts.get(name, 0) + 1
    if not counts:
        return []
    most = max(counts.values())
    anchor = next(name for name in counts if counts[name] == most)
    units = [_unit(element, anchor, systems) for element, name in told if name == anchor]
    return [_child(order, unit, systems, troubles) for order, unit in enumerate(units, start=1)]


def _unit(element: Element, anchor: str, systems: Mapping[str, str]) -> Element:
    """The widest section or organizer around it that holds no second of its kind."""
    found, at = element, element.getparent()
    while at is not None:
        if sum(meaning(one, systems) == anchor for one in every(at, "observation")) > 1:
            break
        if str(at.tag).rpartition("}")[2] in _UNITS:
            found = at
        at = at.getparent()
    return found


def _child(order: int, unit: Element, systems: Mapping[str, str], troubles: Troubles) -> Child:
    said: dict[str, Element] = {}
    for element in every(unit, "observation"):
        name, value = meaning(element, systems), find(element, "value")
        if name is None or value is None or value.get("nullFlavor"):
            continue
        if name in said:
            zh, en = "同一新生儿的同一项目出现两次", "the same of one child twice"
            troubles.add(place(element), "MCH-I-043", zh, en)
        said[name] = value
    born = said.get(BORN)
    born_at = None
    if born is not None:
        try:
            born_at = moment(born.get("value") or "")
        except ValueError:
            troubles.add(place(born), "MCH-I-021", "不是时间", "no time")
    return Child(
        order=order, unit=unit, sex=_coded(said.get(SEX), SEXES) or "unknown", born_at=born_at,
        outcome=_coded(said.get("outcome"), OUTCOMES),
    )  # fmt: skip


def _coded(value: Any, known: Mapping[str, str]) -> str | None:
    if value is None:
        return None
    return next((known[word] for word in (value.get("code"), value.get("displayName")) if word in known), None)


def child_of(element: Element, born: list[Child], troubles: Troubles) -> Child | None:
    """Whom an entry about a child is about; None, and said so, where that is not told."""
    found = next((one for one in born if one.unit is element or one.unit in list(element.iterancestors())), None)
    if found is None and len(born) == 1:
        return born[0]
    if found is None:
        troubles.add(place(element), "MCH-I-055", "看不出是哪个新生儿的", "it is not told which child this is about")
    return found


def records(born: list[Child], mother: Subject, number: str, system: str) -> list[Entry]:
    """Each child with a record, and its mother. `number`: hers at the hospital, else the document's; with the day it is
    the child's. `system`: of what the hospital's system sends."""
    entries: list[Entry] = []
    name = str((mother.patient.get("name") or [{}])[0].get("text", ""))
    identities = [i for i in mother.patient["identifier"] if is_identity(i["system"])]
    for one in born:
        if not one.has_record:
            continue
        assert one.born_at is not None
        value = f"{number}-{one.born_at[:10].replace('-', '')}-{one.order}"
        at = place(one.unit)
        patient: Json = {
            "resourceType": "Patient",
            "identifier": [{"system": NEWBORN, "value": value}],
            "name": [{"use": "temp", "text": f"{name}{NAMES.get(one.sex, '之婴')}"}],
            "gender": one.sex,
            "birthDate": one.born_at[:10],
            **({"multipleBirthInteger": one.order} if len(born) > 1 else {"multipleBirthBoolean": False}),
            **({"deceasedBoolean": True} if one.outcome == "neonatal_death" else {}),
        }
        if len(one.born_at) > 10:
            patient["_birthDate"] = {"extension": [{"url": BIRTH_TIME, "valueDateTime": one.born_at}]}
        query = (("identifier", f"{NEWBORN}|{value}"),)
        url = child(one.order)
        entries.append(Entry(method="POST", type="Patient", resource=patient, full_url=url, if_none_exist=query, at=at))
        key = f"mother-of/{value}"
        related: Json = {
            "resourceType": "RelatedPerson",
            "identifier": [*identities, {"system": system, "value": key}],
            "patient": {"reference": url},
            "relationship": [{"coding": [{"system": ROLE_CODE, "code": "NMTH", "display": "natural mother"}]}],
        }
        if name:
            related["name"] = [{"text": name}]
        query = (("identifier", f"{system}|{key}"),)
        entries.append(Entry(method="PUT", type="RelatedPerson", query=query, resource=related, at=at))
    return entries
