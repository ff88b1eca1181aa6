"""FHIR's XML form to and from the JSON form that everything else here reads and writes.

The shapes say which element repeats and how a primitive is typed; what does not fit them is carried over as it is, so
that the rules name it at its place. Digits, offsets and the order of repetitions stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree

from engine.errors import Malformed
from fhir_adapters.rules.primitives import UNWRITABLE
from fhir_adapters.rules.shapes import Element, Shape, element_order, shape

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
DEEPEST = 60
_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*['\"]([^'\"]{0,40})")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})


def loads(raw: bytes) -> dict[str, Any]:
    """Raises Malformed for what is no XML, for document types and entities, and for nesting beyond 60."""
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw or b"\x00" in raw:
        raise _refused(
            _line_of(raw, b"<!DOCTYPE", b"<!ENTITY", b"\x00"), "不能含文档类型声明", "no document type is allowed"
        )
    declared = _ENCODING.match(raw)
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8"):
        raise _refused(1, "编码应为 UTF-8", "the encoding must be UTF-8")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Malformed(f"XML 有误：第 {line} 行", f"malformed XML at line {line}", code="xml") from None
    return _resource(root, 0)


def _refused(line: int | None, zh: str, en: str) -> Malformed:
    at = line or 1
    return Malformed(f"XML 第 {at} 行：{zh}", f"XML at line {at}: {en}", code="xml")


def _line_of(raw: bytes, *words: bytes) -> int:
    """Of the first of these words."""
    return raw.count(b"\n", 0, min(at for word in words if (at := raw.find(word)) >= 0)) + 1


def _name(node: Any, namespace: str = FHIR) -> str:
    found = re.fullmatch(r"\{(.*)\}(.*)", node.tag) if isinstance(node.tag, str) else None
    if found is None or found[1] != namespace:
        raise _refused(node.sourceline, "元素不在 FHIR 命名空间中", "an element is not in FHIR's namespace")
    return found[2]


def _shape(name: str) -> Shape:
    try:
        return shape(name)
    except KeyError:
        return Shape(name)


def _resource(node: Any, depth: int) -> dict[str, Any]:
    name = _name(node)
    return {"resourceType": name, **_object(node, _shape(name), depth)}


def _object(node: Any, shape_: Shape, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise _refused(node.sourceline, "嵌套过深", "nested too deeply")
    if any(text and text.strip() for text in (node.text, *(child.tail for child in node))):
        raise _refused(node.sourceline, "元素之间有文字", "there is text between elements")
    found: dict[str, Any] = {str(name): value for name, value in node.attrib.items()}
    for name, children in _grouped(node):
        element = shape_.elements.get(name)
        if element is None or not element.primitive:
            values = [_complex(child, element, depth + 1) for child in children]
            found[name] = values if (element is not None and element.many) or len(values) > 1 else values[0]
        else:
            found.update(_primitives(name, element, children, depth + 1))
    return found


def _grouped(node: Any) -> Iterator[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for child in node:
        is_div = child.tag == f"{{{XHTML}}}div"
        groups.setdefault("div" if is_div else _name(child), []).append(child)
    yield from groups.items()


def _complex(node: Any, element: Element | None, depth: int) -> Any:
    if element is None:  # not an element of this type: the rules say so
        return dict(node.attrib) or {"_": True}
    if element.type == "Resource":
        inner = list(node)
        return _resource(inner[0], depth) if len(inner) == 1 else {}
    return _object(node, _shape(element.type), depth)


def _primitives(name: str, element: Element, children: list[Any], depth: int) -> dict[str, Any]:
    if element.type == "xhtml":
        return {name: _narrative(children[0])}
    values = [_typed(child.get("value"), element.type) for child in children]
    extras = [_beside(child, depth) for child in children]
    found: dict[str, Any] = {}
    is_list = element.many or len(children) > 1
    if any(value is not None for value in values) or not any(extras):
        found[name] = values if is_list else values[0]
    if any(extras):
        found[f"_{name}"] = extras if is_list else extras[0]
    return found


def _beside(node: Any, depth: int) -> dict[str, Any] | None:
    """The id and extensions of a primitive."""
    plain = _object(node, _shape("Element"), depth)
    plain.pop("value", None)
    return plain or None


def _typed(text: str | None, kind: str) -> Any:
    if text is None:
        return None
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in _INTEGERS and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "decimal" and _DECIMAL.fullmatch(text):
        return Decimal(text) if not _INTEGER.fullmatch(text) else int(text)
    return text


def _narrative(node: Any) -> str:
    text = etree.tostring(node, encoding="unicode", with_tail=False)
    return text.replace(f' xmlns:fhir="{FHIR}"', "")


def dumps(resource: Mapping[str, Any]) -> bytes:
    """The resource as XML, its elements in the order of their definition, Chinese as it is."""
    root = _element(resource["resourceType"])
    _fill(root, resource, resource["resourceType"], is_resource=True)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _element(name: str, parent: Any = None) -> Any:
    tag = f"{{{FHIR}}}{name}"
    return etree.Element(tag, nsmap={None: FHIR}) if parent is None else etree.SubElement(parent, tag)


@cache
def _order(name: str) -> dict[str, int]:
    return {element: number for number, element in enumerate(element_order(name))}


def _fill(node: Any, value: Mapping[str, Any], type_: str, *, is_resource: bool = False) -> None:
    shape_, order = shape(type_), _order(type_)
    names = {name.removeprefix("_"): None for name in value if name != "resourceType"}
    for name in sorted(names, key=lambda n: order.get(n, 1000)):
        element = shape_.elements.get(name)
        if element is None:
            continue
        if (not is_resource and name == "id") or (type_ == "Extension" and name == "url"):
            node.set(name, _text(value[name]))
        elif element.primitive:
            _write_primitives(node, name, element, value)
        else:
            for one in value[name] if element.many else [value[name]]:
                _write(node, name, element, one)


def _write(node: Any, name: str, element: Element, value: Mapping[str, Any]) -> None:
    child = _element(name, node)
    if element.type == "Resource":
        child = _element(value["resourceType"], child)
        _fill(child, value, value["resourceType"], is_resource=True)
    else:
        _fill(child, value, element.type)


def _write_primitives(node: Any, name: str, element: Element, value: Mapping[str, Any]) -> None:
    plain, extras = value.get(name), value.get(f"_{name}")
    values = plain if isinstance(plain, list) else [plain]
    beside = extras if isinstance(extras, list) else [extras]
    for number in range(max(len(values), len(beside))):
        one = values[number] if number < len(values) else None
        extra = beside[number] if number < len(beside) else None
        if element.type == "xhtml":
            node.append(_div(_text(one)))
            continue
        child = _element(name, node)
        if extra:
            _fill(child, extra, "Element")
        if one is not None:
            child.set("value", _text(one))


def _text(value: Any) -> str:
    """What XML cannot say, from before it was refused or typed by a person, is shown as something unreadable."""
    return ("true" if value else "false") if isinstance(value, bool) else UNWRITABLE.sub("\ufffd", str(value))


def _div(text: str) -> Any:
    """The narrative as elements; one that is no XHTML is shown as what it is, text."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        found = etree.fromstring(text, parser) if "<!" not in text else None
    except etree.XMLSyntaxError:
        found = None
    if found is None or etree.QName(found).localname != "div":
        found = etree.Element(f"{{{XHTML}}}div", nsmap={None: XHTML})
        found.text = text
    return found
