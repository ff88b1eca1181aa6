"""Tokens to a tree, by recursive descent with precedence climbing.

Bounded: nesting by MAX_NESTING, work by fuel (a range that ends in `[` may be tried twice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, DecimalException

from engine.errors import Text
from engine.feel import syntax
from engine.feel.errors import FeelSyntaxError
from engine.feel.names import Names
from engine.feel.syntax import Node
from engine.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time
from engine.feel.tokens import Token, tokenize
from engine.feel.types import ALIASES, ANY, ContextType, FunctionType, ListType, RangeType, Type
from engine.feel.values import NUMBERS

MAX_NESTING = 64
KEYWORDS = frozenset(
    "for return in if then else some every satisfies and or between instance true false null".split()  # noqa: SIM905
)
LITERALS = {"true": True, "false": False, "null": None}
COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
LEVELS = {"or": 1, "and": 2, "between": 3, "in": 3, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5}
LEVELS["**"] = 6
NAME_SYMBOLS = frozenset(".'/-+*")

TypeLookup = Callable[[str], Type | None]


class Parser:
    """One text. `names`: variables and functions in sight; `members`: names that may follow a dot."""

    def __init__(
        self, text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None
    ) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.names = names
        self.local: list[Names] = []
        self.members = members
        self.own_members = Names()
        self.type_names = type_names
        self.lookup = lookup
        self.nesting = 0
        self.fuel = 20 * len(self.tokens) + 200
        self.soft_bracket = False  # a `[` may close the range whose end is being read
        self.input_read = False

    # --- tokens ---

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def advance(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        self.fuel -= 1
        if self.fuel < 0:
            raise self.wrong("表达式过于复杂", "the expression is too involved")
        return token

    def sees(self, *texts: str) -> bool:
        token = self.tokens[self.at]
        return token.text in texts and token.kind in ("op", "name")

    def takes(self, *texts: str) -> bool:
        if self.sees(*texts):
            self.advance()
            return True
        return False

    def expect(self, *texts: str) -> Token:
        if not self.sees(*texts):
            raise self.unexpected(" / ".join(texts))
        return self.advance()

    def wrong(self, zh: str, en: str, expected: Text | None = None) -> FeelSyntaxError:
        return FeelSyntaxError(
            f"第 {self.token.position + 1} 个字符：{zh}",
            f"at character {self.token.position + 1}: {en}",
            position=self.token.position,
            expected=expected,
        )

    def unexpected(self, expected: str, zh: str | None = None) -> FeelSyntaxError:
        token = self.token
        found_zh = "表达式结束" if token.kind == "end" else f"“{self.text[token.position : token.end][:40]}”"
        found_en = "the end" if token.kind == "end" else repr(self.text[token.position : token.end][:40])
        return self.wrong(
            f"遇到{found_zh}，此处应为 {zh or expected}",
            f"found {found_en}, expected {expected}",
            Text(zh=zh or expected, en=expected),
        )

    # --- whole texts ---

    def whole_expression(self) -> Node:
        node = self.expression()
        self.finish()
        return node

    def finish(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected("the end or an operator", "表达式结束或运算符")

    def whole_tests(self) -> syntax.Tests:
        tests = syntax.Tests(0)
        if self.sees("-") and self.tokens[self.at + 1].kind == "end":
            self.advance()
            return tests
        start = self.at
        if self.sees("not") and self.tokens[self.at + 1].text == "(":
            try:
                self.at += 2
                self.some_tests(tests)
                self.expect(")")
                self.finish()
                tests.negated = True
                return tests
            except FeelSyntaxError:
                self.at = start  # `not(...)` may also begin an ordinary expression: `not(?) and x`
                tests = syntax.Tests(0)
        self.some_tests(tests)
        self.finish()
        return tests

    def some_tests(self, tests: syntax.Tests) -> None:
        while True:
            self.input_read = False
            tests.tests.append(self.positive_test())
            tests.uses_input.append(self.input_read)
            if not self.takes(","):
                return

    # --- expressions ---

    def expression(self) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.wrong(f"嵌套超过 {MAX_NESTING} 层", f"nested more than {MAX_NESTING} deep")
        try:
            token = self.token
            if token.kind == "name" and token.text in ("for", "if", "some", "every") and not self.known_name()[0]:
                return self.textual(token.text)
            return self.binary(1)
        finally:
            self.nesting -= 1

    def textual(self, kind: str) -> Node:
        soft, self.soft_bracket = self.soft_bracket, False
        try:
            if kind == "if":
                return self.if_expression()
            return self.iteration(kind)
        finally:
            self.soft_bracket = soft

    def if_expression(self) -> Node:
        branches: list[tuple[int, Node, Node]] = []
        while True:
            position = self.expect("if").position
            condition = self.expression()
            self.expect("then")
            branches.append((position, condition, self.expression()))
            self.expect("else")
            if not (self.sees("if") and not self.known_name()[0]):
                break
            if len(branches) > 4 * MAX_NESTING:
                raise self.wrong("if 分支过多", "too many branches")
        node = self.expression()
        for position, condition, then in reversed(branches):
            node = syntax.If(position, condition, then, node)
        return node

    def iteration(self, kind: str) -> Node:
        position = self.advance().position
        scope = Names()
        self.local.append(scope)
        domains = []
        while True:
            name = self.fresh_name("in")
            self.expect("in")
            domain = self.expression()
            if self.sees(".."):
                at = self.advance().position
                domain = syntax.RangeOf(at, domain, self.expression(), True, True, "..")
            domains.append((name, domain))
            scope.add(name)
            if not self.takes(","):
                break
        self.expect("return" if kind == "for" else "satisfies")
        body = self.expression()
        self.local.pop()
        if kind == "for":
            return syntax.For(position, domains, body)
        return syntax.Quantified(position, kind, domains, body)

    def binary(self, level: int, left: Node | None = None) -> Node:
        node = self.unary() if left is None else left
        while True:
            token = self.token
            own = LEVELS.get(token.text, 0) if token.kind in ("op", "name") else 0
            if own < level or own == 0:
                return node
            if token.text in ("and", "or"):
                node = self.logic(token.text, own, node)
            elif token.text == "between":
                self.advance()
                low = self.binary(4)
                self.expect("and")
                node = syntax.Between(token.position, node, low, self.binary(4))
            elif token.text == "in":
                self.advance()
                node = syntax.In(token.position, node, self.tests_after_in())
            else:
                self.advance()
                right = self.binary(own + 1)
                kind = syntax.Comparison if own == 3 else syntax.Arithmetic
                node = kind(token.position, token.text, node, right)

    def logic(self, operator: str, level: int, first: Node) -> Node:
        position = self.token.position
        operands = [first]
        while self.takes(operator):
            operands.append(self.binary(level + 1))
        return syntax.Logic(position, operator, operands)

    def unary(self) -> Node:
        minus = []
        while self.sees("-"):
            minus.append(self.advance().position)
            if len(minus) > MAX_NESTING:
                raise self.wrong("负号过多", "too many minus signs")
        node = self.postfix(self.primary())
        while self.sees("instance") and self.tokens[self.at + 1].text == "of":
            position = self.advance().position
            self.advance()
            node = syntax.InstanceOf(position, node, self.type())
        for position in reversed(minus):
            if isinstance(node, syntax.Literal) and isinstance(node.value, Decimal):
                node = syntax.Literal(position, NUMBERS.minus(node.value) if node.value else node.value)
            else:
                node = syntax.Negation(position, node)
        return node

    def postfix(self, node: Node) -> Node:
        chain = 0
        while True:
            chain += 1
            if chain > 4 * MAX_NESTING:
                raise self.wrong("链过长", "the chain is too long")
            token = self.token
            if token.kind != "op":
                return node
            if token.text == ".":
                self.advance()
                node = syntax.Path(token.position, node, self.member_name())
            elif token.text == "[":
                filtered = self.filter(node)
                if filtered is None:
                    return node
                node = filtered
            elif token.text == "(":
                node = self.call(node)
            else:
                return node

    def filter(self, source: Node) -> Node | None:
        """None: this `[` closes the range being read."""
        start, soft = self.at, self.soft_bracket
        try:
            position = self.advance().position
            self.soft_bracket = False
            condition = self.expression()
            self.expect("]")
            return syntax.Filter(position, source, condition)
        except FeelSyntaxError:
            if not soft:
                raise
            self.at = start
            return None
        finally:
            self.soft_bracket = soft

    def call(self, function: Node) -> Node:
        position = self.advance().position
        soft, self.soft_bracket = self.soft_bracket, False
        arguments: list[Node] = []
        names: list[str] = []
        if not self.sees(")"):
            while True:
                name = self.argument_name()
                if name is not None:
                    names.append(name)
                arguments.append(self.expression())
                if bool(names) != (name is not None):
                    raise self.wrong("命名参数与位置参数不能混用", "named and positional arguments do not mix")
                if not self.takes(","):
                    break
        self.expect(")")
        self.soft_bracket = soft
        return syntax.Call(position, function, arguments, names or None)

    def argument_name(self) -> str | None:
        at = self.at
        while self.tokens[at].kind in ("name", "number") or (
            self.tokens[at].text in NAME_SYMBOLS and self.tokens[at].kind == "op" and at > self.at
        ):
            at += 1
        if at == self.at or self.tokens[at].text != ":" or self.tokens[at].kind != "op":
            return None
        name = self.written(self.at, at)
        self.at = at + 1
        return name

    # --- primaries ---

    def primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "string":
            self.advance()
            return syntax.Literal(token.position, token.text)
        if token.kind == "at":
            return self.at_literal()
        if token.kind == "name":
            return self.name_or_word()
        reader = {"(": self.parenthesis, "[": self.bracket, "]": self.open_range, "{": self.context}.get(token.text)
        if reader is None or token.kind != "op":
            raise self.unexpected("an expression", "表达式")
        soft, self.soft_bracket = self.soft_bracket, False
        node = reader()
        self.soft_bracket = soft
        return node

    def number(self) -> Node:
        token = self.advance()
        if len(token.text) > 400:
            raise self.wrong("数字过长", "the number has too many digits")
        try:
            return syntax.Literal(token.position, NUMBERS.create_decimal(token.text))
        except DecimalException:
            raise self.wrong("数字超出范围", "the number is out of range") from None

    def at_literal(self) -> Node:
        token = self.advance()
        for parse in (parse_date, parse_date_time, parse_time, parse_duration):
            value = parse(token.text)
            if value is not None:
                return syntax.Literal(token.position, value)
        return syntax.Literal(token.position, None)

    def name_or_word(self) -> Node:
        token = self.token
        if token.text in LITERALS and not self.known_name()[0]:
            self.advance()
            return syntax.Literal(token.position, LITERALS[token.text])
        if token.text == "function" and self.tokens[self.at + 1].text == "(":
            return self.function()
        name = self.variable_name()
        if name == "?":
            self.input_read = True
        return syntax.Name(token.position, name)

    def parenthesis(self) -> Node:
        position = self.expect("(").position
        if self.sees("<", "<=", ">", ">=", "=", "!="):
            node = self.comparison_test()
            self.expect(")")
            return node
        node = self.expression()
        if self.sees(".."):
            return self.range(position, node, False)
        self.expect(")")
        return node

    def bracket(self) -> Node:
        position = self.expect("[").position
        items: list[Node] = []
        if not self.sees("]"):
            while True:
                if self.sees("<", "<=", ">", ">=", "=", "!="):
                    items.append(self.comparison_test())
                else:
                    items.append(self.expression())
                if len(items) == 1 and self.sees(".."):
                    return self.range(position, items[0], True)
                if not self.takes(","):
                    break
        self.expect("]")
        return syntax.ListOf(position, items)

    def open_range(self) -> Node:
        position = self.expect("]").position
        start = self.expression()
        if not self.sees(".."):
            raise self.unexpected("..")
        return self.range(position, start, False)

    def range(self, position: int, start: Node, included: bool) -> Node:
        self.expect("..")
        self.soft_bracket = True
        end = self.expression()
        self.soft_bracket = False
        closing = self.expect("]", ")", "[").text
        return syntax.RangeOf(position, start, end, included, closing == "]")

    def context(self) -> Node:
        position = self.expect("{").position
        scope = Names()
        self.local.append(scope)
        entries: list[tuple[str, Node]] = []
        if not self.sees("}"):
            while True:
                key = self.advance().text if self.token.kind == "string" else self.fresh_name(":")
                self.expect(":")
                entries.append((key, self.expression()))
                scope.add(key)
                self.own_members.add(key)
                if not self.takes(","):
                    break
        self.expect("}")
        self.local.pop()
        return syntax.ContextOf(position, entries)

    def function(self) -> Node:
        position = self.advance().position
        self.expect("(")
        scope = Names()
        parameters: list[tuple[str, Type]] = []
        if not self.sees(")"):
            while True:
                name = self.fresh_name(",", ":", ")")
                kind = self.type() if self.takes(":") else ANY
                parameters.append((name, kind))
                scope.add(name)
                if not self.takes(","):
                    break
        self.expect(")")
        self.local.append(scope)
        external = self.sees("external") and self.tokens[self.at + 1].text == "{"
        if external:
            self.advance()
        body = self.expression()
        self.local.pop()
        return syntax.FunctionOf(position, parameters, None if external else body)

    # --- unary tests ---

    def positive_test(self) -> Node:
        if self.sees("<", "<=", ">", ">=", "=", "!="):
            return self.comparison_test()
        return self.expression()

    def comparison_test(self) -> Node:
        token = self.advance()
        operand = self.binary(4)
        if token.text == "=":
            return syntax.Like(token.position, operand)
        if token.text == "!=":
            return syntax.Unlike(token.position, operand)
        closed = token.text in ("<=", ">=")
        if token.text[0] == "<":
            return syntax.RangeOf(token.position, None, operand, False, closed, token.text)
        return syntax.RangeOf(token.position, operand, None, closed, False, token.text)

    def tests_after_in(self) -> list[Node]:
        if not self.sees("("):
            if self.sees("<", "<=", ">", ">=", "=", "!="):
                return [self.comparison_test()]
            return [self.binary(4)]
        soft, self.soft_bracket = self.soft_bracket, False
        position = self.advance().position
        first = self.positive_test()
        if self.sees(".."):
            node = self.range(position, first, False)
            self.soft_bracket = soft
            return [self.binary(4, self.postfix(node))]
        tests = [first]
        while self.takes(","):
            tests.append(self.positive_test())
        self.expect(")")
        self.soft_bracket = soft
        return tests if len(tests) > 1 else [self.binary(4, self.postfix(first))]

    # --- names ---

    def known_name(self) -> tuple[int, str]:
        """The longest name of several tokens that begins here."""
        best = self.names.longest(self.tokens, self.at)
        for scope in self.local:
            found = scope.longest(self.tokens, self.at)
            if found[0] > best[0]:
                best = found
        return best

    def variable_name(self) -> str:
        if self.token.text in KEYWORDS and not self.known_name()[0]:
            raise self.unexpected("an expression", "表达式")
        return self.joined(*self.known_name())

    def member_name(self) -> str:
        if self.token.kind != "name":
            raise self.unexpected("a name", "名称")
        best = max(
            self.members.longest(self.tokens, self.at),
            self.own_members.longest(self.tokens, self.at),
            key=lambda found: found[0],
        )
        return self.joined(*best)

    def joined(self, size: int, name: str) -> str:
        """That known name, or, since two names side by side are never anything else, all that follow as one."""
        start = self.at
        self.at += max(size, 1)
        while True:
            token = self.token
            if (token.kind == "name" and token.text not in KEYWORDS and not self.begins_literal()) or (
                token.kind == "number" and token.text.isdigit()
            ):
                self.at += 1
            else:
                break
        self.fuel -= 1
        if name and self.at == start + size:
            return name
        return self.written(start, self.at)

    def begins_literal(self) -> bool:
        return self.token.text == "external" and self.tokens[self.at + 1].text == "{"

    def fresh_name(self, *ends: str) -> str:
        """A name that is being given here: everything up to one of `ends`."""
        start = self.at
        while not self.sees(*ends):
            token = self.token
            if token.kind not in ("name", "number") and not (token.kind == "op" and token.text in NAME_SYMBOLS):
                raise self.unexpected("a name", "名称")
            self.advance()
        if self.at == start or self.tokens[start].kind != "name":
            self.at = start
            raise self.unexpected("a name", "名称")
        return self.written(start, self.at)

    def written(self, start: int, end: int) -> str:
        """The tokens as a name: as written, with single spaces."""
        first, last = self.tokens[start], self.tokens[end - 1]
        return " ".join(self.text[first.position : last.end].split())

    # --- types ---

    def type(self) -> Type:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.wrong("类型嵌套过深", "the type is nested too deep")
        try:
            return self.type_inside()
        finally:
            self.nesting -= 1

    def type_inside(self) -> Type:
        if self.token.kind != "name":
            raise self.unexpected("a type", "类型")
        word, following = self.token.text, self.tokens[self.at + 1].text
        if following == "<" and word in ("list", "range", "context", "function"):
            self.at += 2
            return getattr(self, f"{word}_type")()
        if word == "function" and following not in (".",):
            self.advance()
            return FunctionType()
        name = self.type_name()
        found = ALIASES.get(name) or (self.lookup(name) if self.lookup else None)
        if found is None:
            found = {"list": ListType(), "context": ContextType(), "range": RangeType()}.get(name)
        if found is None:
            raise self.wrong(f"未知类型“{name}”", f"unknown type {name!r}")
        return found

    def type_name(self) -> str:
        size, name = self.type_names.longest(self.tokens, self.at)
        if size:
            self.at += size
            return name
        start = self.at
        self.advance()
        while (self.token.kind == "name" and self.token.text not in KEYWORDS) or (
            self.sees(".") and self.tokens[self.at + 1].kind == "name"
        ):
            self.advance()
        return self.written(start, self.at)

    def list_type(self) -> Type:
        of = self.type()
        self.expect(">")
        return ListType(of)

    def range_type(self) -> Type:
        of = self.type()
        self.expect(">")
        return RangeType(of)

    def context_type(self) -> Type:
        fields: dict[str, Type] = {}
        while not self.takes(">"):
            name = self.fresh_name(":")
            self.expect(":")
            fields[name] = self.type()
            if not self.sees(">"):
                self.expect(",")
        return ContextType(fields)

    def function_type(self) -> Type:
        parameters: list[Type] = []
        while not self.takes(">"):
            parameters.append(self.type())
            if not self.sees(">"):
                self.expect(",")
        result = self.type() if self.takes("->") else ANY
        return FunctionType(tuple(parameters), result)


def parse_expression(
    text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None
) -> Node:
    """Raises FeelSyntaxError."""
    return Parser(text, names, members, type_names, lookup).whole_expression()


def parse_tests(
    text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None
) -> syntax.Tests:
    """Raises FeelSyntaxError."""
    return Parser(text, names, members, type_names, lookup).whole_tests()


def known(*groups: Iterable[str]) -> Names:
    return Names(name for group in groups for name in group)
