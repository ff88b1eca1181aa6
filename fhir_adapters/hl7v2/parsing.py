"""Bytes -> segments by position. The characters are those that MSH-18 names; where it names none, UTF-8 if it is that,
else GB 18030."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Segment as Parsed
from hl7apy.exceptions import HL7apyException, UnsupportedVersion
from hl7apy.parser import parse_message

from fhir_adapters.arrivals.model import NotUnderstood, Problem, refused

CHARSETS = {
    "": "",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GB 18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "ASCII": "utf-8",
}
TRIED = ("utf-8", "gb18030")
SEPARATORS = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
MOST_SEGMENTS = 2000
_ESCAPE = re.compile(r"\\([^\\]{0,200})\\")


@dataclass(frozen=True, slots=True)
class Segment:
    """`fields`: by number the repetitions, each by component. `nth` among those of its name, from one."""

    name: str
    nth: int
    fields: dict[int, list[dict[int, str]]]

    def get(self, field: int, component: int = 1, repetition: int = 1) -> str:
        found = self.fields.get(field, [])
        return found[repetition - 1].get(component, "").strip() if len(found) >= repetition else ""

    def repetitions(self, field: int) -> list[dict[int, str]]:
        return self.fields.get(field, [])

    def place(self, field: int | None = None, component: int | None = None, repetition: int = 1) -> str:
        """`OBX[2]-5.1`"""
        text = f"{self.name}[{self.nth}]"
        if field is not None:
            text += f"-{field}" + (f"[{repetition}]" if repetition > 1 else "")
        return text + (f".{component}" if component is not None else "")


@dataclass(frozen=True, slots=True)
class Message:
    segments: list[Segment]
    charset: str

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def kind(self) -> str:
        """`ADT^A01`"""
        return f"{self.header.get(9, 1)}^{self.header.get(9, 2)}"


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a message before it is parsed: enough to store and to answer it."""

    charset: str = "utf-8"
    application: str = ""
    facility: str = ""
    kind: str = ""
    control_id: str = ""
    version: str = ""
    processing: str = ""  # MSH-11: P production, T training, D debugging
    sent_to: tuple[str, str] = ("", "")
    accept: str = ""  # MSH-15: when it wants to be told that the message is stored
    applied: str = ""  # MSH-16: when it wants to be told what became of it

    @property
    def is_enhanced(self) -> bool:
        """One of the two is valued (2.9.2: where both are empty the original mode holds)."""
        return bool(self.accept or self.applied)


def header_of(body: bytes, charset: str = "") -> Header:
    """Whatever of MSH can be made out; never fails."""
    chosen, text = _decoded(body, charset)
    first = re.split(r"[\r\n]", text.lstrip("\r\n\ufeff"), maxsplit=1)[0][:2000]
    if not first.startswith("MSH") or len(first) < 8:
        return Header(charset=chosen)
    parts = first.split(first[3])
    field = {n: parts[n - 1] if len(parts) >= n else "" for n in range(3, 19)}
    type_ = field[9].split(first[4])
    plain = {n: field[n].split(first[4])[0].strip() for n in field}
    return Header(
        charset=chosen,
        application=plain[3],
        facility=plain[4],
        kind="^".join(part.strip() for part in type_[:2])[:20],
        control_id=plain[10][:199],
        version=plain[12],
        processing=plain[11].upper(),
        sent_to=(plain[5], plain[6]),
        accept=plain[15].upper(),
        applied=plain[16].upper(),
    )


def _decoded(body: bytes, charset: str) -> tuple[str, str]:
    """The charset whose name the message itself gives, else the first that fits."""
    fitting: list[tuple[str, str]] = []
    for tried in dict.fromkeys([charset or "utf-8", *TRIED]):
        try:
            text = body.decode(tried)
        except (UnicodeDecodeError, LookupError):
            continue
        if CHARSETS.get(_charset_named(text)) == tried:
            return tried, text
        fitting.append((tried, text))
    return fitting[0] if fitting else ("utf-8", body.decode("utf-8", "replace"))


def _charset_named(text: str) -> str:
    parts = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0].split("|")
    return parts[17].split("~")[0].strip().upper() if len(parts) > 17 else ""


def parse(body: bytes, charset: str = "") -> Message:
    """Raises NotUnderstood with the segment, field and component."""
    chosen, text = _decoded(body, charset)
    kind = header_of(body, charset).kind
    named = _charset_named(text)
    if named not in CHARSETS:
        raise refused("MSH[1]-18", "MCH-I-013", "不支持此字符集", "this character set is not read", kind)
    try:
        body.decode(CHARSETS[named] or chosen)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\r") + 1
        zh, en = f"第 {line} 段的字符不属于 MSH-18 的字符集", f"segment {line} is not in the character set of MSH-18"
        raise refused("MSH[1]-18", "MCH-I-012", zh, en, kind) from error
    lines = [line for line in re.split(r"\r\n|\r|\n", text.lstrip("\ufeff")) if line.strip()]
    if not lines or not lines[0].startswith("MSH"):
        raise refused(
            "MSH[1]", "MCH-I-010", "不是以 MSH 开头的 HL7 v2 消息", "no HL7 v2 message: it begins without MSH"
        )
    if len(lines) > MOST_SEGMENTS:
        raise refused("", "MCH-I-014", f"超过 {MOST_SEGMENTS} 段", f"more than {MOST_SEGMENTS} segments", kind)
    _require_names(lines, kind)
    if (bad := next((n for n, line in enumerate(lines, start=1) if "\x00" in line), None)) is not None:
        raise refused(f"segment {bad}", "MCH-I-012", "含有无效字符", "it holds a character that no text has", kind)
    try:
        parsed = parse_message("\r".join(lines), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        segments = list(_numbered(parsed.children))
    except UnsupportedVersion as error:
        raise refused("MSH[1]-12", "MCH-I-011", "不支持此 HL7 版本", "this HL7 version is not read", kind) from error
    except (HL7apyException, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        at = _place_of_trouble(lines)
        raise refused(at, "MCH-I-010", "不是可读的 HL7 v2 消息", "no readable HL7 v2 message", kind) from error
    if not segments or segments[0].name != "MSH":
        raise refused("MSH[1]", "MCH-I-010", "不是可读的 HL7 v2 消息", "no readable HL7 v2 message", kind)
    return Message(segments, CHARSETS[named] or chosen)


def _require_names(lines: list[str], kind: str) -> None:
    problems = [
        Problem(
            code="MCH-I-010",
            zh=f"第 {number} 段没有合法的段名",
            en=f"segment {number} has no possible name",
            at=f"segment {number}",
        )
        for number, line in enumerate(lines, start=1)
        if not re.match(r"[A-Z][A-Z0-9]{2}(?:\||$)", line)
    ]
    if problems:
        raise NotUnderstood(problems, kind)


def _place_of_trouble(lines: list[str]) -> str:
    """The first segment at which reading fails."""
    for count in range(1, len(lines) + 1):
        try:
            parse_message("\r".join(lines[:count]), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        except Exception:
            name = lines[count - 1][:3]
            return f"{name}[{sum(line[:3] == name for line in lines[:count])}]"
    return "MSH[1]"


def _numbered(children: list[Parsed]) -> Iterator[Segment]:
    seen: dict[str, int] = {}
    for child in children:
        name = str(child.name)
        seen[name] = seen.get(name, 0) + 1
        yield Segment(name, seen[name], _fields(child))


def _fields(segment: Parsed) -> dict[int, list[dict[int, str]]]:
    found: dict[int, list[dict[int, str]]] = {}
    for field in segment.children:
        number = _number(str(field.name or ""))
        if number is None:
            continue
        components = {}
        for place, component in enumerate(field.children, start=1):
            at = _number(str(component.name or "")) or place
            components[at] = unescaped(str(component.to_er7() or ""))
        found.setdefault(number, []).append(components)
    return found


def _number(name: str) -> int | None:
    tail = name.rpartition("_")[2]
    return int(tail) if "_" in name and tail.isdigit() else None


def unescaped(text: str) -> str:
    r"""`a\T\b` -> `a&b`; `\.br\` is a line break; highlighting is left out."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_one_escape, text)


def _one_escape(found: re.Match[str]) -> str:
    inner = found[1]
    if inner in SEPARATORS:
        return SEPARATORS[inner]
    if inner.startswith(".br") or inner.startswith(".sp"):
        return "\n"
    if inner in ("H", "N"):
        return ""
    if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", inner):
        return bytes.fromhex(inner[1:]).decode("utf-8", "replace").replace("\x00", "")
    return found[0]
