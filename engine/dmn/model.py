"""A decision model as it was written: requirements, item definitions and boxed expressions, nothing compiled."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Box:
    """A boxed expression. `place` names it in messages; `type_ref` is what it promises."""

    place: str
    type_ref: str | None


@dataclass
class LiteralBox(Box):
    text: str


@dataclass
class ContextBox(Box):
    entries: list[tuple[str | None, str | None, Box | None]]  # name (None: the result), type, expression


@dataclass
class ListBox(Box):
    items: list[Box | None]


@dataclass
class RelationBox(Box):
    columns: list[tuple[str, str | None]]
    rows: list[list[Box | None]]


@dataclass
class InvocationBox(Box):
    callee: Box | None
    bindings: list[tuple[str, str | None, Box | None]]  # parameter, its type, argument


@dataclass
class FunctionBox(Box):
    kind: str  # FEEL, Java, PMML
    parameters: list[tuple[str, str | None]]
    body: Box | None


@dataclass
class ConditionalBox(Box):
    condition: Box | None
    then: Box | None
    otherwise: Box | None


@dataclass
class FilterBox(Box):
    source: Box | None
    match: Box | None


@dataclass
class IteratorBox(Box):
    kind: str  # for, some, every
    variable: str
    domain: Box | None
    body: Box | None


@dataclass
class Input:
    label: str
    text: str
    type_ref: str | None
    allowed: str | None


@dataclass
class Output:
    name: str
    type_ref: str | None
    allowed: str | None
    default: str | None


@dataclass
class Rule:
    id: str
    tests: list[str]
    results: list[str]
    annotations: list[str]


@dataclass
class Table(Box):
    id: str
    hit_policy: str
    aggregation: str | None
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]


@dataclass
class Requirement:
    kind: str  # input, decision, knowledge
    href: str


@dataclass
class Element:
    """A decision, input data, business knowledge model or decision service."""

    id: str
    name: str
    type_ref: str | None = None


@dataclass
class DecisionElement(Element):
    requirements: list[Requirement] = field(default_factory=list)
    box: Box | None = None
    version_tag: str | None = None


@dataclass
class KnowledgeElement(Element):
    requirements: list[Requirement] = field(default_factory=list)
    function: FunctionBox | None = None


@dataclass
class ServiceElement(Element):
    outputs: list[str] = field(default_factory=list)  # hrefs
    encapsulated: list[str] = field(default_factory=list)
    input_decisions: list[str] = field(default_factory=list)
    input_data: list[str] = field(default_factory=list)


@dataclass
class ItemDefinition:
    name: str
    type_ref: str | None
    is_collection: bool
    allowed: str | None  # each element
    constraint: str | None  # the whole value
    components: list[ItemDefinition]
    function: tuple[list[tuple[str, str | None]], str | None] | None = None


@dataclass
class Import:
    name: str
    namespace: str


@dataclass
class Model:
    id: str
    name: str
    namespace: str
    imports: list[Import] = field(default_factory=list)
    items: list[ItemDefinition] = field(default_factory=list)
    inputs: dict[str, Element] = field(default_factory=dict)
    decisions: dict[str, DecisionElement] = field(default_factory=dict)
    knowledge: dict[str, KnowledgeElement] = field(default_factory=dict)
    services: dict[str, ServiceElement] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)  # ids that stand for several elements
    languages: list[tuple[str, str]] = field(default_factory=list)  # elements in another language than FEEL, and which
