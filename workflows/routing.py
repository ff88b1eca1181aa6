"""What each completed form means for the course: the variables that gateways, tables and windows read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from workflows import (
    routing_birth,
    routing_case,
    routing_labour,
    routing_prenatal,
    routing_referral,
    routing_review,
    tables,
)
from workflows.facts import assessed, date_of, derived
from workflows.institutions import routing as institution
from workflows.policies import gestational_age as ages
from workflows.policies.redating import proposes_redating
from workflows.policies.registration import is_early_registration, kind_of_birth, outcome_of
from workflows.rules_of_case import policy_of

TOLD_AT_REGISTRATION = ("social_factors", "special_disease", "responsible_doctor")
Values = Mapping[str, Any]
SCREENING_ITEM = re.compile(r"s(_\d+)+")
CRITERION = re.compile(r"[a-z](_\d+)+")
END_OF_CONTACT = {"refused": "refused", "ended": "ended.abortion", "died": "ended.maternal_death"}
LOST_OR_DIED = {"lost": "lost", "died": "ended.maternal_death"}


def code_of(link_id: str) -> str:
    """`s_7_1_5` is item S-7.1.5, `o_1_2` criterion O-1.2."""
    letter, rest = link_id.split("_", 1)
    return f"{letter.upper()}-{rest.replace('_', '.')}"


def link_id_of(code: str) -> str:
    return code.lower().replace("-", "_").replace(".", "_")


def merged(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Everything known once the form counts, with what follows from it."""
    given = {name: value for name, value in answers.items() if value is not None}
    return derived({**facts, **given}, on)


def _assessed(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The same, her age as the tables of her region count it."""
    return assessed(merged(answers, facts, on), policy_of(facts)["age_reference"])


def registration(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    unknown = answers.get("lmp_unknown") is True
    lmp = None if unknown else date_of(answers.get("lmp"))
    basis = answers.get("edd_basis") or ("us" if unknown else "lmp")
    edd = date_of(answers.get("edd_final")) or _due_date(answers, lmp, basis, policy_of(facts)["edd_rule"])
    return {
        "lmp": lmp.isoformat() if lmp else None,
        "edd": edd.isoformat() if edd else None,
        "edd_basis": basis if edd else None,
        "registered_on": on.isoformat(),
        **{name: answers[name] for name in TOLD_AT_REGISTRATION if answers.get(name)},
    }


def _due_date(answers: Values, lmp: date | None, basis: str, rule: str) -> date | None:
    scanned, transferred = date_of(answers.get("us_date")), date_of(answers.get("ivf_transfer_date"))
    if basis == "us" and scanned and answers.get("us_ga_weeks") is not None:
        return ages.due_date_by_ultrasound(scanned, _scan_age(answers))
    if basis == "ivf" and transferred:
        return ages.due_date_by_transfer(transferred, int(answers.get("ivf_embryo_days") or 0))
    return ages.due_date(lmp, rule) if lmp else None


def _scan_age(answers: Values) -> int:
    return int(answers["us_ga_weeks"]) * 7 + int(answers.get("us_ga_days") or 0)


def first_check(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    visited = date_of(answers.get("filled_on")) or on
    edd = date_of(facts.get("edd_final")) or date_of(answers.get("edd_final"))  # the case's date, not what is copied
    tested = routing_birth.tested_in(merged(answers, facts, on))
    choice = answers.get("prenatal_choice") or "undecided"
    result: dict[str, Any] = {"visit_on": visited.isoformat(), "infections_tested": tested, "prenatal_choice": choice}
    result["visit_findings"] = findings(answers, facts, on)
    if edd is not None:
        result["age_at_edd"] = routing_prenatal.age_at(facts.get("birth_date"), edd)
        result["early_registration"] = is_early_registration(
            edd, visited, visited, policy_of(facts)["early_until_days"]
        )
        result |= _redating(answers, facts, edd)
    return result


def _redating(answers: Values, facts: Values, edd: date) -> dict[str, Any]:
    scanned = date_of(answers.get("us_date"))
    bands = [(int(row["until_days"]), int(row["more_than_days"])) for row in policy_of(facts)["redate_table"]]
    if scanned is None or answers.get("us_ga_weeks") is None:
        return {}
    age = _scan_age(answers)
    proposed = ages.due_date_by_ultrasound(scanned, age)
    settled = facts.get("edd_basis") in ("us", "ivf")
    return (
        {"edd_proposed": proposed.isoformat()}
        if proposes_redating(edd, proposed, age, confirmed_by_scan=settled, table=bands)
        else {}
    )


def screening(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Ticked and computed items together: what the data show is positive whatever was answered."""
    items = {code_of(name): value for name, value in answers.items() if SCREENING_ITEM.fullmatch(name)}
    shown = tables.screening_items(_assessed(answers, facts, on), on)
    codes = list(dict.fromkeys([*(code for code, value in items.items() if value == "yes"), *shown]))
    recommended = policy_of(facts)["screening_recommended"]
    unknown = [code for code, value in items.items() if value == "unknown" and code not in (*codes, *recommended)]
    return {
        "screening_codes": codes,
        "screening_unknown": unknown,
        "screening_infected": bool(routing_birth.infections_in(merged(answers, facts, on))),
        "screened_on": (date_of(answers.get("screened_on")) or on).isoformat(),
    }


def grading(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The doctor's criteria. A computed one that is not ticked stays, unless the doctor says why it goes."""
    ticked = [code_of(name) for name, value in answers.items() if value is True and CRITERION.fullmatch(name)]
    shown = tables.grading_criteria(_assessed(answers, facts, on), policy_of(facts), on)
    removed = [code for code in shown if code not in ticked]
    reason = answers.get("change_reason")
    kept = ticked if reason else [*ticked, *removed]
    return {
        "criteria": [code for code in kept if not code.startswith("G-")],
        "removed_criteria": removed if reason else [],
        "change_reason": reason,
        "infections": routing_birth.infections_in(merged(answers, facts, on)),
    }


def confirmed_due_date(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The doctor's word on a proposed due date. Names of their own: the case's date moves by message_dated only."""
    accepted = answers.get("decision") == "accept"
    return {
        "redated": accepted,
        "confirmed_edd": answers.get("edd_confirmed") if accepted else None,
        "confirmed_basis": answers.get("confirmed_basis") if accepted else None,
        "confirmed_lmp": answers.get("lmp_corrected") if accepted else None,
        "confirmed_reason": answers.get("decision_reason"),
    }


def visit(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    contact = answers.get("contact")
    counts = answers.get("urged_only") is not True and contact not in LOST_OR_DIED
    policy = policy_of(facts)
    found = tables.aggregate(tables.grading_criteria(_assessed(answers, facts, on), policy, on), policy, on)
    signs = set(answers.get("danger_signs") or ()) - {"none"}
    return {
        "visit_on": (date_of(answers.get("visit_date")) or on).isoformat(),
        "visit_counts": counts,
        "visit_colour": found["colour"],
        "visit_purple": found["purple"],
        "visit_urgent": bool(signs),
        "visit_findings": findings(answers, facts, on) if counts else [],
        "visit_abnormal": counts and answers.get("classification") == "abnormal",
        **(_died(answers) if contact == "died" else {}),
    }


def _died(answers: Values) -> dict[str, Any]:
    """Learnt at a visit: her end from the day of the death, not from when somebody heard of it."""
    found = {"end_code": LOST_OR_DIED["died"], "ended_on": answers.get("death_date")}
    return {**found, "contact_reason": answers.get("death_cause")}


def findings(answers: Values, facts: Values, on: date) -> list[dict[str, Any]]:
    """D8 over what this visit found; of earlier facts only the due date and what the weight gain is measured by, for
    more than one child by nothing."""
    earlier = {
        name: facts[name] for name in ("edd_final", "height", "prepregnancy_weight", "fetus_count") if name in facts
    }
    found = derived({**earlier, **{name: value for name, value in answers.items() if value is not None}}, on)
    rates = [rate for rate in _listed(answers.get("fhr")) if isinstance(rate, int | Decimal)]
    if rates:
        found |= {"fhr_lowest": min(rates), "fhr_highest": max(rates)}
    return tables.findings(found, policy_of(facts), on)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def delivery(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    delivered = date_of(answers.get("delivered_on")) or date_of(answers.get("delivered_at")) or on
    fetuses = routing_birth.children(answers)
    place = {"receiving_org": answers["receiving_org"]} if answers.get("receiving_org") else {}
    result = {
        **place,
        "delivered_on": delivered.isoformat(),
        "delivered_at": answers.get("delivered_at"),
        "fetuses": fetuses,
        "outcome": outcome_of([str(fetus.get("outcome")) for fetus in fetuses]) if fetuses else None,
        "born_outside": routing_birth.born_outside(answers),
    }
    edd = date_of(facts.get("edd_final"))
    nobody_lives = result["outcome"] == "stillbirth"  # a child born alive before 28 weeks is a birth, and is cared for
    if edd is not None and nobody_lives and _is_abortion(facts, edd, delivered):
        result |= {"outcome": "abortion", "end_code": "ended.abortion", "ended_on": delivered.isoformat()}
    if answers.get("maternal_outcome") == "died":
        result |= {"end_code": "ended.maternal_death", "ended_on": delivered.isoformat()}
    return result


def _is_abortion(facts: Values, edd: date, ended: date) -> bool:
    return kind_of_birth(edd, ended, policy_of(facts)["viable_from_weeks"]) == "abortion"


def discharge(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    rechecked = _recheck(answers.get("discharge_colour"), answers.get("discharge_purple"))
    place = {"receiving_org": answers["receiving_org"]} if answers.get("receiving_org") else {}
    plan = {"discharge_plan": answers["plan"]} if answers.get("plan") else {}
    left = {"discharged_at": answers.get("discharged_at") or on.isoformat(), **plan}
    return {
        **left,
        **_died_in_ward(answers, on),
        **place,
        **rechecked,
        **_findings_of(answers, facts, on),
        **routing_review.near_miss(answers, facts, on),
    }


def _died_in_ward(answers: Values, on: date) -> dict[str, Any]:
    """Who "left" dead has died: the end of the case, from the day on which it was (P19)."""
    if answers.get("condition") != "died":
        return {}
    died = date_of(answers.get("discharged_at")) or on
    return {
        "end_code": LOST_OR_DIED["died"],
        "ended_on": died.isoformat(),
        "contact_reason": answers.get("diagnosis") or "出院登记：死亡",
    }


def _findings_of(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {
        "visit_findings": findings({"postpartum_days": 0, **answers}, facts, on),
        "visit_abnormal": answers.get("classification") == "abnormal",
    }


def _recheck(colour: Any, purple: Any) -> dict[str, Any]:
    """What the bedside or the visitor finds; it may only propose a rise."""
    return {"visit_colour": colour, "visit_purple": purple is True, "visit_urgent": False}


def home_visit(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    died = answers.get("contact") == "died"
    ending = {"end_code": LOST_OR_DIED["died"], "ended_on": answers.get("death_date") or on.isoformat()} if died else {}
    found: dict[str, Any] = {"contact_reason": answers.get("death_cause")} if died else _findings_of(answers, facts, on)
    route = routing_review.route_after_birth(answers, found.get("visit_findings", ()), on)
    return {
        **ending,
        **found,
        "visited_on": (date_of(answers.get("visit_date")) or on).isoformat(),
        "needs_referral": answers.get("referral") == "yes" or route == "refer",
        **_recheck(answers.get("risk_recheck"), answers.get("risk_recheck_purple")),
    }


def check_42d(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The doctor's word, and what D8 and D9 say: she is referred once before she may count as recovered."""
    contact = answers.get("contact")
    recovered = answers.get("classification") == "recovered" and answers.get("disposition") != "refer"
    ending = (
        {
            "end_code": LOST_OR_DIED[contact],
            "ended_on": answers.get("death_date") or on.isoformat(),
            "contact_reason": answers.get("lost_reason") or answers.get("death_cause"),
        }
        if contact in LOST_OR_DIED
        else {}
    )
    checked = (date_of(answers.get("visit_date")) or on).isoformat()
    found = [] if contact in LOST_OR_DIED else findings({"postpartum_days": 42, **answers}, facts, on)
    return {
        "recovered": recovered,
        "checked_on": checked,
        "visit_findings": found,
        "visit_abnormal": contact not in LOST_OR_DIED and answers.get("classification") == "not_recovered",
        "needs_referral": routing_review.route_after_birth(answers, found, on) == "refer",
        **_recheck(None, None),
        **ending,
    }


def tracing(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    contact = answers.get("contact_result")
    result = {
        "contact": contact,
        "contact_reason": answers.get("reason"),
        "next_contact_on": answers.get("next_date"),
    }
    if contact == "delivered":
        result |= {name: answers[key] for name, key in TRACED_DATES.items() if answers.get(key)}
        where = answers.get("delivered_where")
        result |= {"born_outside": where == "outside"} if where else {}
    if contact in END_OF_CONTACT:
        result |= {"end_code": END_OF_CONTACT[contact], "ended_on": answers.get("death_date") or on.isoformat()}
    return result


TRACED_DATES = {"delivered_on": "delivered_on", "discharged_at": "discharged_on"}


def notice_answer(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Whether she rests where the discharge message says (M-14)."""
    return {"resting_here": answers.get("resting_here") is not False}


def ending(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """What whoever closes the case puts down is its end (`workflows.closing` says what may be)."""
    code = {"end_code": answers["end_code"]} if answers.get("end_code") else {}
    if answers.get("born_before_death") is True:
        code["birth_before_death"] = {
            "delivered_on": answers.get("born_on"),
            "born_outside": answers.get("born_outside") is True,
        }
    return {**code, "ended_on": answers.get("ended_on") or on.isoformat(), "end_reason": answers.get("reason")}


def end_report(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """The payload of message_end_reported."""
    return {
        "end_code": answers.get("end_code"),
        "ended_on": answers.get("ended_on") or on.isoformat(),
        "reason": answers.get("reason"),
    }


def end_confirmation(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """A transfer or a void record counts when a second person says so."""
    return {"confirmed": answers.get("confirmed") is True}


def lead(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"lead_lmp": answers.get("lead_lmp")}


def lead_outcome(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    return {"lead_outcome": answers.get("lead_outcome")}


def focus_register(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """Whether other departments, or another county, are needed."""
    return {"focus_support": bool(set(answers.get("focus_departments") or ()) - {"none"})}


def sweep(answers: Values, facts: Values, on: date) -> dict[str, Any]:
    """How many are pregnant without a case; who they are stays on the sheet."""
    return {"sweep_new_pregnant": answers.get("sweep_new_pregnant") or 0}


BY_FORM: Mapping[str, Callable[[Values, Values, date], dict[str, Any]]] = {
    "registration": registration,
    "anc-first": first_check,
    "risk-screening": screening,
    "risk-grading": grading,
    "edd-confirmation": confirmed_due_date,
    "anc-visit": visit,
    "delivery": delivery,
    "discharge": discharge,
    "postnatal-visit": home_visit,
    "postnatal-42d": check_42d,
    "tracing": tracing,
    "discharge-acknowledgement": notice_answer,
    "closure": ending,
    "end-report": end_report,
    "end-confirmation": end_confirmation,
    "pregnancy-lead": lead,
    "focus-register": focus_register,
    "sweep": sweep,
    **institution.BY_FORM,
    "lead-outcome": lead_outcome,
    **routing_birth.BY_FORM,
    **routing_case.BY_FORM,
    **routing_labour.BY_FORM,
    **routing_prenatal.BY_FORM,
    **routing_referral.BY_FORM,
    **routing_review.BY_FORM,
}
