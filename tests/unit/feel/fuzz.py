"""Coverage-guided fuzzing of the parser and the evaluation: `python -m tests.unit.feel.fuzz SECONDS [SEED]`.

Mutates the expressions of corpus.json; one that reaches a line nobody reached before is kept there. Stops at the first
exception that is not ours, or at an evaluation of more than a second, and prints the text.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from engine.feel import FeelError, compile_expression, compile_unary_tests, to_plain

CORPUS = Path(__file__).with_name("corpus.json")
CONTEXT = {"a": 1, "b": "x", "xs": [1, 2, 3], "date of birth": "2000-05-20", "c": {"d": [None, True]}}
WORDS = """a b xs 1 2.5 .5 1e3 ( ) [ ] { } , : . .. + - * / ** = != < <= > >= -> in and or not( between if then else for
    return some every satisfies function( instance of list< context< range< > "x" @"2026-01-05" @"PT1H" null true item
    partial ? date( duration( matches( replace( "(a|b)*" sort( range( external /* */ // string( sum( number( is( before(
    concatenate( 孕周 ' \\ @ # ]1..3[ days"""
PIECES = [
    *WORDS.split(),
    *("instance of", "context put(", "date and time(", "days in", "\0", "\ud800", "\U0001f40e", '"', '"\\u00e9'),
]


def exercise(text: str) -> None:
    """Anything but our own errors passes through."""
    for compiled in (compile_expression, compile_unary_tests):
        try:
            made: Any = compiled(text, names=["date of birth", "days in"])
            result = made.evaluate(CONTEXT) if compiled is compile_expression else made.test(1, CONTEXT)
            to_plain(result)
        except FeelError:
            continue


def reached(text: str) -> set[tuple[str, int]]:
    """The lines of engine/feel that the text makes run."""
    lines: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if "/engine/feel/" not in name:
            return None
        if event == "line":
            lines.add((name, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        exercise(text)
    finally:
        sys.settrace(None)
    return lines


def mutate(chance: random.Random, corpus: list[str]) -> str:
    text = chance.choice(corpus)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(text))
        until = min(len(text), at + chance.randint(0, 6))
        other = chance.choice(corpus)
        start = chance.randint(0, len(other))
        piece = chance.choice(
            [chance.choice(PIECES), other[start : start + chance.randint(1, 20)], "", chr(chance.randint(32, 126))]
        )
        text = text[:at] + piece + chance.choice(["", " "]) + text[until:]
    return text[:2000]


def run(seconds: float, seed: int) -> None:
    chance = random.Random(seed)
    corpus: list[str] = json.loads(CORPUS.read_text(encoding="utf-8"))
    seen = set().union(*(reached(text) for text in corpus))
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        text = mutate(chance, corpus)
        tried += 1
        began = time.monotonic()
        try:
            lines = reached(text)
        except BaseException:
            print("escaped:", json.dumps(text))
            raise
        if time.monotonic() - began > 10:  # tracing costs a factor of ten
            raise SystemExit(f"too slow: {json.dumps(text)}")
        if not lines <= seen:
            seen |= lines
            corpus.append(text)
            CORPUS.write_text(json.dumps(corpus, indent=0) + "\n", encoding="utf-8")
    print(f"{tried} texts, {len(seen)} lines, corpus of {len(corpus)}")


if __name__ == "__main__":
    run(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
