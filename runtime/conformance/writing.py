"""Create, update, versions, conditions, transactions: on resources of this run alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.store import plain
from runtime.conformance.session import Session, both, expect, refusal, version

AT_ONCE = 16
EXACT = (
    '{"resourceType":"Observation","status":"preliminary","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},'
    '"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-01-05T08:00:00.120+08:00",'
    '"valueQuantity":{"value":6.70,"unit":"g/L"},"extension":[{"url":"urn:yuntu:fhir-check","valueDecimal":1.10}]}'
)


def create(it: Session) -> str | None:
    answer = it.create(it.person("alone"))
    if wrong := expect(answer, 201, "Patient"):
        return wrong
    if version(answer) != 1:
        return both('ETag 应为 W/"1"', 'the ETag is not W/"1"')
    location = answer.headers.get("location", "")
    if not location.endswith(f"/Patient/{answer.get('id')}/_history/1"):
        return both("Location 应指向第 1 版", "Location does not lead to version 1")
    return None if answer.headers.get("last-modified") else both("没有 Last-Modified", "no Last-Modified")


def exact(it: Session) -> str | None:
    """Digits, fractions of seconds and unknown extensions come back as they were sent."""
    sent = EXACT % it.someone()["id"]
    made = it.server.ask("/Observation", sent.encode(), method="POST")
    it.note(made)
    if wrong := expect(made, 201, "Observation"):
        return wrong
    text = it.server.ask(f"/Observation/{made.get('id')}").text
    lost = [
        one for one in ('"value":6.70', '"valueDecimal":1.10', "08:00:00.120+08:00") if one not in text.replace(" ", "")
    ]
    return both(f"没有原样读回 {lost[0]}", f"not read back as sent: {lost[0]}") if lost else None


def versions(it: Session) -> str | None:
    """Gapless from one; an update that changes nothing makes none; a stale If-Match is refused."""
    first = it.create(it.person("changed"))
    if wrong := expect(first, 201):
        return wrong
    path, body = f"/Patient/{first.get('id')}", {**it.person("changed"), "id": first.get("id")}
    same = it.server.send("PUT", path, body)
    if wrong := expect(same, 200):
        return wrong
    if version(same) != 1:
        return both("没有变化却有了新版本", "an update that changes nothing made a version")
    stale = it.server.send("PUT", path, {**body, "active": False}, If_Match='W/"7"')
    if wrong := refusal(stale, 412):
        return wrong
    second = it.server.send("PUT", path, {**body, "active": True}, If_Match='W/"1"')
    if wrong := expect(second, 200):
        return wrong
    if version(second) != 2:
        return both("更新后应为第 2 版", "the update did not make version 2")
    before, now = it.server.ask(f"{path}/_history/1"), it.server.ask(path)
    if wrong := expect(before, 200) or expect(now, 200):
        return wrong
    if before.get("active") is not None or now.get("active") is not True:
        return both("历史版本或当前版本的内容不对", "a version says what another one said")
    history = it.server.ask(f"{path}/_history")
    if wrong := expect(history, 200, "Bundle"):
        return wrong
    return None if len(history.entries) == 2 else both("历史应有 2 个版本", "the history does not hold 2 versions")


def known_already(it: Session) -> str | None:
    path = f"/Patient/{it.someone()['id']}"
    answer = it.server.ask(path)
    tag = answer.headers.get("etag", "")
    if not tag.startswith('W/"'):
        return both("没有弱 ETag", "no weak ETag")
    return expect(it.server.ask(path, headers={"If-None-Match": tag}), 304)


def conditional_create(it: Session) -> str | None:
    condition = it.condition("conditional")
    first = it.create(it.person("conditional"), If_None_Exist=condition)
    again = it.create(it.person("conditional"), If_None_Exist=condition)
    if wrong := expect(first, 201) or expect(again, 200):
        return wrong
    return None if first.get("id") == again.get("id") else both("两次得到不同的资源", "two resources came of it")


def at_once(it: Session) -> str | None:
    """Many at the same time make one: checked and then inserted is the classic mistake."""
    condition, body = it.condition("parallel"), it.person("parallel")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        tries = [
            threads.submit(it.server.send, "POST", "/Patient", body, If_None_Exist=condition) for _ in range(AT_ONCE)
        ]
        answers = [one.result() for one in tries]
    for one in answers:
        it.note(one)
    wrong = [one.status for one in answers if one.status not in (200, 201)]
    if wrong:
        return both(f"状态 {wrong[0]}", f"status {wrong[0]}")
    found = {one.get("id") for one in answers}
    made = sum(one.status == 201 for one in answers)
    if len(found) != 1 or made != 1:
        return both(
            f"并发条件新建得到 {len(found)} 个资源", f"{len(found)} resources came of conditional creates at once"
        )
    return None


def conditional_update(it: Session) -> str | None:
    it.someone()
    answer = it.server.send("PUT", f"/Patient?{it.condition('someone')}", it.person("someone", active=True))
    if wrong := expect(answer, 200, "Patient"):
        return wrong
    return None if answer.get("id") == it.someone()["id"] else both("改了另一个资源", "another resource was changed")


def patch(it: Session) -> str | None:
    path = f"/Patient/{it.someone()['id']}"
    body = plain.dumps([{"op": "add", "path": "/maritalStatus", "value": {"text": "自检"}}])
    answer = it.server.ask(path, body, method="PATCH", headers={"Content-Type": "application/json-patch+json"})
    if wrong := expect(answer, 200, "Patient"):
        return wrong
    return None if it.server.ask(path).get("maritalStatus") else both("补丁没有保存", "the patch was not stored")


def _transaction(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def _entry(resource: dict[str, Any], url: str | None = None, **request: Any) -> dict[str, Any]:
    asked = {"method": "POST", "url": resource["resourceType"], **request}
    return {**({"fullUrl": url} if url else {}), "resource": resource, "request": asked}


def _about(it: Session, subject: str, **more: Any) -> dict[str, Any]:
    return {**it.observation(), "subject": {"reference": subject}, **more}


PERSON = "urn:uuid:6f0c2f8e-1d0f-4c0e-9d5e-0000000000f1"


def transaction(it: Session) -> str | None:
    """References inside are resolved, the answers stand in the order of the request."""
    answer = it.server.send("POST", "", _transaction(_entry(_about(it, PERSON)), _entry(it.person("whole"), PERSON)))
    it.note(answer)
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    places = [str(one.get("response", {}).get("location", "")) for one in answer.entries]
    if len(places) != 2 or "Observation/" not in places[0] or "Patient/" not in places[1]:
        return both("回答没有按请求的顺序", "the answers are not in the order of the request")
    made = it.server.ask("/" + "/".join(places[0].split("/_history")[0].split("/")[-2:]))
    patient = places[1].split("/_history")[0].split("/")[-1]
    resolved = made.get("subject") == {"reference": f"Patient/{patient}"}
    return None if resolved else both("没有解析 urn:uuid 引用", "a urn:uuid reference was not resolved")


def all_or_nothing(it: Session) -> str | None:
    wrong_one = {**_about(it, PERSON), "status": "nonsense"}
    answer = it.server.send("POST", "", _transaction(_entry(it.person("gone"), PERSON), _entry(wrong_one)))
    it.note(answer)
    if wrong := refusal(answer, (400, 422), "Bundle.entry[1].resource.status"):
        return wrong
    there = it.server.ask(f"/Patient?{it.condition('gone')}").resources
    return both("失败的事务留下了资源", "a transaction that failed left a resource") if there else None


def identity_twice(it: Session) -> str | None:
    """Of an identity that names one person: never silently one of the two."""
    someone = it.someone()
    path = f"/Patient/{someone['id']}"
    change = {"method": "PUT", "url": f"Patient/{someone['id']}"}
    body = {**it.person("someone"), "id": someone["id"]}
    before = version(it.server.ask(path))
    answer = it.server.send(
        "POST", "", _transaction(_entry(body, **change), _entry({**body, "active": False}, **change))
    )
    it.note(answer)
    if wrong := refusal(answer, (400, 409, 422)):
        return wrong
    return None if version(it.server.ask(path)) == before else both("其中一个被保存了", "one of the two was stored")


def batch(it: Session) -> str | None:
    wrong_one = {**it.observation(), "status": "nonsense"}
    bundle = _transaction(_entry(wrong_one), _entry(it.observation("2026-01-05T09:00:00+08:00")), kind="batch")
    answer = it.server.send("POST", "", bundle)
    it.note(answer)
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    told = [str(one.get("response", {}).get("status", ""))[:3] for one in answer.entries]
    if told[:1] not in (["400"], ["422"]) or told[1:] != ["201"]:
        return both(f"批处理的状态为 {told}", f"the entries of the batch are {told}")
    return None


def idempotency(it: Session) -> str | None:
    """The same request under the same key is done once; another one under it is refused."""
    body = it.observation("2026-01-05T10:00:00+08:00")
    first = it.create(body, Idempotency_Key=it.run)
    again = it.create(body, Idempotency_Key=it.run)
    other = it.create({**body, "effectiveDateTime": "2026-01-05T11:00:00+08:00"}, Idempotency_Key=it.run)
    if wrong := expect(first, 201) or expect(again, (200, 201)):
        return wrong
    if first.get("id") != again.get("id"):
        return both("同一个键做了两次", "the same key was done twice")
    return expect(other, (409, 422))


def prefer(it: Session) -> str | None:
    body = it.observation("2026-01-05T12:00:00+08:00")
    answer = it.create(body, Prefer="return=minimal")
    found = answer.headers.get("location", "")
    if found:
        it.remember("Observation", found.split("/_history")[0].rpartition("/")[2])
    if wrong := expect(answer, 201):
        return wrong
    return both("return=minimal 仍带内容", "return=minimal has a body") if answer.text else None


def foreign(it: Session) -> str | None:
    """What the engine keeps is changed by commands, not by an edit."""
    answer = it.create({"resourceType": "Flag", "status": "active", "code": {"text": "x"},
                        "subject": {"reference": f"Patient/{it.someone()['id']}"}})  # fmt: skip
    return refusal(answer, (403, 405, 422))


def deletion(it: Session) -> str | None:
    made = it.create(it.observation("2026-01-05T13:00:00+08:00"))
    if wrong := expect(made, 201):
        return wrong
    path = f"/Observation/{made.get('id')}"
    if wrong := expect(it.server.ask(path, method="DELETE"), (200, 204)):
        return wrong
    if wrong := expect(it.server.ask(path), 410, "OperationOutcome"):
        return wrong
    history = it.server.ask(f"{path}/_history")
    methods = {str((one.get("request") or {}).get("method")) for one in history.entries}
    return None if "DELETE" in methods else both("历史中没有删除", "the history does not show the deletion")
