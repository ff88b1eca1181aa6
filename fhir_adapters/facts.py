"""What is known of a woman, whoever recorded it: the newest final Observation of each kind, read from the
stored resources."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import gt, lt
from threading import Lock
from typing import Any

from engine.clock import CHINA
from engine.store import plain
from fhir_adapters.dates import FIRST, interval
from fhir_adapters.store import resources
from fhir_adapters.terminology import (
    DATA_ELEMENT,
    FETUS_INDEX,
    HANDBOOK,
    ID_CARD,
    LOINC,
    fact_name,
    item_of,
    same_system,
)
from fhir_adapters.types import patient_of
from fhir_adapters.units import UNITLESS, converted, unit_of

FINAL = frozenset({"final", "amended", "corrected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value with the time it is about and the resource that says so."""

    value: Any
    at: datetime
    source: str


Stated = tuple[tuple[str, Fact], ...]  # what one resource says: names of facts, and their values


@dataclass(frozen=True, slots=True)
class Together:
    """What resources say together, in the order in which they were looked at: of each kind the newest, the worst or the
    sum; and the days on which the urine was abnormal. `looked_at`: their ids with the hashes of their contents."""

    looked_at: tuple[tuple[str, str], ...] = ()
    newest: dict[str, Fact] = field(default_factory=dict)
    urine: dict[date, Fact] = field(default_factory=dict)

    def and_also(self, looked_at: tuple[tuple[str, str], ...], stated: Iterable[Stated]) -> Together:
        after = Together(looked_at, dict(self.newest), dict(self.urine))
        for each in stated:
            for name, fact in each:
                after._add(name, fact)
        return after

    def _add(self, name: str, fact: Fact) -> None:
        newest = self.newest
        if name in EXTREMES:
            _keep_worst(newest, name, fact)
        if name in SUMS:
            _add(newest, name, fact)
        if name in URINE and str(fact.value) in POSITIVE:
            self.urine[fact.at.astimezone(CHINA).date()] = fact
        if name not in newest or (newest[name].at, newest[name].source) < (fact.at, fact.source):
            newest[name] = fact


def read_facts(conn: Any, region_id: str, pregnancy_id: str) -> dict[str, Fact]:
    """Fact name (the forms' linkId) to the newest value. What the registration says of the person is in it too."""
    person: dict[str, Fact] = {}
    observations = []
    for head in resources.known_of_her(conn, region_id, pregnancy_id):  # of her alone: her child's weight is not hers
        if head.type == "Patient":
            person = of_person({"id": head.id, **plain.read(head.body or "{}")}, head.updated_at)
        else:
            observations.append(head)
    known = _together(conn, region_id, pregnancy_id, observations)
    facts = {**person, **known.newest}
    if known.urine:
        last = known.urine[max(known.urine)]
        facts[URINE_TIMES] = Fact(value=len(known.urine), at=last.at, source=last.source)
    return facts


def _together(conn: Any, region_id: str, pregnancy_id: str, heads: list[resources.OfHer]) -> Together:
    """What was looked at before in this order is not looked at again: a visit adds to it, and seldom changes any."""
    looked_at = tuple((head.id, head.content_hash) for head in heads)
    before = TOGETHER.of(region_id, pregnancy_id)
    if looked_at[: len(before.looked_at)] != before.looked_at:
        before = Together()
    if looked_at == before.looked_at:
        return before
    stated = _stated(conn, region_id, heads[len(before.looked_at) :])
    after = before.and_also(looked_at, (each for each in stated.values() if each))
    if None not in stated.values():  # else somebody has changed one meanwhile
        TOGETHER.keep(region_id, pregnancy_id, after)
    return after


URINE = frozenset({"urine_protein", "urine_blood"})  # S-6.5: of a clean-catch sample; no form asks for casts and cells
POSITIVE = frozenset({"1+", "2+", "3+", "4+"})  # a trace is not abnormal
URINE_TIMES = "urine_abnormal_times"  # on how many days of this pregnancy


EXTREMES: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {  # a value -> the name of the worst one (D13)
    "plt": ("plt_lowest", lt),
    "creatinine": ("creatinine_highest", gt),
    "bilirubin_total": ("bilirubin_total_highest", gt),
}


def _keep_worst(known: dict[str, Fact], name: str, fact: Fact) -> None:
    worst, is_worse = EXTREMES[name]
    if isinstance(fact.value, int | Decimal) and (worst not in known or is_worse(fact.value, known[worst].value)):
        known[worst] = fact


SUMS: Mapping[str, str] = {"red_cells_u": "red_cells_u_total"}  # each record tells of one time: D13 counts them all


def _add(known: dict[str, Fact], name: str, fact: Fact) -> None:
    """The sum stands as of the newest record that is in it."""
    if not isinstance(fact.value, int | Decimal):
        return
    before = known.get(SUMS[name])
    if before is None:
        known[SUMS[name]] = fact
        return
    newer = max(before, fact, key=lambda one: (one.at, one.source))
    known[SUMS[name]] = Fact(value=before.value + fact.value, at=newer.at, source=newer.source)


class Remembered:
    """What stored versions say, by id and hash of the content, which never change; at most so many, and what nobody
    asked for the longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: OrderedDict[tuple[str, str], Stated] = OrderedDict()
        self._lock = Lock()

    def of(self, heads: Iterable[resources.OfHer]) -> dict[str, Stated | None]:
        """By id; None for what is not known."""
        found: dict[str, Stated | None] = {}
        with self._lock:
            for head in heads:
                key = (head.id, head.content_hash)
                stated = found[head.id] = self._known.get(key)
                if stated is not None:
                    self._known.move_to_end(key)
        return found

    def keep(self, head: resources.OfHer, stated: Stated) -> None:
        with self._lock:
            while len(self._known) >= self.most:
                self._known.popitem(last=False)
            self._known[head.id, head.content_hash] = stated


class RememberedTogether:
    """The same for what is known of a case, at most so many cases."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: OrderedDict[tuple[str, str], Together] = OrderedDict()
        self._lock = Lock()

    def of(self, region_id: str, pregnancy_id: str) -> Together:
        with self._lock:
            found = self._known.get((region_id, pregnancy_id))
            if found is not None:
                self._known.move_to_end((region_id, pregnancy_id))
        return found or NOTHING

    def keep(self, region_id: str, pregnancy_id: str, known: Together) -> None:
        with self._lock:
            self._known[region_id, pregnancy_id] = known
            self._known.move_to_end((region_id, pregnancy_id))
            while len(self._known) > self.most:
                self._known.popitem(last=False)


NOTHING = Together()
REMEMBERED = Remembered(20_000)  # a resource of a case that is not remembered as a whole, or has changed
TOGETHER = RememberedTogether(
    1_000
)  # some 15 KB each: with every form of a woman the same some hundred would be looked at


def _stated(conn: Any, region_id: str, heads: list[resources.OfHer]) -> dict[str, Stated | None]:
    """The facts of each, by id; texts are read of those alone that are not remembered. None where the version that
    was looked for is gone."""
    known = REMEMBERED.of(heads)
    new = [head for head in heads if known[head.id] is None]
    texts = resources.texts_of_observations(conn, region_id, new)
    for head in new:
        if head.id in texts:
            known[head.id] = stated = tuple(facts_of({"id": head.id, **plain.read(texts[head.id])}))
            REMEMBERED.keep(head, stated)
    return known


def woman_of(conn: Any, region_id: str, pregnancy_id: str) -> str | None:
    """Whose pregnancy it is."""
    episode = resources.current(conn, region_id, "EpisodeOfCare", pregnancy_id)
    return patient_of(episode.resource()) if episode is not None else None


def facts_of(observation: Mapping[str, Any]) -> Iterator[tuple[str, Fact]]:
    """The facts that one Observation states; nothing for preliminary ones and for those about one fetus."""
    if observation.get("status") not in FINAL or _is_fetal(observation):
        return
    at = _effective(observation)
    if at is None:
        return
    source = f"Observation/{observation.get('id')}"
    for part in (observation, *observation.get("component", ())):
        name = name_of(part.get("code", {}))
        value = value_of(part, name) if name else None
        if name and value is not None:
            yield name, Fact(value=value, at=at, source=source)
    name = name_of(observation.get("code", {}))
    several = [_code(c.get("code", {})) for c in observation.get("component", ()) if c.get("valueBoolean") is True]
    if name and several:
        yield name, Fact(value=[code for code in several if code], at=at, source=source)


def name_of(code: Mapping[str, Any]) -> str | None:
    """The fact that the codings mean; LOINC before the national data element."""
    codings = code.get("coding", ())
    for coding in sorted(codings, key=lambda c: (c.get("system") == DATA_ELEMENT, c.get("system") != LOINC)):
        found = fact_name(coding.get("system"), coding.get("code"))
        if found:
            return found
    return None


def value_of(part: Mapping[str, Any], name: str | None = None) -> Any:
    """The value in the form's unit and codes; None where there is none or its unit is another's."""
    if "valueQuantity" in part:
        return _quantity(part["valueQuantity"], name)
    for element in ("valueInteger", "valueBoolean", "valueString"):
        if element in part:
            return part[element]
    if "valueDateTime" in part:
        return part["valueDateTime"]
    if "valueCodeableConcept" in part:
        return _code(part["valueCodeableConcept"])
    return None


def _quantity(quantity: Mapping[str, Any], name: str | None) -> Any:
    value = quantity.get("value")
    if value is None or "comparator" in quantity:
        return None
    wanted, unit = item_of(name).unit if name else None, unit_of(quantity)
    if wanted is None:
        return value
    if unit is None:
        return value if wanted in UNITLESS else None
    return converted(value, unit, wanted)


def _code(concept: Mapping[str, Any]) -> str | None:
    codings = concept.get("coding", ())
    return next((c["code"] for c in codings if c.get("code")), concept.get("text"))


def _effective(observation: Mapping[str, Any]) -> datetime | None:
    text = observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    text = text or observation.get("effectivePeriod", {}).get("start") or observation.get("issued")
    found = interval(text) if text else None
    return found[0] if found else None


def _is_fetal(observation: Mapping[str, Any]) -> bool:
    return any(e.get("url") == FETUS_INDEX for e in observation.get("extension", ()))


def of_person(patient: Mapping[str, Any], at: datetime | None) -> dict[str, Fact]:
    """What a Patient says of the person, by the linkIds of F-01."""
    names = patient.get("name", ())
    phone = next((t.get("value") for t in patient.get("telecom", ()) if t.get("system") == "phone"), None)
    values = {
        "name": next((n.get("text") for n in names if n.get("text")), None),
        "birth_date": patient.get("birthDate"),
        "phone": phone,
        "handbook_no": _identifier(patient, HANDBOOK),
        "id_no": _identifier(patient, ID_CARD),
    }
    if values["id_no"]:
        values["id_type"] = "id_card"
    source = f"Patient/{patient['id']}"
    when = at or FIRST
    return {name: Fact(value=value, at=when, source=source) for name, value in values.items() if value}


def _identifier(patient: Mapping[str, Any], system: str) -> str | None:
    return next(
        (i.get("value") for i in patient.get("identifier", ()) if same_system(i.get("system", "")) == system), None
    )
