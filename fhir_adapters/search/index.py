"""A resource's index entries: hashed tokens for what is compared, intervals for dates, folded text for names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from fhir_adapters.dates import FIRST, LAST, interval
from fhir_adapters.search.parameters import PARAMETERS, Parameter
from fhir_adapters.terminology import ICD10, ICD10_CN, same_system

PRESENT = "?"  # the token that says: this parameter has a value here


ICD = frozenset({ICD10, ICD10_CN})
UNDER_HEADINGS = {"Condition": frozenset({"code"})}  # parameters whose ICD-10 codes are found by how they begin, too
MOST_KNOWN = 1 << 12  # element values whose entries are remembered; the same few come again and again


@dataclass(slots=True)
class Entries:
    tokens: set[int] = field(default_factory=set)
    dates: set[tuple[str, datetime, datetime]] = field(default_factory=set)
    strings: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Forms:
    """What is found by a resource's elements, by parameter, before tokens become numbers."""

    tokens: set[tuple[str, str]] = field(default_factory=set)
    dates: set[tuple[str, datetime, datetime]] = field(default_factory=set)
    strings: set[tuple[str, str]] = field(default_factory=set)


def hashed(region_id: str, type_: str, name: str, value: str) -> int:
    """The number that stands for one value of one parameter; 64 bits, so that two never meet in practice.
    Parameters that look at the same element share their numbers."""
    return number(salt(region_id, type_, name) + value.encode())


def number(salted: bytes) -> int:
    return int.from_bytes(blake2b(salted, digest_size=8).digest(), "big", signed=True)


@cache
def salt(region_id: str, type_: str, name: str) -> bytes:
    """What stands before each value of a parameter where it is hashed."""
    return "\x1f".join((region_id, type_, stored_as(type_, name), "")).encode()


@cache
def stored_as(type_: str, name: str) -> str:
    """The first parameter that looks at the same element in the same way: `patient` and `subject` are one."""
    parameters = PARAMETERS[type_]
    if name not in parameters:
        return name
    mine = parameters[name]
    return next(n for n, p in parameters.items() if (p.kind, p.paths) == (mine.kind, mine.paths))


@cache
def has_strings(type_: str) -> bool:
    return type_ in UNDER_HEADINGS or any(parameter.kind == "string" for parameter in PARAMETERS[type_].values())


@dataclass(frozen=True, slots=True)
class Written:
    """Entries as they are sent to the database: numbers with commas between, dates as text."""

    tokens: str
    dates: tuple[tuple[str, str, str], ...]
    strings: tuple[tuple[str, str], ...]


NOTHING = Written("", (), ())


def written(region_id: str, resource: Mapping[str, Any], texts: Mapping[str, bytes]) -> Written:
    """The same as `entries`; `texts`: the elements as they are stored."""
    type_ = resource["resourceType"]
    tokens: list[str] = []
    dates: list[tuple[str, str, str]] = []
    strings: list[tuple[str, str]] = []
    plan = _plan(type_)
    for element, text in texts.items():
        if element in plan:
            its = _written_element(region_id, type_, element, resource[element], text)
            if its.tokens:
                tokens.append(its.tokens)
            dates += its.dates
            strings += its.strings
    if type_ == "Patient":
        strings += _what_people_type(resource)
    return Written(",".join(tokens), tuple(dict.fromkeys(dates)), tuple(dict.fromkeys(strings)))


# Of element values that came lately, and of those that came before them. What is asked for again stays.
_known: dict[tuple[str, str, str, bytes], Written] = {}
_known_before: dict[tuple[str, str, str, bytes], Written] = {}


def _written_element(region_id: str, type_: str, element: str, value: Any, text: bytes) -> Written:
    global _known, _known_before
    key = (region_id, type_, element, text)
    found = _known.get(key)
    if found is None:
        found = _known_before.get(key) or _entries_written(region_id, type_, element, value)
        if len(_known) >= MOST_KNOWN:
            _known, _known_before = {}, _known
        _known[key] = found
    return found


def _entries_written(region_id: str, type_: str, element: str, value: Any) -> Written:
    its = _entries_of(region_id, type_, element, value)
    dates = tuple((name, moment_text(low), moment_text(high)) for name, low, high in its.dates)
    return Written(",".join(map(str, its.tokens)), dates, tuple(its.strings))


@lru_cache(maxsize=1 << 10)  # the same few moments of one step, in all its resources
def moment_text(at: datetime) -> str:
    return at.isoformat()


def entries(region_id: str, resource: Mapping[str, Any]) -> Entries:
    """All index entries of a valid resource."""
    type_ = resource["resourceType"]
    found = Entries()
    plan = _plan(type_)
    for element, value in resource.items():
        if element in plan:
            its = _entries_of(region_id, type_, element, value)
            found.tokens |= its.tokens
            found.dates |= its.dates
            found.strings |= its.strings
    if type_ == "Patient":
        found.strings.update(_what_people_type(resource))
    return found


def _entries_of(region_id: str, type_: str, element: str, value: Any) -> Entries:
    found = Forms()
    _look(found, type_, element, value)
    tokens = {hashed(region_id, type_, name, text) for name, text in found.tokens}
    return Entries(tokens, found.dates, found.strings)


def forms(resource: Mapping[str, Any]) -> Forms:
    """What a resource is found by. What people type to look a woman up is not among it."""
    type_ = resource["resourceType"]
    found = Forms()
    for element, value in resource.items():
        if element in _plan(type_):
            _look(found, type_, element, value)
    return found


def _look(found: Forms, type_: str, element: str, value: Any) -> None:
    for name, kind, steps in _plan(type_)[element]:
        there: list[Any] = []
        if steps or isinstance(value, list):
            _collect(value, steps, there)
        elif value is not None:
            there.append(value)
        if True in [_ADD[kind](found, name, one) for one in there]:
            found.tokens.add((name, PRESENT))
        if name in UNDER_HEADINGS.get(type_, ()):
            found.strings |= {(f"~{name}", text) for one in there for text in _under_headings(one)}
    if element == "deceasedDateTime":  # R4: `deceased` is also true of whom a time of death is known
        found.tokens |= {("deceased", "true"), ("deceased", PRESENT)}


def pinyin(text: str) -> tuple[str, str]:
    """In full and by initials. Few commands need the dictionary, which takes as long to load as half of the product."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text)), "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))


def _what_people_type(patient: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How staff look a woman up: pinyin and its initials, the last four of a number, a phone, a handbook number."""
    for name in patient.get("name", ()):
        text = name.get("text") or ""
        if any("\u4e00" <= letter <= "\u9fff" for letter in text):
            yield from (("name", fold(spelt)) for spelt in pinyin(text))
    for identifier in patient.get("identifier", ()):
        if identifier.get("value"):
            yield "~tail", fold(identifier["value"][-4:])
            yield "~number", fold(identifier["value"])
    for contact in patient.get("telecom", ()):
        if contact.get("system") == "phone" and contact.get("value"):
            yield "~phone", fold(contact["value"])


def values(resource: Mapping[str, Any], parameter: Parameter) -> list[Any]:
    """The element values that a parameter looks at."""
    found: list[Any] = []
    for path in parameter.paths:
        _collect(resource, _steps(path), found)
    return found


Steps = tuple[tuple[str | None, str | None], ...]  # element name, url of an extension; no name: the value itself


@cache
def _plan(type_: str) -> dict[str, list[tuple[str, str, Steps]]]:
    """Per element of a type: which parameters look at it, of which kind, and where below it."""
    plan: dict[str, list[tuple[str, str, Steps]]] = {}
    for name, parameter in PARAMETERS[type_].items():
        if stored_as(type_, name) != name:
            continue
        for path in parameter.paths:
            element, url = _steps(path)[0]
            assert element is not None
            rest = _steps(path)[1:]
            below = ((None, url), *rest) if url else rest
            kind = "updated" if parameter.is_last_update else parameter.kind
            plan.setdefault(element, []).append((name, kind, below))
    return plan


@cache
def _steps(path: str) -> Steps:
    """`extension[http://x.y].valueCode` -> (("extension", "http://x.y"), ("valueCode", None))"""
    steps: list[tuple[str, str | None]] = []
    rest = path
    while rest:
        if rest.startswith("extension["):
            url, _, rest = rest[len("extension[") :].partition("]")
            steps.append(("extension", url))
            rest = rest.removeprefix(".")
        else:
            name, _, rest = rest.partition(".")
            steps.append((name, None))
    return tuple(steps)


def _collect(node: Any, steps: Steps, found: list[Any]) -> None:
    if isinstance(node, list):
        for item in node:
            _collect(item, steps, found)
    elif not steps:
        if node is not None:
            found.append(node)
    elif isinstance(node, dict):
        name, url = steps[0]
        if name is not None:
            below = node.get(name)
            if url is not None:
                below = [e for e in below or () if e.get("url") == url]
        else:
            below = node if node.get("url") == url else None
        if below is not None:
            _collect(below, steps[1:], found)


# Each adds what stands for one value, and answers False where it has nothing to be found by.


def _add_date(found: Forms, name: str, value: Any) -> bool:
    covered = date_interval(value)
    if covered:
        found.dates.add((name, *covered))
    return covered is not None


def _add_string(found: Forms, name: str, value: Any) -> bool:
    texts = set(strings_of(value))
    found.strings.update((name, text) for text in texts)
    return bool(texts)


def _add_token(found: Forms, name: str, value: Any) -> bool:
    texts = [(name, text) for text in tokens_of(value)]
    found.tokens.update(texts)
    return bool(texts)


def _add_reference(found: Forms, name: str, value: Any) -> bool:
    texts = [(name, text) for text in references_of(value)]
    found.tokens.update(texts)
    return bool(texts)


def _is_there(found: Forms, name: str, value: Any) -> bool:
    """Of the last change the resource's own row knows."""
    return date_interval(value) is not None


_ADD = {
    "date": _add_date,
    "updated": _is_there,
    "string": _add_string,
    "token": _add_token,
    "reference": _add_reference,
}


def date_interval(value: Any) -> tuple[datetime, datetime] | None:
    if isinstance(value, str):
        return interval(value)
    if not isinstance(value, dict):
        return None
    low, high = (interval(value[k]) if isinstance(value.get(k), str) else None for k in ("start", "end"))
    return (low[0] if low else FIRST, high[1] if high else LAST) if low or high else None


def strings_of(value: Any) -> Iterator[str]:
    """The texts inside a name or an address, folded."""
    if isinstance(value, str):
        yield fold(value)
    elif isinstance(value, dict):
        for name in ("text", "family", "given", "prefix", "line", "city", "district", "state", "country", "postalCode"):
            for part in value[name] if isinstance(value.get(name), list) else [value.get(name)]:
                if isinstance(part, str):
                    yield fold(part)


def fold(text: str) -> str:
    return " ".join(text.casefold().split())[:200]


def tokens_of(value: Any) -> Iterator[str]:
    """`code`, `system|code`, `|code`, `system|` as far as each holds."""
    for code, system in codes_of(value):
        yield from _token(code, system)


def _under_headings(value: Any) -> Iterator[str]:
    """`system|code` of what stands in ICD-10, where a category is over whatever begins like it."""
    return (f"{system}|{code}" for code, system in codes_of(value) if system in ICD)


def codes_of(value: Any) -> Iterator[tuple[str, str | None]]:
    """Code and system of a boolean, a code, a Coding or CodeableConcept, an Identifier."""
    if isinstance(value, bool):
        yield "true" if value else "false", None
    elif isinstance(value, str | int):
        yield str(value), None
    elif isinstance(value, dict) and "coding" in value:
        for coding in value["coding"]:
            yield from codes_of(coding)
    elif isinstance(value, dict) and "value" in value:  # Identifier, ContactPoint
        system = value.get("system") if ":" in str(value.get("system", "")) else None
        yield identifier_value(str(value["value"])), system
    elif isinstance(value, dict) and "code" in value:
        yield str(value["code"]), value.get("system")


def identifier_value(value: str) -> str:
    """Two identifiers are equal when these are: 身份证 `x` and `X` are one."""
    return value.strip().upper()


def _token(code: str, system: str | None) -> Iterator[str]:
    yield code
    if system is None:
        yield f"|{code}"
    else:
        system = same_system(system)
        yield f"{system}|{code}"
        yield f"{system}|"


def references_of(value: Any) -> Iterator[str]:
    """`Type/id` of a literal reference, with or without a server in front; a canonical with and without its version."""
    text = value.get("reference") if isinstance(value, dict) else value
    if isinstance(text, str) and text and not text.startswith("#"):
        yield from reference_forms(text)


def reference_forms(text: str) -> Iterator[str]:
    parts = text.partition("/_history/")[0].split("/")
    if "://" in text or len(parts) != 2:
        yield text
        yield text.partition("|")[0]
    else:
        yield "/".join(parts)
