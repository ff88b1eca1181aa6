"""One request to change or read something: a whole HTTP request, or one entry of a Bundle. Read and checked
before anything is written, so that every problem is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fhir_adapters import access
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.patches.patch import Patch, from_entry
from fhir_adapters.rules import measured
from fhir_adapters.rules.check import check
from fhir_adapters.tolerances.kinds import INVENTED, Use
from fhir_adapters.types import TYPES

MAX_ENTRIES = 1000
METHODS = ("DELETE", "POST", "PUT", "PATCH", "GET")
INTERACTION = {"DELETE": "delete", "POST": "create", "PUT": "update", "PATCH": "patch", "GET": "read"}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`at` is where the resource stands in the request, for expressions. `query`: the condition of a
    conditional update, create or search. `tolerated`: what was put right in it before anybody looked."""

    method: str
    type: str
    id: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    resource: Mapping[str, Any] | None = None
    full_url: str | None = None
    patch: Patch | None = None
    if_match: int | None = None
    if_none_exist: tuple[tuple[str, str], ...] | None = None
    at: str = ""
    tolerated: tuple[Use, ...] = ()


def read_bundle(bundle: Any) -> tuple[str, list[Entry]]:
    """The kind (batch, transaction) and entries. Raises FhirError with every problem, entry by entry."""
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise _refused("MCH-B-001", "应为 Bundle", "a Bundle is expected", "Bundle", status=400)
    kind = bundle.get("type")
    if kind not in ("transaction", "batch"):
        raise _refused(
            "MCH-B-002",
            "Bundle.type 应为 transaction 或 batch",
            "Bundle.type must be transaction or batch",
            "Bundle.type",
            status=400,
        )
    found = bundle.get("entry", [])
    if not isinstance(found, list):
        raise _refused("MCH-B-001", "entry 应为数组", "entry must be an array", "Bundle.entry", status=400)
    if len(found) > MAX_ENTRIES:
        raise _refused(
            "MCH-B-004", f"条目超过 {MAX_ENTRIES}", f"more than {MAX_ENTRIES} entries", "Bundle.entry", status=413
        )
    issues: list[Issue] = []
    entries = [entry for number, one in enumerate(found) if (entry := _entry(number, one, issues)) is not None]
    urls = [entry.full_url for entry in entries if entry.full_url]
    for url in {url for url in urls if urls.count(url) > 1} if len(set(urls)) < len(urls) else ():
        number = urls.index(url)
        issues.append(
            _issue(
                "invalid", "MCH-B-005", "fullUrl 重复", "a fullUrl is there twice", f"Bundle.entry[{number}].fullUrl"
            )
        )
    if issues:
        raise FhirError(400, issues)
    return kind, entries


def _refused(code: str, zh: str, en: str, at: str, *, status: int) -> FhirError:
    return FhirError(status, [_issue("invalid", code, zh, en, at)])


def _issue(type_: str, code: str, zh: str, en: str, at: str, allowed: str | None = None) -> Issue:
    return Issue(type=type_, code=code, zh=zh, en=en, expression=at, allowed=allowed)


def _entry(number: int, entry: Any, issues: list[Issue]) -> Entry | None:
    at = f"Bundle.entry[{number}]"
    request = entry.get("request") if isinstance(entry, Mapping) else None
    if not isinstance(request, Mapping):
        issues.append(_issue("required", "MCH-B-006", "缺少 request", "a request is needed", f"{at}.request"))
        return None
    method, url = request.get("method"), request.get("url")
    if method not in METHODS:
        issues.append(
            _issue(
                "not-supported",
                "MCH-B-007",
                "不支持此方法",
                "method not supported",
                f"{at}.request.method",
                " | ".join(METHODS),
            )
        )
        return None
    path = url if isinstance(url, str) else ""
    type_, id_, query = _target(path)
    resource = entry.get("resource")
    if type_ not in TYPES:
        issues.append(
            _issue(
                "not-supported",
                "MCH-B-008",
                "未知或不支持的资源类型",
                "unknown or unsupported resource type",
                f"{at}.request.url",
            )
        )
        return None
    named = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if method in ("POST", "PUT") and named != type_:
        issues.append(
            _issue(
                "invalid",
                "MCH-B-008",
                "资源类型与 request.url 不符",
                "the resource's type is not that of request.url",
                f"{at}.resource",
                type_,
            )
        )
        return None
    wrong = _shape_of_request(method, id_, query)
    if wrong:
        issues.append(_issue("invalid", "MCH-B-009", *wrong, f"{at}.request.url"))
        return None
    patch = from_entry(resource) if method == "PATCH" else None
    if method == "PATCH" and patch is None:
        wrong = "补丁应为 Parameters，或含 JSON Patch 的 Binary", "a patch is Parameters, or a Binary with a JSON Patch"
        issues.append(_issue("invalid", "MCH-B-011", *wrong, f"{at}.resource"))
        return None
    full_url = entry.get("fullUrl")
    exist = request.get("ifNoneExist")
    return Entry(
        method=method,
        type=type_,
        id=id_,
        query=query,
        resource=resource if method in ("POST", "PUT") else None,
        patch=patch,
        full_url=full_url if isinstance(full_url, str) else None,
        if_match=version_of(request.get("ifMatch")),
        if_none_exist=conditions(exist) if isinstance(exist, str) else None,
        at=f"{at}.resource",
    )


def _target(url: str) -> tuple[str, str | None, tuple[tuple[str, str], ...]]:
    path, _, query = url.partition("?")
    parts = path.strip("/").split("/")
    return parts[0], parts[1] if len(parts) == 2 else None if len(parts) == 1 else "", conditions(query)


def _shape_of_request(method: str, id_: str | None, query: Sequence[Any]) -> tuple[str, str] | None:
    if id_ is not None and not _ID.fullmatch(id_):
        return "request.url 不合法", "request.url cannot be read"
    if method == "POST" and (id_ or query):
        return "POST 应为资源类型", "POST goes to a type"
    if method in ("PUT", "PATCH", "DELETE") and not id_ and not query:
        return f"{method} 需要 id 或条件", f"{method} needs an id or a condition"
    return None


def conditions(query: str) -> tuple[tuple[str, str], ...]:
    """Names and values. HAPI's client sends the whole address: `http://base/Type?name=value`."""
    address, mark, rest = query.partition("?")
    return tuple(parse_qsl(rest if mark and "=" not in address else query, keep_blank_values=True))


def version_of(tag: Any) -> int | None:
    """The number in an entity tag; a tag that none of ours can look like is version 0, which no resource has."""
    if not isinstance(tag, str):
        return None
    found = _ETAG.fullmatch(tag.strip())
    return int(found[1]) if found else 0


def checked(entries: Sequence[Entry], scopes: frozenset[str]) -> list[Entry]:
    """The entries with valid resources. Raises FhirError: 403 for a missing scope, 422 with every problem of
    every entry."""
    for entry in entries:
        interaction = "search" if entry.method == "GET" and not entry.id else INTERACTION[entry.method]
        access.require(scopes, entry.type, interaction, entry.at)
    issues: list[Issue] = []
    for entry in entries:
        if entry.resource is not None:
            issues += problems(entry)
    if issues:
        raise FhirError(422 if not any(i.code == "MCH-V-0002" for i in issues) else 400, issues)
    return list(entries)


def faults(entry: Entry) -> list[Issue]:
    """What is wrong with the resource itself, without what the sender's registration overlooks where it stands."""
    overlooked = {use.at for use in entry.tolerated if use.tolerance == INVENTED}
    found = check(entry.resource, type_=entry.type, at=entry.at)
    return [one for one in found if one.code != measured.INVENTED or one.expression not in overlooked]


def problems(entry: Entry) -> list[Issue]:
    """What is wrong with the resource itself, and with its id."""
    assert entry.resource is not None
    found = faults(entry)
    if entry.method == "PUT" and entry.id and entry.resource.get("id") != entry.id:
        text = "id 与地址不符", "the id is not that of the address"
        found.append(_issue("invalid", "MCH-V-0002", *text, f"{entry.at}.id", "the id of the URL"))
    return found
