"""The implementation guide over FHIR: profiles, codes and definitions are read and searched; `$expand`,
`$validate-code`, `$lookup`. They tell of nobody: any caller with a token may read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.searching import parameters, searched
from api.fhir.writing import document
from engine.store import plain
from fhir_adapters.ig import serving
from fhir_adapters.ig.common import Json
from fhir_adapters.ig.package import TYPES, resources
from fhir_adapters.issues import Issue, not_found, refuse

_ROUTE = f"/<any({', '.join(TYPES)}):type_>"
_VALUES = ("valueString", "valueUri", "valueCode", "valueCanonical", "valueInteger")


def register(bp: Blueprint, services: Any) -> None:
    @searched(bp, _ROUTE)
    def guide_search(type_: str) -> Response:
        return _search(services, type_)

    @bp.get(f"{_ROUTE}/<id_>")
    def guide_read(type_: str, id_: str) -> Response:
        return replies.json(_one(type_, id_))

    @bp.route("/ValueSet/$expand", methods=["GET", "POST"])
    def expand() -> Response:
        return _expand(services, None)

    @bp.route("/ValueSet/<id_>/$expand", methods=["GET", "POST"])
    def expand_one(id_: str) -> Response:
        return _expand(services, id_)

    @bp.route("/ValueSet/$validate-code", methods=["GET", "POST"])
    def validate_code() -> Response:
        return _validate_code(services, None)

    @bp.route("/ValueSet/<id_>/$validate-code", methods=["GET", "POST"])
    def validate_code_in(id_: str) -> Response:
        return _validate_code(services, id_)

    @bp.route("/CodeSystem/$lookup", methods=["GET", "POST"])
    def lookup() -> Response:
        return _lookup(services)


def _one(type_: str, id_: str) -> Json:
    found = resources().get((type_, id_))
    if found is None:
        raise not_found()
    return found


def _search(services: Any, type_: str) -> Response:
    given = [(name, value) for name, value in parameters().items(multi=True) if not _is_of_form(name)]
    unknown = [name for name, _ in given if name not in serving.SEARCHED]
    if unknown and replies.prefers("handling") == "strict":
        text = "不支持此参数", "parameter not supported"
        raise refuse(400, "not-supported", "MCH-S-001", *text, expression=unknown[0][:64])
    base, found = replies.base(services), serving.find(type_, [one for one in given if one[0] in serving.SEARCHED])
    entries = [
        {"fullUrl": f"{base}/{type_}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found
    ]
    listed = [plain.dumps(one).decode() for one in entries]
    if unknown:
        text = "已忽略不支持的参数", "parameters that are not supported were ignored"
        listed.append(
            replies.outcome_entry(
                [Issue(type="not-supported", code="MCH-S-001", zh=text[0], en=text[1], severity="warning")]
            )
        )
    return replies.bundle("searchset", listed, links=[("self", f"{base}/{type_}")], total=len(entries))


def _is_of_form(name: str) -> bool:
    return name in ("_format", "_pretty", "_summary", "_elements", "_count")


def _asked(services: Any) -> dict[str, str]:
    """What the address says, or the Parameters of a POST; a coding as its system and code."""
    found = dict(request.args.items())
    if request.method == "POST" and request.content_length:
        body = document(services)
        listed = body.get("parameter") if isinstance(body, Mapping) else None
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
                continue
            coding = one.get("valueCoding")
            if one["name"] == "coding" and isinstance(coding, Mapping):
                found |= {name: str(coding[name]) for name in ("system", "code") if name in coding}
            values = [one[name] for name in _VALUES if name in one]
            if values:
                found[one["name"]] = str(values[0])
    return found


def _value_set(id_: str | None, asked: Mapping[str, str]) -> Json:
    """Raises 400 where none is named, 404 for one that is not ours."""
    if id_ is not None:
        return _one("ValueSet", id_)
    url = asked.get("url")
    if not url:
        raise refuse(400, "required", "MCH-V-0012", "须给出 url", "url is needed", expression="url")
    found = serving.value_set(url)
    if found is None:
        raise not_found("url")
    return found


def _expand(services: Any, id_: str | None) -> Response:
    asked = _asked(services)
    offset, count = _number(asked, "offset", 0), min(_number(asked, "count", serving.MOST), serving.MOST)
    return replies.json(serving.expansion(_value_set(id_, asked), asked.get("filter", ""), offset, count))


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        said = "值不合法", "not a possible value"
        raise refuse(400, "invalid", "MCH-S-002", *said, expression=name, allowed="0..999999")
    return int(text)


def _validate_code(services: Any, id_: str | None) -> Response:
    asked = _asked(services)
    if not asked.get("code"):
        raise refuse(400, "required", "MCH-V-0012", "须给出 code", "code is needed", expression="code")
    is_in, display, message = serving.validated(_value_set(id_, asked), asked.get("system"), asked["code"])
    said: list[Json] = [{"name": "result", "valueBoolean": is_in}]
    said += [{"name": "display", "valueString": display}] if display else []
    said += [{"name": "message", "valueString": message}] if message else []
    return _parameters(said)


def _lookup(services: Any) -> Response:
    asked = _asked(services)
    found = serving.find("CodeSystem", [("url", asked.get("system", ""))])
    concepts = [one for system in found for one in system["concept"] if one["code"] == asked.get("code")]
    if not concepts:
        raise not_found("code")
    [concept] = concepts
    said: list[Json] = [
        {"name": "name", "valueString": found[0]["title"]},
        {"name": "display", "valueString": concept["display"]},
    ]
    for one in concept.get("designation", ()):
        language: Json = {"name": "language", "valueCode": one["language"]}
        said.append({"name": "designation", "part": [language, {"name": "value", "valueString": one["value"]}]})
    return _parameters(said)


def _parameters(parts: Sequence[Json]) -> Response:
    return replies.json({"resourceType": "Parameters", "parameter": list(parts)})
