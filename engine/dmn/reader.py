"""DMN XML of 1.1 to 1.5 into the model."""

from __future__ import annotations

from collections.abc import Callable

from engine.dmn import model
from engine.dmn.model import Box
from engine.dmn.xml import Node, clean, parse, refused, text_of

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
HIT_POLICIES = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")


def read_model(xml: bytes) -> model.Model:
    """Raises Refused for what is not DMN."""
    root, namespace = parse(xml)
    if root.tag != "definitions" or namespace not in NAMESPACES:
        raise refused("not-dmn", "不是 DMN 1.1–1.5 文件", "not a DMN 1.1 to 1.5 file")
    read = model.Model(root.get("id", ""), clean(root.get("name")), root.get("namespace", ""))
    seen: set[str] = set()
    for node in root:
        reader = _ELEMENTS.get(node.tag)
        if reader is not None:
            reader(node, read)
            identity = node.get("id") or ""
            if identity and identity in seen:
                read.doubled.append(identity)
            seen.add(identity)
    for node in root.iter():
        language = node.get("expressionLanguage")
        if language and "feel" not in language.lower():
            read.languages.append((node.get("id") or node.tag, language))
    return read


# --- the graph -------------------------------------------------------------------------------------------------------


def _import(node: Node, read: model.Model) -> None:
    read.imports.append(model.Import(clean(node.get("name")), node.get("namespace", "")))


def _item(node: Node, read: model.Model) -> None:
    read.items.append(_item_definition(node))


def _item_definition(node: Node) -> model.ItemDefinition:
    function = node.find("functionItem")
    return model.ItemDefinition(
        name=clean(node.get("name")),
        type_ref=_type_child(node),
        is_collection=node.get("isCollection") == "true",
        allowed=text_of(node.find("allowedValues")) or None,
        constraint=text_of(node.find("typeConstraint")) or None,
        components=[_item_definition(component) for component in node.findall("itemComponent")],
        function=None if function is None else (_parameters(function), _type(function.get("outputTypeRef"))),
    )


def _parameters(function: Node) -> list[tuple[str, str | None]]:
    return [
        (clean(parameter.get("name")), _type(parameter.get("typeRef")))
        for tag_name in ("parameters", "formalParameter")
        for parameter in function.findall(tag_name)
    ]


def _type_child(node: Node) -> str | None:
    found = node.find("typeRef")
    return _type(node.get("typeRef") if found is None else found.text)


def _type(written: str | None) -> str | None:
    """A type's name; `feel:` and other prefixes of 1.1 are read like import names."""
    if not written:
        return None
    prefix, colon, rest = written.strip().partition(":")
    if not colon:
        return clean(prefix)
    return clean(rest) if prefix == "feel" else clean(f"{prefix}.{rest}")


def _named(node: Node) -> tuple[str, str, str | None]:
    """id, name, type. The variable's name is the one that expressions use."""
    variable = node.find("variable")
    name = clean(node.get("name"))
    kind = None
    if variable is not None:
        name = clean(variable.get("name")) or name
        kind = _type(variable.get("typeRef"))
    return node.get("id") or name, name, kind


def _input_data(node: Node, read: model.Model) -> None:
    element = model.Element(*_named(node))
    read.inputs[element.id] = element


def _decision(node: Node, read: model.Model) -> None:
    identity, name, kind = _named(node)
    box = next((_box(item, identity) for item in node if item.tag in _BOXES), None)
    tag = node.find("extensionElements/versionTag")
    version_tag = None if tag is None else tag.get("value")
    read.decisions[identity] = model.DecisionElement(identity, name, kind, _requirements(node), box, version_tag)


def _knowledge(node: Node, read: model.Model) -> None:
    identity, name, kind = _named(node)
    logic = node.find("encapsulatedLogic")
    function = None
    if logic is not None:
        found = _function(logic, identity)
        assert isinstance(found, model.FunctionBox)
        function = found
    read.knowledge[identity] = model.KnowledgeElement(identity, name, kind, _requirements(node), function)


def _service(node: Node, read: model.Model) -> None:
    def hrefs(name: str) -> list[str]:
        return [item.get("href", "") for item in node.findall(name)]

    identity, name, kind = _named(node)
    read.services[identity] = model.ServiceElement(
        identity,
        name,
        kind,
        hrefs("outputDecision"),
        hrefs("encapsulatedDecision"),
        hrefs("inputDecision"),
        hrefs("inputData"),
    )


_REQUIRED = {"requiredInput": "input", "requiredDecision": "decision", "requiredKnowledge": "knowledge"}


def _requirements(node: Node) -> list[model.Requirement]:
    return [
        model.Requirement(_REQUIRED[item.tag], item.get("href", ""))
        for requirement in node
        if requirement.tag in ("informationRequirement", "knowledgeRequirement")
        for item in requirement
        if item.tag in _REQUIRED
    ]


_ELEMENTS: dict[str, Callable[[Node, model.Model], None]] = {
    "import": _import,
    "itemDefinition": _item,
    "inputData": _input_data,
    "decision": _decision,
    "businessKnowledgeModel": _knowledge,
    "decisionService": _service,
}


# --- boxed expressions -----------------------------------------------------------------------------------------------


def _box(node: Node, place: str) -> Box:
    return _BOXES[node.tag](node, place)


def _first_box(node: Node | None, place: str) -> Box | None:
    if node is None:
        return None
    return next((_box(item, place) for item in node if item.tag in _BOXES), None)


def _literal(node: Node, place: str) -> Box:
    return model.LiteralBox(place, _type(node.get("typeRef")), text_of(node))


def _context(node: Node, place: str) -> Box:
    entries: list[tuple[str | None, str | None, Box | None]] = []
    for entry in node.findall("contextEntry"):
        variable = entry.find("variable")
        name = None if variable is None else clean(variable.get("name"))
        kind = None if variable is None else _type(variable.get("typeRef"))
        entries.append((name, kind, _first_box(entry, f"{place}/{name or 'result'}")))
    return model.ContextBox(place, _type(node.get("typeRef")), entries)


def _list(node: Node, place: str) -> Box:
    items: list[Box | None] = [
        _box(item, f"{place}/{number}") for number, item in enumerate(node, 1) if item.tag in _BOXES
    ]
    return model.ListBox(place, _type(node.get("typeRef")), items)


def _relation(node: Node, place: str) -> Box:
    columns = [(clean(column.get("name")), _type(column.get("typeRef"))) for column in node.findall("column")]
    rows: list[list[Box | None]] = []
    for number, row in enumerate(node.findall("row"), 1):
        cells = [item for item in row if item.tag in _BOXES]
        rows.append([_box(cell, f"{place}/{number}/{column}") for (column, _), cell in zip(columns, cells)])
    return model.RelationBox(place, _type(node.get("typeRef")), columns, rows)


def _invocation(node: Node, place: str) -> Box:
    bindings = []
    for binding in node.findall("binding"):
        parameter = binding.find("parameter")
        name = clean(parameter.get("name")) if parameter is not None else ""
        kind = _type(parameter.get("typeRef")) if parameter is not None else None
        bindings.append((name, kind, _first_box(binding, f"{place}/{name}")))
    return model.InvocationBox(place, _type(node.get("typeRef")), _first_box(node, place), bindings)


def _function(node: Node, place: str) -> Box:
    return model.FunctionBox(
        place, _type(node.get("typeRef")), node.get("kind", "FEEL"), _parameters(node), _first_box(node, place)
    )


def _conditional(node: Node, place: str) -> Box:
    return model.ConditionalBox(
        place,
        _type(node.get("typeRef")),
        *(_first_box(node.find(part), f"{place}/{part}") for part in ("if", "then", "else")),
    )


def _filter(node: Node, place: str) -> Box:
    return model.FilterBox(
        place,
        _type(node.get("typeRef")),
        _first_box(node.find("in"), f"{place}/in"),
        _first_box(node.find("match"), f"{place}/match"),
    )


def _iterator(node: Node, place: str) -> Box:
    kind = node.tag
    body = "return" if kind == "for" else "satisfies"
    return model.IteratorBox(
        place,
        _type(node.get("typeRef")),
        kind,
        clean(node.get("iteratorVariable")),
        _first_box(node.find("in"), f"{place}/in"),
        _first_box(node.find(body), f"{place}/{body}"),
    )


def _table(node: Node, place: str) -> Box:
    policy = node.get("hitPolicy", "UNIQUE")
    return model.Table(
        place,
        _type(node.get("typeRef")),
        node.get("id") or place,
        policy,
        node.get("aggregation"),
        [_input(item, number) for number, item in enumerate(node.findall("input"), 1)],
        [_output(item, number) for number, item in enumerate(node.findall("output"), 1)],
        [_rule(item) for item in node.findall("rule")],
    )


def _input(node: Node, number: int) -> model.Input:
    expression = node.find("inputExpression")
    text = text_of(expression)
    kind = None if expression is None else _type(expression.get("typeRef"))
    label = clean(node.get("label")) or clean(text) or f"#{number}"
    return model.Input(label, text, kind, text_of(node.find("inputValues")) or None)


def _output(node: Node, number: int) -> model.Output:
    default = node.find("defaultOutputEntry")
    return model.Output(
        clean(node.get("name")),
        _type(node.get("typeRef")),
        text_of(node.find("outputValues")) or None,
        text_of(default) or None,
    )


def _rule(node: Node) -> model.Rule:
    return model.Rule(
        node.get("id", ""),
        [text_of(item) for item in node.findall("inputEntry")],
        [text_of(item) for item in node.findall("outputEntry")],
        [text_of(item) for item in node.findall("annotationEntry")],
    )


_BOXES: dict[str, Callable[[Node, str], Box]] = {
    "literalExpression": _literal,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
    "decisionTable": _table,
}
