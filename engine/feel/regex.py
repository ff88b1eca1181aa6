"""Matching in linear time: a backtracking search that never visits the same (instruction, position) twice.

Only a pattern with back-references has no such bound; the evaluation's steps stop it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.regex_syntax import Reader, Writer, bad

MAX_PATTERN = 2_000
MAX_KEPT = 500
Spans = list["int | None"]  # start and end of the whole, then of each group


class Pattern:
    """A compiled pattern. `search` answers spans or None."""

    def __init__(self, code: list[tuple[Any, ...]], groups: int, slots: int, multi_line: bool, remember: bool) -> None:
        self.code = code
        self.groups = groups
        self.slots = slots
        self.multi_line = multi_line
        self.remember = remember
        self.literal: str | None = None

    def search(self, text: str, start: int, run: Run, seen: set[int] | None = None) -> Spans | None:
        """The leftmost match at or after `start`."""
        if self.literal is not None:
            run.charge_string(len(text))
            at = text.find(self.literal, start)
            return None if at < 0 else [at, at + len(self.literal)]
        seen = set() if seen is None else seen
        for begin in range(start, len(text) + 1):
            found = self._match(text, begin, run, seen)
            if found is not None:
                return list(found[: 2 * self.groups + 2])
        return None

    def find_all(self, text: str, run: Run) -> Iterator[Spans]:
        """Matches from left to right, none inside another. The pattern must not match the empty string."""
        at = 0
        while at <= len(text):
            found = self.search(text, at, run)
            if found is None or found[1] is None or found[1] == found[0]:
                return
            yield found
            at = found[1]

    def _match(self, text: str, begin: int, run: Run, seen: set[int]) -> tuple[int | None, ...] | None:
        code, size, remember, width = self.code, len(text), self.remember, len(self.code)
        slots: tuple[int | None, ...] = (None,) * self.slots
        stack = [(0, begin, slots)]
        budget = run.steps
        while stack:
            at, position, slots = stack.pop()
            while True:
                budget -= 1
                if budget < 0:
                    run.charge(run.steps + 1)
                if remember:
                    key = position * width + at
                    if key in seen:
                        break
                    seen.add(key)
                step = code[at]
                kind = step[0]
                if kind == "char":
                    budget -= step[2]
                    if position < size and step[1](text[position]):
                        at, position = at + 1, position + 1
                        continue
                    break
                if kind == "split":
                    stack.append((step[2], position, slots))
                    at = step[1]
                elif kind == "jump":
                    at = step[1]
                elif kind == "save" or kind == "mark":
                    slot = step[1]
                    slots = (*slots[:slot], position, *slots[slot + 1 :])
                    at += 1
                elif kind == "match":
                    run.steps = budget
                    return (begin, position, *slots[2:])
                else:
                    moved = self._assert(step, text, position, slots)
                    if moved is None:
                        break
                    at, position = at + 1, moved
        run.steps = budget
        return None

    def _assert(self, step: tuple[Any, ...], text: str, position: int, slots: tuple[int | None, ...]) -> int | None:
        """Where the text goes on after an anchor, a loop's check or a back-reference; None: no match here."""
        kind = step[0]
        if kind == "moved":
            return position if slots[step[1]] != position else None
        if kind == "start":
            inner = self.multi_line and 0 < position < len(text) and text[position - 1] == "\n"
            return position if position == 0 or inner else None
        if kind == "end":
            inner = self.multi_line and position < len(text) and text[position] == "\n"
            return position if position == len(text) or inner else None
        first, last = slots[2 * step[1]], slots[2 * step[1] + 1]
        if first is None or last is None:
            return position
        wanted = text[first:last]
        found = text[position : position + len(wanted)]
        same = found == wanted or (step[0] == "back-fold" and found.casefold() == wanted.casefold())
        return position + len(wanted) if same else None


_compiled: dict[tuple[str, str], Pattern] = {}


def compile_pattern(pattern: str, flags: str, run: Run) -> Pattern:
    """Raises Fail for what XPath does not allow, Exhausted for what is too large."""
    found = _compiled.get((pattern, flags))
    if found is None:
        if len(pattern) > MAX_PATTERN:
            raise Fail("正则表达式过长", "the regular expression is too long")
        run.charge(10 * len(pattern))
        found = _compile(pattern, flags)
        run.charge(len(found.code))
        if len(_compiled) >= MAX_KEPT:
            _compiled.clear()
        _compiled[pattern, flags] = found
    return found


def _compile(pattern: str, flags: str) -> Pattern:
    if set(flags) - set("smixq"):
        raise Fail("标志只能是 s m i x q", "the flags are s m i x q")
    fold = "i" in flags
    if "q" in flags:
        pattern = "".join("\\" + c if c in "\\|.-^?*+{}()[]$" else c for c in pattern)
    elif "x" in flags:
        pattern = _without_space(pattern)
    reader = Reader(pattern, fold, "s" in flags)
    tree = reader.whole()
    writer = Writer(reader.groups)
    writer.write(tree)
    writer.emit("match")
    if fold:
        writer.code = [("back-fold", *step[1:]) if step[0] == "back" else step for step in writer.code]
    compiled = Pattern(writer.code, reader.groups, writer.slots, "m" in flags, not writer.has_back_references)
    if not fold and pattern and not set(pattern) & set("\\|.-^?*+{}()[]$"):
        compiled.literal = pattern
    return compiled


def _without_space(pattern: str) -> str:
    """Flag x: white space means nothing outside character classes."""
    kept, depth, at = [], 0, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern) and (depth or pattern[at + 1] not in "\t\n\r "):
            kept.append(pattern[at : at + 2])
            at += 2
            continue
        depth += (character == "[") - (character == "]" and depth > 0)
        if depth or character not in "\t\n\r ":
            kept.append(character)
        at += 1
    return "".join(kept)


__all__ = ["Pattern", "bad", "compile_pattern"]
