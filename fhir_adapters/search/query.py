"""What a search asks for, read from its parameters. Pure: no database, no clock.

What is not understood is never silently dropped: it stands in `ignored`, which strict handling turns into a 400. That
is for parameters that the type does not have. One that it has, with a value, a modifier or a chain that cannot be used,
is refused however the request is to be handled: without the condition the answer would tell of more people.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from engine.errors import EngineError
from engine.store import plain
from fhir_adapters.dates import FIRST, LAST, interval
from fhir_adapters.issues import FhirError, Issue, refuse
from fhir_adapters.search.coded import above, begins_like, below, heading, members
from fhir_adapters.search.computed import Unreadable, around, computed, identified, texts
from fhir_adapters.search.conditions import (
    DEFAULT_COUNT,
    Both,
    Chain,
    Condition,
    Dates,
    Either,
    Has,
    Holds,
    Ids,
    Include,
    Missing,
    Query,
    Strings,
    Tokens,
)
from fhir_adapters.search.index import PRESENT, UNDER_HEADINGS, fold, identifier_value, stored_as
from fhir_adapters.search.parameters import COMMON, PARAMETERS, Parameter
from fhir_adapters.subsets import SUMMARIES
from fhir_adapters.terminology import same_system

MAX_COUNT, MAX_INCLUDED = 500, 1000
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
INCLUDES = ("_include", "_revinclude", "_include:iterate", "_revinclude:iterate")
CONTROL = (*INCLUDES, "_sort", "_count", "_total", "_summary", "_elements", "_format", "_pretty", "_after")
MAX_SORTS, DEEPEST = 3, 2
MODIFIERS = {  # beside a reference's types; whatever stands here is kept, everything else refused
    "token": ("not", "missing", "text", "in", "not-in", "above", "below"),
    "reference": ("missing", "identifier"),
    "date": ("missing",),
    "string": ("contains", "exact", "missing"),
    "uri": ("above", "below"),
}
CODED = frozenset({"in", "not-in", "above", "below"})
REFUSED = {"_filter": ("不支持 _filter，请用检索参数", "_filter is not supported, use search parameters")}
IDENTIFIERS = frozenset({"identifier", "groupIdentifier", "telecom"})  # indexed in capitals
IGNORED = "不支持此检索参数，已忽略", "search parameter not supported, ignored"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when it is asked. `own`: our own address: a reference that begins with it is one of ours. `now`: what
    is about a date is the nearer to it the nearer the date is."""

    own: str = ""
    now: datetime | None = None


ANYWHERE = Here()


@dataclass(slots=True)
class _Reading:
    type: str
    here: Here
    conditions: list[Condition] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


def read_query(type_: str, pairs: Iterable[tuple[str, str]], *, strict: bool = False, here: Here = ANYWHERE) -> Query:
    """Raises FhirError 400 for a value that cannot be read, and with `strict` for a parameter that is not known."""
    reading = _Reading(type_, here)
    wrong: list[Issue] = []
    for name, value in pairs:
        try:
            understood = _read_one(reading, name, value)
        except _Bad as bad:
            wrong.append(_issue("invalid", "MCH-S-002", bad.zh, bad.en, name, bad.allowed))
            continue
        if understood:
            if name not in ("_after", "_format", "_pretty"):
                reading.used.append((name, value))
        else:
            wording = ("不支持此检索参数", "search parameter not supported") if strict else IGNORED
            reading.ignored.append(_issue("not-supported", "MCH-S-001", *wording, name, _possible(type_, name)))
    if strict:
        wrong += (replace(one, severity="error") for one in reading.ignored)
    if wrong:
        raise FhirError(400, wrong)
    return Query(
        type_,
        tuple(reading.conditions),
        includes=tuple(reading.includes),
        revincludes=tuple(reading.revincludes),
        used=tuple(reading.used),
        ignored=tuple(reading.ignored),
        **reading.settings,
    )


class _Bad(Exception):
    def __init__(self, zh: str, en: str, allowed: str | None = None) -> None:
        self.zh, self.en, self.allowed = zh, en, allowed


def _issue(type_: str, code: str, zh: str, en: str, name: str, allowed: str | None = None) -> Issue:
    severity = "warning" if type_ == "not-supported" else "error"
    shown = name if re.fullmatch(r"[A-Za-z_:.\-]{1,64}", name) else "(?)"
    return Issue(type=type_, code=code, zh=zh, en=en, expression=shown, allowed=allowed, severity=severity)


def _read_one(reading: _Reading, name: str, value: str) -> bool:
    if name in CONTROL:
        return _control(reading, name, value)
    if name in REFUSED:
        raise _Bad(*REFUSED[name])
    condition = _condition(reading.here, reading.type, name, value)
    if condition is None:
        return False
    reading.conditions.append(condition)
    return True


def _control(reading: _Reading, name: str, value: str) -> bool:
    if name == "_count":
        if not value.isascii() or not value.isdigit():
            raise _Bad("应为非负整数", "a whole number is expected")
        number = int(value[:9])
        if number == 0:
            reading.settings["only_count"] = True
        else:
            reading.settings["count"] = min(number, MAX_COUNT)
    elif name == "_sort":
        return _sort(reading, value)
    elif name == "_total":
        if value not in ("none", "estimate", "accurate"):
            raise _Bad("值不合法", "not a possible value", "none | estimate | accurate")
        reading.settings["total"] = value != "none"
    elif name == "_summary":
        if value not in SUMMARIES:
            raise _Bad("值不合法", "not a possible value", " | ".join(SUMMARIES))
        if value == "count":
            reading.settings["only_count"] = True
    elif name in INCLUDES:
        return _include(reading, name, value)
    elif name == "_after":
        reading.settings["after"] = _unseal(value)
    return True


def _sort(reading: _Reading, value: str) -> bool:
    sorts = [(one.removeprefix("-"), one.startswith("-")) for one in value.split(",")]
    if len(sorts) > MAX_SORTS or not all(_can_sort(reading.type, name) for name, _ in sorts):
        return False
    if len(sorts) == 1 and not _is_coded(reading.type, sorts[0][0]):
        reading.settings["sort"] = sorts[0]
    else:
        reading.settings["sorts"] = tuple(sorts if len(sorts) > 1 else [*sorts, ("_lastUpdated", False)])
    return True


def _can_sort(type_: str, name: str) -> bool:
    parameter = PARAMETERS[type_].get(name) or COMMON.get(name)
    if parameter is None:
        return False
    return name == "_id" or parameter.kind in ("date", "string") or _is_coded(type_, name)


def _is_coded(type_: str, name: str) -> bool:
    parameter = PARAMETERS[type_].get(name)
    return parameter is not None and parameter.kind == "token" and "[" not in parameter.paths[0]


def _include(reading: _Reading, name: str, value: str) -> bool:
    source, _, rest = value.partition(":")
    param, _, target = rest.partition(":")
    parameter = PARAMETERS.get(source, {}).get(param)
    if parameter is None or parameter.kind != "reference" or not parameter.targets:
        return False
    if target and target not in parameter.targets:
        return False
    again = name.endswith(":iterate")
    include = Include(source, param, target or None, again)
    if name.startswith("_include"):
        if source != reading.type and not again:
            return False
        reading.includes.append(include)
    else:
        if not again and (reading.type not in parameter.targets or target not in ("", reading.type)):
            return False
        reading.revincludes.append(include)
    return True


def _possible(type_: str, name: str) -> str | None:
    """What may be included with a type, where something else was asked for."""
    if name == "_include":
        return " | ".join(forward(type_)) or "none"
    if name == "_revinclude":
        return " | ".join(backward(type_)) or "none"
    return None


def forward(type_: str) -> list[str]:
    """`Type:parameter` of every reference from this type."""
    return [f"{type_}:{n}" for n, p in PARAMETERS[type_].items() if p.kind == "reference" and p.targets]


def backward(type_: str) -> list[str]:
    """`Type:parameter` of every reference to this type."""
    return [f"{source}:{name}" for source in sorted(PARAMETERS) for name in _pointing(source, type_)]


def _condition(here: Here, type_: str, full_name: str, value: str, depth: int = 0) -> Condition | None:
    if full_name.startswith("_has:"):
        return _has(here, type_, full_name, value, depth)
    head, chained, rest = full_name.partition(".")
    name, _, modifier = head.partition(":")
    parameter = PARAMETERS[type_].get(name) or COMMON.get(name)
    if chained and (parameter is not None or computed(type_, name) is not None):
        return _chain(here, name, modifier, parameter, rest, value, depth)
    if parameter is None:
        return _computed(type_, full_name, value)
    if modifier and modifier not in modifiers_of(type_, name):
        raise _unsupported(type_, name)
    if modifier == "text":
        return Holds("body", tuple(test for one in _values(value) for test in texts(parameter.paths, one)))
    if modifier == "identifier":
        return Holds("body", tuple(test for one in _values(value) for test in identified(parameter.paths, one)))
    if name == "_id":
        return Ids(tuple(_values(value)))
    if modifier == "missing":
        if value not in ("true", "false"):
            raise _Bad("应为 true 或 false", "true or false is expected", "true | false")
        return Missing(name, parameter.kind, value == "true")
    if parameter.kind == "reference":
        return _references(here, name, parameter, modifier, value)
    if modifier in CODED:
        return _coded(type_, name, parameter, modifier, value)
    if parameter.kind == "token":
        is_identifier = parameter.paths[0].rpartition(".")[2] in IDENTIFIERS
        return Tokens(name, tuple(_token(v, is_identifier) for v in _values(value)), absent=modifier == "not")
    if parameter.kind == "date":
        return Dates(name, tuple(_date(v, here.now) for v in _values(value)))
    return Strings(name, modifier or "starts", tuple(fold(v) for v in _values(value)))


def modifiers_of(type_: str, name: str) -> tuple[str, ...]:
    """What may stand behind this parameter's name. Of what is read from an extension less is known."""
    parameter = PARAMETERS[type_].get(name)
    if parameter is None:
        found = computed(type_, name)
        return MODIFIERS.get(found.kind, ()) if found is not None else ()
    known = MODIFIERS[parameter.kind] + (parameter.targets if parameter.kind == "reference" else ())
    is_inside = "[" not in parameter.paths[0]
    return tuple(one for one in known if is_inside or one not in ("text", "identifier", "above", "below"))


def _unsupported(type_: str, name: str) -> _Bad:
    allowed = " | ".join(f":{one}" for one in modifiers_of(type_, name)) or "none"
    return _Bad("此参数不支持此修饰", "this parameter has no such modifier", allowed)


def _coded(type_: str, name: str, parameter: Parameter, modifier: str, value: str) -> Condition:
    """By value sets and by what lies over and under a code."""
    try:
        if modifier in ("in", "not-in"):
            sets = [code for one in _values(value) for code in members(one)]
            return Tokens(name, tuple(dict.fromkeys(sets)), absent=modifier == "not-in")
        asked = _values(value)
        headings = [found for one in asked if (found := heading(one))] if modifier == "below" else []
        tests = tuple(test for one in asked if headings for test in begins_like(parameter.paths, one))
        tokens = tuple(code for one in asked for code in (below(one) if modifier == "below" else above(one)))
    except Unreadable as error:
        raise _Bad(error.zh, error.en, error.allowed) from None
    listed = Tokens(name, tokens)
    if not headings:
        return listed
    under: Condition = Holds("body", tests)
    if stored_as(type_, name) in UNDER_HEADINGS.get(type_, ()):
        under = Strings(f"~{stored_as(type_, name)}", "begins", tuple(headings))
    return Either((under, listed)) if tokens else under


def _computed(type_: str, full_name: str, value: str) -> Condition | None:
    """A parameter that is read from the text; a pair finds its code in the index first."""
    name, _, modifier = full_name.partition(":")
    found = computed(type_, name)
    if found is None:
        return None
    if modifier and modifier not in modifiers_of(type_, name):
        raise _unsupported(type_, name)
    if modifier:
        return Holds(found.column, tuple(test for one in _values(value) for test in around(name, modifier, one)))
    try:
        alternatives = _values(value, keep=found.kind == "composite")
        tests = tuple(test for one in alternatives for test in found.read(one))
    except Unreadable as error:
        raise _Bad(error.zh, error.en, error.allowed) from None
    holds = Holds(found.column, tests)
    if found.code is None:
        return holds
    codes = tuple(_token(one.partition("$")[0]) for one in alternatives)
    return Both((Tokens(found.code, codes), holds))


def _has(here: Here, type_: str, full_name: str, value: str, depth: int) -> Has:
    """`_has:Observation:patient:code=…`. What cannot be asked is refused: without it more people would be found."""
    parts = full_name.split(":", 3)
    if len(parts) < 4:
        wording = "应为 _has:类型:引用参数:参数", "_has:type:reference:parameter is expected"
        raise _Bad(*wording, "_has:Type:reference:name")
    _, source, param, rest = parts
    _require_shallow(depth)
    leading = _pointing(source, type_)
    if param not in leading:
        wording = "没有从该类型指向此类型的引用参数", "no reference of that type leads to this one"
        raise _Bad(*wording, " | ".join(leading) or "none")
    return Has(param, Query(source, (_required(here, source, rest, value, depth),), count=MAX_INCLUDED))


def _pointing(source: str, type_: str) -> tuple[str, ...]:
    """By which parameters a resource of one type refers to one of another."""
    return tuple(n for n, p in PARAMETERS.get(source, {}).items() if p.kind == "reference" and type_ in p.targets)


def _chain(
    here: Here, name: str, modifier: str, parameter: Parameter | None, rest: str, value: str, depth: int
) -> Chain:
    """`patient.identifier=…`, two steps deep; without a type on every type that the reference may lead to and that
    knows the parameter. What cannot be asked is refused: without it more people would be found."""
    if parameter is None or parameter.kind != "reference":
        raise _Bad("此参数不是引用，不能链接", "the parameter is no reference and cannot be chained", "none")
    _require_shallow(depth)
    known = tuple(one for one in parameter.targets if one in PARAMETERS)
    if modifier and modifier not in known:
        raise _Bad("此参数不指向这种资源", "the parameter refers to no such type", " | ".join(known) or "none")
    asked = (modifier,) if modifier else tuple(one for one in known if _knows(one, rest))
    if not asked:
        raise _unknown_there(" | ".join(known))
    inner = (Query(one, (_required(here, one, rest, value, depth),), count=MAX_INCLUDED) for one in asked)
    return Chain(name, tuple(inner))


def _required(here: Here, type_: str, name: str, value: str, depth: int) -> Condition:
    condition = _condition(here, type_, name, value, depth + 1)
    if condition is None:
        raise _unknown_there(type_)
    return condition


def _unknown_there(types: str) -> _Bad:
    return _Bad("所指类型没有此检索参数", "the type that is referred to has no such parameter", types or "none")


def _knows(type_: str, full_name: str) -> bool:
    """Whether the type has the parameter that a name begins with."""
    name = re.split(r"[.:]", full_name)[0]
    return name == "_has" or name in PARAMETERS[type_] or name in COMMON or computed(type_, name) is not None


def _require_shallow(depth: int) -> None:
    if depth >= DEEPEST:
        raise _Bad("链接过深", "the chain is too long", str(DEEPEST))


def _references(here: Here, name: str, parameter: Parameter, modifier: str, value: str) -> Tokens:
    targets = (modifier,) if modifier else parameter.targets
    found: list[str] = []
    for one in _values(value):
        one = one.removeprefix(f"{here.own}/") if here.own else one
        if targets and "/" not in one and _ID.fullmatch(one):
            found += [f"{target}/{one}" for target in targets]
        else:
            found.append(one)
    return Tokens(name, tuple(found))


def _values(value: str, *, keep: bool = False) -> Sequence[str]:
    """The alternatives of one value; `\\,` is a comma. `keep`: escapes stay, for a composite."""
    parts = re.split(r"(?<!\\),", value)
    parts = parts if keep else [re.sub(r"\\([,$|\\])", r"\1", part) for part in parts]
    if not all(parts) or len(parts) > 200:
        raise _Bad("值为空或过多", "a value is empty, or there are too many")
    return parts


def _token(value: str, is_identifier: bool = False) -> str:
    system, bar, code = value.partition("|")
    if not bar:
        return identifier_value(value) if is_identifier else value
    code = identifier_value(code) if is_identifier else code
    return f"{same_system(system)}|{code}" if system else f"|{code}"


def _date(value: str, now: datetime | None) -> tuple[str, datetime, datetime]:
    prefix, text = (value[:2], value[2:]) if value[:2] in PREFIXES else ("eq", value)
    found = interval(text.replace(" ", "+")) if re.match(r"\d{4}", text) else None
    if found is None:
        raise _Bad("日期不合法", "not a date", "[eq|ne|gt|lt|ge|le|sa|eb|ap]YYYY[-MM[-DD[Thh:mm:ss+zz:zz]]]")
    return (prefix, *_about(*found, now)) if prefix == "ap" else (prefix, *found)


def _about(low: datetime, high: datetime, now: datetime | None) -> tuple[datetime, datetime]:
    """R4: wider by a tenth of what lies between now and the date. Where nobody asks now (a subscription, a scope), by a
    tenth of the date itself, a day at least."""
    widening = max((high - low) / 10, timedelta(days=1))
    if now is not None:
        widening = max(low - now, now - high, timedelta(0)) / 10
    return max(low - FIRST, widening) - widening + FIRST, LAST - max(LAST - high, widening) + widening


def seal(key: str, id_: str) -> str:
    """Where the next page begins, as an opaque text."""
    return base64.urlsafe_b64encode(plain.dumps([key, id_])).decode().rstrip("=")


def _unseal(text: str) -> tuple[str, str]:
    try:
        key, id_ = plain.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error, EngineError) as error:
        raise refuse(
            410,
            "expired",
            "MCH-S-003",
            "翻页令牌无效，请重新检索",
            "the page token is not valid any more, search again",
            expression="_after",
        ) from error
    if not isinstance(key, str) or not isinstance(id_, str):
        raise refuse(
            410,
            "expired",
            "MCH-S-003",
            "翻页令牌无效，请重新检索",
            "the page token is not valid any more",
            expression="_after",
        )
    return key, id_


__all__ = [
    "DEFAULT_COUNT",
    "PRESENT",
    "Both",
    "Chain",
    "Condition",
    "Dates",
    "Either",
    "Has",
    "Holds",
    "Ids",
    "Include",
    "Missing",
    "Query",
    "Strings",
    "Tokens",
    "read_query",
    "seal",
]


def types_in(query: Query) -> frozenset[str]:
    """Every type that the search looks at in order to decide; each needs its own permission."""
    return frozenset({query.type}).union(*(types_in(inner) for one in query.conditions for inner in _inner(one)))


def _inner(condition: Condition) -> Iterable[Query]:
    if isinstance(condition, Chain):
        return condition.queries
    return (condition.query,) if isinstance(condition, Has) else ()
