"""Individual returns (个案报送): births, mothers and newborns who died, defects, resources, each a table that an
institution or the county takes away, of its own territory alone. Women by their record: no name, no document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound, Text
from workflows.indicators.periods import Period
from workflows.indicators.sheets import Table
from workflows.institutions import directory
from workflows.people.model import Principal
from workflows.services import Services
from workflows.store import returns as store

OUTCOMES = {
    "live_birth": "活产 live birth",
    "stillbirth_iufd": "死胎 fetal death",
    "stillbirth_intrapartum": "死产 intrapartum death",
    "neonatal_death": "新生儿死亡 neonatal death",
}
SEX = {"female": "女 female", "male": "男 male", "undetermined": "不明 undetermined"}
MODES = {
    "spontaneous": "自然 spontaneous",
    "cs": "剖宫产 caesarean",
    "vacuum": "胎吸 vacuum",
    "forceps": "产钳 forceps",
}
AVOIDABLE = {
    "1": "可避免 avoidable",
    "2": "创造条件可避免 avoidable with better conditions",
    "3": "不可避免 not avoidable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """`source`: where the region asks for it. `builder` answers head and rows."""

    id: str
    name: Text
    build: Callable[[Services, Any, Period, frozenset[str], Mapping[str, str]], Table]


def returns() -> dict[str, Return]:
    return RETURNS


def table(services: Services, conn: Any, id: str, period: Period, by: Principal) -> Table:
    """One return of the institutions that the caller may know of. Raises NotFound."""
    known = RETURNS.get(id)
    if known is None:
        raise NotFound("没有这种报送", "no such return")
    places = {one.id: one.name for one in services.people.organisations().values()}
    return known.build(services, conn, period, by.organisations, places)


def _births(services: Services, conn: Any, period: Period, places: frozenset[str], names: Mapping[str, str]) -> Table:
    rows = store.births(conn, services.region_id, period.first, period.last, places)
    head = ("机构 Institution", "个案 Record", "日期 Date", "胎次 Child", "结局 Outcome", "性别 Sex", "体重 g Weight")
    return Table(
        "分娩个案 Births",
        (*head, "分娩方式 Mode", "预产期 Due", "出生缺陷 Defect"),
        [
            (
                *(_place(names, row), row["pregnancy_id"], row["happened_on"], row["child"]),
                *(OUTCOMES.get(row["outcome"], row["outcome"]), SEX.get(row["sex"], row["sex"]), row["weight_g"]),
                *(MODES.get(row["mode"], row["mode"]), row["edd"], row["defect"]),
            )
            for row in rows
        ],
    )


def _defects(services: Services, conn: Any, period: Period, places: frozenset[str], names: Mapping[str, str]) -> Table:
    rows = [r for r in store.births(conn, services.region_id, period.first, period.last, places) if r["defect"]]
    return Table(
        "出生缺陷 Defects",
        ("机构 Institution", "个案 Record", "日期 Date", "胎次 Child", "描述 Description"),
        [(_place(names, r), r["pregnancy_id"], r["happened_on"], r["child"], r["defect"]) for r in rows],
    )


def _deaths(services: Services, conn: Any, period: Period, places: frozenset[str], names: Mapping[str, str]) -> Table:
    """With a line that says nought where there was none: 零报告."""
    rows = store.deaths(conn, services.region_id, period.first, period.last, places)
    lines: list[tuple[Any, ...]] = [
        (*(_place(names, r), r["pregnancy_id"], r["happened_on"]), r["cause"], AVOIDABLE.get(str(r["avoidable"])))
        for r in rows
    ]
    head = ("机构 Institution", "个案 Record", "日期 Date", "死因分类 Cause", "评审 Review")
    return Table("孕产妇死亡 Maternal deaths", head, lines or [("零报告 nil", None, period.last, None, None)])


def _newborns(services: Services, conn: Any, period: Period, places: frozenset[str], names: Mapping[str, str]) -> Table:
    rows = store.newborn_deaths(conn, services.region_id, period.first, period.last, places)
    lines: list[tuple[Any, ...]] = [
        (_place(names, r), r["pregnancy_id"], r["happened_on"], r["child"], r["cause"]) for r in rows
    ]
    head = ("机构 Institution", "个案 Record", "日期 Date", "胎次 Child", "死因 ICD-10 Cause")
    return Table("新生儿死亡 Newborn deaths", head, lines or [("零报告 nil", None, period.last, None, None)])


def _resources(
    services: Services, conn: Any, period: Period, places: frozenset[str], names: Mapping[str, str]
) -> Table:
    """Level, rescue centre, licences and how many of each post: no name."""
    found: dict[str, dict[str, Any]] = {place: {} for place in sorted(places)}
    posts = next(field for field in directory.kinds()["staff"].fields if field.id == "post").choices
    for line in directory.lines(services, on=period.last):
        if line.organisation in found:
            counted = found[line.organisation]
            if line.kind == "level":
                counted["level"] = f"{line.body['level']} / {line.body['centre']}"
            if line.kind in ("staff", "licence"):
                key = line.body["post"] if line.kind == "staff" else "licences"
                counted[key] = counted.get(key, 0) + 1
    head = ("机构 Institution", "级别 Level", "许可 Licences", *(f"{text.zh} {text.en}" for text in posts.values()))
    rows = [
        (names.get(place, place), counted.get("level"), counted.get("licences", 0), *(counted.get(p, 0) for p in posts))
        for place, counted in found.items()
    ]
    return Table("资源 Resources", head, rows)


def _place(names: Mapping[str, str], row: Mapping[str, Any]) -> str:
    return names.get(row["organisation"], row["organisation"])


RETURNS: dict[str, Return] = {
    one.id: one
    for one in (
        Return(id="births", name=Text(zh="分娩个案", en="Births"), build=_births),
        Return(
            id="maternal-deaths",
            name=Text(zh="孕产妇死亡个案（含零报告）", en="Maternal deaths, nil too"),
            build=_deaths,
        ),
        Return(
            id="newborn-deaths",
            name=Text(zh="新生儿死亡个案（含零报告）", en="Newborn deaths, nil too"),
            build=_newborns,
        ),
        Return(id="defects", name=Text(zh="出生缺陷个案", en="Birth defects"), build=_defects),
        Return(id="resources", name=Text(zh="机构资源", en="Resources of institutions"), build=_resources),
    )
}
