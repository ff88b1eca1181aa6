"""The same expressions, asked of an independent implementation: the npm package feelin, run by node.

Runs where node and the package are at hand: in `node_modules` of the checkout or of the folder YUNTU_FEELIN.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from engine.feel import FeelSyntaxError, compile_expression, to_plain

ROOT = Path(__file__).parents[3]
HOME = Path(os.environ.get("YUNTU_FEELIN") or ROOT)
SCRIPT = """
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
const feelin = await import(pathToFileURL(process.argv[1]).href);
const asked = JSON.parse(readFileSync(0, 'utf8'));
const answers = asked.expressions.map(text => {
  try { return { value: feelin.evaluate(text, asked.context).value }; } catch (error) { return { error: true }; }
});
process.stdout.write(JSON.stringify(answers));
"""
CONTEXT = {
    "n": 7,
    "m": -2,
    "s": "pre-eclampsia",
    "t": "anaemia",
    "xs": [4, 8, 15, 16],
    "yes": True,
    "o": {"a": 1, "b": "x"},
}


class Generator:
    """Well-typed expressions, so that a difference is one of meaning."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def number(self, depth):
        if depth == 0:
            return self.pick("n", "m", "0", "3", "2.5", "o.a", "count(xs)")
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            f"({a} + {b})",
            f"({a} - {b})",
            f"({a} * {b})",
            f"({a} / 4)",
            f"-({a})",
            f"(if {self.truth(depth - 1)} then {a} else {b})",
            f"sum({self.list(depth - 1)})",
            f"max({a}, {b})",
            f"count({self.list(depth - 1)})",
            f"string length({self.text(depth - 1)})",
            f"abs({a})",
            f"floor({a})",
            f"modulo({a}, 3)",
            f"xs[{self.pick('1', '-1', '2')}]",
            f"{{k: {a}, r: k + 1}}.r",
        )

    def truth(self, depth):
        if depth == 0:
            return self.pick("yes", "false", "n > 3", 's = "x"', "null")
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            f"({a} {self.pick('<', '<=', '>', '>=', '=', '!=')} {b})",
            f"({self.truth(depth - 1)} and {self.truth(depth - 1)})",
            f"({self.truth(depth - 1)} or {self.truth(depth - 1)})",
            f"not({self.truth(depth - 1)})",
            f"({a} in [0..5])",
            f"({a} in (> 3))",
            f"({a} between -3 and 9)",
            f"(some v in {self.list(depth - 1)} satisfies v > 2)",
            f"(every v in {self.list(depth - 1)} satisfies v > 2)",
            f'contains({self.text(depth - 1)}, "e")',
            f'starts with({self.text(depth - 1)}, "p")',
            f"list contains({self.list(depth - 1)}, {a})",
        )

    def text(self, depth):
        if depth == 0:
            return self.pick("s", "t", '"孕途"', '""', "o.b")
        a = self.text(depth - 1)
        return self.pick(
            f"({a} + {self.text(depth - 1)})",
            f"upper case({a})",
            f"substring({a}, {self.pick('1', '2', '-2')})",
            f'substring before({a}, "-")',
            f'replace({a}, "a", "o")',
            f"(if {self.truth(depth - 1)} then {a} else {self.text(depth - 1)})",
        )

    def list(self, depth):
        if depth == 0:
            return self.pick("xs", "[]", "[1, 2, 3]")
        a = self.list(depth - 1)
        return self.pick(
            f"(for v in {a} return v * 2)",
            f"{a}[item > 3]",
            f"concatenate({a}, [{self.number(depth - 1)}])",
            f"reverse({a})",
            f"append({a}, {self.number(depth - 1)})",
            f"distinct values({a})",
            f"sort({a}, function(p, q) p > q)",
            f"(for i in 1..3 return i + {self.number(depth - 1)})",
        )

    def any(self):
        return self.pick(self.number, self.truth, self.text, self.list)(self.random.randrange(1, 5))


def same(ours, theirs):
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, Decimal | int) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def ours(text):
    try:
        return to_plain(compile_expression(text).evaluate(CONTEXT))
    except FeelSyntaxError:
        return "syntax error"


@pytest.fixture(scope="module")
def feelin():
    entry = HOME / "node_modules" / "feelin" / "dist" / "index.js"
    if shutil.which("node") is None or not entry.exists():
        pytest.skip("node and the npm package feelin are not at hand; set YUNTU_FEELIN to a folder that holds it")

    def ask(expressions):
        done = subprocess.run(
            ["node", "--input-type=module", "-e", SCRIPT, str(entry)],
            input=json.dumps({"expressions": expressions, "context": CONTEXT}),
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return json.loads(done.stdout)

    return ask


def is_explained(text, mine):
    """A quantifier whose condition is null for an item: the standard says null, feelin takes null for false."""
    return mine is None and (" satisfies " in text)


def test_two_implementations_agree_on_well_typed_expressions(feelin):
    generator = Generator(20260105)
    expressions = [generator.any() for _ in range(600)]

    differences = [
        (text, mine, answer)
        for text, answer in zip(expressions, feelin(expressions))
        if not same(mine := ours(text), "error" if "error" in answer else answer.get("value"))
        and not is_explained(text, mine)
    ]

    assert differences == []
