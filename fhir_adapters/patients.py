"""Women as lists and pages show them: a banner each, found by name, pinyin initials, number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from engine.clock import CHINA, Clock, system_clock
from fhir_adapters.facts import Fact, facts_of, of_person
from fhir_adapters.labels import sensitivity_of
from fhir_adapters.store import patients as store
from fhir_adapters.store import resources
from fhir_adapters.terminology import DOCUMENT_PREFIX, ID_CARD, item_of

SHOWN = ("gravidity", "parity", "parity_vaginal", "parity_cs", "abo", "rh")
LINKED = ("QuestionnaireResponse", "RiskAssessment", "Encounter")
TITLES = {"QuestionnaireResponse": "表单", "RiskAssessment": "风险评估", "Encounter": "就诊"}
_RH = {"pos": "Rh+", "neg": "Rh−", "+": "Rh+", "-": "Rh−"}


class Patients:
    """What the rooms above may ask about women; they know nothing of FHIR."""

    def __init__(self, region_id: str, clock: Clock = system_clock) -> None:
        self.region_id = region_id
        self._clock = clock

    def banner(self, conn: Any, pregnancy_id: str) -> dict[str, Any] | None:
        return self.banners(conn, [pregnancy_id]).get(pregnancy_id)

    def banners(self, conn: Any, pregnancy_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By pregnancy; those that are unknown are left out."""
        ids = sorted(set(pregnancy_ids))
        known: dict[str, dict[str, Fact]] = {}
        for pregnancy_id, stored in store.observations(conn, self.region_id, ids, [item_of(n).code for n in SHOWN]):
            for name, fact in facts_of(stored.resource()):
                facts = known.setdefault(pregnancy_id, {})
                if name not in facts or facts[name].at < fact.at:
                    facts[name] = fact
        today = self._clock().astimezone(CHINA).date()
        found = store.women(conn, self.region_id, ids)
        return {one: _banner(stored.resource(), known.get(one, {}), today) for one, stored in found.items()}

    def names(self, conn: Any, patient_ids: Collection[str]) -> dict[str, str]:
        """Of women who are in no case yet: what they were heard of as."""
        found = store.patients(conn, self.region_id, sorted(patient_ids))
        told = {one.id: of_person(one.resource(), None).get("name") for one in found}
        return {id_: str(name.value) for id_, name in told.items() if name is not None}

    def search(self, conn: Any, text: str, organisations: Collection[str]) -> list[dict[str, Any]]:
        """At most 50, only women whom these organisations may know of."""
        found = store.find(conn, self.region_id, text, organisations) if text.strip() else []
        banners = self.banners(conn, found)
        return [{**banners[one], "pregnancy_id": one} for one in found if one in banners]

    def links(self, conn: Any, pregnancy_id: str) -> list[dict[str, Any]]:
        """What is stored of her, newest first."""
        found = resources.of_episode(conn, self.region_id, pregnancy_id, LINKED)
        newest = sorted(found, key=lambda stored: stored.updated_at, reverse=True)
        return [
            {"kind": s.type, "id": s.id, "title": TITLES[s.type], "at": s.updated_at, "form": _form_of(s)}
            for s in newest
        ]

    def response_to(self, conn: Any, task_id: UUID, *, restricted: bool) -> Mapping[str, Any] | None:
        """The QuestionnaireResponse that finished a user task. None where there is none, and where it says something
        that only those may know who are cleared for what is `restricted`."""
        task = resources.current(conn, self.region_id, "Task", str(task_id))
        outputs = task.resource().get("output", ()) if task else ()
        named = [found for o in outputs if (found := str(o.get("valueReference", {}).get("reference", "")))]
        if not named:
            return None
        stored = resources.current(conn, self.region_id, "QuestionnaireResponse", named[0].rpartition("/")[2])
        response = stored.resource() if stored else None
        if response is None or (sensitivity_of(response) is not None and not restricted):
            return None
        return response

    def find(self, conn: Any, system: str, value: str) -> str | None:
        """The one patient with this identifier; None when there is none, or several."""
        found = resources.with_identifier(conn, self.region_id, "Patient", [(system, value)])
        return found[0] if len(found) == 1 else None

    def known_as(self, conn: Any, identifiers: Iterable[tuple[str, str]]) -> list[str]:
        """Every patient that one of these numbers names; more than one: they contradict each other."""
        found: set[str] = set()
        for system, value in identifiers:
            found.update(resources.with_identifier(conn, self.region_id, "Patient", [(system, value)]))
        return sorted(found)

    def take_into_case(self, conn: Any, patient_id: str, pregnancy_id: str, observations: list[str]) -> None:
        """Her Observations that came before she had a case are of this one from now on; whoever sent them stays."""
        store.take_into_case(conn, self.region_id, patient_id, pregnancy_id, observations)

    def newest_case(self, conn: Any, patient_id: str) -> str | None:
        """Her open pregnancy, else her last."""
        return store.newest_case(conn, self.region_id, patient_id)

    def named(self, conn: Any, name: str) -> list[dict[str, Any]]:
        """Everybody of exactly this name, with the newest pregnancy of each; also whom a lead alone is about."""
        today = self._clock().astimezone(CHINA).date()
        found = []
        for patient_id in store.named(conn, self.region_id, name) if name.strip() else ():
            stored = resources.current(conn, self.region_id, "Patient", patient_id)
            if stored is not None:
                case = store.newest_case(conn, self.region_id, patient_id)
                found.append({**_banner(stored.resource(), {}, today), "pregnancy_id": case})
        return found

    def pregnancy_of(self, conn: Any, system: str, value: str) -> str | None:
        """The open pregnancy of the woman with this identifier, else her last."""
        patient_id = self.find(conn, system, value)
        return store.newest_case(conn, self.region_id, patient_id) if patient_id else None

    def by_document(self, conn: Any, id_type: str, id_no: str) -> tuple[str, str | None] | None:
        """As F-01 writes it: the patient, and her newest pregnancy."""
        system = ID_CARD if id_type == "id_card" else f"{DOCUMENT_PREFIX}{id_type.replace('_', '-')}"
        patient_id = self.find(conn, system, id_no)
        return (patient_id, store.newest_case(conn, self.region_id, patient_id)) if patient_id else None

    def phone(self, conn: Any, patient_id: str) -> str | None:
        """Her number, for whoever sends her something in this moment; it is shown and logged nowhere."""
        stored = resources.current(conn, self.region_id, "Patient", patient_id)
        fact = of_person(stored.resource(), None).get("phone") if stored else None
        return str(fact.value) if fact is not None and fact.value else None

    def tasks_about(self, conn: Any, patient_id: str) -> list[UUID]:
        """The user tasks that ever were about this woman, also those of leads."""
        return store.tasks_about(conn, self.region_id, patient_id)


def _form_of(stored: Any) -> str | None:
    """The id of the form that a response answers."""
    if stored.type != "QuestionnaireResponse":
        return None
    named = str(stored.resource().get("questionnaire", ""))
    return named.partition("|")[0].rpartition("/")[2] or None


def _banner(patient: Mapping[str, Any], facts: Mapping[str, Fact], today: date) -> dict[str, Any]:
    person = {name: fact.value for name, fact in of_person(patient, None).items()}
    born = person.get("birth_date")
    return {
        "patient_id": patient["id"],
        "name": person.get("name"),
        "birth_date": born,
        "age": _age(born, today) if born and len(born) == 10 else None,
        "gravidity": _value(facts, "gravidity"),
        "parity": _parity(facts),
        "phone_masked": _masked(person.get("phone"), 3, 4),
        "id_masked": _masked(person.get("id_no"), 6, 4),
        "blood": _blood(facts),
        "allergies": None,
        "handbook_no": person.get("handbook_no"),
    }


def _value(facts: Mapping[str, Fact], name: str) -> Any:
    return facts[name].value if name in facts else None


def _parity(facts: Mapping[str, Fact]) -> Any:
    if "parity" in facts:
        return facts["parity"].value
    parts = [facts[name].value for name in ("parity_vaginal", "parity_cs") if name in facts]
    return sum(parts) if parts and all(isinstance(p, int) for p in parts) else None


def _blood(facts: Mapping[str, Fact]) -> str | None:
    abo, rh = _value(facts, "abo"), _value(facts, "rh")
    return " ".join(part for part in (str(abo).upper() if abo else "", _RH.get(str(rh), "")) if part) or None


def _age(born: str, today: date) -> int:
    day = date.fromisoformat(born)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def _masked(number: Any, first: int, last: int) -> str | None:
    if not isinstance(number, str) or len(number) <= first + last:
        return None
    return f"{number[:first]}{'*' * (len(number) - first - last)}{number[-last:]}"
