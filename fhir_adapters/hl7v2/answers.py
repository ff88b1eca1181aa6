"""ACK: what became of a message, to whoever sent it. The same for the same: nothing in it is of the moment.

In the original mode one answer: AA, AE, AR. In the enhanced one (MSH-15, MSH-16; chapter 2.9.3) two, each where it is
wanted: CA, CE, CR when the message is stored or is not; AA, AE, AR when what it says has taken effect or has not.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from fhir_adapters.arrivals.model import Problem
from fhir_adapters.dates import BEIJING
from fhir_adapters.hl7v2.parsing import Header

REJECTED = frozenset(f"MCH-I-{number:03}" for number in (1, 10, 11, 12, 13, 14, 15, 17, 18))
ERRORS = {  # ours -> HL7 table 0357
    "MCH-I-010": "100",
    "MCH-I-011": "203",
    "MCH-I-012": "102",
    "MCH-I-013": "102",
    "MCH-I-015": "200",
    "MCH-I-018": "202",
    "MCH-I-020": "100",
    "MCH-I-021": "102",
    "MCH-I-030": "103",
    "MCH-I-031": "101",
    "MCH-I-032": "101",
    "MCH-I-040": "101",
    "MCH-I-041": "103",
    "MCH-I-042": "102",
    "MCH-I-043": "205",
    "MCH-I-044": "102",
    "MCH-I-045": "102",
    "MCH-I-100": "101",
    "MCH-I-101": "204",
    "MCH-I-102": "204",
    "MCH-I-103": "205",
    **dict.fromkeys(("MCH-I-200", "MCH-I-201", "MCH-I-202"), "0"),  # accepted
}
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\](?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?)?")
_WANTED = {"AL": (True, True), "NE": (False, False), "SU": (True, False), "ER": (False, True)}  # table 0155: well, not
NEVER = "NE"
BUSY = [{"code": "MCH-A-503", "zh": "暂不可用，请重发", "en": "not available now; send it again", "at": ""}]


def answer(header: Header, outcome: Any) -> bytes | None:
    """AA: understood. AE: kept, and a person looks at it. AR: kept, but nothing that could be taken. None: unwanted."""
    told = str(outcome.arrival_id), outcome.received_at
    if outcome.state in ("understood", "corrected", "discarded"):
        return _applied(header, "AA", *told, outcome.notes)
    rejected = any(problem["code"] in REJECTED for problem in outcome.problems)
    return _applied(header, "AR" if rejected else "AE", *told, outcome.problems)


def busy(header: Header, at: datetime) -> bytes | None:
    """Stored or not, it is to be sent again."""
    return _applied(header, "AR", "0", at, BUSY)


def _applied(header: Header, code: str, number: str, at: datetime, problems: list[dict[str, str]]) -> bytes | None:
    if header.is_enhanced and not _is_wanted(header.applied, code == "AA"):
        return None
    return ack(header, code, number, at, problems)


def accepted(header: Header, number: UUID, at: datetime, unfit: Problem | None) -> bytes | None:
    """CA: stored. CR: stored too, and for people only, since its type, version or sender is not taken."""
    problems = [unfit.as_json()] if unfit else []
    return _accepted(header, "CR" if unfit else "CA", f"C{number}", at, problems)


def not_accepted(header: Header, at: datetime, problems: list[dict[str, str]]) -> bytes | None:
    """CE: not stored, or only its beginning."""
    return _accepted(header, "CE", "C0", at, problems)


def _accepted(header: Header, code: str, number: str, at: datetime, problems: list[dict[str, str]]) -> bytes | None:
    if not header.is_enhanced or not _is_wanted(header.accept, code == "CA"):
        return None
    return ack(header, code, number, at, problems)


def _is_wanted(condition: str, is_well: bool) -> bool:
    """Left out beside one that is valued: never. A condition of no table: always, rather once too often."""
    well, badly = _WANTED.get(condition or NEVER, (True, True))
    return well if is_well else badly


def ack(header: Header, code: str, number: str, at: datetime, problems: list[dict[str, str]]) -> bytes:
    """As bytes in the sender's own characters. It asks for no answer to itself."""
    asks = (NEVER, NEVER) if header.is_enhanced else ("", "")
    event = header.kind.partition("^")[2]
    version = header.version or "2.4"
    charset = "GB 18030-2000" if header.charset == "gb18030" else "UNICODE UTF-8"
    receiver = [_escaped(header.sent_to[0]) or "YUNTU", _escaped(header.sent_to[1])]
    fields = [
        *("MSH", "^~\\&", *receiver, _escaped(header.application), _escaped(header.facility)),
        *(at.astimezone(BEIJING).strftime("%Y%m%d%H%M%S"), "", f"ACK^{_escaped(event)}" if event else "ACK"),
        *(number.replace("-", "")[:20], "P", _escaped(version), "", "", *asks, "CHN", charset),
    ]
    text = f"{problems[0]['zh']} / {problems[0]['en']}" if problems else ""
    lines = ["|".join(fields), f"MSA|{code}|{_escaped(header.control_id)}|{_escaped(text)[:80]}"]
    is_old = version.startswith(("2.1", "2.2", "2.3", "2.4"))
    if code in ("AA", "CA"):  # notes, not errors: before 2.5 only the text of MSA can tell them
        lines += [] if is_old else [_error(p, "I") for p in problems]
    else:
        lines += [_old_error(p) if is_old else _error(p) for p in problems]
    return ("\r".join(lines) + "\r").encode(header.charset, "replace")


def _error(problem: dict[str, str], severity: str = "E") -> str:
    """ERR-2 where, ERR-3 what by HL7, ERR-4 how grave, ERR-5 what by us, ERR-7 the place in words, ERR-8 for people."""
    hl7 = ERRORS.get(problem["code"], "207")
    words = _escaped(f"{problem['zh']} / {problem['en']}")
    place = _escaped(problem["at"])
    return f"ERR||{_location(problem['at'])}|{hl7}^^HL70357|{severity}|{problem['code']}||{place}|{words}"


def _old_error(problem: dict[str, str]) -> str:
    """ERR-1 up to version 2.4: segment, sequence, field, code and text."""
    parts = _location(problem["at"]).split("^")
    segment, sequence, number = (*parts, "", "", "")[:3]
    hl7 = ERRORS.get(problem["code"], "207")
    words = _escaped(f"{problem['at']} {problem['zh']} / {problem['en']}")
    return f"ERR|{segment}^{sequence}^{number}^{hl7}&{words}&HL70357"


def _location(at: str) -> str:
    """`OBX[2]-5.1` -> `OBX^2^5^1^1`"""
    found = _PLACE.match(at)
    if found is None:
        return ""
    segment, sequence, number, repetition, component = found.groups()
    parts = [segment, sequence, number or "", repetition or ("1" if number else ""), component or ""]
    return "^".join(parts).rstrip("^")


def _escaped(text: str) -> str:
    for sign, code in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(sign, f"\\{code}\\")
    return re.sub(r"[\r\n\x0b\x1c]", " ", text)
