"""Bytes to an XML tree, or refused: nothing is fetched, nothing is expanded, nothing is too big (F10)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine.model.sentences import problem
from engine.problems import Problem, Refused

LARGEST = 5 * 1024 * 1024  # bytes; a drawing of a thousand elements is about 1 MB
ENCODINGS = frozenset(
    {"UTF-8", "UTF8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ASCII", "ISO-8859-1", "GBK", "GB2312", "GB18030"}
)  # others are used to hide what stands in a file
DEEPEST = 200  # levels of nesting


def parse(xml: bytes) -> Any:
    """The root element. Raises Refused: not XML, a DOCTYPE, too large, too deep."""
    if len(xml) > LARGEST:
        raise Refused([problem(None, None, "too_large", megabytes=LARGEST // 1024 // 1024)])
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused([_not_xml(error)]) from None
    if root.getroottree().docinfo.doctype:
        raise Refused([problem(None, None, "doctype")])
    encoding = (root.getroottree().docinfo.encoding or "UTF-8").upper()
    if encoding not in ENCODINGS:
        raise Refused([problem(None, None, "not_xml", detail=f"encoding {encoding[:40]}")])
    if _depth(root) > DEEPEST:
        raise Refused([problem(None, None, "too_deep", levels=DEEPEST)])
    return root


def _not_xml(error: Exception) -> Problem:
    return problem(None, None, "not_xml", detail=str(error)[:200])


def _depth(root: Any) -> int:
    deepest, level = 0, 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        level += 1 if event == "start" else -1
        deepest = max(deepest, level)
    return deepest
