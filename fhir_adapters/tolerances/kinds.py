"""The tolerances by name: what each overlooks, and what comes of it. Off unless a client's registration names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import Fault, Incorrect, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    name: str
    zh: str
    en: str
    example: str


ZONE, COMPACT, NUMBERS, CODES = "zone", "compact-time", "numbers", "local-codes"
INVENTED, DOCUMENTS, INSTITUTION, SNAPSHOT = "invented-loinc", "documents", "institution-numbers", "snapshot"

TOLERANCES: dict[str, Tolerance] = {
    one.name: one
    for one in (
        Tolerance(
            name=ZONE,
            zh="时间没有时区或没有秒：按 +08:00，补 :00",
            en="times without a zone or without seconds: +08:00 and :00 are assumed",
            example="2026-05-20T09:31",
        ),
        Tolerance(
            name=COMPACT,
            zh="时间写成空格分隔或连写的数字：按 +08:00 改写",
            en="times with a blank or as digits in a row: rewritten, +08:00 is assumed",
            example="2026-05-20 09:31:00, 20260520093100",
        ),
        Tolerance(
            name=NUMBERS,
            zh="数字写成字符串：改为数字，位数不变",
            en="numbers as strings: made numbers, every digit kept",
            example='"6.70"',
        ),
        Tolerance(
            name=CODES,
            zh="院内代码或数据元：按该系统的对照表；没有对照的保留文字、不进规则，并列入“待对照代码”",
            en="local codes: by the client's concept map; one that is not mapped keeps its text, feeds no rule and "
            "becomes a task",
            example="LIS001",
        ),
        Tolerance(
            name=INVENTED,
            zh="自造的 LOINC 号：从不匹配，回答中提示",
            en="invented LOINC numbers: never matched, told in the answer",
            example="99999-12",
        ),
        Tolerance(
            name=DOCUMENTS,
            zh="HSDB02.xx 文档（数据在章节的自定义扩展中）：原样保存，按厂商适配器提取",
            en="HSDB02.xx documents with data in extensions of sections: kept as they came, read by a vendor's adapter",
            example="POST /fhir/Bundle",
        ),
        Tolerance(
            name=INSTITUTION,
            zh="病人号、住院号不带机构：按机构区分；与他人冲突时交人工核对",
            en="patient and admission numbers without an institution: qualified by it; a conflict goes to a person",
            example="住院号 Z0001",
        ),
        Tolerance(
            name=SNAPSHOT,
            zh="每晚重发全量：没有变化的不产生新版本和事件",
            en="everything sent again each night: what did not change makes no new version and no event",
            example="POST Patient",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A tolerance that was used: where, and what stood there. `what` names the code or number that it was about, where
    that is no person's."""

    tolerance: str
    at: str
    was: Any = None
    what: tuple[str, str, str] | None = None  # system, code, text of a code that nothing is known of

    def as_json(self) -> dict[str, Any]:
        return {"tolerance": self.tolerance, "at": self.at, "was": self.was}


def checked(names: Iterable[str]) -> frozenset[str]:
    """Raises Incorrect for a name that is none."""
    found = frozenset(names)
    faults = [
        Fault(path=name, message=Text(zh="没有这种容差", en="no such tolerance"))
        for name in sorted(found - TOLERANCES.keys())
    ]
    if faults:
        known = " | ".join(TOLERANCES)
        raise Incorrect(
            f"没有这种容差；可用：{known}", f"no such tolerance; possible: {known}", code="tolerances", faults=faults
        )
    return found
