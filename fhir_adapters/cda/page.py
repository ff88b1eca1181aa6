"""A CDA document as a page: the words of its sections as they stand in it; of a section without words its entries."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from fhir_adapters.arrivals.values import moment
from fhir_adapters.cda.parsing import NAMESPACE, Element, every, find, find_all, parse, text_of
from fhir_adapters.documents.page import STYLE

TABLE = """
table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}
"""
TAGS = {  # of a narrative (CDA R2 4.3.5); what is not here is its words alone
    **{name: name for name in ("table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "br", "sup", "sub")},
    **{"paragraph": "p", "list": "ul", "item": "li"},
}
SPANS = ("colspan", "rowspan")
ENTRIES = ("observation", "procedure", "substanceAdministration", "supply", "act", "encounter")


def page(body: bytes, number: str) -> str:
    """HTML without scripts and without anything from elsewhere, whatever the document holds."""
    root = parse(body)
    title = escape(text_of(find(root, "title")) or "文档")
    sections = "".join(_section(one) for one in every(root, "section"))
    words = "".join(f"<p>{escape(line)}</p>" for line in _about(root))
    return (
        '<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}{TABLE}</style></head>"
        f"<body><h1>{title}</h1>{words}{sections}<footer>文档编号 {escape(number)}</footer></body></html>"
    )


def _about(root: Element) -> Iterator[str]:
    """Whom it is about, when it was made, and by whom."""
    patient = find(root, "recordTarget", "patientRole", "patient")
    if patient is not None:
        born = _time(find(patient, "birthTime"))
        yield "　".join(part for part in (text_of(find(patient, "name")), f"出生 {born}" if born else "") if part)
    made = _time(find(root, "effectiveTime"))
    by = next((text for name in ("custodian", "author") for text in _organisations(root, name) if text), "")
    if made or by:
        yield "　".join(part for part in (by, made) if part)


def _organisations(root: Element, name: str) -> Iterator[str]:
    for party in find_all(root, name):
        for organisation in (
            *every(party, "representedCustodianOrganization"),
            *every(party, "representedOrganization"),
        ):
            yield text_of(find(organisation, "name"))


def _section(section: Element) -> str:
    """Sections within it come after it, each for itself."""
    code = find(section, "code")
    coded = (code.get("displayName") or code.get("code") or "") if code is not None else ""
    heading = escape(text_of(find(section, "title")) or coded)
    narrative = find(section, "text")
    said = "".join(_narrative(narrative)) if narrative is not None else ""
    if not text_of(narrative):
        rows = [row for entry in find_all(section, "entry") for row in _entries(entry)]
        said = f"<table>{''.join(rows)}</table>" if rows else ""
    return f"<section>{f'<h2>{heading}</h2>' if heading else ''}{said}</section>" if heading or said else ""


def _narrative(element: Element) -> Iterator[str]:
    """Its words; of its elements those that say how they stand together."""
    yield escape(element.text or "")
    for child in element:
        if isinstance(child.tag, str):
            yield "".join(_element(child))
        yield escape(child.tail or "")


def _element(element: Element) -> Iterator[str]:
    name = element.tag.rpartition("}")[2]
    tag = "ol" if name == "list" and element.get("listType") == "ordered" else TAGS.get(name)
    inner = "".join(_narrative(element))
    if tag is None or name == "br":
        yield "<br>" if name == "br" else inner
        return
    spans = ((span, element.get(span, "")) for span in SPANS) if tag in ("td", "th") else ()
    given = "".join(f' {span}="{value}"' for span, value in spans if value.isdecimal() and len(value) < 4)
    yield f"<{tag}{given}>{inner}</{tag}>"


def _entries(entry: Element) -> Iterator[str]:
    for element in entry.iter(*(f"{{{NAMESPACE}}}{name}" for name in ENTRIES)):
        code, value = find(element, "code"), find(element, "value")
        name = (code.get("displayName") or code.get("code") or "") if code is not None else ""
        said = _value(value) if value is not None else _time(find(element, "effectiveTime"))
        if name:
            yield f"<tr><th>{escape(name)}</th><td>{escape(said)}</td></tr>"


def _value(value: Element) -> str:
    if value.get("nullFlavor"):
        return "未知"
    words = text_of(value) or value.get("displayName") or value.get("code") or value.get("value") or ""
    return f"{words} {value.get('unit', '')}".strip()


def _time(element: Element | None) -> str:
    low = find(element, "low") if element is not None else None
    text = (low if low is not None else element).get("value", "") if element is not None else ""
    try:
        return moment(text)[:16].replace("T", " ") if text else ""
    except ValueError:
        return text
