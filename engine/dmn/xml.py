"""XML to a plain tree, hardened: no DOCTYPE, bounded size, bounded depth; namespaces are dropped from the tags."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.parsers import expat

from engine.errors import Text
from engine.problems import Problem, Refused

MAX_BYTES = 5_000_000
MAX_DEPTH = 200
Node = ElementTree.Element


def parse(xml: bytes) -> Node:
    """Raises Refused."""
    if len(xml) > MAX_BYTES:
        raise refused("too-large", f"文件超过 {MAX_BYTES} 字节", f"the file is larger than {MAX_BYTES} bytes")
    try:
        _gate(xml)
        return ElementTree.fromstring(xml)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        line, column = getattr(error, "position", None) or (getattr(error, "lineno", 1), getattr(error, "offset", 0))
        raise refused(
            "not-xml",
            f"不是合法的 XML（第 {line} 行第 {column} 列）",
            f"not well-formed XML (line {line}, column {column})",
        ) from None


def _gate(xml: bytes) -> None:
    """A first pass without a tree: refuses what must never reach the second."""
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise refused("too-deep", f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise refused("doctype", "不接受 DOCTYPE", "a DOCTYPE is not accepted")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(xml, True)


def refused(code: str, zh: str, en: str) -> Refused:
    return Refused([Problem(element_id=None, element_type=None, code=code, message=Text(zh=zh, en=en))])


def tag(node: Node) -> str:
    """The name without its namespace."""
    name = node.tag
    return name[name.index("}") + 1 :] if name[0] == "{" else name


def child(node: Node, name: str) -> Node | None:
    return next((found for found in node if tag(found) == name), None)


def children(node: Node, name: str) -> Iterator[Node]:
    return (found for found in node if tag(found) == name)


def text_of(node: Node | None) -> str:
    """The text of its `text` child."""
    found = None if node is None else child(node, "text")
    return "" if found is None or found.text is None else found.text


def clean(name: str | None) -> str:
    """A name with single spaces."""
    return " ".join((name or "").split())
