"""The guide's resources as they are read, searched and asked: which codes a value set holds, whether one is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhir_adapters.ig.common import Json
from fhir_adapters.ig.package import resources
from fhir_adapters.terminology import LOINC

SEARCHED = frozenset({"_id", "url", "version", "name", "status", "title"})
MOST = 2000  # codes of one answer


def find(type_: str, conditions: Sequence[tuple[str, str]]) -> list[Json]:
    """Those of a type that meet every condition; a text is compared from its beginning, whatever the case."""
    return [one for (kind, _), one in resources().items() if kind == type_ and all(meets(one, *c) for c in conditions)]


def meets(one: Json, name: str, value: str) -> bool:
    if name in ("name", "title"):
        return any(str(one.get(name, "")).casefold().startswith(part.casefold()) for part in value.split(","))
    if name == "url":
        url, _, version = value.partition("|")
        return one["url"] == url and version in ("", one["version"])
    return str(one.get("id" if name == "_id" else name)) in value.split(",")


def value_set(url: str) -> Json | None:
    return next(iter(find("ValueSet", [("url", url)])), None)


def codes_in(found: Json) -> Iterator[tuple[str, str, str | None]]:
    """System, code and display of everything in a value set of ours."""
    for included in found["compose"]["include"]:
        system = included["system"]
        listed = included.get("concept")
        if listed is None:
            [defined] = find("CodeSystem", [("url", system)])
            listed = defined["concept"]
        for one in listed:
            yield system, one["code"], one.get("display")


def expansion(found: Json, text: str, offset: int, count: int) -> Json:
    """A page of its codes, of those that hold the text. Without a `contains` where nothing is on the page."""
    every = [one for one in codes_in(found) if text.casefold() in f"{one[1]} {one[2] or ''}".casefold()]
    page = every[offset : offset + count]
    contains = [
        {"system": system, "code": code, **({"display": display} if display else {})} for system, code, display in page
    ]
    body: Json = {"identifier": f"{found['url']}|{found['version']}", "timestamp": found["date"], "total": len(every)}
    body |= {"offset": offset, **({"contains": contains} if contains else {})}
    return {name: value for name, value in found.items() if name != "compose"} | {"expansion": body}


def validated(found: Json, system: str | None, code: str) -> tuple[bool, str | None, str]:
    """Whether the code is in the value set, its display, and what is to be said of it."""
    same = [one for one in codes_in(found) if one[1] == code and system in (None, one[0])]
    if len(same) == 1:
        return True, same[0][2], ""
    if same:
        return False, None, "代码在多个代码系统中，须给出 system / several systems have this code, say which"
    known = {one["url"] for one in find("CodeSystem", [])} | {LOINC}
    if system is not None and system not in known:
        return False, None, "不认识此代码系统 / unknown code system"
    return False, None, "代码不在值集中 / the code is not in the value set"
