"""The quarterly score sheet as printed: what can be computed is, with its evidence; the rest is filled in by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Incorrect, NotFound
from workflows.indicators.counting import Figure, Report
from workflows.indicators.noted import Noted
from workflows.indicators.sheets import Table
from workflows.regions import Pack

FOLDER = Path(__file__).parent
MOST = 20  # points of one item
COLUMNS = ("序号", "重点任务", "具体内容", "自评依据", "得分情况", "备注")
BY_HAND = "待填写"
VALUE = re.compile(r"\{([\w.]+)\}")  # a value of the pack
Scored = tuple[Decimal | None, str]  # points, None where a person has to say; and what they rest on


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """`score` None: to be filled in. `points`: printed, or as the county sets them."""

    no: int
    task: str
    content: str
    scoring: str
    points: int
    evidence: str
    score: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """`total`: of the points that there are to have; `scored`: what is computed so far."""

    period: str
    source: str
    items: tuple[Item, ...]

    @property
    def total(self) -> int:
        return sum(item.points for item in self.items)

    @property
    def scored(self) -> Decimal:
        return sum((item.score for item in self.items if item.score is not None), Decimal(0))


def score_sheet(
    report: Report,
    pack: Pack,
    points: Mapping[int, int] | None = None,
    *,
    rules: Mapping[int, tuple[int, str]] | None = None,
    noted: Noted | None = None,
) -> ScoreSheet:
    """`rules`: the county's own points and words by number, in place of the printed ones. `noted`: what institutions
    recorded; without it that part stays open. Raises NotFound where the region asks for none, Incorrect for a period
    that is no quarter or points that no item can have."""
    printed = _printed(pack)
    if not report.period.is_quarter:
        raise Incorrect("评分表按季度：如 2026Q3", "the score sheet is of a quarter such as 2026Q3", code="period")
    numbers = {row["number"] for row in printed["items"]}
    own = {n: rule for n, rule in (rules or {}).items() if n in numbers and 0 <= rule[0] <= MOST}
    given = {number: value for number, (value, _) in own.items()} | dict(points or {})
    if unknown := given.keys() - {row["number"] for row in printed["items"]}:
        raise Incorrect(f"评分表没有第 {min(unknown)} 项", f"there is no item {min(unknown)}", code="item")
    if any(not 0 <= value <= MOST for value in given.values()):
        raise Incorrect(f"分值应为 0 到 {MOST}", f"points are 0 to {MOST}", code="points")
    figures = {figure.definition.id: figure for figure in report.figures}
    items = [
        _item(
            {**row, "scoring": own[row["number"]][1]} if row["number"] in own else row,
            given.get(row["number"], row["points"]),
            figures,
            pack,
            noted,
        )
        for row in printed["items"]
    ]
    return ScoreSheet(period=report.period.text, source=printed["source"], items=tuple(items))


def score_table(sheet: ScoreSheet) -> Table:
    """The sheet as printed, its six columns; 得分情况 holds what is computed, the sum is a formula of the workbook."""
    rows: list[tuple[Any, ...]] = [
        (item.no, item.task, item.content, item.evidence, item.score, f"{item.points} 分：{item.scoring}")
        for item in sheet.items
    ]
    rows.append((None, "合计", f"应得 {sheet.total} 分", None, sheet.scored, "已计算部分之和，其余待填写"))
    return Table(f"评分表 {sheet.period}", COLUMNS, rows)


def _item(row: Mapping[str, Any], points: int, figures: Mapping[str, Figure], pack: Pack, noted: Noted | None) -> Item:
    rule = AUTO.get(row.get("auto", ""))
    score, evidence = rule(points, figures) if rule else (None, BY_HAND)
    if noted is not None:
        score, evidence = _with_noted(row, points, figures, noted, (score, evidence))
    if "asks" in row:
        evidence = f"{VALUE.sub(lambda key: str(pack.value(key[1])), row['asks'])}；{evidence}"
    given = {"no": row["number"], "task": row["task"], "content": row["content"], "scoring": row["scoring"]}
    return Item(**given, points=points, score=score, evidence=evidence)


def _with_noted(
    row: Mapping[str, Any], points: int, figures: Mapping[str, Figure], noted: Noted, found: Scored
) -> Scored:
    """What the institutions' own records add: to some items points, to others what they rest on."""
    score, evidence = found
    if row.get("auto") == "register":
        score, evidence = _whole_register(points, figures, noted)
    if row.get("noted") == "reviews":
        score, evidence = _reviews(points, noted)
    said = [text for code, name in (row.get("duties") or {}).items() if (text := noted.said(code, name))]
    if row.get("measures") and noted.measures[0]:
        said.append(f"整改按期 {noted.measures[1]}/{noted.measures[0]}")
    return score, "；".join([*said, evidence])


def _whole_register(points: int, figures: Mapping[str, Figure], noted: Noted) -> Scored:
    """Half for nobody left out, one less for each woman at high risk without a file and each registered birth without a
    case; half for the special group, by how many sheets came in time. The printed text gives no steps [default]."""
    half = Decimal(points) / 2
    files, sheets = figures["I-12"], figures["I-26"]
    said = f"{_said(files)}；出生登记查无个案 {noted.births_without_case}/{noted.births_registered}；{_said(sheets)}"
    if files.numerator is None or files.denominator is None or not sheets.denominator:
        return None, said
    left_out = files.denominator - files.numerator + noted.births_without_case
    tracked = half * (sheets.numerator or 0) / sheets.denominator
    return max(Decimal(0), half - left_out) + tracked.quantize(Decimal("0.5"), ROUND_FLOOR), said


def _reviews(points: int, noted: Noted) -> Scored:
    """A quarter of the points each for a review of the facility and of the county; the other half is their quality,
    which a person judges. The log names convener and departments."""
    quarter = Decimal(points) / 4
    held = quarter * ((noted.facility_reviews > 0) + (noted.county_reviews > 0))
    said = f"院内 {noted.facility_reviews} 次，县级 {noted.county_reviews} 次；评审质量 {points // 2} 分{BY_HAND}"
    return held, "；".join([said, *noted.review_lines])


def _screening(points: int, figures: Mapping[str, Figure]) -> Scored:
    said = "；".join(_said(figures[one]) for one in ("I-09", "I-10"))
    return None, f"{said}；医师掌握五色管理{BY_HAND}"


def _case_management(points: int, figures: Mapping[str, Figure]) -> Scored:
    """100 %, one point less for each per cent that is missing, begun ones too."""
    figure = figures["I-12"]
    if figure.rate is None or figure.numerator is None or figure.denominator is None:
        return None, _said(figure)
    missing = Decimal(100) * (figure.denominator - figure.numerator) / figure.denominator
    return max(Decimal(0), points - missing.to_integral_value(ROUND_CEILING)), _said(figure)


def _register(points: int, figures: Mapping[str, Figure]) -> Scored:
    return None, f"{_said(figures['I-12'])}；{_said(figures['I-26'])}"


def _ddi(points: int, figures: Mapping[str, Figure]) -> Scored:
    return None, f"{_said(figures['I-16'])}；演练、会议、医师配备{BY_HAND}"


def _transfers(points: int, figures: Mapping[str, Figure]) -> Scored:
    return None, f"{_said(figures['I-14'])}；有无延误救治{BY_HAND}"


def _outcomes(points: int, figures: Mapping[str, Figure]) -> Scored:
    """All three or nothing; what is missed already decides, what nobody records leaves it open."""
    three = [figures[one] for one in ("I-01", "I-21", "I-02")]
    said = "；".join(_said(figure) for figure in three)
    met = [figure.is_met for figure in three]
    if False in met:
        return Decimal(0), said
    return (Decimal(points) if all(met) else None), said


AUTO: Mapping[str, Callable[[int, Mapping[str, Figure]], Scored]] = {
    "screening": _screening,
    "case_management": _case_management,
    "register": _register,
    "ddi": _ddi,
    "transfers": _transfers,
    "outcomes": _outcomes,
}


def _said(figure: Figure) -> str:
    known = figure.definition
    if not known.is_recorded:
        return f"{known.name.zh}：尚未记录"
    return f"{known.name.zh} {figure.numerator}/{figure.denominator}"


def _printed(pack: Pack) -> Mapping[str, Any]:
    try:
        return _sheet(str(pack.value("returns.quarterly_score.sheet")))
    except KeyError:
        raise NotFound(
            f"参数包“{pack.name}”没有季度评分表",
            f"the pack {pack.id} has no quarterly score sheet",
            code="no-score-sheet",
        ) from None


@cache
def _sheet(name: str) -> Mapping[str, Any]:
    """Raises NotFound for a sheet that does not come with the product."""
    file = FOLDER / f"score_{name.replace('-', '_')}.yaml"
    if not file.is_file():
        raise NotFound(f"没有评分表“{name}”", f"no score sheet {name}", code="no-score-sheet")
    found: Mapping[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found
