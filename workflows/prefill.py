"""What a form can know before anybody types. A computed item is shown as ticked; the person adds and confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from workflows import routing_birth, tables
from workflows.facts import assessed, date_of, derived
from workflows.institutions import prefill as institution
from workflows.policies.advice import Advice, advice, named
from workflows.policies.gestational_age import days_pregnant
from workflows.routing import link_id_of
from workflows.rules_of_case import policy_of

Values = Mapping[str, Any]
# Items that the data alone decide: with the fact known and the item not met, the answer is "no".
DECIDED_BY = {
    "S-1.1": "age",
    "S-1.3": "bmi",
    "S-1.4": "rh",
    "S-2.2": "parity_cs",
    "S-6.1": "hb",
    "S-6.2": "plt",
    "S-6.3": "syphilis",
    "S-6.4": "hiv",
    "S-7.1.5": "sbp",
}
UNDECIDED = (None, "unknown", "not-performed")
NAMED_BY_CODE = frozenset(
    {"S-6.3", "S-6.4", "S-7.6.1", "S-7.6.2", "S-7.6.3"}
)  # syphilis, HIV, what is sexually passed on
INFECTION = "A-18"  # D8
NOT_AN_ITEM = "另有须评估的检查结果"  # which one is seen in her results, by those who may
COPIED_HISTORY = (
    "gravidity",
    "parity_vaginal",
    "parity_cs",
    "stillbirth_iufd",
    "stillbirth_intrapartum",
    "neonatal_death",
    "birth_defect_child",
)


def policy(variables: Values) -> dict[str, Any]:
    """The rules the case was started with."""
    return policy_of(variables)


def _copied(source: Values, *names: str) -> dict[str, Any]:
    return {name: source[name] for name in names if source.get(name) is not None}


def _known(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return derived(facts, on, date_of(variables.get("edd")))


def _assessed(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """The same, her age as the region's tables count it."""
    edd = date_of(variables.get("edd"))
    return assessed(derived(facts, on, edd), policy(variables).get("age_reference"), edd)


def registration(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return {**_copied(facts, "name", "birth_date", "phone"), **_copied(variables, "lmp", "edd_basis")}


def first_check(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    dates = {"filled_on": on.isoformat(), "lmp": variables.get("lmp"), "edd_final": variables.get("edd")}
    return {**_copied(facts, *COPIED_HISTORY), **dates}


def screening_shown(facts: Values, variables: Values, on: date) -> list[str]:
    """Codes of the screening items that the data show."""
    return tables.screening_items(_assessed(facts, variables, on), on)


def screening(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    known = _assessed(facts, variables, on)
    shown = tables.screening_items(known, on)
    said_no = [code for code, fact in DECIDED_BY.items() if known.get(fact) not in UNDECIDED and code not in shown]
    earlier = variables.get("screening_codes") or ()
    yes = {link_id_of(code): "yes" for code in (*earlier, *shown)}
    return {"screened_on": on.isoformat(), **{link_id_of(code): "no" for code in said_no}, **yes}


def grading(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    rules = policy(variables)
    shown = tables.grading_criteria(_assessed(facts, variables, on), rules, on)
    criteria = list(dict.fromkeys([*(variables.get("criteria") or ()), *shown]))
    suggested = tables.aggregate(criteria, rules, on)
    return {
        "graded_on": on.isoformat(),
        "raised_by": _raised_by(variables),
        **{link_id_of(code): True for code in criteria},
        "colour_suggested": suggested["colour"],
        "purple_suggested": suggested["purple"],
        **_advised(suggested, rules),
    }


def _advised(result: Values, rules: Values) -> dict[str, Any]:
    """D5, as advice to confirm."""
    row = _advice_of({"colour": result["colour"], "purple": result["purple"], "policy": rules})
    return {"advice_antenatal": row.antenatal, "advice_delivery": row.delivery} if row else {}


def due_date(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """What was proposed, as the doctor would accept it."""
    return {
        "decided_on": on.isoformat(),
        "edd_current": variables.get("edd"),
        "edd_proposed": variables.get("edd_proposed"),
        "proposed_reason": variables.get("proposed_reason"),
        "edd_confirmed": variables.get("edd_proposed"),
        "confirmed_basis": variables.get("proposed_basis") or "us",
        "lmp_corrected": variables.get("proposed_lmp"),
    }


def _raised_by(variables: Values) -> list[str] | None:
    found = variables.get("raised_by") or []
    return [f"{row['code']} {row['text']}" for row in found if isinstance(row, Mapping)] or None


def abnormal_result(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """All that waits to be seen, an infection by other words: more people read the answers than may know of one."""
    found = [row for row in variables.get("results_to_see") or () if isinstance(row, Mapping)]
    shown = [NOT_AN_ITEM if row["code"] == INFECTION else f"{row['code']} {row['text']}" for row in found]
    return {"result_findings": list(dict.fromkeys(shown)) or [NOT_AN_ITEM]}


def referral(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    screened = date_of(variables.get("screened_on"))
    if variables.get("graded_at") is not None:
        return {
            "receiver_colour": variables.get("colour"),
            "receiver_purple": variables.get("purple"),
            "receiver_criteria": variables.get("criteria"),
            "returned_on": on.isoformat(),
        }
    return {
        **_copied(facts, "name"),
        "referred_on": on.isoformat(),
        "edd_final": variables.get("edd"),
        "positive_items": [_in_words(code) for code in variables.get("screening_codes") or ()]
        or ([NOT_AN_ITEM] if variables.get("screening_infected") else None),
        "assess_by": (screened + timedelta(days=14)).isoformat() if screened else None,  # N35: within two weeks
    }


def _in_words(code: str) -> str:
    """With the words of its row; an infection by its code alone, which says less to whoever reads over a shoulder."""
    row = None if code in NAMED_BY_CODE else tables.row_of(code)
    return f"{code} {row['text']}" if row else code


def report(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    known = _known(facts, variables, on)
    return {
        **_copied(known, "name", "age", "birth_date", "id_no", "phone", "addr_current"),
        "edd_final": variables.get("edd"),
        **_copied(variables, "colour", "purple", "criteria"),
        "graded_on": str(variables.get("graded_at") or on.isoformat())[:10],
        "reported_on": on.isoformat(),
        "referral_destination": _destination(variables),
    }


def _destination(variables: Values) -> str | None:
    """The institution that the region names for the colour, and who evaluates her; none where it only names a level."""
    row = _advice_of(variables)
    if row is None:
        return None
    evaluates = named(row.evaluate)
    if row.antenatal_place and evaluates:
        return f"{row.antenatal_place}（评估：{evaluates}）"
    return row.antenatal_place or evaluates


def _advice_of(variables: Values) -> Advice | None:
    """The flag decides where the colour alone would let her stay in a township."""
    colour, routes = str(variables.get("colour")), policy(variables).get("routing") or {}
    rows = advice(colour, variables.get("purple") is True, routes)
    return (rows[-1] if colour in ("green", "yellow") else rows[0]) if rows else None


def case_file(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """A focus woman has a file before she is screened: no criterion is known of her, which is green (D4)."""
    known = {"colour": "green"} if variables.get("focus") is True else {}
    return {"opened_on": on.isoformat(), **known, **_copied(variables, "colour", "purple", "criteria")}


def delivery(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return _copied(facts, "fetus_count")


def discharge(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    organs = tables.near_miss_found(facts, on)
    colours = {"discharge_colour": variables.get("colour"), "discharge_purple": variables.get("purple")}
    return {**colours, "near_miss_criteria": organs or None}


def postnatal(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    discharged = None if variables.get("born_outside") is True else date_of(variables.get("discharged_at"))
    return {
        "visit_date": on.isoformat(),
        "delivered_on": variables.get("delivered_on"),
        "discharged_on": discharged.isoformat() if discharged else None,
    }


def notice(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """M-14 as the township of the place of rest reads it; an infection is not named."""
    told = {"discharge_colour": variables.get("colour"), "plan": variables.get("discharge_plan")}
    return {**told, **_copied(facts, "addr_postpartum", "phone"), **_copied(variables, "delivered_on", "discharged_at")}


def handover(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return _copied(variables, "handover_summary", "handover_contact")


def rescue(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return _copied(variables, "rescue_cause")


def rescue_begins(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """Of an emergency that another hospital's system sent, its number: the request and its document are under it."""
    number = variables.get("rescue_referral_no")
    return {"rescue_state": f"外院急诊转诊，转诊单 {number}"} if number else {}


# from which completed day of pregnancy a topic is due ([default], the region's own plan decides)
TOPICS = ((0, "risk"), (0, "nutrition"), (84, "screening"), (140, "monitoring"), (196, "danger"), (196, "labour"),
          (196, "breastfeeding"))  # fmt: skip
AFTER_BIRTH = ("contraception", "newborn", "mood")


def education(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """The topics of her weeks: what is due by now, or after the birth."""
    edd = date_of(variables.get("edd"))
    days = days_pregnant(edd, on) if edd else 0
    born = variables.get("delivered_on") is not None
    topics = list(AFTER_BIRTH) if born else [topic for since, topic in TOPICS if since <= days][-3:]
    return {"educated_on": on.isoformat(), "education_topics": topics}


def responsible(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return {**_copied(variables, "responsible_doctor", "responsible_team"), "responsible_from": on.isoformat()}


def transfer(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """To where the region sends her colour upwards, to be confirmed."""
    asked = variables.get("referral") or {}
    row = _advice_of(variables)
    return {
        "urgency": asked.get("urgency"),
        "transfer_reason": asked.get("reason"),
        "transportable": True,
        "receiving_centre": named(row.upward) if row else None,
    }


def upward_of(variables: Values) -> str | None:
    """The region's word for where her colour goes when more is needed: a level, or an institution by its name."""
    row = _advice_of(variables)
    return row.upward if row else None


def prenatal(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    chosen = variables.get("prenatal_choice")
    return {"prenatal_method": chosen if chosen in ("serum", "nipt", "nt") else None}


def pmtct_mother(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """D10 as it stands for her, and the infection where there is only one."""
    return {"pmtct_date": on.isoformat(), **_infection(variables, "pmtct_mother", on)}


def pmtct_child(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return {"child_order": _only_child(variables), **_infection(variables, "pmtct_child_tasks", on)}


def _infection(variables: Values, table: str, on: date) -> dict[str, Any]:
    infections = list(variables.get("infections") or [])
    rows = tables.evaluate(table, {"infections": infections}, on) or []
    plan = [f"{row['code']} {row['text']}（{row['when']}，[{row['mark']}]）" for row in rows]
    return {"plan": plan or None, "infection": infections[0] if len(infections) == 1 else None}


def _only_child(variables: Values) -> int | None:
    """Which child, where there is one; of twins the person says it."""
    return 1 if len(variables.get("newborns") or ()) == 1 else None


def newborn(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    born = variables.get("newborns") or [{}]
    child = born[0] if len(born) == 1 else {}
    grams = child.get("weight_g")
    outside = all(each.get("birth_place") in routing_birth.NO_INSTITUTION for each in born)
    return {
        "visit_date": on.isoformat(),
        "child_order": _only_child(variables),
        "child_sex": child.get("sex"),
        "child_weight_g": grams,
        "birth_weight_kg": Decimal(grams) / 1000 if isinstance(grams, int) else None,
        "born_at_confirmed": variables.get("born_at"),
        "child_birth_date": str(variables.get("born_at") or "")[:10] or None,
        "birth_institution": "无" if outside else None,
    }


def death(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    known = _known(facts, variables, on)
    return {
        **_copied(known, "name", "id_no", "age", "addr_current", "addr_household", "lmp"),
        "reported_on": on.isoformat(),
    }


def near_miss(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    return {"reviewed_on": on.isoformat(), "near_miss_criteria": variables.get("near_miss_criteria")}


def focus(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    counted = [factor for factor in variables.get("social_factors") or () if factor != "none"]
    return {"focus_on": on.isoformat(), "focus_factors": counted or None}


def delivery_plan(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    blood = {"plan_abo": facts.get("abo"), "plan_rh": facts.get("rh")}
    row = _advice_of(variables)
    place = facts.get("intended_delivery_org") or (row.delivery_place or named(row.delivery) if row else None)
    return {"planned_on": on.isoformat(), "plan_place": place, **blood}


def sweep(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    """The month that is reported, by the region's rule: the one before, unless it says otherwise."""
    months = on.year * 12 + on.month - 1 + int(policy(variables)["sweep"]["month_offset"])
    return {"sweep_period": f"{months // 12} 年 {months % 12 + 1} 月", "reported_on": on.isoformat()}


def closure(facts: Values, variables: Values, on: date) -> dict[str, Any]:
    stillborn = variables.get("outcome") == "stillbirth"
    code = variables.get("end_code") or ("ended.stillbirth" if stillborn else "closed.recovered")
    return {"end_code": code, "ended_on": variables.get("ended_on") or on.isoformat()}


def _today(name: str) -> Callable[[Values, Values, date], dict[str, Any]]:
    return lambda facts, variables, on: {name: on.isoformat()}


BY_FORM: Mapping[str, Callable[[Values, Values, date], dict[str, Any]]] = {
    "registration": registration,
    "anc-first": first_check,
    "risk-screening": screening,
    "risk-grading": grading,
    "screening-referral": referral,
    "result-seen": abnormal_result,
    "urging-note": _today("contacted_on"),
    "risk-report": report,
    "acknowledge-report": _today("acknowledged_on"),
    "case-file": case_file,
    "face-to-face": _today("f2f_date"),
    "edd-confirmation": due_date,
    "end-confirmation": _today("confirmed_on"),
    "anc-visit": _today("visit_date"),
    "delivery": delivery,
    "discharge": discharge,
    "discharge-acknowledgement": notice,
    "notice-note": _today("contacted_on"),
    "consultation-read": _today("contacted_on"),
    "handover-note": _today("contacted_on"),
    "handover-answer": handover,
    "expert-plan": _today("planned_on"),
    "responsible-doctor": responsible,
    "rescue-start": rescue_begins,
    "rescue-record": rescue,
    "education": education,
    "postnatal-visit": postnatal,
    "postnatal-42d": postnatal,
    "tracing": _today("contacted_on"),
    "suitability": _today("assessed_on"),
    "transfer-request": transfer,
    "transfer-result": _today("result_on"),
    "closure": closure,
    "end-report": _today("ended_on"),
    "pregnancy-lead": _today("lead_on"),
    "lead-outcome": _today("contacted_on"),
    "lead-note": _today("contacted_on"),
    "death-report": death,
    "death-review": _today("reviewed_on"),
    "near-miss": near_miss,
    "rectification": _today("checked_on_date"),
    "death-note": _today("contacted_on"),
    "focus-register": focus,
    "focus-support": _today("support_on"),
    "delivery-plan": delivery_plan,
    "sweep": sweep,
    "duty-evidence": institution.duty,
    "action-item": institution.action_item,
    "action-check": _today("checked_on_date"),
    "official-notice": institution.notice,
    "interview-record": _today("held_on"),
    "notice-reply": _today("replied_on"),
    "notice-check": _today("checked_on_date"),
    "inspection": institution.inspection,
    "event-analysis": _today("analysed_on"),
    "event-county": _today("decided_on"),
    "support-request": _today("requested_on"),
    "support-answer": _today("answered_on"),
    "support-result": _today("confirmed_on"),
    "newborn-death-review": _today("reviewed_on"),
    "sweep-leads": _today("checked_on_date"),
    "sweep-check": _today("checked_on_date"),
    "prenatal-screening": prenatal,
    "prenatal-result": _today("prenatal_result_on"),
    "prenatal-consult": _today("consulted_on"),
    "prenatal-note": _today("contacted_on"),
    "pmtct-mother": pmtct_mother,
    "pmtct-child": pmtct_child,
    "newborn-care": newborn,
    "newborn-screening": newborn,
    "newborn-visit": newborn,
    "newborn-transfer": newborn,
    "newborn-death": newborn,
}
