"""How an answer is written: JSON or XML, whole or in part, on one line or on many."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from flask import Response, g, request

from api.fhir.searching import BY_POST
from engine.store import plain
from fhir_adapters.formats import pretty, xml
from fhir_adapters.issues import FhirError, refuse
from fhir_adapters.subsets import SUMMARIES, Subset, cut, subset_of

JSON = frozenset({"application/fhir+json", "application/json", "text/json"})
XML = frozenset({"application/fhir+xml", "application/xml", "text/xml"})
SERVED = "application/fhir+json | application/fhir+xml"
_SHORT = {"json": "json", "xml": "xml", **dict.fromkeys(JSON, "json"), **dict.fromkeys(XML, "xml")}


def choose() -> None:
    """Settle the format of the answer. Raises 406 for one that is not written here, 400 for an unknown _summary."""
    g.fhir_format = "json"
    if request.endpoint in ("fhir.export_file", "fhir.document_page"):  # lines and a page, whatever is accepted
        return
    asked = request.args.get("_format")
    chosen = _named(asked) if asked is not None else accepted(request.headers.get("Accept", "*/*"))
    if chosen is None:
        raise _not_acceptable()
    g.fhir_format = chosen
    if request.args.get("_summary", "false") not in SUMMARIES:
        text = "值不合法", "not a possible value"
        raise refuse(400, "invalid", "MCH-S-002", *text, expression="_summary", allowed=" | ".join(SUMMARIES))


def _named(text: str) -> str | None:
    return _SHORT.get(text.replace(" ", "+").partition(";")[0].lower())


@lru_cache(maxsize=256)
def accepted(header: str) -> str | None:
    """The best of what the caller takes; JSON where it takes anything."""
    kinds = [part.strip() for part in header.split(",") if part.strip()] or ["*/*"]
    weighed = [(weight, found) for kind in kinds for weight, found in [_read(kind)] if found is not None and weight > 0]
    return max(weighed, key=lambda one: one[0])[1] if weighed else None


def _read(kind: str) -> tuple[float, str | None]:
    name, *parameters = (part.strip().lower() for part in kind.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key == "fhirversion" and value.strip('"') != "4.0":
            return 0, None
        if key == "q":
            weight = float(value) if value.replace(".", "", 1).isdigit() and value.isascii() else 0
    return weight, "json" if name in ("*/*", "application/*", "text/*") else _SHORT.get(name) if "/" in name else None


def _not_acceptable() -> FhirError:
    text = "只提供 FHIR 4.0 的 JSON 和 XML", "only JSON and XML of FHIR 4.0 are served"
    return refuse(406, "not-supported", "MCH-V-0008", *text, allowed=SERVED)


def write(response: Response) -> Response:
    """The answer in the form asked for; one that needs nothing done is passed on unread."""
    subset, is_pretty = _subset(), request.args.get("_pretty") == "true"
    as_xml = g.get("fhir_format") == "xml"
    if response.mimetype != "application/fhir+json" or not (as_xml or is_pretty or not subset.is_whole):
        return response
    text = response.get_data()
    if not text:
        return response
    document = cut(plain.read(text), subset)
    if as_xml:
        response.set_data(xml.dumps(document))
        response.content_type = "application/fhir+xml; charset=utf-8"
    else:
        response.set_data(pretty.dumps(document) if is_pretty else plain.dumps(document))
    return response


def _subset() -> Subset:
    is_search = (request.endpoint or "").endswith(BY_POST)
    if request.method != "GET" and not is_search:
        return Subset()
    pairs: Iterable[tuple[str, str]] = request.args.items()
    return subset_of([*pairs, *(request.form.items() if is_search else ())])
