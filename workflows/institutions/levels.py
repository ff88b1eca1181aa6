"""What a pack's words about institutions mean: who may grade (`risk.assessor_orgs`), and where a woman whose screening
was positive goes (`risk.screen_positive_to`). The level stands in the directory; a hospital whose level nobody has
recorded counts as level 2 [default]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import Fault, Forbidden, Incorrect, Text
from workflows.people.model import Organisation
from workflows.services import Services
from workflows.store import institutions as store

LEVELS = ("primary", "one", "two", "three")
UNRECORDED = {"hospital": "two"}  # [default]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`kind` of institution, and from which level of the directory; `level` None: whatever its level."""

    name: Text
    kind: str
    level: str | None = None


WORDS: Mapping[str, Word] = {
    "midwifery_ge2": Word(
        name=Text(zh="二级以上助产机构", en="midwifery institutions of level 2 or higher"), kind="hospital", level="two"
    ),
    "midwifery_ge3": Word(
        name=Text(zh="三级助产机构", en="midwifery institutions of level 3"), kind="hospital", level="three"
    ),
    "midwifery": Word(name=Text(zh="助产机构", en="midwifery institutions"), kind="hospital"),
    "pmc_county": Word(name=Text(zh="县级孕管中心", en="the county's pregnancy-management centre"), kind="county_mch"),
}


def told(words: Iterable[str]) -> Text:
    """The words for people."""
    names = [WORDS[word].name for word in words]
    return Text(zh="、".join(one.zh for one in names), en=", ".join(one.en for one in names))


def fits(organisation: Organisation, level: str | None, words: Iterable[str]) -> bool:
    """Whether one of the words means this institution; `level` as the directory has it."""
    known = level or UNRECORDED.get(organisation.kind)
    return any(
        word.kind == organisation.kind
        and (word.level is None or (known is not None and LEVELS.index(known) >= LEVELS.index(word.level)))
        for word in (WORDS[one] for one in words)
    )


def fitting(services: Services, conn: Any, words: Sequence[str], on: date) -> list[Organisation]:
    """The institutions of the region that the words mean."""
    levels = _levels(services, conn, on)
    return [one for one in services.people.organisations().values() if fits(one, levels.get(one.id), words)]


def require_assessor(services: Services, conn: Any, organisation: str, words: Sequence[str], on: date) -> None:
    """Raises Forbidden where this institution is none that the region lets grade."""
    if organisation not in {one.id for one in fitting(services, conn, words, on)}:
        who = told(words)
        raise Forbidden(
            f"本地由{who.zh}评估分级，您的机构不在其中",
            f"in this region grading is for {who.en}; your institution is none of them",
            code="no-assessor",
        )


def require_destination(services: Services, conn: Any, named: Any, words: Sequence[str], on: date) -> None:
    """Raises Incorrect where the slip names one of the region's institutions that takes no positive screenings. One of
    another region is left to the person."""
    text = str(named or "").strip()
    own = next((one for one in services.people.organisations().values() if text in (one.id, one.name)), None)
    if own is None or own.id in {one.id for one in fitting(services, conn, words, on)}:
        return
    who = told(words)
    said = Text(zh=f"本地筛查阳性者转往{who.zh}", en=f"in this region a positive screening goes to {who.en}")
    fault = Fault(path="destination", message=said)
    raise Incorrect("转往机构不对", "not the right destination", code="destination", faults=[fault])


def destination(services: Services, conn: Any, hospital: Any, words: Sequence[str], on: date) -> str | None:
    """Where the slip begins: her own hospital where it fits, else the first that does."""
    found = fitting(services, conn, words, on)
    chosen = next((one for one in found if one.id == hospital), found[0] if found else None)
    return chosen.name if chosen else None


def _levels(services: Services, conn: Any, on: date) -> dict[str, str]:
    lines = store.records(conn, services.region_id, None, "level", on, all=False)
    return {line["organisation"]: line["body"]["level"] for line in lines}
