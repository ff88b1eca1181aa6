"""What the invented people write into forms: the example of each form, moved to the day, with what is true of her."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Protocol

from runtime.demo import identity
from workflows.forms import example_answers

EXAMPLE_DAY = date(2026, 1, 5)  # what the examples are dated
TERM = timedelta(days=280)


class Woman(Protocol):
    """What a form is filled in from."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def document(self) -> str: ...
    @property
    def birth(self) -> date: ...
    @property
    def lmp(self) -> date: ...
    @property
    def found(self) -> Mapping[str, Any]: ...


_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}(?=$|T)")
_CRITERION = re.compile(r"^[royp]_\d")


def answers_for(form_id: str, woman: Woman, known: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> Any:
    """A complete form. `known` is what the form proposes; what is true of this woman comes last."""
    write = WRITERS.get(form_id, _nothing)
    return {
        **example_as_of(form_id, on),
        **{k: v for k, v in known.items() if v is not None},
        **write(woman, variables, on),
    }


def example_as_of(form_id: str, on: date) -> dict[str, Any]:
    """The example of a form, moved to the day; without the criteria that its woman meets."""
    example = {name: value for name, value in example_answers(form_id).items() if not _CRITERION.match(name)}
    return {name: _moved(value, on - EXAMPLE_DAY) for name, value in example.items()}


def _moved(value: Any, by: timedelta) -> Any:
    """Every date in the example, so many days later."""
    if isinstance(value, str) and (found := _DATE.match(value)):
        return (date.fromisoformat(found[0]) + by).isoformat() + value[10:]
    if isinstance(value, dict):
        return {name: _moved(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    return value


def _registration(woman: Woman, _: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {
        "name": woman.name,
        "id_type": "id_card",
        "id_no": woman.document,
        "birth_date": woman.birth.isoformat(),
        "phone": identity.phone(woman.number),
        "lmp": woman.lmp.isoformat(),
        "lmp_unknown": False,
        "edd_basis": "lmp",
        "handbook_no": f"SF-{on.year}-{woman.number:04d}",
    }


def _first_visit(woman: Woman, _: Mapping[str, Any], on: date) -> dict[str, Any]:
    days = (on - woman.lmp).days
    return {
        "filled_on": on.isoformat(),
        "woman_age": on.year - woman.birth.year,
        "lmp": woman.lmp.isoformat(),
        "us_date": on.isoformat(),
        "us_ga_weeks": days // 7,
        "us_ga_days": days % 7,
        **woman.found,
    }


def _visit(woman: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    weeks = (on - _dated_from(woman, variables)).days // 7
    measured = {
        "visit_date": on.isoformat(),
        "weight": woman.found.get("weight", 55) + max(0, weeks - 12) // 2,
        "fundal_height": max(10, min(weeks, 36)),
        "abdominal_circ": min(75 + weeks, 105),
        "presentation": "cephalic",
        "fetal_position": "loa",
        "engaged": "engaged" if weeks >= 37 else "not_engaged",
        "fetal_movement": "normal",
        "fhr": [140 + woman.number % 15],
        "next_date": (on + timedelta(days=28 if weeks < 28 else 14)).isoformat(),
    }
    if 24 <= weeks <= 28:
        measured |= {"glucose": 4.5, "ogtt_0": 4.5, "ogtt_1h": 8.2, "ogtt_2h": 7.1}
    return measured


def _dated_from(woman: Woman, variables: Mapping[str, Any]) -> date:
    """The first day of the last period as the due date that was settled says: a scan may have moved it."""
    settled = str(variables.get("edd") or "")[:10]
    return date.fromisoformat(settled) - TERM if settled else woman.lmp


def _grading(woman: Woman, _: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {
        "graded_on": on.isoformat(),
        "conclusion": "按评估表分级管理",
        "evidence": [],
        "change_reason": "按检查结果",
    }


def _report(woman: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {
        "name": woman.name,
        "birth_date": woman.birth.isoformat(),
        "age": on.year - woman.birth.year,
        "id_no": woman.document,
        "phone": identity.phone(woman.number),
        "edd_final": variables.get("edd"),
        "colour": variables.get("colour"),
        "purple": bool(variables.get("purple")),
        "criteria": list(variables.get("criteria") or ["-"]),
        "reported_on": on.isoformat(),
    }


def _slip(woman: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    sent = {
        "name": woman.name,
        "edd_final": variables.get("edd"),
        "positive_items": list(variables.get("screening_codes") or ["-"]),
    }
    if not variables.get("graded_at"):
        return sent
    return {
        **sent,
        "received_on": on.isoformat(),
        "receiver_colour": variables.get("colour"),
        "receiver_doctor": "示范产科医师",
        "receiver_advice": "按分级管理",
        "returned_on": on.isoformat(),
    }


def _delivery(woman: Woman, _: Mapping[str, Any], on: date) -> dict[str, Any]:
    born = f"{on.isoformat()}T06:20:00+08:00"
    return {
        "admitted_at": f"{(on - timedelta(days=1)).isoformat()}T22:10:00+08:00",
        "delivered_at": born,
        "fetus": [
            {
                **example_answers("delivery")["fetus"][0],
                "birth_time": born,
                "sex": "female" if woman.number % 2 else "male",
                "weight_g": 2900 + woman.number * 37 % 900,
            }
        ],
    }


def _case_file(woman: Woman, variables: Mapping[str, Any], _: date) -> dict[str, Any]:
    return {
        "colour": variables.get("colour") or "green",  # a focus woman has a file before she is screened
        "purple": bool(variables.get("purple")),
        "criteria": list(variables.get("criteria") or ["-"]),
    }


def _postnatal(_: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {
        "visit_date": on.isoformat(),
        "delivered_on": str(variables.get("delivered_on"))[:10],
        "discharged_on": str(variables.get("discharged_at"))[:10],
    }


def _discharge(woman: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {"discharge_colour": variables.get("colour") or "green", "discharge_purple": bool(variables.get("purple"))}


def _tracing(woman: Woman, _: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {
        "contacted_on": on.isoformat(),
        "contact_result": "reached",
        "next_date": (on + timedelta(days=2)).isoformat(),
    }


def _closure(_: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    code = variables.get("end_code") or "closed.recovered"
    untold = code == "ended.maternal_death" and variables.get("delivered_on") is None
    asked = {"born_before_death": False} if untold else {}
    return {"end_code": code, "ended_on": on.isoformat(), "reason": "示范", **ENDINGS.get(code, {}), **asked}


ENDINGS: dict[str, dict[str, Any]] = {
    "ended.abortion": {"abortion_kind": "spontaneous"},
    "moved.out": {"receiver": "邻县妇幼保健院"},
}


def _nothing(woman: Woman, variables: Mapping[str, Any], on: date) -> dict[str, Any]:
    return {}


WRITERS = {
    "registration": _registration,
    "anc-first": _first_visit,
    "anc-visit": _visit,
    "risk-grading": _grading,
    "risk-report": _report,
    "screening-referral": _slip,
    "delivery": _delivery,
    "discharge": _discharge,
    "case-file": _case_file,
    "postnatal-visit": _postnatal,
    "postnatal-42d": _postnatal,
    "tracing": _tracing,
    "closure": _closure,
}
