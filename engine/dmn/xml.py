"""XML to a plain tree, hardened: no DOCTYPE, bounded size, bounded depth; namespaces are dropped from the tags."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

from engine.errors import Text
from engine.problems import Problem, Refused

MAX_BYTES = 5_000_000
MAX_DEPTH = 200
Node = ElementTree.Element


def parse(xml: bytes) -> tuple[Node, str]:
    """The root, all tags without their namespaces, and the namespace of the root. Raises Refused."""
    if len(xml) > MAX_BYTES:
        raise refused("too-large", f"文件超过 {MAX_BYTES} 字节", f"the file is larger than {MAX_BYTES} bytes")
    try:
        _refuse_doctype(xml)
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        line, column = getattr(error, "position", None) or (getattr(error, "lineno", 1), getattr(error, "offset", 0))
        raise refused(
            "not-xml",
            f"不是合法的 XML（第 {line} 行第 {column} 列）",
            f"not well-formed XML (line {line}, column {column})",
        ) from None
    namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    _drop_namespaces(root)
    return root, namespace


def _refuse_doctype(xml: bytes) -> None:
    """A first pass without a tree: entities must never be read."""

    def doctype(*_: object) -> None:
        raise refused("doctype", "不接受 DOCTYPE", "a DOCTYPE is not accepted")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(xml, True)


def _drop_namespaces(root: Node) -> None:
    pending = [root]
    depth = 0
    while pending:
        depth += 1
        if depth > MAX_DEPTH:
            raise refused("too-deep", f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")
        for node in pending:
            node.tag = node.tag.rpartition("}")[2]
        pending = [inner for node in pending for inner in node]


def refused(code: str, zh: str, en: str) -> Refused:
    return Refused([Problem(element_id=None, element_type=None, code=code, message=Text(zh=zh, en=en))])


def text_of(node: Node | None) -> str:
    """The text of its `text` child."""
    return "" if node is None else node.findtext("text") or ""


def clean(name: str | None) -> str:
    """A name with single spaces."""
    return " ".join((name or "").split())
