"""Types as they are written after `instance of` and behind parameters."""

from __future__ import annotations

from collections.abc import Callable

from engine.feel.names import Names
from engine.feel.parse.naming import KEYWORDS, NameReader
from engine.feel.parse.stream import MAX_NESTING
from engine.feel.types import ALIASES, ANY, ContextType, FunctionType, ListType, RangeType, Type

TypeLookup = Callable[[str], Type | None]


class TypeReader(NameReader):
    """`lookup` knows the item definitions whose names are `type_names`."""

    def __init__(
        self, text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None
    ) -> None:
        super().__init__(text, names, members)
        self.type_names = type_names
        self.lookup = lookup

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
