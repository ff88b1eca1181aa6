"""What a hospital system sends in R12, and what must stand in the end: drawn before anything is sent, by nobody who
knows the product. Some messages come twice, some late, some are spoilt, some use a number that was used for another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

SHARES = {"duplicate": 0.20, "reordered": 0.20, "corrupt": 0.05, "conflict": 0.05}
LATE = 40  # places that a late message comes later, at most
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ITEMS = {"718-7": ("g/L", 60, 160), "8867-4": ("/min", 50, 150), "29463-7": ("kg", 40, 110), "8310-5": ("Cel", 36, 41)}
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One sending. `what`: original, duplicate, corrupt or conflict; `key`: under which number, if any."""

    woman: int
    number: int  # of what it says
    what: str
    body: bytes
    key: str | None


@dataclass(kw_only=True)
class Plan:
    """`expected`: by woman and number what must be stored, once. `corrupt`: bodies that must wait for a person."""

    sendings: list[Message] = field(default_factory=list)
    expected: dict[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)
    corrupt: list[bytes] = field(default_factory=list)
    conflicts: int = 0
    duplicates: int = 0
    reordered: int = 0

    def newest(self, woman: int) -> dict[str, Any]:
        """Code to the value of the latest by its own time: when it came does not count."""
        found: dict[str, tuple[str, Any]] = {}
        for (whose, _), one in self.expected.items():
            code = one["code"]["coding"][0]["code"]
            if whose == woman and (code not in found or found[code][0] < one["effectiveDateTime"]):
                found[code] = (one["effectiveDateTime"], one["valueQuantity"]["value"])
        return {code: value for code, (_, value) in found.items()}


def plan(n: int, women: list[str], seed: int) -> Plan:
    """`n` messages altogether, about these Patients."""
    chance, made = Random(seed), Plan()
    kinds = {name: round(n * share) for name, share in SHARES.items()}
    originals = n - kinds["duplicate"] - kinds["corrupt"] - kinds["conflict"]
    ordered: list[Message] = []
    for number in range(originals):
        woman = chance.randrange(len(women))
        resource = _observation(women[woman], number, chance)
        made.expected[woman, number] = resource
        key = f"m-{seed}-{number}" if chance.random() < 0.8 else None
        ordered.append(Message(woman=woman, number=number, what="original", body=_text(resource), key=key))
    late = set(chance.sample(range(originals), min(originals, kinds["reordered"])))
    made.reordered = len(late)
    places = [(at + (chance.randint(1, LATE) if at in late else 0), at) for at in range(originals)]
    sent = [ordered[at] for _, at in sorted(places)]
    after: dict[int, list[Message]] = {}
    for _ in range(kinds["duplicate"]):
        at = chance.randrange(len(sent))
        again = sent[at]
        after.setdefault(min(len(sent) - 1, at + chance.randint(0, LATE)), []).append(_as(again, "duplicate"))
        made.duplicates += 1
    keyed = [at for at, one in enumerate(sent) if one.key]
    for number in range(kinds["conflict"] if keyed else 0):
        at = chance.choice(keyed)
        other = json.loads(sent[at].body)
        other["valueQuantity"]["value"] += 1000 + number
        conflict = Message(woman=sent[at].woman, number=-1, what="conflict", body=_text(other), key=sent[at].key)
        after.setdefault(min(len(sent) - 1, at + chance.randint(0, LATE)), []).append(conflict)
        made.conflicts += 1
    for number in range(kinds["corrupt"]):
        woman, at = chance.randrange(len(women)), chance.randrange(len(sent))
        body = _spoilt(_observation(women[woman], originals + number, chance), chance)
        made.corrupt.append(body)
        after.setdefault(at, []).append(Message(woman=woman, number=-1, what="corrupt", body=body, key=None))
    made.sendings = [message for at, one in enumerate(sent) for message in (one, *after.get(at, ()))]
    return made


def _as(one: Message, what: str) -> Message:
    return Message(woman=one.woman, number=one.number, what=what, body=one.body, key=one.key)


def _observation(patient: str, number: int, chance: Random) -> dict[str, Any]:
    code = chance.choice(sorted(ITEMS))
    unit, low, high = ITEMS[code]
    at = BEGIN - timedelta(seconds=number * 37 + chance.randint(0, 36), days=chance.randint(0, 20))
    return {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:trial:message", "value": str(number)}],
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": chance.randint(low, high), "unit": unit, "system": UCUM, "code": unit},
    }


def _spoilt(resource: dict[str, Any], chance: Random) -> bytes:
    """Each in its own way, and each different from every other."""
    way = chance.choice(("cut", "status", "number", "time", "unknown", "null"))
    if way == "cut":
        return _text(resource)[:-2]
    changes: dict[str, dict[str, Any]] = {
        "status": {"status": "abgeschlossen"},
        "number": {"valueQuantity": {"value": "sehr viel"}},
        "time": {"effectiveDateTime": "gestern"},
        "unknown": {"nonsense": 1},
        "null": {"method": None},
    }
    return _text({**resource, **changes[way]})


def _text(resource: Mapping[str, Any]) -> bytes:
    return json.dumps(resource, ensure_ascii=False).encode()


def by_woman(sendings: list[Message]) -> Iterator[list[Message]]:
    """What is said of one woman comes by one connection, in the order of the plan."""
    found: dict[int, list[Message]] = {}
    for one in sendings:
        found.setdefault(one.woman, []).append(one)
    yield from found.values()
