"""A child that is told of as alive and as stillborn: refused, whichever of the two is told later.

What counts is what is stored with this request: outcome and Apgar score of each fetus as the mother's Observations say
them, the newborn Patients of her case, and what the ward entered. An error is taken back first, then the right one is
taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.store import reads
from fhir_adapters.facts import FINAL, value_of, woman_of
from fhir_adapters.store import resources
from fhir_adapters.terminology import FETUS_INDEX, ITEMS, LOINC
from fhir_adapters.types import patient_of
from fhir_adapters.work import Item, Json, Work, refuse_at
from workflows.duplicates import JOURNEY

APGAR = ("apgar_1", "apgar_5", "apgar_10")
DEAD = frozenset({"stillbirth", "stillbirth_iufd", "stillbirth_intrapartum"})
SCORED = (
    "第 {} 胎登记为死胎或死产，不能有 Apgar 评分；登记有误的请先更正结局",
    "fetus {} is recorded as stillborn and has no Apgar score: put the outcome right first",
)
ALIVE = (
    "第 {} 胎登记为死胎或死产，不能建新生儿档案；登记有误的请先更正结局",
    "fetus {} is recorded as stillborn and has no record of a newborn: put the outcome right first",
)


def require_possible(work: Work, newborns: Iterable[tuple[Item, str, int]]) -> None:
    """`newborns`: the entries that tell of a live child, its mother's case and which fetus it is. Raises 422."""
    for item, episode_id, order in newborns:
        if order in _stillborn(work, episode_id):
            raise _refused(item, ALIVE, order)
    for item in work.changed("Observation"):
        case, name = item.correlated.episode_id, _name_of(item.resource or {})
        if case is None or name is None or item.patient_id != woman_of(work.asked, work.region_id, case):
            continue
        order = fetus_of(item.resource or {})
        told = _told(work, case)
        if order in told["dead"] and order in told["scored"]:
            raise _refused(item, SCORED, order)
        if name == "outcome" and order in told["dead"] and order in told["alive"]:
            raise _refused(item, ALIVE, order)


def fetus_of(observation: Json) -> int:
    """Which fetus it is about; a single one needs no number."""
    found = (e.get("valuePositiveInt") for e in observation.get("extension", ()) if e.get("url") == FETUS_INDEX)
    return next((n for n in found if isinstance(n, int)), 1)


def order_of(newborn: Json) -> int | None:
    """Which fetus a newborn Patient is; None where it is one of several and does not say which."""
    order = newborn.get("multipleBirthInteger")
    if isinstance(order, int):
        return order
    return None if newborn.get("multipleBirthBoolean") is True else 1


def _stillborn(work: Work, episode_id: str) -> set[int]:
    """By the outcomes that were told, and by what the ward entered."""
    case = reads.instance_by_business_key(work.conn, work.region_id, JOURNEY, episode_id)
    entered = (case.variables.get("fetuses") if case else None) or ()
    by_ward = {int(one.get("order") or n) for n, one in enumerate(entered, 1) if one.get("outcome") in DEAD}
    return by_ward | _told(work, episode_id)["dead"]


def _told(work: Work, episode_id: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {"dead": set(), "scored": set(), "alive": set()}
    woman = woman_of(work.asked, work.region_id, episode_id)
    for stored in resources.of_episode(work.asked, work.region_id, episode_id, ("Observation", "Patient")):
        one = stored.resource()
        if stored.type == "Patient":
            if stored.id != woman and (order := order_of(one)) is not None:
                found["alive"].add(order)
            continue
        name = _name_of(one)
        if name is None or one.get("status") not in FINAL or patient_of(one) != woman:
            continue
        if name == "outcome" and _is_dead(one):
            found["dead"].add(fetus_of(one))
        elif name in APGAR and (_number(value_of(one, name)) or 0) > 0:
            found["scored"].add(fetus_of(one))
    return found


def _name_of(observation: Json) -> str | None:
    codings = observation.get("code", {}).get("coding", ())
    codes = {c.get("code") for c in codings if c.get("system") == LOINC}
    return next((name for name in ("outcome", *APGAR) if ITEMS[name].code in codes), None)


def _is_dead(observation: Json) -> bool:
    codings = observation.get("valueCodeableConcept", {}).get("coding", ())
    return any(c.get("code") in DEAD for c in codings)


def _number(value: Any) -> Any:
    return value if not isinstance(value, str) else None


def _refused(item: Item, text: tuple[str, str], order: int) -> Exception:
    zh, en = (one.format(order) for one in text)
    return refuse_at(422, item.entry.at, "business-rule", "MCH-V-0303", zh, en)
