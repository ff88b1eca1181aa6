"""What an expression begins with: literals, names, parentheses, lists, ranges, contexts, functions."""

from __future__ import annotations

from decimal import DecimalException

from engine.feel import syntax
from engine.feel.names import Names
from engine.feel.parse.type_reader import TypeReader
from engine.feel.syntax import Node
from engine.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time
from engine.feel.types import ANY, Type
from engine.feel.values import NUMBERS

LITERALS = {"true": True, "false": False, "null": None}


class PrimaryReader(TypeReader):
    """The parts that stand between operators."""

    soft_bracket = False  # a `[` may close the range whose end is being read
    input_read = False  # has `?` been read

    def expression(self) -> Node:
        """Given by the parser, as is the next."""
        raise NotImplementedError

    def comparison_test(self) -> Node:
        raise NotImplementedError

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
