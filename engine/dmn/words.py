"""Findings about a table as sentences in both languages."""

from __future__ import annotations

from typing import Any

from engine.dmn.coverage import Finding
from engine.dmn.tables import CompiledTable
from engine.errors import Text
from engine.feel.meter import Run
from engine.feel.text import string_of


def example_text(example: dict[str, Any]) -> Text:
    """`age = 17, smoker = true`"""
    parts_zh, parts_en = [], []
    for label, value in example.items():
        if value is None:
            parts_zh.append(f"{label} 为空或任意值")
            parts_en.append(f"{label} = null or anything")
        elif value == "…":
            parts_zh.append(f"{label} = 表中未列出的值")
            parts_en.append(f"{label} = a value that no cell names")
        else:
            shown = f'"{value}"' if isinstance(value, str) else string_of(value, Run())
            parts_zh.append(f"{label} = {shown}")
            parts_en.append(f"{label} = {shown}")
    return Text(zh="，".join(parts_zh) or "任意输入", en=", ".join(parts_en) or "any input")


def finding_text(table: CompiledTable, finding: Finding) -> Text:
    """What is wrong, and for which input."""
    example = example_text(finding.example)
    rules = finding.rules
    if finding.kind == "overlap":
        return Text(
            zh=f"决策表“{table.place}”的规则 {rules[0]} 与 {rules[1]} 重叠：当 {example.zh} 时同时匹配",
            en=f"rules {rules[0]} and {rules[1]} of table {table.place!r} overlap: both match when {example.en}",
        )
    if finding.kind == "gap":
        return Text(
            zh=f"决策表“{table.place}”有空隙：当 {example.zh} 时没有规则匹配",
            en=f"table {table.place!r} has a gap: no rule matches when {example.en}",
        )
    return Text(
        zh=f"决策表“{table.place}”的规则 {rules[0]} 永远不会起作用",
        en=f"rule {rules[0]} of table {table.place!r} can never take effect",
    )
