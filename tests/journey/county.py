"""The county as its people and its hospital meet it: HTTP and the command line, nothing from inside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import requests

from workflows.forms import example_answers

CANON = "https://fhir.example.org/mch"
ID_CARD = "urn:oid:2.16.156.10011.1.3"
EXAMPLE_DAY = date(2026, 1, 5)


def with_check_digit(first_17: str) -> str:
    """GB 11643-1999: MOD 11-2."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return first_17 + "10X98765432"[total % 11]


@dataclass
class County:
    """`accounts`: name -> {account, roles, organisation}. All requests go as the account or client that is named."""

    url: str
    yuntu: str
    environment: Mapping[str, str]
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _women: int = 0

    def __post_init__(self) -> None:
        listed = json.loads(self.run("accounts", "--json"))
        self.accounts = {entry["account"]: entry for entry in listed}

    def run(self, *arguments: str) -> str:
        """A command of the product, in the environment of this installation."""
        done = subprocess.run(
            [self.yuntu, *arguments], env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, who: str) -> str:
        if who not in self._tokens:
            flag = "--client" if who == "his-demo" else "--account"
            self._tokens[who] = json.loads(self.run("token", flag, who, "--json"))["access_token"]
        return self._tokens[who]

    def call(self, who: str, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token(who)}"} | options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=60, **options)

    def ok(self, who: str, method: str, path: str, **options: Any) -> Any:
        answer = self.call(who, method, path, **options)
        assert answer.status_code < 300, f"{method} {path} as {who}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.text else None

    # --- time ---------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromisoformat(self.ok("it", "GET", "/api/clock")["now"])

    def today(self) -> date:
        return self.now().date()

    def advance(self, duration: str) -> int:
        return int(self.ok("it", "POST", "/api/clock", json={"advance": duration})["fired"])

    def advance_to(self, day: date, hour: int = 8) -> None:
        moment = f"{day.isoformat()}T{hour:02d}:00:00+08:00"
        if datetime.fromisoformat(moment) > self.now():
            self.ok("it", "POST", "/api/clock", json={"to": moment})

    # --- women --------------------------------------------------------------------------------------------------------

    def new_identity(self, age: int) -> tuple[str, str, str]:
        """An invented woman of this age: name, document number, date of birth."""
        self._women += 1
        birth = date(self.today().year - age, 1, 2)
        number = with_check_digit(f"999999{birth:%Y%m%d}{500 + self._women * 2:03d}")
        return f"测试途{self._women:03d}", number, birth.isoformat()

    def send_in(self, *, weeks: int = 9, days: int = 0, age: int = 28, lmp: str | None = None, **wanted: Any) -> Woman:
        """The hospital sends a pregnant woman: one transaction Bundle, answered with her case open."""
        name, number, birth = self.new_identity(age)
        lmp = lmp or (self.today() - timedelta(weeks=weeks, days=days)).isoformat()
        bundle = registration_bundle(name, number, birth, lmp, **wanted)
        self.ok("his-demo", "POST", "/fhir", json=bundle, headers={"Content-Type": "application/fhir+json"})
        found = self.ok("officer", "GET", f"/api/pregnancies?identifier={ID_CARD}|{number}")
        return Woman(self, found["id"], found["patient"], name, number, birth, lmp, bundle)

    def walks_in(self, *, weeks: int = 9, days: int = 0, age: int = 28) -> Woman:
        """A woman comes to her township: the nurse opens her case."""
        name, number, birth = self.new_identity(age)
        lmp = (self.today() - timedelta(weeks=weeks, days=days)).isoformat()
        opened = self.ok("nurse", "POST", "/api/instances", json={"definition_key": "pregnancy_journey"})
        instance = self.ok("nurse", "GET", f"/api/instances/{opened['id']}")
        case = instance["business_key"]
        return Woman(self, case, instance["variables"]["patient_id"], name, number, birth, lmp, {})


@dataclass
class Woman:
    """One pregnancy, worked on by the accounts its tasks belong to."""

    county: County
    id: str
    patient: Any
    name: str
    number: str
    birth: str
    lmp: str
    bundle: dict[str, Any]

    def tasks(self) -> list[dict[str, Any]]:
        return list(
            self.county.ok("officer", "GET", f"/api/user-tasks?state=open&pregnancy={self.id}&limit=200")["items"]
        )

    def open(self) -> list[str]:
        """Element ids of the open tasks, without the calls around them."""
        return sorted(task["element_id"].rsplit("/", 1)[-1] for task in self.tasks())

    def task(self, element: str) -> dict[str, Any]:
        found = [t for t in self.tasks() if t["element_id"].rsplit("/", 1)[-1] == element]
        assert found, f"{element} is not open; open are {self.open()}"
        return found[0]

    def who(self, task: Mapping[str, Any]) -> str:
        """An account that has a role of the task and belongs to its organisation."""
        for name, account in self.county.accounts.items():
            fits = set(account["roles"]) & set(task["candidate_roles"])
            if fits and task["organisation"] in (None, account["organisation"]):
                return name
        raise AssertionError(f"nobody may do {task['element_id']}: {task['candidate_roles']} at {task['organisation']}")

    def completes(self, element: str, **answers: Any) -> dict[str, Any]:
        """Fill in the form as its account would: what it proposes, a plausible rest, and what the test says."""
        task = self.task(element)
        who = self.who(task)
        path = f"/api/user-tasks/{task['id']}"
        if task["form"] is None:
            return dict(self.county.ok(who, "POST", f"{path}/completion", json={"variables": answers}))
        form = self.county.ok(who, "GET", f"{path}/form")
        given = filled(form["questionnaire"]["id"], form["response"], self, answers)
        return dict(self.county.ok(who, "POST", f"{path}/completion", json={"answers": given}))

    def pregnancy(self, who: str = "officer") -> dict[str, Any]:
        return dict(self.county.ok(who, "GET", f"/api/pregnancies/{self.id}"))

    @property
    def patient_id(self) -> str:
        return str(self.patient["id"] if isinstance(self.patient, dict) else self.patient).removeprefix("Patient/")

    def delivers(self, on: date, *, discharged_on: date | None = None) -> None:
        """The hospital sends the birth, and with `discharged_on` that she went home."""
        bundle = delivery_bundle(self, on, discharged_on=discharged_on)
        self.county.ok("his-demo", "POST", "/fhir", json=bundle, headers={"Content-Type": "application/fhir+json"})

    def fhir(self, path: str) -> dict[str, Any]:
        return dict(self.county.ok("his-demo", "GET", f"/fhir/{path}"))

    def report_end(self, code: str, **more: Any) -> None:
        payload = {"end_code": code, "reason": "测试", "ended_on": self.county.today().isoformat()} | more
        message = {"name": "message_end_reported", "key": self.id, "payload": payload}
        self.county.ok("officer", "POST", "/api/messages", json=message)


def filled(
    form_id: str, response: Mapping[str, Any] | None, woman: Woman, answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The example moved to today, under what the form proposes, under what is true of her, under `answers`."""
    today = woman.county.today()
    example = moved(example_answers(form_id), today - EXAMPLE_DAY)
    if form_id == "risk-grading":
        example = {k: v for k, v in example.items() if not (k[:2] in ("r_", "o_", "y_", "p_") and k[2:3].isdigit())}
    truths: dict[str, Any] = {"lmp": woman.lmp}
    if form_id == "registration":
        truths |= {"name": woman.name, "id_type": "id_card", "id_no": woman.number, "birth_date": woman.birth}
        truths |= {"lmp_unknown": False, "edd_basis": "lmp"}
    if form_id == "anc-first":  # a scan that agrees with her dates: another age would propose a new due date
        age = (today - date.fromisoformat(woman.lmp)).days
        example |= {"us_ga_weeks": age // 7, "us_ga_days": age % 7}
    if form_id == "anc-visit":
        example |= {"fundal_height": 24, "abdominal_circ": 90, "fetal_movement": "normal", "presentation": "cephalic"}
        example |= {"fetal_position": "loa", "engaged": "not_engaged", "fhr": [142], "glucose": 4.4}
        example |= {"ogtt_0": 4.4, "ogtt_1h": 8.1, "ogtt_2h": 7.0}
    proposed = flat(response or {})
    known = set(example) | set(proposed)
    return example | proposed | {k: v for k, v in truths.items() if k in known} | dict(answers)


def flat(response: Mapping[str, Any]) -> dict[str, Any]:
    """linkId -> value of the plain answers of a QuestionnaireResponse."""
    values: dict[str, Any] = {}
    for item in response.get("item", []):
        values |= flat(item)
        given = [value_of(answer) for answer in item.get("answer", [])]
        if given and None not in given:
            values[item["linkId"]] = given if len(given) > 1 else given[0]
    return values


def value_of(answer: Mapping[str, Any]) -> Any:
    for name, value in answer.items():
        if name == "valueCoding":
            return value["code"]
        if name == "valueQuantity":
            return value["value"]
        if name.startswith("value"):
            return value
    return None


def moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" and value[7:8] == "-":
        return (date.fromisoformat(value[:10]) + by).isoformat() + value[10:]
    if isinstance(value, dict):
        return {name: moved(inner, by) for name, inner in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    return [moved(inner, by) for inner in value] if isinstance(value, list) else value


def registration_bundle(name: str, number: str, birth: str, lmp: str, **wanted: Any) -> dict[str, Any]:
    """What a hospital's client sends for a pregnant woman it has seen."""
    woman = f"urn:uuid:{uuid4()}"
    patient = {
        "resourceType": "Patient",
        "identifier": [{"use": "official", "system": ID_CARD, "value": number}],
        "name": [{"use": "official", "text": name}],
        "gender": "female",
        "birthDate": birth,
    }
    condition = {
        "resourceType": "Condition",
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "code": coded("http://hl7.org/fhir/sid/icd-10", "Z34.9") | {"text": "妊娠"},
        "subject": {"reference": woman},
        "onsetDateTime": lmp,
    }
    observed = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded("http://loinc.org", "8665-2"),
        "subject": {"reference": woman},
        "effectiveDateTime": lmp,
        "valueDateTime": lmp,
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry(patient, woman, "Patient", ifNoneExist=f"identifier={ID_CARD}|{number}"),
            entry(condition, f"urn:uuid:{uuid4()}", "Condition"),
            entry(observed, f"urn:uuid:{uuid4()}", "Observation"),
            *wanted.get("more", []),
        ],
    }


def entry(resource: dict[str, Any], full_url: str, url: str, method: str = "POST", **request: Any) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, "request": {"method": method, "url": url, **request}}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def delivery_bundle(woman: Woman, on: date, *, discharged_on: date | None = None) -> dict[str, Any]:
    """A birth in hospital: the stay, the procedure, the newborn and who its mother is."""
    mother = {"reference": f"Patient/{woman.patient_id}"}
    stay, child = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    number = f"ZY{woman.number[-6:]}"
    encounter = {
        "resourceType": "Encounter",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.12", "value": number}],
        "status": "in-progress" if discharged_on is None else "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "type": [coded(f"{CANON}/CodeSystem/visit-type", "delivery-admission")],
        "subject": mother,
        "episodeOfCare": [{"reference": f"EpisodeOfCare/{woman.id}"}],
        "period": {"start": f"{on}T02:00:00+08:00"}
        | ({} if discharged_on is None else {"end": f"{discharged_on}T10:00:00+08:00"}),
    }
    procedure = {
        "resourceType": "Procedure",
        "identifier": [{"system": "https://his.hospital.example/procedure", "value": number}],
        "status": "completed",
        "code": coded("urn:oid:2.16.156.10011.2.3.3.12", "73.59"),
        "subject": mother,
        "encounter": {"reference": stay},
        "performedPeriod": {"start": f"{on}T05:00:00+08:00", "end": f"{on}T06:20:00+08:00"},
    }
    newborn = {
        "resourceType": "Patient",
        "identifier": [{"system": f"{CANON}/sid/newborn", "value": f"{number}-1"}],
        "name": [{"use": "temp", "text": f"{woman.name}之女"}],
        "gender": "female",
        "birthDate": on.isoformat(),
        "multipleBirthBoolean": False,
    }
    related = {
        "resourceType": "RelatedPerson",
        "identifier": [{"system": ID_CARD, "value": woman.number}],
        "patient": {"reference": child},
        "relationship": [coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "NMTH")],
        "name": [{"text": woman.name}],
    }
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry(encounter, stay, f"Encounter?identifier=urn:oid:2.16.156.10011.1.12|{number}", "PUT"),
            entry(
                procedure,
                f"urn:uuid:{uuid4()}",
                f"Procedure?identifier=https://his.hospital.example/procedure|{number}",
                "PUT",
            ),
            entry(newborn, child, "Patient", ifNoneExist=f"identifier={CANON}/sid/newborn|{number}-1"),
            entry(related, f"urn:uuid:{uuid4()}", "RelatedPerson", ifNoneExist=f"identifier={ID_CARD}|{woman.number}"),
        ],
    }
