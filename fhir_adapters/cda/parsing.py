"""Bytes -> a tree, without document types, entities or the network, and only so deep and so large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from fhir_adapters.arrivals.model import refused

NAMESPACE = "urn:hl7-org:v3"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
LARGEST, DEEPEST, MOST_ELEMENTS = 2_000_000, 100, 100_000
Element = Any


def parse(body: bytes) -> Element:
    """The ClinicalDocument. Raises NotUnderstood with line and column, or the element."""
    if len(body) > LARGEST:
        raise refused("", "MCH-I-017", "文档超过 2 MB", "the document is larger than 2 MB")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise refused("line 1", "MCH-I-051", "不接受含 DTD 的文档", "a document with a DTD is not taken")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line, column = getattr(error, "position", (0, 0))
        raise refused(f"line {line}, column {column}", "MCH-I-050", "不是可读的 XML", "this is no XML") from error
    if root.getroottree().docinfo.doctype:  # in an encoding in which the bytes above do not show it
        raise refused("line 1", "MCH-I-051", "不接受含 DTD 的文档", "a document with a DTD is not taken")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise refused("", "MCH-I-017", "元素过多", "too many elements")
    if any(depth > DEEPEST for depth in _depths(root)):
        raise refused("", "MCH-I-017", "嵌套过深", "it is nested too deep")
    if root.tag != f"{{{NAMESPACE}}}ClinicalDocument":
        raise refused("/", "MCH-I-052", "不是 CDA R2 文档", "this is no CDA R2 document")
    return root


def _depths(root: Element) -> Iterator[int]:
    waiting = [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        yield depth
        if depth <= DEEPEST:
            waiting += [(child, depth + 1) for child in element]


def find(element: Element, *steps: str) -> Element | None:
    """The first at the end of these steps."""
    found = find_all(element, *steps)
    return found[0] if found else None


def find_all(element: Element, *steps: str) -> list[Element]:
    found: list[Element] = element.findall("/".join(f"{{{NAMESPACE}}}{step}" for step in steps))
    return found


def every(element: Element, name: str) -> list[Element]:
    """Anywhere below."""
    return list(element.iter(f"{{{NAMESPACE}}}{name}"))


def text_of(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def whole_text(root: Element) -> str:
    """Everything that is said anywhere in it, in attributes too, whatever characters it came in."""
    return str(etree.tostring(root, encoding="unicode"))


def place(element: Element) -> str:
    """`/ClinicalDocument/component[2]/section (line 40)`"""
    parts: list[str] = []
    at = element
    while at is not None:
        parent = at.getparent()
        same = [one for one in parent if one.tag == at.tag] if parent is not None else []
        number = f"[{same.index(at) + 1}]" if len(same) > 1 else ""
        parts.append(str(at.tag).rpartition("}")[2] + number)
        at = parent
    return "/" + "/".join(reversed(parts)) + f" (line {element.sourceline})"
