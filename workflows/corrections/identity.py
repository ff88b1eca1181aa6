"""Who a woman is, put right: what may stand there, and what another birth date does to criteria of age. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from engine.errors import Fault, Incorrect, Text
from workflows import prefill, tables
from workflows.facts import assessed, date_of, derived
from workflows.forms import Item, forms_on_disk
from workflows.policies import identity_card
from workflows.policies.gestational_age import completed_years

NAMES = ("name", "id_type", "id_no", "birth_date", "phone", "handbook_no")
CARD = "id_card"
YOUNGEST, OLDEST = 10, 60  # years; outside it is a slip of the pen [default]
FINDING = "身份更正"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """As the registration form words it; dates are ISO text, what is not there is empty."""

    name: str = ""
    id_type: str = CARD
    id_no: str = ""
    birth_date: str = ""
    phone: str = ""
    handbook_no: str = ""

    def differs_in(self, other: Identity) -> tuple[str, ...]:
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


def questions() -> dict[str, Item]:
    """The items of the registration form that say who she is."""
    form = forms_on_disk()["registration"]
    found = {item.link_id: item for top in form.items for item in top.walk() if item.link_id in NAMES}
    return {name: found[name] for name in NAMES}


def identity_of(given: Mapping[str, str], on: date) -> Identity:
    """Raises Incorrect with every fault at its field."""
    said = Identity(**{name: str(given.get(name) or "").strip() for name in NAMES})
    faults = [Fault(path=path, message=Text(zh=zh, en=en)) for path, zh, en in _faults(said, on)]
    if faults:
        raise Incorrect("请核对填写的内容", "please check what you entered", code="correction", faults=faults)
    number = said.id_no.upper() if said.id_type != "none" else ""
    return Identity(**{**{name: getattr(said, name) for name in NAMES}, "id_no": number})


def _faults(said: Identity, on: date) -> Any:
    items = questions()
    for name in NAMES:
        if len(getattr(said, name)) > (items[name].max_length or 40):
            yield name, "过长", "too long"
    if not said.name:
        yield "name", "必填", "required"
    if items["id_type"].option(said.id_type) is None:
        yield "id_type", "请选择证件类型", "choose the kind of document"
    elif said.id_type != "none" and not said.id_no:
        yield "id_no", "必填", "required"
    born = _day(said.birth_date)
    if born is None or not YOUNGEST <= completed_years(born, on) <= OLDEST:
        yield "birth_date", "请填出生日期，如 1997-06-15", "give her date of birth, such as 1997-06-15"
    if said.id_type == CARD and said.id_no:
        if not identity_card.is_valid(said.id_no):
            yield "id_no", "身份证号校验不通过", "the check of the identity number fails"
        elif born is not None and identity_card.birth_date(said.id_no) != born:
            yield "birth_date", "与身份证号不一致", "it is not the date in the identity number"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class AgeEffect:
    """Criteria that her age now shows, and those that it shows no more: a doctor decides about either."""

    was: int | None
    now: int | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def age_effect(known: Mapping[str, Any], born: str, variables: Mapping[str, Any], on: date) -> AgeEffect:
    shown = [set(_criteria({**known, "birth_date": day}, variables, on)) for day in (known.get("birth_date"), born)]
    ages = [completed_years(day, on) if (day := date_of(text)) else None for text in (known.get("birth_date"), born)]
    gained, lost = tuple(sorted(shown[1] - shown[0])), tuple(sorted(shown[0] - shown[1]))
    return AgeEffect(was=ages[0], now=ages[1], gained=gained, lost=lost)


def _criteria(known: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> list[str]:
    without_age = {name: value for name, value in known.items() if name != "age"}
    edd, rules = date_of(variables.get("edd")), prefill.policy(variables)
    return tables.grading_criteria(assessed(derived(without_age, on, edd), rules["age_reference"], edd), rules, on)


def finding(effect: AgeEffect) -> dict[str, str]:
    """For the doctor who confirms the grading."""
    parts = [f"年龄 {effect.was if effect.was is not None else '—'} → {effect.now} 岁"]
    if effect.gained:
        parts.append(f"新符合 {'、'.join(effect.gained)}")
    if effect.lost:
        parts.append(f"不再由年龄得出 {'、'.join(effect.lost)}（不自动取消）")
    return {"code": FINDING, "level": "warn", "text": "；".join(parts)}
