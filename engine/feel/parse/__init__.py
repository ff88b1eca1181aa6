"""Text to a tree."""

from __future__ import annotations

from engine.feel.names import Names
from engine.feel.parse.grammar import Parser
from engine.feel.parse.type_reader import TypeLookup
from engine.feel.syntax import Node, Tests


def parse_expression(
    text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None
) -> Node:
    """Raises FeelSyntaxError."""
    return Parser(text, names, members, type_names, lookup).whole_expression()


def parse_tests(text: str, names: Names, members: Names, type_names: Names, lookup: TypeLookup | None = None) -> Tests:
    """Raises FeelSyntaxError."""
    return Parser(text, names, members, type_names, lookup).whole_tests()


__all__ = ["TypeLookup", "parse_expression", "parse_tests"]
