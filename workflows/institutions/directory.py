"""The directory of institutions: lines that are added and withdrawn, never changed. What a line of each kind says
stands in the table beside this file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml

from engine.errors import Fault, Forbidden, Incorrect, NotFound, Text
from workflows.people.model import Principal
from workflows.services import Services
from workflows.store import institutions as store
from workflows.task_access import today_in_china

FILE = Path(__file__).parent / "directory.yaml"
COUNTY = frozenset({"R-PM-F", "R-HCADM"})
OWN = frozenset({"R-MCHW", "R-OB", "R-OB-AC", "R-MIDW"})
PHONE = re.compile(r"[0-9+ ()-]{3,20}")
MOBILE = re.compile(r"(\+?86)?1[3-9]\d{9}")
LONGEST = 300
KINDS_OF_INSTITUTION: dict[str, Text] = {
    "county_health": Text(zh="卫生健康行政部门", en="Health administration"),
    "county_mch": Text(zh="妇幼保健机构", en="MCH institution"),
    "hospital": Text(zh="助产机构", en="Hospital"),
    "township": Text(zh="乡镇卫生院或社区", en="Township or community centre"),
    "village": Text(zh="村卫生室", en="Village clinic"),
    "ems": Text(zh="急救中心（120）", en="Emergency service (120)"),
    "blood": Text(zh="血站", en="Blood centre"),
    "cdc": Text(zh="疾控中心", en="Disease control"),
    "supervision": Text(zh="卫生监督所", en="Health supervision"),
    "safety_office": Text(zh="母婴安全管理办公室", en="Maternal and infant safety office"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`kind`: text, number, phone or organisation. `choices`: code to its words."""

    id: str
    name: Text
    kind: str
    optional: bool
    choices: Mapping[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`single`: a new line ends the one before. `expires`: it has a last day."""

    id: str
    name: Text
    by: str
    single: bool
    expires: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    id: UUID
    organisation: str
    kind: str
    body: Mapping[str, Any]
    since: date
    until: date | None
    recorded_at: Any
    recorded_by: str
    withdrawn_at: Any = None
    withdrawn_by: str | None = None


@cache
def kinds() -> dict[str, Kind]:
    table = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        id: Kind(
            id=id,
            name=Text(zh=row["zh"], en=row["en"]),
            by=row["by"],
            single=row.get("single", False),
            expires=row.get("expires", False),
            fields=tuple(_field(name, said) for name, said in row["fields"].items()),
        )
        for id, row in table.items()
    }


def _field(name: str, said: Mapping[str, Any]) -> Field:
    choices = {code: Text(zh=zh, en=en) for code, (zh, en) in (said.get("choices") or {}).items()}
    return Field(
        id=name,
        name=Text(zh=said["zh"], en=said["en"]),
        kind=said.get("kind", "text"),
        optional=said.get("optional", False),
        choices=choices,
    )


def may_keep(by: Principal, kind: Kind, organisation: str) -> bool:
    """The county keeps every line; an institution those of its own kinds."""
    if by.roles & COUNTY:
        return True
    return kind.by == "own" and bool(by.roles & OWN) and organisation in by.organisations


def add(
    services: Services,
    *,
    by: Principal,
    organisation: str,
    kind: str,
    fields: Mapping[str, Any],
    since: date | None = None,
    until: date | None = None,
    line_id: UUID | None = None,
) -> UUID:
    """Raises NotFound, Forbidden, Incorrect (a fault for each field)."""
    known = _known(kind)
    if not may_keep(by, known, organisation):
        raise Forbidden("您不能登记此机构的这类内容", "you do not keep this line of this institution")
    began, id = since or today_in_china(services), line_id or uuid4()
    body = _checked(services, known, fields, began, until)
    line = {"id": id, "organisation": organisation, "kind": kind, "since": began, "until": until}
    with services.pool.connection() as conn, conn.transaction():
        if known.single:
            for old in store.records(conn, services.region_id, organisation, kind, began, all=False):
                store.withdraw_record(conn, services.region_id, old["id"], services.clock(), by.login)
        store.put_record(conn, services.region_id, line, body, services.clock(), by.login)
        services.people.audit(by, "write", "institution", organisation)
    return id


def withdraw(services: Services, line_id: UUID, *, by: Principal) -> None:
    """The line stays in the change log. Raises NotFound, Forbidden."""
    with services.pool.connection() as conn, conn.transaction():
        found = store.record(conn, services.region_id, line_id)
        if found is None:
            raise NotFound("没有此条", "no such line")
        if not may_keep(by, _known(found["kind"]), found["organisation"]):
            raise Forbidden("您不能撤销此条", "you do not keep this line")
        store.withdraw_record(conn, services.region_id, line_id, services.clock(), by.login)


def lines(
    services: Services,
    *,
    organisation: str | None = None,
    kind: str | None = None,
    on: date | None = None,
    all: bool = False,
) -> list[Line]:
    """As they stand on a day, today unless said; `all`: withdrawn and ended ones too."""
    with services.pool.connection() as conn:
        found = store.records(conn, services.region_id, organisation, kind, on or today_in_china(services), all=all)
    return [Line(**row) for row in found]


def _known(kind: str) -> Kind:
    found = kinds().get(kind)
    if found is None:
        raise NotFound("没有这类内容", "no such kind of line")
    return found


def _checked(
    services: Services, kind: Kind, fields: Mapping[str, Any], since: date, until: date | None
) -> dict[str, Any]:
    known = {field.id: field for field in kind.fields}
    faults = [_fault(name, "没有这个字段", "no such field") for name in fields if name not in known]
    places = services.people.organisations()
    body: dict[str, Any] = {}
    for name, field in known.items():
        value = fields.get(name)
        text = str(value).strip() if value is not None else ""
        if not text:
            faults += [] if field.optional else [_fault(name, "必填", "required")]
            continue
        wrong = _wrong(field, text, places)
        faults += [_fault(name, wrong.zh, wrong.en)] if wrong else []
        body[name] = int(text) if field.kind == "number" and not wrong else text
    if kind.expires and until is None:
        faults.append(_fault("until", "请填到期日", "give the last day"))
    if until is not None and until < since:
        faults.append(_fault("until", "到期日早于开始日", "it ends before it begins"))
    if faults:
        raise Incorrect("填写有误", "not filled in correctly", code="directory", faults=faults)
    return body


def _wrong(field: Field, text: str, places: Mapping[str, Any]) -> Text | None:
    if len(text) > LONGEST:
        return Text(zh=f"最多 {LONGEST} 字", en=f"at most {LONGEST} letters")
    if field.choices and text not in field.choices:
        return Text(zh=f"应为 {'、'.join(field.choices)}", en=f"one of {', '.join(field.choices)}")
    if field.kind == "number" and not (text.isascii() and text.isdigit() and len(text) <= 4):
        return Text(zh="应为整数", en="a whole number")
    if field.kind == "phone" and MOBILE.fullmatch(re.sub(r"[ ()-]", "", text)):
        return Text(zh="请登记公务电话，不登记个人手机号", en="an official line, not a personal mobile number")
    if field.kind == "phone" and not PHONE.fullmatch(text):
        return Text(zh="应为电话号码", en="a telephone number")
    if field.kind == "organisation" and text not in places:
        return Text(zh="没有此机构", en="no such organisation")
    return None


def _fault(path: str, zh: str, en: str) -> Fault:
    return Fault(path=path, message=Text(zh=zh, en=en))
