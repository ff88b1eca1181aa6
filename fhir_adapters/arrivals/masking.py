"""An arrival as text for people: whole, or with everything covered but its structure. What may be seen is listed, so
that what nobody thought of stays covered."""

from __future__ import annotations

import re

COVER = "•"
_HEADERS = ("MSH", "MSA", "ERR", "FHS", "BHS", "EVN")
_SHOWN_FIELDS = {"OBX": (1, 2, 11), "OBR": (1, 25), "PID": (1,), "PV1": (1, 2), "MRG": (), "SCH": (25,)}
_TAG = re.compile(r"<[^>]*>|[^<]+", re.S)
_ATTRIBUTE = re.compile(r"(\s[\w:.-]+\s*=\s*)(\"[^\"]*\"|'[^']*')")
_SHOWN_ATTRIBUTES = re.compile(
    r"\s(?:xmlns(?::\w+)?|xsi:type|typeCode|classCode|moodCode|codeSystem|version|encoding)\s*="
)
ENCODINGS = ("utf-8", "gb18030")


def text_of(body: bytes) -> str:
    """Readable in any case."""
    for encoding in ENCODINGS:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("utf-8", "replace")


def masked(channel: str, body: bytes) -> str:
    """Its structure; every value is covered."""
    text = text_of(body)
    if channel == "hl7v2":
        return "\n".join(_segment(line) for line in re.split(r"[\r\n]+", text) if line)
    if channel == "cda":
        return _markup_of(text)
    if channel in ("fhir", "document"):
        return _markup_of(text) if text.lstrip().startswith("<") else _json(text)
    first, _, rest = text.partition("\n")
    return first + ("\n" + _covered(rest) if rest else "") if channel == "csv" else _covered(text)


def _segment(line: str) -> str:
    name = line[:3]
    if name in _HEADERS:
        return line
    if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", name) or line[3:4] != "|":
        return _covered(line)
    fields = line.split("|")
    shown = _SHOWN_FIELDS.get(name, ())
    return "|".join([name, *(f if n in shown else _covered(f) for n, f in enumerate(fields[1:], start=1))])


def _markup_of(text: str) -> str:
    return "".join(_markup(part) for part in _TAG.findall(text))


_NAME_OR_VALUE = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?[0-9][0-9.eE+-]*|true|false)')
_ELEMENT = re.compile(r'"_?[A-Za-z][A-Za-z0-9]{0,63}"')


def _json(text: str) -> str:
    """Names of elements stay, every value is covered."""

    def cover(found: re.Match[str]) -> str:
        if found[2] is not None and _ELEMENT.fullmatch(found[1]):
            return found[0]
        return (f'"{COVER}"' if found[1] is not None else COVER) + (found[2] or "")

    return _NAME_OR_VALUE.sub(cover, text)


def _markup(part: str) -> str:
    if part.startswith(("<!", "<?")):
        return part if part.startswith("<?xml ") else COVER * 3
    if part.startswith("<"):
        return _ATTRIBUTE.sub(lambda m: m[0] if _SHOWN_ATTRIBUTES.match(m[0]) else m[1] + '"' + COVER + '"', part)
    return part if not part.strip() else COVER * 3


def _covered(text: str) -> str:
    return re.sub(r"[^\s|^~&\\,;\t{}\[\]:\"]", COVER, text)
