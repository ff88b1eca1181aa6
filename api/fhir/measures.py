"""Measure and `$evaluate-measure`: what each indicator is, and what it comes to in a period. MeasureReport: what was
handed in, as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.guard import principal, scopes, viewer
from api.fhir.reading import looking, trace
from api.fhir.searching import address, parameters, searched
from api.fhir.writing import document
from engine.errors import EngineError
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.mappings import measure
from fhir_adapters.search.query import DEFAULT_COUNT, MAX_COUNT
from fhir_adapters.store import submitted
from fhir_adapters.store.measures import patients_of_cases
from workflows import indicators
from workflows.indicators import Definition, Period

SUMMARY, SUBJECTS = "summary", "subject-list"
TYPES = {"population": SUMMARY, SUMMARY: SUMMARY, SUBJECTS: SUBJECTS}
ASKED = ("periodStart", "periodEnd", "measure", "reportType", "reporter")
MOST_SKIPPED = 1_000_000
FILTERS = ("_id", "url", "status", "title", "_format", "_count", "_total")


def register(bp: Blueprint, services: Any) -> None:
    @searched(bp, "/Measure")
    def list_measures() -> Response:
        """Every indicator. Filters: _id, url, status, and title by its beginning."""
        access.require(scopes(), "Measure", "search")
        unknown = sorted(set(parameters()) - set(FILTERS))
        if unknown and replies.prefers("handling") == "strict":
            raise refuse(400, "not-supported", "MCH-S-001", "没有这个参数", "unknown parameter", expression=unknown[0])
        base = replies.base(services)
        made = [made for one in indicators.definitions().values() if _fits(made := measure.to_measure(one))]
        entries = [
            {"fullUrl": f"{base}/Measure/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in made
        ]
        links = [{"relation": "self", "url": address()}]
        body = {"resourceType": "Bundle", "type": "searchset", "total": len(made), "link": links, "entry": entries}
        return replies.json({name: value for name, value in body.items() if value != []})

    @bp.get("/Measure/<id_>")
    def one_measure(id_: str) -> Response:
        access.require(scopes(), "Measure", "read")
        return replies.json(measure.to_measure(_known(id_)))

    @searched(bp, "/MeasureReport")
    def list_reports() -> Response:
        """What was handed in, the newest first. Filters: _id, measure, identifier (the report), date; _count."""
        _require_counting(services, "search")
        base = replies.base(services)
        count, offset = _number("_count", DEFAULT_COUNT, MAX_COUNT), _number("_offset", 0, MOST_SKIPPED)
        with looking(services) as conn:
            asked = {**_looked_for(), "count": count + 1, "offset": offset}
            found = _handed_in(services, conn, asked)
            trace(services, conn, "search", "MeasureReport", None, ())
        found, is_last = found[:count], len(found) <= count
        entries = [
            {
                "fullUrl": f"{base}/MeasureReport/{one.id}",
                "resource": plain.loads(one.body),
                "search": {"mode": "match"},
            }
            for one in found
        ]
        links = [{"relation": "self", "url": address()}]
        if not is_last:
            following = {**parameters().to_dict(flat=False), "_offset": str(offset + count)}
            links.append({"relation": "next", "url": f"{base}/MeasureReport?{urlencode(following, doseq=True)}"})
        body: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
        body |= {"total": offset + len(found)} if is_last else {}
        return replies.json({**body, **({"entry": entries} if entries else {})})

    @bp.get("/MeasureReport/<id_>")
    def one_report(id_: str) -> Response:
        _require_counting(services, "read")
        with looking(services) as conn:
            found = _handed_in(services, conn, {"id_": _uuid(id_)})
            if not found:
                raise not_found()
            trace(services, conn, "read", "MeasureReport", id_, ())
        return replies.json(found[0].body)

    @bp.route("/Measure/$evaluate-measure", methods=["GET", "POST"])
    def evaluate_any() -> Response:
        return _evaluate(services, None)

    @bp.route("/Measure/<id_>/$evaluate-measure", methods=["GET", "POST"])
    def evaluate(id_: str) -> Response:
        return _evaluate(services, id_)


def _require_counting(services: Any, interaction: str) -> None:
    access.require(scopes(), "MeasureReport", interaction)
    caller = principal()
    if caller.kind == "person" and not services.people.may(caller, "count"):
        raise refuse(403, "forbidden", "MCH-A-003", "您的角色不能查看指标", "indicators are not for your role")


def _handed_in(services: Any, conn: Any, asked: dict[str, Any]) -> list[submitted.Frozen]:
    """A hospital's system sees what was handed in for organisations of its own."""
    caller = principal()
    own = None if caller.kind == "person" else sorted(caller.organisations)
    return submitted.measures(conn, services.region_id, **asked, organisations=own)


def _looked_for() -> dict[str, Any]:
    given = parameters()
    unknown = sorted(set(given) - {"_id", "measure", "identifier", "date", "_format", "_count", "_offset", "_total"})
    if unknown:
        raise refuse(400, "not-supported", "MCH-S-001", "没有这个参数", "unknown parameter", expression=unknown[0])
    asked: dict[str, Any] = {}
    for name, key in (("_id", "id_"), ("identifier", "report_id")):
        if name in given:
            asked[key] = _searched(given[name].rpartition("|")[2])
    if "measure" in given:
        asked["indicator"] = given["measure"].partition("|")[0].rpartition("/")[2]
    for text in given.getlist("date"):
        prefix, day = (text[:2], text[2:]) if text[:2] in ("ge", "le") else ("", text)
        try:
            found = date.fromisoformat(day)
        except ValueError:
            raise _wrong("date", "应为 YYYY-MM-DD，可带 ge 或 le", "is YYYY-MM-DD, with ge or le before it") from None
        asked |= ({"first": found} if prefix != "le" else {}) | ({"last": found} if prefix != "ge" else {})
    return asked


def _number(name: str, default: int, most: int) -> int:
    text = parameters().get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise _wrong(name, "应为不小于 0 的整数", "is a whole number, not below 0")
    return min(int(text), most)


def _searched(text: str) -> UUID:
    """What no report can be is what no report is."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _uuid(text: str) -> UUID:
    """An id that nothing has is not found, whatever it looks like."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def _fits(made: Mapping[str, Any]) -> bool:
    asked = parameters()
    return (
        ("_id" not in asked or made["id"] in asked["_id"].split(","))
        and ("url" not in asked or made["url"] == asked["url"])
        and ("status" not in asked or made["status"] in asked["status"].split(","))
        and ("title" not in asked or made["title"].startswith(asked["title"]))
    )


def _known(id_: str) -> Definition:
    """By id, or by canonical with or without version. Raises 404."""
    url, _, version = id_.partition("|")
    name = url.removeprefix(measure.canonical(""))
    if name not in indicators.definitions() or version not in ("", measure.VERSION):
        raise not_found()
    return indicators.definition(name)


def _evaluate(services: Any, id_: str | None) -> Response:
    """The report, of type summary or subject-list. Persons who count, and hospital systems for their own."""
    for type_ in ("Measure", "MeasureReport"):
        access.require(scopes(), type_, "read")
    caller = principal()
    if caller.kind == "person" and not services.people.may(caller, "count"):
        raise refuse(403, "forbidden", "MCH-A-003", "您的角色不能查看指标", "indicators are not for your role")
    asked = _asked(services)
    known, period = _known(id_ or asked.get("measure", "")), _period(asked)
    wanted = TYPES.get(asked.get("reportType", SUMMARY))
    if wanted is None:
        raise _wrong("reportType", "只能是 population 或 subject-list", "is population or subject-list")
    if known.missing is not None:
        text = f"尚未记录：{known.missing.zh}", f"not yet recorded: {known.missing.en}"
        raise refuse(422, "not-found", "MCH-M-001", *text)
    organisation = _organisation(asked)
    if wanted == SUBJECTS:
        access.require(scopes(), "Patient", "read")
        access.require_open(viewer(), ["Patient"])
    with looking(services) as conn:
        found = indicators.report(services, conn, period, organisation=organisation)
        figure = next(one for one in found.figures if one.definition.id == known.id)
        subjects, women = None, dict[str, str]()
        if wanted == SUBJECTS:
            rows, _ = indicators.listed(services, conn, known.id, period, by=caller, organisation=organisation)
            named = sorted({row.pregnancy_id for row in rows if row.pregnancy_id})
            women = patients_of_cases(conn, services.region_id, named)
            subjects = measure.subjects_of(rows, women)
        trace(services, conn, "evaluate-measure", "Measure", known.id, women.values())
    return replies.json(measure.to_report(figure, found, subjects))


def _organisation(asked: Mapping[str, str]) -> str | None:
    """Whose number: of the region for those who see it whole, else of an organisation of the caller's."""
    caller = principal()
    given = asked.get("reporter")
    if given is None:
        return None if caller.kind == "person" else caller.organisation
    name = given.removeprefix("Organization/")
    if name not in caller.organisations:
        raise not_found("reporter")
    return name


def _asked(services: Any) -> dict[str, str]:
    """Of the address, or of a Parameters resource."""
    if request.method == "GET" or not request.content_length:
        given = dict(request.args.items())
    else:
        body = document(services)
        listed = body.get("parameter") if isinstance(body, Mapping) else None
        given = {}
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                value = next((v for k, v in one.items() if k.startswith("value") and isinstance(v, str)), None)
                if value is None:
                    raise _wrong(one["name"][:40], "没有可用的值", "has no usable value")
                given[one["name"]] = value
    unknown = sorted(set(given) - {*ASKED, "_format"})
    if unknown:
        raise _wrong(unknown[0][:40], "没有这个参数", "is no parameter of this operation")
    return given


def _period(asked: Mapping[str, str]) -> Period:
    """Both days included. Raises 400."""
    for name in ("periodStart", "periodEnd"):
        if name not in asked:
            raise _wrong(name, "必填", "is needed")
    try:
        return indicators.read_period(f"{asked['periodStart']}/{asked['periodEnd']}")
    except EngineError as error:
        raise refuse(
            400, "invalid", "MCH-S-002", error.message.zh, error.message.en, expression="periodStart"
        ) from error


def _wrong(name: str, zh: str, en: str) -> Exception:
    return refuse(400, "invalid", "MCH-S-002", f"{name} {zh}", f"{name} {en}", expression=name)
