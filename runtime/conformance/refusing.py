"""What must be refused: strict JSON, wrong structure, wrong media; each with its place and in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.store import plain
from runtime.conformance.session import Session, both, expect, refusal

WRONG = {"resourceType": "Patient", "gender": "nobody", "birthDate": "2026-02-30"}
FIVE_MEGABYTES = 5_000_000


def refuses(
    path: str, status: int | tuple[int, ...], body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Callable[[Session], str | None]:
    def ask(it: Session) -> str | None:
        return refusal(it.server.ask(path, body, headers=headers), status)

    return ask


def validates(text: str, place: str) -> Callable[[Session], str | None]:
    """Refused outright, or named by $validate."""

    def ask(it: Session) -> str | None:
        answer = it.server.ask("/Observation/$validate", text.encode())
        return refusal(answer, (200, 400, 422), place)

    return ask


def _observation(rest: str) -> str:
    code = '"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]}'
    return f'{{"resourceType":"Observation","status":"final",{code},{rest}}}'


FINISHED = _observation('"note":[{"text":"x"}]').replace('"final"', '"finished"')
STRICT: dict[str, tuple[str, str, str]] = {
    "strict: null": ("不接受 null", _observation('"note":null'), "Observation.note"),
    "strict: empty array": ("不接受空数组", _observation('"note":[]'), "Observation.note"),
    "strict: empty object": ("不接受空对象", _observation('"subject":{}'), "Observation.subject"),
    "strict: number as string": (
        "不接受字符串数字", _observation('"valueQuantity":{"value":"6.70"}'), "Observation.valueQuantity.value",
    ),
    "strict: boolean as string": (
        "不接受字符串布尔", _observation('"valueBoolean":"true"'), "Observation.valueBoolean",
    ),
    "strict: time without zone": (
        "时间须有时区", _observation('"effectiveDateTime":"2026-05-20T09:31:00"'), "Observation.effectiveDateTime",
    ),
    "strict: day that is not": (
        "日期须存在", _observation('"effectiveDateTime":"2026-02-30"'), "Observation.effectiveDateTime",
    ),
    "strict: unknown element": ("不接受未知元素", _observation('"nonsense":1'), "Observation.nonsense"),
    "strict: wrong reference": (
        "引用类型须正确", _observation('"subject":{"reference":"Encounter/1"}'), "Observation.subject.reference",
    ),
    "strict: code of a required set": (
        "必需值集", FINISHED, "Observation.status",
    ),
}  # fmt: skip


def every_fault(it: Session) -> str | None:
    answer = it.server.ask("/Patient/$validate", plain.dumps(WRONG))
    if wrong := expect(answer, 200, "OperationOutcome"):
        return wrong
    places = {at for issue in answer.issues for at in issue.get("expression", [])}
    missing = sorted({"Patient.gender", "Patient.birthDate"} - places)
    return both(f"没有指出 {', '.join(missing)}", f"not named: {', '.join(missing)}") if missing else None


def too_large(it: Session) -> str | None:
    body = b'{"resourceType":"Bundle","type":"batch","x":"' + b"x" * FIVE_MEGABYTES + b'"}'
    answer = it.server.ask("", body, method="POST")
    if wrong := expect(answer, 413, "OperationOutcome"):
        return wrong
    said = str(answer.text)
    return None if "5" in said and "MB" in said else both("没有写明限度", "the limit is not said")


def unknown_parameters(it: Session) -> str | None:
    path = "/Patient?no-such-parameter=1&_count=1"
    strictly = it.server.ask(path, headers={"Prefer": "handling=strict"})
    if wrong := expect(strictly, 400, "OperationOutcome"):
        return wrong
    leniently = it.server.ask(path)
    if wrong := expect(leniently, 200, "Bundle"):
        return wrong
    told = any(one.get("search", {}).get("mode") == "outcome" for one in leniently.entries)
    return None if told else both("没有说明忽略了参数", "it is not said that a parameter was ignored")
