"""Tables and expressions to measure by. The clock comes from outside."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from engine.dmn.definitions import read_decisions
from engine.feel.expressions import compile_expression

Timed = Callable[[Callable[[], Any], int, int], list[float]]  # action, rounds, calls a round → sorted seconds per call
INPUTS, RULES = 8, 100
CRITERIA = 160  # rows of the five-colour table, each about one of its 40 facts
FACTS = 40


def measure(timed: Timed) -> dict[str, Any]:
    """Evaluations per second of a table of 100 rules and 8 inputs; milliseconds and microseconds of the rest."""
    large = read_decisions(large_table())
    inputs = itertools.cycle(
        [{f"x{column}": (row * 7 + column) % 100 for column in range(INPUTS)} for row in range(97)]
    )
    table = timed(lambda: large.evaluate("decide", next(inputs)), 60, 200)
    colours_xml = colour_table()
    compiled = timed(lambda: read_decisions(colours_xml), 7, 1)
    colours = read_decisions(colours_xml)
    facts: dict[str, Any] = {f"fact {number}": number % 9 for number in range(FACTS)}
    colour = timed(lambda: colours.evaluate("colour", facts), 30, 20)
    condition = compile_expression('colour = "red" or systolic >= 160 and not(referred)')
    values = {"colour": "orange", "systolic": 165, "referred": False}
    simple = timed(lambda: condition.evaluate(values), 40, 1000)
    return {
        "table_rules": RULES,
        "table_inputs": INPUTS,
        "table_evaluations_per_s": round(1 / _middle(table)),
        "table_p50_ms": round(_middle(table) * 1000, 4),
        "table_p99_ms": round(table[-1] * 1000, 4),
        "colour_table_ms": round(_middle(colour) * 1000, 4),
        "colour_table_compile_ms": round(_middle(compiled) * 1000, 2),
        "condition_us": round(_middle(simple) * 1_000_000, 3),
    }


def _middle(figures: list[float]) -> float:
    return figures[len(figures) // 2]


def large_table() -> bytes:
    """UNIQUE; each rule bounds the first input and asks something of the others."""
    labels = [f"x{column}" for column in range(INPUTS)]
    rules = []
    for row in range(RULES):
        cells = [f"[{row}..{row + 1})"]
        cells += [f">= {(row + column) % 7}" if (row + column) % 3 else "-" for column in range(1, INPUTS)]
        rules.append((cells, str(row)))
    return table_xml("decide", labels, rules, "UNIQUE")


def colour_table() -> bytes:
    """COLLECT; a row per criterion, most cells empty, as grading tables are."""
    labels = [f"fact {number}" for number in range(FACTS)]
    rules = []
    for row in range(CRITERIA):
        cells = ["-"] * FACTS
        cells[row % FACTS] = (">= 7", "[3..5)", "1, 2", "not(0)")[row // FACTS]
        rules.append((cells, f'"criterion {row}"'))
    return table_xml("colour", labels, rules, "COLLECT")


def table_xml(name: str, labels: list[str], rules: list[tuple[list[str], str]], policy: str) -> bytes:
    """A decision file with one table and its input data."""
    data = "".join(f'<inputData id="i{n}" name="{label}"/>' for n, label in enumerate(labels))
    needs = "".join(
        f'<informationRequirement><requiredInput href="#i{n}"/></informationRequirement>' for n in range(len(labels))
    )
    columns = "".join(f"<input><inputExpression><text>{label}</text></inputExpression></input>" for label in labels)
    rows = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{_escape(cell)}</text></inputEntry>" for cell in cells)
        + f"<outputEntry><text>{_escape(output)}</text></outputEntry></rule>"
        for cells, output in rules
    )
    return (
        f'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="d" name="d" namespace="n">{data}'
        f'<decision id="{name}" name="{name}">{needs}<decisionTable hitPolicy="{policy}">{columns}<output/>'
        f"{rows}</decisionTable></decision></definitions>"
    ).encode()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
