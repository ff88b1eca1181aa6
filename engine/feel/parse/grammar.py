"""Expressions and unary tests, by recursive descent with precedence climbing."""

from __future__ import annotations

from decimal import Decimal

from engine.feel import syntax
from engine.feel.errors import FeelSyntaxError
from engine.feel.names import Names
from engine.feel.parse.naming import NAME_SYMBOLS
from engine.feel.parse.primaries import PrimaryReader
from engine.feel.parse.stream import MAX_NESTING
from engine.feel.syntax import Node
from engine.feel.values import NUMBERS

COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
LEVELS = {"or": 1, "and": 2, "between": 3, "in": 3, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5}
LEVELS["**"] = 6


class Parser(PrimaryReader):
    """One text."""

    def whole_expression(self) -> Node:
        node = self.expression()
        self.finish()
        return node

    def finish(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected("the end or an operator", "表达式结束或运算符")

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

    # --- unary tests ---

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
