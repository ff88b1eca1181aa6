"""Metadata, sign-in, and whether the server does what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtime.conformance.session import Session, Skip, both, expect

# A stack trace, or a file with its folders: neither is part of an answer.
OF_THE_MACHINE = re.compile(
    r"""Traceback \(most|File \\?"/|\bat [\w.$]+\(\w+\.java:\d+\)|["'\s(](?:/[\w.-]+){2,}\.(?:py|java|js|cs|so)\b"""
)


def metadata(it: Session) -> str | None:
    answer = it.server.ask("/metadata", with_token=False)
    if wrong := expect(answer, 200, "CapabilityStatement"):
        return wrong
    if answer.get("fhirVersion") not in ("4.0.1", "4.3.0"):
        return both(f"fhirVersion 为 {answer.get('fhirVersion')}", f"fhirVersion is {answer.get('fhirVersion')}")
    rest = (answer.get("rest") or [{}])[0]
    if not isinstance(rest, Mapping) or not rest.get("resource"):
        return both("没有列出资源类型", "no resource types are listed")
    codes = {c.get("code") for s in rest.get("security", {}).get("service", ()) for c in s.get("coding", ())}
    return None if "SMART-on-FHIR" in codes else both("没有声明 SMART-on-FHIR", "SMART-on-FHIR is not declared")


def capability(it: Session) -> str | None:
    """Each type that says it can be searched can, and a type that is not listed cannot."""
    rest = (it.server.ask("/metadata", with_token=False).get("rest") or [{}])[0]
    for one in rest.get("resource", ()):
        codes = {i.get("code") for i in one.get("interaction", ())}
        if "search-type" not in codes or one.get("type") in ("Subscription", "Group"):
            continue
        answer = it.server.ask(f"/{one['type']}?_count=1")
        by_patient = answer.status == 400 and bool(answer.issues) and answer.issues[0].get("code") == "required"
        if answer.status == 403 or by_patient:
            continue  # the token's scopes; a type that is searched by patient alone
        if wrong := expect(answer, 200, "Bundle"):
            return f"{one['type']}: {wrong}"
    return expect(it.server.ask("/NoSuchType?_count=1"), (400, 404, 405))


def closed(it: Session) -> str | None:
    return expect(it.server.ask("/Patient", with_token=False), 401, "OperationOutcome")


def unknown_token(it: Session) -> str | None:
    return expect(it.server.ask("/Patient", with_token=False, headers={"Authorization": "Bearer no-token"}), 401)


def discovery(it: Session) -> str | None:
    answer = it.server.ask("/.well-known/smart-configuration", with_token=False)
    if wrong := expect(answer, 200):
        return wrong
    missing = [
        name
        for name in ("token_endpoint", "token_endpoint_auth_methods_supported", "scopes_supported", "capabilities")
        if not answer.get(name)
    ]
    if missing:
        return both(f"缺少 {', '.join(missing)}", f"missing: {', '.join(missing)}")
    if "private_key_jwt" not in answer.get("token_endpoint_auth_methods_supported"):
        return both("不支持 private_key_jwt", "private_key_jwt is not supported")
    return None


def _token_endpoint(it: Session) -> str:
    found = it.server.ask("/.well-known/smart-configuration", with_token=False).get("token_endpoint")
    if not isinstance(found, str) or not found.startswith(("http://", "https://")):
        raise Skip(both("没有令牌地址", "there is no token endpoint"))
    return found


def unsigned(it: Session) -> str | None:
    """Nobody gets a token for nothing."""
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    body = f"grant_type=client_credentials&client_assertion_type={kind}&client_assertion=x.y.z&scope=system/*.rs"
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = it.server.ask(_token_endpoint(it), body.encode(), headers=form, with_token=False)
    if answer.status not in (400, 401):
        return both(f"状态 {answer.status}，应为 400 或 401", f"status {answer.status}, expected 400 or 401")
    return None if answer.get("error") else both("没有 error", "no error is said")


def signed(it: Session) -> str | None:
    if it.signs is None:
        raise Skip(both("没有给出 --client-id 与 --key", "no --client-id and --key"))
    answer = it.signs(it.server, _token_endpoint(it))
    if wrong := expect(answer, 200):
        return wrong
    if not answer.get("access_token") or str(answer.get("token_type")).lower() != "bearer":
        return both("没有 Bearer 令牌", "no bearer token")
    headers = {"Authorization": f"Bearer {answer.get('access_token')}"}
    return expect(it.server.ask("/Patient?_count=1", headers=headers, with_token=False), 200, "Bundle")


def xml(it: Session) -> str | None:
    answer = it.server.ask("/metadata", with_token=False, headers={"Accept": "application/fhir+xml"})
    if "xml" in answer.headers.get("content-type", ""):
        return None
    return expect(answer, 200) or both("回答不是 XML", "the answer is not XML")


def nothing_of_the_machine(it: Session) -> str | None:
    """Of all that was answered in this run."""
    told = any(OF_THE_MACHINE.search(text) for text in it.server.seen)
    return both("回答中有服务器的路径", "an answer tells a path of the machine") if told else None
