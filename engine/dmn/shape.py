"""What is wrong with a table before any cell is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.dmn.model import Table
from engine.dmn.reader import HIT_POLICIES

AGGREGATIONS = (None, "SUM", "MIN", "MAX", "COUNT")
Report = Callable[..., None]


def check_shape(table: Table, report: Report) -> None:
    """Unknown policies, outputs that cannot be told apart, rows of the wrong length."""

    def wrong(code: str, zh: str, en: str) -> None:
        report(table.place, "decisionTable", code, zh, en)

    if table.hit_policy not in HIT_POLICIES:
        wrong("hit-policy", f"未知的命中策略“{table.hit_policy}”", f"unknown hit policy {table.hit_policy!r}")
    if table.aggregation not in AGGREGATIONS:
        wrong("aggregation", f"未知的聚合“{table.aggregation}”", f"unknown aggregation {table.aggregation!r}")
    names = [item.name for item in table.outputs]
    if not names or (len(names) > 1 and ("" in names or len(set(names)) < len(names))):
        wrong("output-name", "输出列应有名称且互不相同", "output columns need names that differ")
    for number, rule in enumerate(table.rules, 1):
        if len(rule.tests) != len(table.inputs) or len(rule.results) != len(table.outputs):
            report(
                f"{table.place}/{number}",
                "rule",
                "cells",
                "单元格数与列数不符",
                "the number of cells does not fit the columns",
            )


def check_outputs(table: Table, priorities: list[list[Any]], report: Report) -> None:
    """Priorities need listed values, an aggregation needs one output."""
    if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(priorities):
        report(
            table.place,
            "decisionTable",
            "no-priorities",
            f"{table.hit_policy} 需要按次序列出输出值",
            f"{table.hit_policy} needs the output values listed in their order",
        )
    if table.hit_policy == "COLLECT" and table.aggregation not in (None, "COUNT") and len(table.outputs) > 1:
        report(
            table.place,
            "decisionTable",
            "aggregation",
            "聚合只能用于一个输出",
            "an aggregation needs a single output",
        )
