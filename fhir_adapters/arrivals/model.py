"""A message, document or row once it is read: about whom, and which resources it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EngineError, Fault, Text
from fhir_adapters.entries import Entry
from fhir_adapters.issues import FhirError

Json = dict[str, Any]
SUBJECT = "urn:uuid:00000000-0000-4000-8000-00000000a11e"  # whom it is about, until her id is known
CHILD = "urn:uuid:00000000-0000-4000-8000-0000000c{:04}"  # a child of hers, by its order
MOST_PROBLEMS = 50
DISCHARGE, TRANSFER = "discharge", "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong and where: `OBX[2]-5.1`, `/ClinicalDocument/component[1]`, `line 4, 结果`. Never a value."""

    code: str
    zh: str
    en: str
    at: str = ""

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "zh": self.zh, "en": self.en, "at": self.at}


class NotUnderstood(EngineError):
    """It cannot be taken as it is. It stays stored, and a person looks at it."""

    category = "incorrect"

    def __init__(self, problems: Sequence[Problem], kind: str = "") -> None:
        first = problems[0]
        faults = [Fault(path=p.at, message=Text(zh=p.zh, en=p.en)) for p in problems]
        super().__init__(first.zh, first.en, code=first.code, faults=faults)
        self.problems = tuple(problems[:MOST_PROBLEMS])
        self.kind = kind


def child(order: int) -> str:
    """What entries name a child by, until its id is known."""
    return CHILD.format(order)


def refused(at: str, code: str, zh: str, en: str, kind: str = "") -> NotUnderstood:
    return NotUnderstood([Problem(code=code, zh=zh, en=en, at=at)], kind)


def problems_of(error: EngineError) -> list[Problem]:
    """What another room refused, as places of the arrival."""
    if isinstance(error, NotUnderstood):
        return list(error.problems)
    if isinstance(error, FhirError):
        return [Problem(code=i.code, zh=i.zh, en=i.en, at=i.expression or "") for i in error.issues][:MOST_PROBLEMS]
    found = [Problem(code=error.code, zh=f.message.zh, en=f.message.en, at=f.path) for f in error.faults]
    return found[:MOST_PROBLEMS] or [Problem(code=error.code, zh=error.message.zh, en=error.message.en)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom it is about: every identity it gives, and the Patient it describes. `renames` asks to change who she is."""

    patient: Json
    at: str
    renames: bool = False

    @property
    def identities(self) -> list[tuple[str, str]]:
        return [(i["system"], i["value"]) for i in self.patient.get("identifier", ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The document itself, to be kept as it came. `labels`: who may see it; see `Came`."""

    series: str
    number: str
    code: str
    title: str
    told_at: str | None
    labels: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`entries` name the subject as SUBJECT. `told_at`: when the sender said it, by which what is older gives way.
    `became_another`: identities of a record that the sender merged into the subject's. `unmapped`: local codes that
    nothing is known of, by the entry's place. `is_as_sent`: the entries are a FHIR request, which stands for itself.
    `takes_back`: a discharge or transfer that was told before."""

    kind: str
    subject: Subject | None = None
    entries: tuple[Entry, ...] = ()
    told_at: str | None = None
    became_another: tuple[tuple[str, str], ...] = ()
    unmapped: Mapping[str, str] = field(default_factory=dict)
    is_as_sent: bool = False
    takes_back: str = ""
    original: Original | None = None


class Troubles:
    """Collects problems, so that a sender is told all of them at once."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind
        self.found: list[Problem] = []

    def add(self, at: str, code: str, zh: str, en: str) -> None:
        self.found.append(Problem(code=code, zh=zh, en=en, at=at))

    def raise_any(self) -> None:
        if self.found:
            raise NotUnderstood(self.found, self.kind)


def numbered(parts: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """From one, as people count."""
    return enumerate(parts, start=1)
