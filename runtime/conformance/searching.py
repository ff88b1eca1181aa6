"""Search: parameters, prefixes, modifiers, what comes along, and pages; over resources of this run."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from runtime.conformance.asking import Answer
from runtime.conformance.session import HOURS, LOINC, Session, both, expect

WAITS = 1  # pages more than there can be


def finds(query: str, count: int) -> Callable[[Session], str | None]:
    """How many of the three; `{id}` is the patient's."""

    def ask(it: Session) -> str | None:
        answer = it.server.ask("/Observation?" + query.replace("{id}", it.searched()))
        if wrong := expect(answer, 200, "Bundle"):
            return wrong
        found = len([one for one in answer.resources if one.get("resourceType") == "Observation"])
        return None if found == count else both(f"找到 {found} 条，应为 {count}", f"{found} found, expected {count}")

    return ask


def names(query: str, count: int) -> Callable[[Session], str | None]:
    def ask(it: Session) -> str | None:
        it.someone()
        answer = it.server.ask("/Patient?" + query.replace("{condition}", it.condition("someone")))
        if wrong := expect(answer, 200, "Bundle"):
            return wrong
        found = len(answer.resources)
        return None if found == count else both(f"找到 {found} 条，应为 {count}", f"{found} found, expected {count}")

    return ask


def by_post(it: Session) -> str | None:
    form = urlencode({"patient": it.searched(), "code": f"{LOINC}|8867-4", "date": "2025-12-31"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = it.server.ask("/Observation/_search", form, method="POST", headers=headers)
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    return None if len(answer.resources) == len(HOURS) else both("结果与 GET 不同", "not what GET finds")


def pages(it: Session) -> str | None:
    """One at a time: all of them, none twice, `next` within this server."""
    answer = it.server.ask(f"/Observation?patient={it.searched()}&date=2025-12-31&_count=1&_sort=date")
    found: list[str] = []
    for _ in range(len(HOURS) + WAITS):
        if wrong := expect(answer, 200, "Bundle"):
            return wrong
        if len(answer.resources) > 1:
            return both("多于 _count", "more than _count")
        found += [str(one.get("id")) for one in answer.resources]
        following = answer.link("next")
        if following is None:
            break
        if not following.startswith(it.server.base + "/") and not following.startswith(it.server.base + "?"):
            return both("下一页指向别的服务器", "the next link leads to another server")
        answer = it.server.ask(following)
    if len(found) != len(HOURS) or len(set(found)) != len(HOURS):
        return both(f"分页得到 {len(found)} 条", f"the pages hold {len(found)}, expected {len(HOURS)}")
    return None


def self_link(it: Session) -> str | None:
    answer = it.server.ask("/Patient?_count=1")
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    return None if answer.link("self") else both("没有 self 链接", "no self link")


def comes_along(it: Session) -> str | None:
    answer = it.server.ask(f"/Observation?patient={it.searched()}&date=2025-12-31&_include=Observation:subject")
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    modes = [(one.get("resource", {}).get("resourceType"), one.get("search", {}).get("mode")) for one in answer.entries]
    return None if ("Patient", "include") in modes else both("没有带出 Patient", "the Patient does not come along")


def sorted_down(it: Session) -> str | None:
    answer = it.server.ask(f"/Observation?patient={it.searched()}&date=2025-12-31&_sort=-date")
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    told = [str(one.get("effectiveDateTime")) for one in answer.resources]
    return (
        None
        if told == sorted(told, reverse=True) and told
        else both("没有按时间倒序", "not sorted by date, newest first")
    )


def part_of(it: Session) -> str | None:
    answer = it.server.ask(f"/Observation?patient={it.searched()}&date=2025-12-31&_elements=status")
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    return (
        None if _is_cut(answer) else both("_elements 没有起作用或未标 SUBSETTED", "_elements has no effect or no mark")
    )


def _is_cut(answer: Answer) -> bool:
    marks = [t.get("code") for one in answer.resources for t in one.get("meta", {}).get("tag", ())]
    return (
        bool(answer.resources) and "SUBSETTED" in marks and all("valueInteger" not in one for one in answer.resources)
    )


def counted(it: Session) -> str | None:
    answer = it.server.ask(f"/Observation?patient={it.searched()}&date=2025-12-31&_summary=count")
    if wrong := expect(answer, 200, "Bundle"):
        return wrong
    good = answer.get("total") == len(HOURS) and not answer.resources
    return None if good else both("total 不对", "the total is wrong")
