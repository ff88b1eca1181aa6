"""A search against the tables: the query's conditions become pieces of SQL that stand, named, in `sql/search.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from engine.store import plain, sql
from engine.store.connections import ACT_FOR
from engine.store.wire import ask
from fhir_adapters.access import Viewer
from fhir_adapters.issues import refuse
from fhir_adapters.scopes import Part
from fhir_adapters.search.index import PRESENT, hashed, references_of, stored_as, values
from fhir_adapters.search.parameters import COMMON, PARAMETERS
from fhir_adapters.search.query import (
    MAX_INCLUDED,
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
from fhir_adapters.store import merging, resources, sorting
from fhir_adapters.store.texts import Stored

SQL = sql.load(__file__)
_EDGES = {
    "eq": (0, 1),
    "ne": (0, 1),
    "gt": (1,),
    "lt": (0,),
    "ge": (0,),
    "le": (1,),
    "sa": (1,),
    "eb": (0,),
    "ap": (0, 1),
}
_UPDATED = {"sa": "gt", "eb": "lt", "ap": "eq"}


@dataclass(frozen=True, slots=True)
class Found:
    stored: Stored
    patient_id: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Hits:
    matches: list[Found]
    included: list[Found]
    total: int | None
    more: bool


def followed(conn: Connection[Any], region_id: str, query: Query, *, first: bool = False) -> Query:
    """The same question about whom the patient became: where nothing was found under the old id; of the Patient itself
    (`first`) beside it."""
    if query.after is not None or (first and query.type != "Patient"):
        return query
    changed = tuple(_followed_one(conn, region_id, one, first) for one in query.conditions)
    return query if changed == query.conditions else replace(query, conditions=changed)


def _followed_one(conn: Connection[Any], region_id: str, one: Any, first: bool) -> Any:
    if first and isinstance(one, Ids):
        became = [merging.survivor_of(conn, region_id, merging.PATIENT, id_) for id_ in one.values]
        return Ids(tuple(dict.fromkeys((*one.values, *(id_ for id_ in became if id_)))))
    if first or not isinstance(one, Tokens) or one.absent:
        return one
    told = []
    for value in one.values:
        type_, _, id_ = value.partition("/")
        became_one = merging.survivor_of(conn, region_id, merging.PATIENT, id_) if type_ == "Patient" and id_ else None
        told.append(f"Patient/{became_one}" if became_one else value)
    return replace(one, values=tuple(told))


class _Sql:
    """Pieces and their values, in order."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.values: list[Any] = []

    def add(self, name: str, *values: Any) -> None:
        self.text.append(SQL[name])
        self.values += values


def search(conn: Connection[Any], region_id: str, query: Query, viewer: Viewer) -> Hits:
    """One page, what it includes, and the total where it was asked for."""
    query = followed(conn, region_id, _resolved(conn, region_id, query, viewer), first=True)
    total = _count(conn, region_id, query, viewer) if query.total or query.only_count else None
    if query.only_count:
        return Hits([], [], total, False)
    rows = _page(conn, region_id, query, viewer, query.count + 1)
    if not rows and (again := followed(conn, region_id, query)) is not query:
        return search(conn, region_id, again, viewer)
    matches = rows[: query.count]
    included = _included(conn, region_id, query, matches, viewer) if matches else []
    return Hits(matches, included, total, len(rows) > query.count)


def _page(
    conn: Connection[Any], region_id: str, query: Query, viewer: Viewer, limit: int, letter: str = "s"
) -> list[Found]:
    """`letter`: by which of its scopes the viewer sees them: those of a search, or of a read for what is included."""
    if query.sorts:
        return _sorted_page(conn, region_id, query, viewer, limit)
    sql_ = _Sql()
    sql_.add("search_head")
    kind = _key(sql_, query)
    _where(sql_, region_id, query, viewer, letter)
    descending = query.sort is not None and query.sort[1]
    if query.after is not None:
        sql_.add(f"{'before' if descending else 'after'}_{kind}", *query.after)
    sql_.add("descending" if descending else "ascending")
    _visible(sql_, viewer)
    sql_.add("page_full", limit)
    ask(conn, ACT_FOR, {"region_id": region_id})
    heads = conn.execute("\n".join(sql_.text).encode(), sql_.values).fetchall()
    resources.narrow(conn, viewer)
    return _with_texts(conn, region_id, query.type, heads)


def _with_texts(conn: Connection[Any], region_id: str, type_: str, heads: list[Any]) -> list[Found]:
    """The text of each head, in their order. The heads were asked for the region, by the conditions alone; what stands
    in a resource is read for the viewer: what those conditions forgot is not there."""
    if not heads:
        return []
    key: dict[str, Any] = {"region_id": region_id, "type": type_}
    key |= {"ids": [head[0] for head in heads], "versions": [head[1] for head in heads]}
    texts = {(row[0], row[1]): row for row in ask(conn, SQL["texts"], key)}
    found = []
    for id_, version, patient_id, sort_key in heads:
        if (id_, version) in texts:
            _, _, at, source, body, meta = texts[id_, version]
            stored = Stored(
                type=type_, id=id_, version=version, updated_at=at, deleted=False, source=source, body=body, meta=meta
            )
            found.append(Found(stored, patient_id, sort_key))
    return found


def _sorted_page(conn: Connection[Any], region_id: str, query: Query, viewer: Viewer, limit: int) -> list[Found]:
    sql_ = _Sql()
    sql_.text.append(sorting.head(query.sorts))
    joined, values_, kinds = sorting.keys(query.type, query.sorts)
    sql_.text += joined
    sql_.values += values_
    _where(sql_, region_id, query, viewer)
    _visible(sql_, viewer)
    if query.after is not None:
        text, last = sorting.following(query.sorts, kinds, query.after)
        sql_.text.append(text)
        sql_.values += last
    sql_.text.append(sorting.order(query.sorts))
    sql_.values.append(limit)
    resources.narrow(conn, viewer)
    return _fetched(conn, sql_)


def _fetched(conn: Connection[Any], sql_: _Sql) -> list[Found]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("\n".join(sql_.text).encode(), sql_.values).fetchall()
    return [Found(key=row.pop("key"), patient_id=row.pop("patient_id"), stored=Stored(**row)) for row in rows]


def _count(conn: Connection[Any], region_id: str, query: Query, viewer: Viewer) -> int:
    sql_ = _Sql()
    sql_.add("count_head")
    _where(sql_, region_id, query, viewer)
    _visible(sql_, viewer)
    resources.narrow(conn, viewer)
    row = conn.execute("\n".join(sql_.text).encode(), sql_.values).fetchone()
    return row[0] if row else 0


def _key(sql_: _Sql, query: Query) -> str:
    name = query.sort[0] if query.sort else "_lastUpdated"
    if name == "_id":
        sql_.add("key_id")
        return "text"
    parameter = PARAMETERS[query.type].get(name) or COMMON[name]
    if parameter.is_last_update:
        sql_.add("key_updated")
        return "time"
    sql_.add(f"key_{parameter.kind}", stored_as(query.type, name))
    return "time" if parameter.kind == "date" else "text"


def _where(sql_: _Sql, region_id: str, query: Query, viewer: Viewer, letter: str = "s") -> None:
    sql_.add("of_type", region_id, query.type)
    for condition in query.conditions:
        _add_condition(sql_, region_id, query.type, condition)
    parts = viewer.narrowing.parts(query.type, letter) if viewer.narrowing is not None else None
    if parts is not None:
        _inside(sql_, region_id, query.type, parts)


def _inside(sql_: _Sql, region_id: str, type_: str, parts: Sequence[Part]) -> None:
    """What the scopes leave open of the type: the same conditions as a search has, one set of them or another."""
    sql_.add("one_of")
    for part in parts:
        sql_.add("another")
        if part.patient_id is not None:
            sql_.add("of_patient", part.patient_id)
        if part.label is not None:
            sql_.add("labelled", part.label)
        for condition in part.query.conditions if part.query is not None else ():
            _add_condition(sql_, region_id, type_, condition)
        sql_.add("ends")
    sql_.add("ends")


def _visible(sql_: _Sql, viewer: Viewer) -> None:
    """As far as the viewer may know of it; row-level security says the same underneath."""
    sql_.add("visible", list(viewer.cleared), viewer.source, viewer.source, list(viewer.organisations))


def _add_condition(sql_: _Sql, region_id: str, type_: str, condition: Condition) -> None:
    match condition:
        case Tokens(name, texts, absent):
            tokens = [hashed(region_id, type_, name, text) for text in texts]
            sql_.add("lacks_token" if absent else "has_token", tokens)
        case Ids(ids):
            sql_.add("is_one_of", list(ids))
        case Missing(name, _, missing):
            sql_.add("lacks_token" if missing else "has_token", [hashed(region_id, type_, name, PRESENT)])
        case Dates(name, asked):
            _any_of(sql_, [_date(region_id, type_, name, one) for one in asked])
        case Both(parts):
            for part in parts:
                _add_condition(sql_, region_id, type_, part)
        case Either(parts):
            sql_.add("one_of")
            for part in parts:
                sql_.add("another")
                _add_condition(sql_, region_id, type_, part)
                sql_.add("ends")
            sql_.add("ends")
        case Holds(column, tests):
            paths, variables = [t.path for t in tests], [plain.dumps(t.variables).decode() for t in tests]
            sql_.add(f"{column}_holds", paths, variables)
        case Strings(name, how, texts):
            _any_of(sql_, [_string(region_id, type_, name, how, text) for text in texts])


def _any_of(sql_: _Sql, pieces: Sequence[tuple[str, list[Any]]]) -> None:
    sql_.text.append(" AND (" + " OR ".join(SQL[name] for name, _ in pieces) + ")")
    for _, values_ in pieces:
        sql_.values += values_


def _date(region_id: str, type_: str, name: str, asked: tuple[str, Any, Any]) -> tuple[str, list[Any]]:
    prefix, *edges = asked
    if (PARAMETERS[type_].get(name) or COMMON[name]).is_last_update:
        prefix = _UPDATED.get(prefix, prefix)
        return f"updated_{prefix}", [edges[n] for n in _EDGES[prefix]]
    return f"date_{prefix}", [region_id, type_, stored_as(type_, name), *(edges[n] for n in _EDGES[prefix])]


def _string(region_id: str, type_: str, name: str, how: str, text: str) -> tuple[str, list[Any]]:
    name = stored_as(type_, name)
    if how == "exact":
        return "string_exact", [region_id, type_, name, text]
    if how == "begins":
        return "string_begins", [region_id, type_, name, text, text[:-1] + chr(ord(text[-1]) + 1)]
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return "string_like", [region_id, type_, name, f"%{escaped}%" if how == "contains" else f"{escaped}%"]


def _resolved(conn: Connection[Any], region_id: str, query: Query, viewer: Viewer) -> Query:
    """Chains replaced by the references they lead to."""
    conditions: list[Condition] = []
    for condition in query.conditions:
        if isinstance(condition, Chain):
            asked = [_resolved(conn, region_id, one, viewer) for one in condition.queries]
            found = [f for one in asked for f in _all(conn, region_id, one, viewer)]
            condition = Tokens(condition.name, tuple(f"{f.stored.type}/{f.stored.id}" for f in found))
        elif isinstance(condition, Has):
            inner = _resolved(conn, region_id, condition.query, viewer)
            include = Include(inner.type, condition.name, query.type)
            named = _wanted(include, _all(conn, region_id, inner, viewer)).get(query.type, set())
            condition = Ids(tuple(sorted(named)))
        conditions.append(condition)
    return replace(query, conditions=tuple(conditions))


def _all(conn: Connection[Any], region_id: str, query: Query, viewer: Viewer) -> list[Found]:
    """Everything the inner search finds. Raises where that is too much: part of it would be a wrong answer."""
    found = _page(conn, region_id, query, viewer, MAX_INCLUDED + 1)
    if len(found) > MAX_INCLUDED:
        text = "条件过宽，请缩小范围", "the condition meets too many resources, narrow it"
        raise refuse(400, "too-costly", "MCH-S-004", *text, allowed=str(MAX_INCLUDED))
    return found


def _included(conn: Connection[Any], region_id: str, query: Query, matches: list[Found], viewer: Viewer) -> list[Found]:
    """What the matches refer to and what refers to them; what iterates, of everything that comes in this way."""
    seen = {(f.stored.type, f.stored.id) for f in matches}
    included: list[Found] = []
    fresh, is_first = matches, True
    while fresh and len(included) < MAX_INCLUDED:
        found = [
            one
            for include in query.includes
            if is_first or include.again
            for one in _referred(conn, region_id, include, fresh, seen, viewer)
        ]
        found += [
            one
            for include in query.revincludes
            if is_first or include.again
            for one in _referring(conn, region_id, include, fresh, seen, viewer)
        ]
        fresh, is_first = found, False
        included += fresh
    return included[:MAX_INCLUDED]


def _referred(
    conn: Connection[Any],
    region_id: str,
    include: Include,
    of: list[Found],
    seen: set[tuple[str, str]],
    viewer: Viewer,
) -> list[Found]:
    found: list[Found] = []
    for type_, ids in _wanted(include, [f for f in of if f.stored.type == include.source]).items():
        found += _by_ids(conn, region_id, type_, sorted(id_ for id_ in ids if (type_, id_) not in seen), viewer)
    found = [f for f in found if viewer.sees(region_id, f.stored)]
    seen |= {(f.stored.type, f.stored.id) for f in found}
    return found


def _referring(
    conn: Connection[Any],
    region_id: str,
    include: Include,
    of: list[Found],
    seen: set[tuple[str, str]],
    viewer: Viewer,
) -> list[Found]:
    targets = PARAMETERS[include.source][include.name].targets
    named = tuple(f"{f.stored.type}/{f.stored.id}" for f in of if f.stored.type in targets)
    if not named:
        return []
    query = Query(include.source, (Tokens(include.name, named),))
    found = _page(conn, region_id, query, viewer, MAX_INCLUDED, "r")
    found = [f for f in found if (f.stored.type, f.stored.id) not in seen]
    seen |= {(f.stored.type, f.stored.id) for f in found}
    return found


def _wanted(include: Include, matches: list[Found]) -> dict[str, set[str]]:
    """Which resources the matches refer to by this parameter."""
    parameter = PARAMETERS[include.source][include.name]
    wanted: dict[str, set[str]] = {}
    for found in matches:
        for value in values(found.stored.resource(), parameter):
            for reference in references_of(value):
                type_, _, id_ = reference.partition("/")
                if type_ in parameter.targets and type_ in PARAMETERS and include.target in (None, type_):
                    wanted.setdefault(type_, set()).add(id_)
    return wanted


def _by_ids(conn: Connection[Any], region_id: str, type_: str, ids: list[str], viewer: Viewer) -> list[Found]:
    """Read for the viewer, heads too: whatever was read before was a page."""
    if not ids:
        return []
    key = {"region_id": region_id, "type": type_, "ids": ids, "limit": MAX_INCLUDED, **resources.view(viewer)}
    return _with_texts(conn, region_id, type_, ask(conn, SQL["heads_named"], key))
