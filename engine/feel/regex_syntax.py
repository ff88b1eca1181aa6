"""Regular expressions of XPath (what DMN's `matches`, `replace` and `split` take), read into a small program.

Instructions: ("char", predicate) ("split", first, second) ("jump", to) ("save", slot) ("mark", slot) ("moved", slot)
("back", group) ("start",) ("end",) ("match",)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.feel.errors import Exhausted, Fail
from engine.feel.unicode_blocks import BLOCKS, CATEGORIES

MAX_PROGRAM = 4_000
MAX_GROUPS_NESTED = 50
Predicate = Callable[[str], bool]
_SPACES = "\t\n\r "
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", **{c: c for c in "\\|.-^?*+{}()[]$"}}


def bad(zh: str, en: str) -> Fail:
    return Fail(f"正则表达式有误：{zh}", f"invalid regular expression: {en}")


# --- characters ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def variants(character: str) -> tuple[str, ...]:
    """The spellings that count as the same when case does not matter."""
    found = {character}
    for other in (character.lower(), character.upper(), character.casefold()):
        if len(other) == 1:
            found.update((other, other.lower(), other.upper()))
    return tuple(c for c in found if len(c) == 1)


def _is_word(c: str) -> bool:
    return unicodedata.category(c)[0] not in "PZC"


def _is_name_start(c: str) -> bool:
    return c in "_:" or unicodedata.category(c)[0] == "L"


def _is_name_part(c: str) -> bool:
    return c in "_:.-·" or unicodedata.category(c)[0] in "LMN"


_CLASSES: dict[str, Predicate] = {
    "s": lambda c: c in _SPACES,
    "d": lambda c: unicodedata.category(c) == "Nd",
    "w": _is_word,
    "i": _is_name_start,
    "c": _is_name_part,
}


def _not(predicate: Predicate) -> Predicate:
    return lambda c: not predicate(c)


def _property(name: str) -> Predicate:
    if name in CATEGORIES:
        return lambda c: unicodedata.category(c).startswith(name)
    if name.startswith("Is") and name[2:] in BLOCKS:
        first, last = BLOCKS[name[2:]]
        return lambda c: first <= ord(c) <= last
    raise bad(f"没有字符类 \\p{{{name[:30]}}}", f"there is no \\p{{{name[:30]}}}")


# --- reading ---------------------------------------------------------------------------------------------------------


class Reader:
    """Pattern to tree. Nodes: ("set", predicate) ("seq", nodes) ("alt", nodes) ("repeat", node, low, high, greedy)
    ("group", n, node) ("back", n) ("start",) ("end",)"""

    def __init__(self, pattern: str, fold: bool, dot_all: bool) -> None:
        self.pattern = pattern
        self.at = 0
        self.fold = fold
        self.dot_all = dot_all
        self.groups = 0
        self.closed: set[int] = set()
        self.depth = 0
        self.parts = 0  # of all character classes

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        self.at += 1
        return character

    def whole(self) -> Any:
        tree = self.alternatives()
        if self.at < len(self.pattern):
            raise bad("多余的 )", "an unmatched )")
        return tree

    def alternatives(self) -> Any:
        self.depth += 1
        if self.depth > MAX_GROUPS_NESTED:
            raise bad("括号嵌套过深", "groups are nested too deep")
        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else ("alt", branches)

    def sequence(self) -> Any:
        nodes = []
        while self.at < len(self.pattern) and self.peek() not in "|)":
            nodes.append(self.quantified(self.atom()))
        return nodes[0] if len(nodes) == 1 else ("seq", nodes)

    def atom(self) -> Any:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            before = self.parts
            predicate = self.bracket()
            return ("set", predicate, 1 + (self.parts - before) // 4)
        if character == "\\":
            return self.escape()
        if character == ".":
            return ("set", (lambda c: True) if self.dot_all else (lambda c: c not in "\n\r"))
        if character == "^":
            return ("start",)
        if character == "$":
            return ("end",)
        if character in "*+?{}]":
            raise bad(f"位置不对的 {character}", f"a misplaced {character}")
        return ("set", self.one(character))

    def one(self, character: str) -> Predicate:
        if not self.fold:
            return lambda c: c == character
        alike = variants(character)
        return lambda c: c in alike or any(other in alike for other in variants(c))

    def group(self) -> Any:
        number = 0
        if self.peek() == "?":
            if self.pattern[self.at : self.at + 2] != "?:":
                raise bad("不支持 (?…)", "(?…) is not supported")
            self.at += 2
        else:
            self.groups += 1
            number = self.groups
        inner = self.alternatives()
        if self.take() != ")":
            raise bad("缺少 )", "a ) is missing")
        if number:
            self.closed.add(number)
            return ("group", number, inner)
        return inner

    def quantified(self, node: Any) -> Any:
        sign = self.peek()
        if sign not in ("*", "+", "?", "{"):
            return node
        if node[0] in ("start", "end"):
            raise bad("锚点不能重复", "an anchor cannot be repeated")
        self.at += 1
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self.counts()
        greedy = True
        if self.peek() == "?":
            self.at += 1
            greedy = False
        if self.peek() in ("*", "+", "?", "{"):
            raise bad("重复的量词", "a quantifier after a quantifier")
        return ("repeat", node, low, high, greedy)

    def counts(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.at)
        low, comma, high = self.pattern[self.at : end].partition(",") if end > 0 else ("", "", "")
        if not low.isascii() or not low.isdigit() or len(low) > 6 or (high and not (high.isascii() and high.isdigit())):
            raise bad("量词有误", "a malformed quantifier")
        self.at = end + 1
        if not comma:
            return int(low), int(low)
        if high and (len(high) > 6 or int(high) < int(low)):
            raise bad("量词有误", "a malformed quantifier")
        return int(low), int(high) if high else None

    def escape(self) -> Any:
        character = self.take()
        if character.isascii() and character.isdigit():
            return self.back_reference(character)
        found = self.class_escape(character)
        if found is not None:
            return ("set", found)
        if character not in _SINGLE or not character:
            raise bad(f"未知的转义 \\{character}", f"unknown escape \\{character}")
        return ("set", self.one(_SINGLE[character]))

    def back_reference(self, digits: str) -> Any:
        if digits == "0":
            raise bad("没有第 0 组", "there is no group 0")
        while self.peek().isascii() and self.peek().isdigit() and int(digits + self.peek()) <= self.groups:
            digits += self.take()
        if int(digits) not in self.closed:
            raise bad(f"没有第 {digits} 组", f"there is no group {digits}")
        return ("back", int(digits))

    def class_escape(self, character: str) -> Predicate | None:
        if character in ("p", "P"):
            end = self.pattern.find("}", self.at)
            if self.peek() != "{" or end < 0:
                raise bad("\\p 之后应为 {…}", "\\p takes {…}")
            predicate = _property(self.pattern[self.at + 1 : end])
            self.at = end + 1
            return predicate if character == "p" else _not(predicate)
        predicate_or_none = _CLASSES.get(character.lower()) if character else None
        if predicate_or_none is None:
            return None
        return predicate_or_none if character.islower() else _not(predicate_or_none)

    # --- [ ... ] ---

    def bracket(self) -> Predicate:
        self.depth += 1
        if self.depth > MAX_GROUPS_NESTED:
            raise bad("字符类嵌套过深", "character classes are nested too deep")
        negative = self.peek() == "^"
        if negative:
            self.at += 1
        singles, parts, removed = self.bracket_parts()
        self.depth -= 1
        fold = self.fold

        def inside(c: str) -> bool:
            spellings = variants(c) if fold else (c,)
            found = any(s in singles for s in spellings) or any(part(s) for part in parts for s in spellings)
            return found is not negative

        if removed is None:
            return inside
        return lambda c: inside(c) and not removed(c)

    def bracket_parts(self) -> tuple[frozenset[str], list[Predicate], Predicate | None]:
        """Single characters, the other parts, and the class to take away."""
        singles: set[str] = set()
        parts: list[Predicate] = []
        while True:
            if self.at >= len(self.pattern):
                raise bad("缺少 ]", "a ] is missing")
            character = self.take()
            some = bool(parts or singles)
            if character == "]":
                if not some:
                    raise bad("空的字符类", "an empty character class")
                return frozenset(singles), parts, None
            if character == "-" and self.peek() == "[" and some:
                self.at += 1
                removed = self.bracket()
                if self.take() != "]":
                    raise bad("字符类相减之后应为 ]", "a class subtraction must be the last part")
                return frozenset(singles), parts, removed
            part = self.bracket_part(character, not some)
            if isinstance(part, str):
                singles.update(variants(part) if self.fold else (part,))
            else:
                parts.append(part)
                self.parts += 1

    def bracket_part(self, character: str, first: bool) -> Predicate | str:
        """A single character, or a predicate."""
        if character == "[":
            raise bad("字符类中的 [ 需转义", "a [ inside a class must be escaped")
        if character == "\\":
            escaped = self.take()
            found = self.class_escape(escaped)
            if found is not None:
                return found
            if not escaped or escaped not in _SINGLE:
                raise bad(f"未知的转义 \\{escaped}", f"unknown escape \\{escaped}")
            character = _SINGLE[escaped]
        elif character == "-" and not first and self.peek() != "]":
            raise bad("字符类中的 - 需转义", "a - inside a class must be escaped")
        if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", "[", ""):
            self.at += 1
            last = self.take()
            if last == "\\":
                last = _SINGLE.get(self.take(), "")
            if not last or last < character:
                raise bad("字符区间颠倒", "a range of characters is reversed")
            return self.span(character, last)
        return character

    def span(self, first: str, last: str) -> Predicate:
        return lambda c: first <= c <= last


# --- writing ---------------------------------------------------------------------------------------------------------


class Writer:
    """Tree to program. Repetition is written out, so its size is bounded."""

    def __init__(self, groups: int) -> None:
        self.code: list[tuple[Any, ...]] = []
        self.slots = 2 * (groups + 1)
        self.has_back_references = False

    def emit(self, *instruction: Any) -> int:
        self.code.append(instruction)
        if len(self.code) > MAX_PROGRAM:
            raise Exhausted("正则表达式过大", "the regular expression is too large")
        return len(self.code) - 1

    def write(self, node: Any) -> None:
        kind = node[0]
        if kind == "set":
            self.emit("char", node[1], node[2] if len(node) > 2 else 1)
        elif kind == "seq":
            for child in node[1]:
                self.write(child)
        elif kind == "alt":
            self.alternatives(node[1])
        elif kind == "group":
            self.emit("save", 2 * node[1])
            self.write(node[2])
            self.emit("save", 2 * node[1] + 1)
        elif kind == "repeat":
            self.repeat(*node[1:])
        else:
            self.has_back_references |= kind == "back"
            self.emit(*node)

    def alternatives(self, branches: list[Any]) -> None:
        jumps = []
        for branch in branches[:-1]:
            split = self.emit("split")
            self.write(branch)
            jumps.append(self.emit("jump"))
            self.code[split] = ("split", split + 1, len(self.code))
        self.write(branches[-1])
        for jump in jumps:
            self.code[jump] = ("jump", len(self.code))

    def repeat(self, node: Any, low: int, high: int | None, greedy: bool) -> None:
        for _ in range(low):
            self.write(node)
            if node[0] == "seq" and not node[1]:
                return
        if high is None:
            self.star(node, greedy)
            return
        splits = []
        for _ in range(high - low):
            splits.append(self.emit("split"))
            self.write(node)
        for split in splits:
            self.code[split] = self.branch(split + 1, len(self.code), greedy)

    def star(self, node: Any, greedy: bool) -> None:
        split = self.emit("split")
        slot = self.slots
        if nullable(node):
            self.slots += 1
            self.emit("mark", slot)
        self.write(node)
        if nullable(node):
            self.emit("moved", slot)
        self.emit("jump", split)
        self.code[split] = self.branch(split + 1, len(self.code), greedy)

    def branch(self, inside: int, after: int, greedy: bool) -> tuple[Any, ...]:
        return ("split", inside, after) if greedy else ("split", after, inside)


def nullable(node: Any) -> bool:
    """Can it match the empty string?"""
    kind = node[0]
    if kind == "set":
        return False
    if kind == "seq":
        return all(nullable(child) for child in node[1])
    if kind == "alt":
        return any(nullable(child) for child in node[1])
    if kind == "group":
        return nullable(node[2])
    if kind == "repeat":
        return node[2] == 0 or nullable(node[1])
    return True
