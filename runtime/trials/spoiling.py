"""Ways to spoil a FHIR document so that it is wrong for certain: by what its type's shape says, by what JSON and XML
are, or by size. Each answers bytes as a sender's bug or an attacker would send them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

from engine.store import plain
from fhir_adapters.formats import xml
from fhir_adapters.rules.shapes import Element, Shape, shape

Json = dict[str, Any]
Spot = tuple[Json, str, Element, Shape]  # the object that holds it, its name, what it should be, and of what it is part
MARK = "~spoilt~"
SCRIPT = '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>'
WRONG: dict[str, tuple[Any, ...]] = {  # no value of the primitive
    **{"boolean": ("true", 1, {}, "yes"), "integer": ("1", Decimal("1.5"), {})},
    **{"positiveInt": (0, -1, "1"), "unsignedInt": (-1, "0")},
    **{"decimal": ("6.70", {}, True), "date": ("2026-02-30", "20260105", 2026, ""), "time": ("25:00:00", "8:00")},
    **{"dateTime": ("2026-02-30", "2026-01-05 08:00:00", "2026-01-05T08:00:00", 5), "instant": ("2026-01-05", "x")},
    **{"base64Binary": ("%%%", 5), "id": ("a b", "a" * 65, ""), "code": ("a  b", " a", 5), "string": (5, True, {}, "")},
    **{"markdown": (5, [], ""), "xhtml": ("<div>x", "<p>x</p>", SCRIPT)},
    **dict.fromkeys(("uri", "url", "canonical", "oid", "uuid"), ("a b", 5, "")),
}  # fmt: skip


def spots(document: Json) -> Iterator[Spot]:
    """Every element of every resource in it that we know the shape of."""
    type_ = document.get("resourceType")
    yield from _below(document, shape(str(type_)))


def _below(value: Json, shape_: Shape) -> Iterator[Spot]:
    for name, item in list(value.items()):
        element = shape_.elements.get(name)
        if element is None:
            continue
        yield value, name, element, shape_
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, dict) and not element.primitive:
                inner = str(one.get("resourceType")) if element.type == "Resource" else element.type
                yield from _below(one, shape(inner))


def _spot(document: Json, chance: Random, fits: Callable[[Spot], bool] = lambda spot: True) -> Spot:
    return chance.choice([one for one in spots(document) if fits(one)])


def wrong_type(document: Json, chance: Random) -> bytes:
    holder, name, element, _ = _spot(document, chance)
    wrongs = WRONG[element.type] if element.primitive else (5, "x", True, [[]], Decimal("0.1"))
    wrong: Any = chance.choice(wrongs)
    holder[name] = [wrong] if element.many else wrong
    return plain.dumps(document)


def wrong_number(document: Json, chance: Random) -> bytes:
    """One where many are meant, many where one is."""
    holder, name, element, _ = _spot(document, chance)
    holder[name] = copy.deepcopy(holder[name][0]) if element.many else [holder[name], holder[name]]
    return plain.dumps(document)


def missing(document: Json, chance: Random) -> bytes:
    holder, name, _, _ = _spot(document, chance, lambda spot: spot[2].required)
    del holder[name]
    return plain.dumps(document)


def unknown(document: Json, chance: Random) -> bytes:
    holder, _, _, _ = _spot(document, chance)
    holder[chance.choice(("名称", "valuestring", "fhir_comments", "__proto__", "$ref", "a" * 300, "_"))] = "x"
    return plain.dumps(document)


def empty(document: Json, chance: Random) -> bytes:
    holder, name, _, _ = _spot(document, chance)
    holder[name] = chance.choice((None, [], {}, [None], [{}]))
    return plain.dumps(document)


def wrong_code(document: Json, chance: Random) -> bytes:
    holder, name, element, _ = _spot(document, chance, lambda spot: bool(spot[2].codes))
    wrong = chance.choice(("zzz", "FINAL", "final ", "未知"))
    holder[name] = [wrong] if element.many else wrong
    return plain.dumps(document)


def wrong_resource(document: Json, chance: Random) -> bytes:
    resource = chance.choice([one["resource"] for one in document.get("entry", [])] or [document])
    if resource is document:
        document["resourceType"] = chance.choice(("Nothing", "", None, 5, "Patient/1", "Medication"))
    else:
        resource["resourceType"] = chance.choice(("Nothing", "", None, 5, "Bundle", "Parameters"))
    return plain.dumps(document)


def deep(document: Json, chance: Random) -> bytes:
    """Extensions in extensions, or brackets alone."""
    depth = chance.choice((61, 100, 1000, 10_000, 100_000))
    inner = b'{"url":"https://a.example","valueString":"x"}'
    for _ in range(min(depth, 2000)):
        inner = b'{"url":"https://a.example","extension":[' + inner + b"]}"
    if depth > 2000:
        inner = b"[" * depth + b"]" * depth
    return _with(document, chance, inner)


def huge(document: Json, chance: Random) -> bytes:
    if chance.random() < 0.3:
        return _with(document, chance, b'"' + b"x" * 5_100_000 + b'"')
    return _with(document, chance, b'"' + "长".encode() * 1_100_000 + b'"')


def no_number(document: Json, chance: Random) -> bytes:
    words = (b"NaN", b"Infinity", b"-Infinity", b"1e99999", b"-", b"01", b"1.", b"9" * 400, b"1e400", b"0x10")
    return _with(document, chance, chance.choice(words))


def bad_text(document: Json, chance: Random) -> bytes:
    """NUL, lone surrogates, bytes that are no UTF-8, control characters, an escape that is none."""
    words = (
        b'"a\x00b"',
        b'"\\u0000"',
        b'"\\ud800"',
        b'"\\udc00x"',
        b'"\xff\xfe"',
        b'"\xc0\x80"',
        b'"\x01"',
        b'"\\x41"',
        b"'a'",
    )
    return _with(document, chance, chance.choice(words))


def twice(document: Json, chance: Random) -> bytes:
    """The same name two times in one object."""
    text = plain.dumps(document)
    names = list(re.finditer(rb'"([A-Za-z]+)":', text))
    name = chance.choice(names)
    return text[: name.start()] + b'"' + name[1] + b'":"x",' + text[name.start() :]


def cut(document: Json, chance: Random) -> bytes:
    text = plain.dumps(document)
    at = chance.randrange(1, len(text) - 1)
    return chance.choice(
        (text[:at], text + b"}", text + text, text.replace(b":", b"::", 1), text.replace(b",", b",,", 1))
    )


def contained(document: Json, chance: Random) -> bytes:
    """Nobody's, one within another, of no known kind, two of one name."""
    resource = _resource(document, chance)
    inner: Json = {"resourceType": "Organization", "id": "b", "name": "乙", "partOf": {"reference": "#c"}}
    other: Json = {"resourceType": "Organization", "id": "c", "name": "丙", "partOf": {"reference": "#b"}}
    resource["contained"] = chance.choice(
        (
            [{**inner, "id": "c"}, other],  # two of one name
            [{**inner, "partOf": {"reference": "#nothing"}}],
            [{**inner, "contained": [other]}],
            [{"resourceType": "Organization", "id": "b", "meta": {"versionId": "1"}, "name": "乙"}],
            [{"resourceType": "Nothing", "id": "b"}],
            [{"resourceType": "Bundle", "id": "b", "type": "collection"}],
            [inner] * 200,
        )
    )
    return plain.dumps(document)


def wrong_bundle(document: Json, chance: Random) -> bytes:
    """What a transaction must not be; of a resource alone, a document of another kind."""
    entries = document.get("entry")
    if not entries:
        return plain.dumps(chance.choice(([document], "x", 5, None, {"entry": [document]}, {})))
    which = chance.choice(entries)
    way = chance.randrange(8)
    if way == 0:
        which["request"]["method"] = chance.choice(("post", "TRACE", "", 5))
    elif way == 1:
        which["request"]["url"] = chance.choice(
            ("Nothing", "", "../etc/passwd", "http://other.example/Patient", 5, "Patient/1/2/3")
        )
    elif way == 2:
        del which["request"]
    elif way == 3:
        document["type"] = chance.choice(("history", "collection", "zzz", None, "searchset"))
    elif way == 4:
        document["entry"] = [copy.deepcopy(which) for _ in range(1001)]
    elif way == 5:
        document["entry"] = chance.choice(({}, "x", [5], [None], [[]]))
    elif way == 6:
        which["resource"] = chance.choice((5, "x", [], None))
    else:
        entries.append(
            {**copy.deepcopy(entries[0]), "request": {"method": "POST", "url": "Patient", "ifNoneExist": "x=y&&"}}
        )
        entries[-1]["fullUrl"] = entries[0].get("fullUrl")
    return plain.dumps(document)


def as_xml(document: Json, chance: Random) -> bytes:
    """The same in XML, spoilt as XML is."""
    text = xml.dumps(document)
    way = chance.randrange(10)
    if way == 0:
        return b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]>' + text.partition(b"?>")[2]
    if way == 1:
        return b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + text.partition(b"?>")[2]
    if way == 2:
        return text.replace(b"http://hl7.org/fhir", b"http://hl7.org/nothing")
    if way == 3:
        return text[: chance.randrange(60, len(text) - 2)]
    if way == 4:
        return text.replace(b"value=", b'value="x" value=', 1)
    if way == 5:
        at = text.rindex(b"</")
        return text[:at] + b"<extension url='https://a.example'>" * 80 + b"</extension>" * 80 + text[at:]
    if way == 6:
        at = text.rindex(b"</")
        return (
            text[:at]
            + chance.choice((b"<nothing value='x'/>", b"text", b"<status/>", b"&b;", b"\x00", b"<status value='zzz'/>"))
            + text[at:]
        )
    if way == 7:
        return re.sub(rb' value="[^"]*"', b' value="' + b"x" * 1_200_000 + b'"', text, count=1)
    if way == 8:
        return text.replace(b"UTF-8", b"UTF-16", 1).replace(b"encoding='", b"encoding='x", 1)
    return re.sub(rb"<([a-z][A-Za-z]+) value=", rb"<\1X value=", text, count=1)


def _resource(document: Json, chance: Random) -> Json:
    resources = [one["resource"] for one in document.get("entry", [])]
    found: Json = chance.choice(resources) if resources else document
    return found


def _with(document: Json, chance: Random, raw: bytes) -> bytes:
    """The text with raw bytes in the place of one value."""
    holder, name, element, _ = _spot(document, chance, lambda spot: spot[2].primitive)
    holder[name] = [MARK] if element.many else MARK
    return plain.dumps(document).replace(f'"{MARK}"'.encode(), raw, 1)


WAYS: dict[str, Callable[[Json, Random], bytes]] = {
    one.__name__: one
    for one in (wrong_type, wrong_number, missing, unknown, empty, wrong_code, wrong_resource, deep, huge, no_number,
                bad_text, twice, cut, contained, wrong_bundle, as_xml)
}  # fmt: skip
