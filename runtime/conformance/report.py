"""What was found: for people in both languages, for programs, for a build server (JUnit)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from runtime.conformance.running import AREAS, Result

MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}


def as_json(url: str, found: Sequence[Result]) -> dict[str, Any]:
    return {"url": url, "checks": [one.as_json() for one in found], "summary": summary(found)}


def summary(found: Sequence[Result]) -> dict[str, int]:
    states = [one.state for one in found]
    counted = {state: states.count(state) for state in ("failed", "skipped")}
    return {"checks": len(found), "ok": states.count("ok"), **counted}


def as_text(url: str, found: Sequence[Result]) -> str:
    lines, area = [url], ""
    for one in found:
        if one.check.area != area:
            area = one.check.area
            lines += ["", f"{AREAS[area]} / {area}"]
        name = one.check.zh if one.check.zh == one.check.name else f"{one.check.zh} / {one.check.name}"
        lines.append(f"  {MARKS[one.state]} {name}" + (f"：{one.detail}" if one.detail else ""))
    told = summary(found)
    lines += ["", f"符合 {told['ok']}，不符 {told['failed']}，未查 {told['skipped']}"
              f" / {told['ok']} hold, {told['failed']} do not, {told['skipped']} were not asked"]  # fmt: skip
    return "\n".join(lines)


def as_junit(url: str, found: Sequence[Result]) -> bytes:
    told = summary(found)
    counts = {"tests": str(told["checks"]), "failures": str(told["failed"]), "skipped": str(told["skipped"])}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"yuntu fhir check {url}", "errors": "0", **counts})
    for one in found:
        named = {"classname": f"fhir.{one.check.area}", "name": one.check.name, "time": f"{one.seconds:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", named)
        if one.state == "failed":
            ElementTree.SubElement(case, "failure", {"message": one.detail})
        elif one.state == "skipped":
            ElementTree.SubElement(case, "skipped", {"message": one.detail})
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
