"""What must hold in a pack before a case may start by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from engine.errors import Text
from engine.problems import Problem
from workflows.regions.pack import MARKS, POLICY

DURATION = re.compile(r"P(?=\d|T\d)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII)
STATUSES = ("draft", "active", "expired", "demonstration")
ID = re.compile(r"[a-z][a-z0-9-]{1,60}")


def problem(key: str | None, code: str, zh: str, en: str, severity: str = "error") -> Problem:
    return Problem(element_id=key, element_type="region", code=code, message=Text(zh=zh, en=en), severity=severity)


def problems_of(header: Any, values: Mapping[str, Any], sources: Any) -> list[Problem]:
    """Every problem of a pack whose base is already underneath."""
    found = _header(header)
    for key in dict.fromkeys(POLICY.values()):
        try:
            value = _at(values, key)
        except KeyError:
            found.append(problem(key, "missing", f"缺少参数 {key}", f"the value {key} is missing"))
            continue
        found += _value(key, value)
    found += _scheme(values)
    found += _windows(values)
    found += _choices(values) + _sweep(values)
    return found + _sources(values, sources)


def _header(header: Any) -> list[Problem]:
    if not isinstance(header, Mapping):
        return [problem("pack", "no_header", "缺少 pack 段", "the section 'pack' is missing")]
    found = []
    if not ID.fullmatch(str(header.get("id", ""))):
        found.append(
            problem(
                "pack.id",
                "bad_id",
                "id 应为小写字母、数字与连字符",
                "the id should be lower-case letters, digits, hyphens",
            )
        )
    if not header.get("name"):
        found.append(problem("pack.name", "no_name", "缺少名称", "the name is missing"))
    if header.get("status") not in STATUSES:
        found.append(
            problem(
                "pack.status",
                "bad_status",
                f"状态应为 {'、'.join(STATUSES)}",
                f"the status should be one of {', '.join(STATUSES)}",
            )
        )
    start, end = header.get("valid_from"), header.get("valid_to")
    for key, value in (("valid_from", start), ("valid_to", end)):
        if value is not None and not isinstance(value, date):
            found.append(problem(f"pack.{key}", "bad_date", "应为日期 YYYY-MM-DD", "should be a date YYYY-MM-DD"))
    if isinstance(start, date) and isinstance(end, date) and end < start:
        found.append(problem("pack.valid_to", "ends_before_start", "失效日期早于生效日期", "it ends before it begins"))
    return found


def _value(key: str, value: Any) -> list[Problem]:
    last = key.rsplit(".", 1)[-1]
    if (not isinstance(value, Mapping) and last.endswith(("_within", "_after", "_overdue"))) or (
        last == "within" and isinstance(value, str)
    ):
        return _duration(key, value)
    if key in ("report.within", "transfer.answer_within", "tracing.steps", "tracing.urgent_steps"):
        rows = value.items() if isinstance(value, Mapping) else [("", value)]
        return [found for name, inner in rows for found in _duration(f"{key}.{name}", inner)]
    expected = EXPECTED.get(key)
    if expected is not None and not expected[0](value):
        return [problem(key, "wrong_type", f"{key} 应为{expected[1]}", f"{key} should be {expected[2]}")]
    return []


def _duration(key: str, value: Any) -> list[Problem]:
    if isinstance(value, str) and DURATION.fullmatch(value):
        return []
    return [
        problem(
            key,
            "bad_duration",
            f"“{value}”不是 ISO 8601 时长（如 P3D、PT24H）",
            f"'{value}' is no ISO 8601 duration (P3D, PT24H)",
        )
    ]


def _is_colours(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(colour, str) for colour in value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


EXPECTED: Mapping[str, tuple[Callable[[Any], bool], str, str]] = {
    "risk.hb_110_inclusive": (_is_bool, " true 或 false", "true or false"),
    "risk.hbv_carrier_purple": (_is_bool, " true 或 false", "true or false"),
    "casefile.face_to_face_once": (_is_bool, " true 或 false", "true or false"),
    "risk.creatinine_uln_umol": (_is_positive, "正数", "a positive number"),
    "risk.pasp_normal_until_mmhg": (_is_positive, "正数", "a positive number"),
    "preterm.lower_limit_weeks": (
        lambda weeks: type(weeks) is int and 20 <= weeks <= 28,
        " 20 到 28 的整周",
        "whole weeks from 20 to 28",
    ),
    "report.reminder_share": (
        lambda share: _is_positive(share) and share < 1,
        " 0 与 1 之间的数",
        "a number between 0 and 1",
    ),
    "report.colours": (_is_colours, "颜色列表", "a list of colours"),
    "casefile.colours": (_is_colours, "颜色列表", "a list of colours"),
    "advice.level2_colours": (_is_colours, "颜色列表", "a list of colours"),
}


# What a value may say; a test holds them equal to what their readers know.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "edd.rule": ("lmp_280", "naegele"),
    "risk.age_reference": ("assessment", "edd"),
    "risk.assessor_orgs": ("midwifery_ge2", "midwifery_ge3", "midwifery", "pmc_county"),
    "risk.screen_positive_to": ("midwifery_ge2", "midwifery_ge3", "midwifery", "pmc_county"),
    "unsuitable.min_title": ("attending", "associate_chief", "chief"),
    "focus.treat_as": ("high_risk", "own_colour"),
    "death.policy": ("strictest", "regional"),
    "training.cme_per_year.op": ("ge", "le", "lt", "eq"),
}
SWEEP_COLUMNS = 14  # of the sheet F-18 as printed (seed:002 附件4)


def _choices(values: Mapping[str, Any]) -> list[Problem]:
    found = []
    for key, choices in CHOICES.items():
        said = _at(values, key) if _has(values, key) else choices[0]
        each = said if isinstance(said, list) else [said]
        if not each or any(one not in choices for one in each):
            listed = "、".join(choices), ", ".join(choices)
            found.append(problem(key, "unknown_choice", f"{key} 应为 {listed[0]}", f"{key} should be {listed[1]}"))
    return found


def _sweep(values: Mapping[str, Any]) -> list[Problem]:
    """The sheet is printed with its columns, and is about women from one age to another."""
    found = []
    columns = _at(values, "sweep.columns") if _has(values, "sweep.columns") else SWEEP_COLUMNS
    if columns != SWEEP_COLUMNS:
        zh, en = f"月报表 F-18 为 {SWEEP_COLUMNS} 栏", f"the sheet F-18 has {SWEEP_COLUMNS} columns"
        found.append(problem("sweep.columns", "other_sheet", zh, en))
    ages = _at(values, "sweep.age") if _has(values, "sweep.age") else [1, 1]
    whole = isinstance(ages, list) and len(ages) == 2 and all(type(age) is int and 0 < age < 100 for age in ages)
    if not whole or ages[0] > ages[1]:
        zh, en = "应为从小到大的两个周岁", "should be two ages in completed years, the lower first"
        found.append(problem("sweep.age", "bad_ages", zh, en))
    return found


def _scheme(values: Mapping[str, Any]) -> list[Problem]:
    try:
        scheme = _at(values, "risk.scheme")
        known = {row["id"] for row in scheme["colours"]} | {row["id"] for row in scheme["flags"]}
        prefixes = [row["prefix"] for row in (*scheme["colours"], *scheme["flags"])]
    except (KeyError, TypeError):
        return [
            problem(
                "risk.scheme",
                "bad_scheme",
                "方案应有 colours 与 flags，每项有 id 与 prefix",
                "a scheme has colours and flags with id and prefix",
            )
        ]
    found = []
    if len(set(prefixes)) < len(prefixes):
        found.append(problem("risk.scheme", "prefix_twice", "标准代码前缀重复", "a criterion prefix occurs twice"))
    for key in ("report.colours", "casefile.colours", "advice.level2_colours"):
        listed = _at(values, key) if _has(values, key) else []
        for colour in listed if isinstance(listed, list) else []:
            if colour not in known:
                found.append(
                    problem(key, "unknown_colour", f"方案中没有颜色“{colour}”", f"the scheme has no colour '{colour}'")
                )
    return found


def _windows(values: Mapping[str, Any]) -> list[Problem]:
    try:
        rows = [(row["slot"], row["from_days"], row["until_days"]) for row in _at(values, "visits.package")]
        in_order = all(a[2] < b[1] for a, b in pairwise(rows)) and all(first <= last for _, first, last in rows)
    except (KeyError, TypeError):
        in_order = False
    if in_order:
        return []
    return [
        problem(
            "visits.package",
            "bad_windows",
            "随访窗口应按孕周先后排列且不重叠",
            "the visit windows should be in order and not overlap",
        )
    ]


def _sources(values: Mapping[str, Any], sources: Any) -> list[Problem]:
    if not isinstance(sources, Mapping):
        return [problem("sources", "bad_sources", "sources 应为键值结构", "sources should be a mapping")]
    found = []
    for key, entry in sources.items():
        if not _has(values, str(key)):
            found.append(
                problem(
                    str(key),
                    "source_of_nothing",
                    f"来源所指的参数 {key} 不存在",
                    f"there is no value {key} for this source",
                )
            )
        if not isinstance(entry, Mapping) or entry.get("mark") not in MARKS or not entry.get("text"):
            found.append(
                problem(
                    str(key),
                    "bad_source",
                    f"来源应有 mark（{'、'.join(MARKS)}）与 text",
                    f"a source has a mark ({', '.join(MARKS)}) and a text",
                )
            )
    return found


def contradictions_of(rows: Any) -> list[Problem]:
    """A contradiction between sources names both sides and what was decided."""
    if rows is None:
        return []
    whole = isinstance(rows, list) and all(
        isinstance(row, Mapping) and all(row.get(name) for name in ("id", "says", "other", "decided")) for row in rows
    )
    if whole:
        return []
    zh, en = "每条出入应有 id、says、other、decided", "a contradiction has id, says, other and decided"
    return [problem("contradictions", "bad_contradiction", zh, en)]


def _at(values: Mapping[str, Any], key: str) -> Any:
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, Mapping):
            raise KeyError(key)
        found = found[part]
    return found


def _has(values: Mapping[str, Any], key: str) -> bool:
    try:
        _at(values, key)
    except KeyError:
        return False
    return True
