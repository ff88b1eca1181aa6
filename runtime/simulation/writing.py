"""What is written into the forms about a woman of the county: the example of each form, and what is true of her."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine.clock import CHINA
from runtime.demo.answers import answers_for
from runtime.simulation.desk import OpenTask
from runtime.simulation.moments import not_ahead
from runtime.simulation.persons import CODES, Person
from runtime.simulation.rates import RATES, Rates
from runtime.simulation.writing_beside import answers_beside

Values = Mapping[str, Any]
Writer = Callable[[Person, OpenTask, Values, datetime], dict[str, Any]]
ENDINGS: Mapping[str, dict[str, Any]] = {
    "ended.stillbirth": {"stillbirth_kind": "stillbirth_iufd"},
    "ended.maternal_death": {"death_cause": "产科栓塞"},
    "refused": {"refusal_signed": True},
    "void": {"confirmed_by": "示范孕管员"},
}
INFECTION = {"syphilis": "syphilis", "hepatitis_b": "hbsag", "hiv": "hiv"}  # to the item of the first visit


def answers_of(
    person: Person, task: OpenTask, proposed: Values, variables: Values, now: datetime, rates: Rates = RATES
) -> dict[str, Any]:
    form = str(task.form)
    if (found := answers_beside(form, person, variables, now, rates)) is not None:
        return found
    base = not_ahead(answers_for(form, person, proposed, variables, now.astimezone(CHINA).date()), now)
    write = WRITERS.get(form)
    return {**base, **(write(person, task, variables, now) if write else {})}


def _registration(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    factors = list(person.social) or ["none"]
    return {"social_factors": factors, "special_disease": "none"}


def _first_visit(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    seen = person.lmp if "date_corrected" in person.happens else person.true_lmp  # else the scan would tell at once
    days = (_on(now) - seen).days
    tested = "not-performed" if person.is_untested else "neg"
    return {
        "us_ga_weeks": days // 7,
        "us_ga_days": days % 7,
        "prenatal_choice": person.prenatal,
        "syphilis": tested,
        "hiv": tested,
        "hbsag": "neg",
        **{INFECTION[name]: "pos" for name in person.infections},
    }


def _visit(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    emergency = person.happens.get("emergency")
    if emergency is None or not 0 <= (_on(now) - emergency).days <= 28:
        return {}
    return {"danger_signs": ["bleeding"], "classification": "abnormal", "classification_text": "阴道流血"}


IN_HOSPITAL = {"delivery_place": "county_hospital"}


def _delivery(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    born = min(born_at(person, variables), now.astimezone(CHINA))
    decided = (born - timedelta(minutes=ddi_minutes(person))).isoformat()
    emergency = {"cs_category": "emergency", "cs_decision_at": decided} if person.mode == "cs_emergency" else {}
    return {
        "admitted_at": (born - timedelta(hours=8)).isoformat(),
        "delivered_at": born.isoformat(),
        "fetus_count": len(person.births),
        **({"delivery_place": "home", "admitted_after": False} if person.told_by == "nobody" else IN_HOSPITAL),
        "fetus": fetuses(person, born),
        "delivery_mode": "spontaneous" if person.mode == "spontaneous" else "cs",
        **({} if person.mode == "spontaneous" else {"cs_category": "elective", "cs_indication": "胎儿窘迫"}),
        **emergency,
    }


def _discharge(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    near = {"near_miss_criteria": ["coagulation"]} if person.is_near_miss else {}
    place = {"receiving_org": person.rests_at} if person.rests_at else {}
    gone = now - timedelta(days=2) if "told_late" in person.beside else now - timedelta(minutes=30)
    left = max(gone, min(now, born_at(person, variables) + timedelta(hours=1)))
    return {"discharged_at": left.astimezone(CHINA).isoformat(), **near, **place}


def _check(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    if person.is_unwell and not variables.get("seen_before"):
        return {"classification": "not_recovered", "classification_text": "子宫复旧不良", "disposition": "refer",
                "referral_reason": "子宫复旧不良", "referral_org": "示范县人民医院"}  # fmt: skip
    return {}


def _screening(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"s_4_1": "unknown"} if "unasked" in person.beside and task.element_id == "task_screen" else {}


def _home_visit(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    if "ill_at_home" not in person.beside:
        return {}
    return {
        "wound": "abnormal",
        "wound_text": "切口红肿",
        "classification": "abnormal",
        "classification_text": "切口感染",
        "referral": "yes",
        "referral_reason": "切口感染",
        "referral_org": "示范县人民医院",
    }


def _focus(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"focus_departments": ["civil_affairs"] if "poor" in person.social else ["none"]}


def _infected(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    """Every other viral load of hepatitis B is above the limit for treatment."""
    return {"hbv_dna": 5_000_000} if person.number % 2 and task.element_id == "task_pmtct_hbv" else {}


def _suitability(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    """Whose pregnancy ends early, though it was graded red, had agreed."""
    return {"decision": "agrees"} if person.end == "abortion" else {}


def _acknowledged(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"resting_here": False, "gone_to": "邻县娘家"} if "gone_from_home" in person.beside else {}


def _transfer(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    stays = {"refused": True, "refusal_reason": "家属不同意"} if "stays" in person.beside else {}
    return {**stays, "transportable": "unfit_to_travel" not in person.beside}


def _newborn_care(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    child = _child(person, variables)
    born = min(born_at(person, variables), now.astimezone(CHINA))
    critical = person.critical_child == child["order"]
    state: dict[str, Any] = {"newborn_condition": "critical", "transfer_centre": "市新生儿救治中心"} if critical else {}
    return {
        "child_order": child["order"],
        "child_sex": child["sex"],
        "child_weight_g": child["weight_g"],
        "born_at_confirmed": born.isoformat(),
        "hepb_at": min(born + timedelta(hours=2), now).isoformat(),
        "complication": False,
        **state,
    }


def _newborn_screening(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    child = _child(person, variables)
    again = task.element_id != "task_newborn_screening"
    failed = person.unheard_child == child["order"] and not again
    moment = (now - timedelta(minutes=20)).astimezone(CHINA).isoformat()
    heard = "failed" if failed else "passed"
    return {"child_order": child["order"], "screened_at": moment, "blood_sampled_at": moment, "hearing_screen": heard}


def _newborn_visit(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    child = _child(person, variables)
    grams = child["weight_g"]
    return {
        "child_order": child["order"],
        "child_sex": child["sex"],
        "child_birth_date": str(variables.get("delivered_on"))[:10],
        "birth_weight_kg": round(grams / 1000, 2),
        "child_weight_kg": round(grams / 1000 + 0.4, 2),
    }


def _newborn_death(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"child_order": _child(person, variables)["order"], "child_died_at": now.astimezone(CHINA).isoformat()}


def _child_step(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"child_order": _child(person, variables)["order"], "done_at": now.astimezone(CHINA).isoformat()}


def _result(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    return {"t21_one_in": 120, "prenatal_conclusion": "high"} if person.is_prenatal_high else {}


def _closure(person: Person, task: OpenTask, variables: Values, now: datetime) -> dict[str, Any]:
    code = variables.get("end_code") or CODES[person.end]
    asked = code == CODES["died_pregnant"] and variables.get("delivered_on") is None
    return {"end_code": code, **ENDINGS.get(str(code), {}), **(_born_before(person, variables) if asked else {})}


def _born_before(person: Person, variables: Values) -> dict[str, Any]:
    """What nobody had told of when she died."""
    if not person.delivers or person.delivers_on.isoformat() > str(variables.get("ended_on"))[:10]:
        return {"born_before_death": False}
    born_on = person.delivers_on.isoformat()
    return {"born_before_death": True, "born_on": born_on, "born_outside": person.told_by == "nobody"}


def ddi_minutes(person: Person) -> int:
    """From the decision for an emergency caesarean to the birth."""
    return 24 if person.number % 3 else 41


def born_at(person: Person, variables: Values) -> datetime:
    told = variables.get("delivered_at") or variables.get("born_at")
    if told:
        return datetime.fromisoformat(str(told))
    day = str(variables.get("delivered_on") or person.delivers_on.isoformat())[:10]
    return datetime.fromisoformat(f"{day}T06:20:00+08:00")


def fetuses(person: Person, born: datetime) -> list[dict[str, Any]]:
    """As the delivery form lists them."""
    return [
        {**each, "birth_time": born.isoformat(), "resuscitation": "none", "defect": "none"} for each in person.births
    ]


def _child(person: Person, variables: Values) -> Mapping[str, Any]:
    told = variables.get("newborn")
    order = told.get("order") if isinstance(told, Mapping) else None
    return next((each for each in person.births if each["order"] == order), person.births[0])


def _on(now: datetime) -> date:
    return now.astimezone(CHINA).date()


WRITERS: Mapping[str, Writer] = {
    "registration": _registration,
    "anc-first": _first_visit,
    "anc-visit": _visit,
    "delivery": _delivery,
    "discharge": _discharge,
    "risk-screening": _screening,
    "postnatal-visit": _home_visit,
    "focus-register": _focus,
    "pmtct-mother": _infected,
    "suitability": _suitability,
    "discharge-acknowledgement": _acknowledged,
    "transfer-request": _transfer,
    "postnatal-42d": _check,
    "newborn-care": _newborn_care,
    "newborn-screening": _newborn_screening,
    "newborn-visit": _newborn_visit,
    "newborn-death": _newborn_death,
    "pmtct-child": _child_step,
    "prenatal-result": _result,
    "closure": _closure,
}
