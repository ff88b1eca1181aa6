"""What is wrong with a FHIR request, and the OperationOutcome that says so: every problem at once, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError, Fault, Text
from fhir_adapters.terminology import ISSUE


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One finding. `type` is FHIR's issue type, `code` ours (MCH-…), `expression` a FHIRPath from the body's root."""

    type: str
    code: str
    zh: str
    en: str
    expression: str | None = None
    allowed: str | None = None
    severity: str = "error"

    def below(self, prefix: str) -> Issue:
        """The same finding, seen from the bundle around the resource: `Task.status` ->
        `Bundle.entry[2].resource.status`."""
        rest = (self.expression or "").partition(".")[2]
        at = prefix + ("." + rest if rest else "")
        return Issue(
            type=self.type,
            code=self.code,
            zh=self.zh,
            en=self.en,
            expression=at,
            allowed=self.allowed,
            severity=self.severity,
        )

    def as_fhir(self) -> dict[str, Any]:
        issue: dict[str, Any] = {
            "severity": self.severity,
            "code": self.type,
            "details": {"coding": [{"system": ISSUE, "code": self.code}], "text": f"{self.zh} / {self.en}"},
        }
        if self.allowed:
            issue["diagnostics"] = f"allowed: {self.allowed}"
        if self.expression:
            issue["expression"] = [self.expression]
        return issue


class FhirError(EngineError):
    """A FHIR request that cannot be served, with its status and every issue. Nothing has changed."""

    def __init__(self, status: int, issues: Sequence[Issue], *, etag: str | None = None) -> None:
        first = issues[0]
        super().__init__(
            first.zh,
            first.en,
            code=first.code,
            faults=[Fault(path=i.expression or "", message=Text(zh=i.zh, en=i.en)) for i in issues],
        )
        self.status = status
        self.issues = tuple(issues)
        self.etag = etag
        self.category = CATEGORY.get(status, "incorrect")


CATEGORY = {400: "malformed", 403: "forbidden", 404: "not-found", 409: "conflict", 412: "stale", 503: "busy"}
STATUS = {
    "malformed": 400,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "stale": 412,
    "incorrect": 422,
    "busy": 503,
}
_TYPES = {
    400: ("invalid", "MCH-V-0001"),
    401: ("login", "MCH-A-001"),
    403: ("forbidden", "MCH-A-002"),
    404: ("not-found", "MCH-V-0404"),
    405: ("not-supported", "MCH-V-0405"),
    409: ("conflict", "MCH-T-010"),
    412: ("conflict", "MCH-C-002"),
    422: ("processing", "MCH-V-0422"),
    503: ("transient", "MCH-A-503"),
}


def refuse(status: int, type: str, code: str, zh: str, en: str, **more: Any) -> FhirError:
    """One issue, ready to be raised."""
    return FhirError(status, [Issue(type=type, code=code, zh=zh, en=en, **more)])


def of_status(status: int, zh: str, en: str, *, allowed: str | None = None) -> FhirError:
    """What the door of the house refuses before anybody of this room is asked."""
    type_, code = _TYPES.get(status, ("processing", "MCH-V-0422") if status < 500 else ("exception", "MCH-X-500"))
    return refuse(status, type_, code, zh, en, allowed=allowed)


def not_found(at: str | None = None) -> FhirError:
    """Unknown, or nothing that the caller may know of: the answer is the same."""
    return refuse(404, "not-found", "MCH-V-0404", "没有此资源", "no such resource", expression=at)


def translate(error: EngineError) -> FhirError:
    """What another room refused, in FHIR's words."""
    if isinstance(error, FhirError):
        return error
    status = STATUS.get(error.category, 500)
    type_, code = _TYPES.get(status, ("exception", "MCH-X-500"))
    issues = [
        Issue(type=type_, code=code, zh=f.message.zh, en=f.message.en, expression=f.path or None) for f in error.faults
    ] or [Issue(type=type_, code=code, zh=error.message.zh, en=error.message.en)]
    return FhirError(status, issues)


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [issue.as_fhir() for issue in issues]}
