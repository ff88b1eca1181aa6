"""The tree of an expression. Each node keeps the position where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    position: int


@dataclass(slots=True)
class Literal(Node):
    value: Any


@dataclass(slots=True)
class Name(Node):
    name: str


@dataclass(slots=True)
class Path(Node):
    source: Node
    name: str


@dataclass(slots=True)
class Filter(Node):
    source: Node
    condition: Node


@dataclass(slots=True)
class Call(Node):
    function: Node
    arguments: list[Node]
    names: list[str] | None  # named arguments, in the order of `arguments`


@dataclass(slots=True)
class Negation(Node):
    operand: Node


@dataclass(slots=True)
class Arithmetic(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Comparison(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Logic(Node):
    operator: str  # and, or
    operands: list[Node]


@dataclass(slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(slots=True)
class In(Node):
    value: Node
    tests: list[Node]


@dataclass(slots=True)
class InstanceOf(Node):
    value: Node
    type: Any  # engine.feel.types.Type


@dataclass(slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True)
class For(Node):
    domains: list[tuple[str, Node]]
    body: Node


@dataclass(slots=True)
class Quantified(Node):
    kind: str  # some, every
    domains: list[tuple[str, Node]]
    body: Node


@dataclass(slots=True)
class ListOf(Node):
    items: list[Node]


@dataclass(slots=True)
class ContextOf(Node):
    entries: list[tuple[str, Node]]


@dataclass(slots=True)
class RangeOf(Node):
    start: Node | None
    end: Node | None
    start_included: bool
    end_included: bool
    unary: str = ""  # the operator, when it was written as one: `(< 5)` is another value than `(null..5)`


@dataclass(slots=True)
class Like(Node):
    """`= x` as a unary test."""

    operand: Node


@dataclass(slots=True)
class Unlike(Node):
    """`!= x` as a unary test."""

    operand: Node


@dataclass(slots=True)
class FunctionOf(Node):
    parameters: list[tuple[str, Any]]
    body: Node | None  # None: external


@dataclass(slots=True)
class Tests(Node):
    """Unary tests: any of `tests` holds; `negated`: none; no tests at all: everything passes."""

    tests: list[Node] = field(default_factory=list)
    negated: bool = False
    uses_input: list[bool] = field(default_factory=list)  # per test: does it read `?`
