"""Who works where against what the region asks for, who learnt, and who did how much (XF-04, XF-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.errors import Text
from workflows.indicators.counting import COMPARE
from workflows.indicators.periods import Period
from workflows.institutions import directory
from workflows.institutions.directory import Line
from workflows.people.model import Principal
from workflows.regions import Pack
from workflows.services import Services
from workflows.store import institutions as store

SOON = timedelta(days=90)  # before a licence ends [default]
LEARNERS = frozenset(
    {"obstetrician", "midwife", "neonatologist", "nurse"}
)  # 产儿科医师、助产士和护士 (seed:001 四(四)16)
# post, kind of institution, value of the pack
STANDARDS = (
    ("full_time_officer", "county_mch", "staff.fulltime_pm.county"),
    ("part_time_officer", "hospital", "staff.parttime_pm.hospital"),
    ("part_time_officer", "township", "staff.parttime_pm.township"),
)
EDUCATION = "training.cme_per_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """How many of a post an institution has, and how many the region wants."""

    organisation: str
    post: Text
    have: int
    want: int
    source: str
    mark: str

    @property
    def missing(self) -> int:
        return max(0, self.want - self.have)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    organisation: str
    name: str
    post: Text
    times: int
    want: int
    op: str = "ge"

    @property
    def is_met(self) -> bool:
        """As the region compares: at least so often, unless its pack says otherwise."""
        return bool(COMPARE[self.op](self.times, self.want))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    login: str
    name: str
    organisation: str | None
    finished: int
    late: int
    women: int


def standards(services: Services, by: Principal) -> list[Standard]:
    """Every institution of the caller's that the region sets a number for."""
    pack, posts = _pack(services), _choices("staff", "post")
    counted = Counter((line.organisation, line.body["post"]) for line in directory.lines(services, kind="staff"))
    found = []
    for place in services.people.organisations().values():
        for post, kind, key in STANDARDS:
            want = _value(pack, key)
            if place.kind == kind and want is not None and place.id in by.organisations:
                source = pack.source(key)
                have = counted[place.id, post]
                found.append(
                    Standard(
                        organisation=place.id,
                        post=posts[post],
                        have=have,
                        want=int(want),
                        source=source.text,
                        mark=source.mark,
                    )
                )
    return found


def learners(services: Services, by: Principal, year: int) -> list[Learner]:
    """The staff who are to learn each year, with how often they did; empty where the region asks for nothing."""
    pack = _pack(services)
    if (want := _value(pack, f"{EDUCATION}.value")) is None:
        return []
    op = _value(pack, f"{EDUCATION}.op") or "ge"
    last = date(year, 12, 31)
    learnt = Counter(
        (line.organisation, line.body["name"])
        for line in directory.lines(services, kind="education", all=True)
        if line.withdrawn_at is None and line.since.year == year and line.body["passed"] != "failed"
    )
    posts = _choices("staff", "post")
    return [
        Learner(
            organisation=line.organisation,
            name=line.body["name"],
            post=posts[line.body["post"]],
            times=learnt[line.organisation, line.body["name"]],
            want=int(want),
            op=op,
        )
        for line in directory.lines(services, kind="staff", on=last)
        if line.body["post"] in LEARNERS and line.organisation in by.organisations
    ]


def ending(services: Services, by: Principal, on: date) -> list[Line]:
    """Licences that end soon or have ended, and were not followed by another of the same kind."""
    known = [line for line in directory.lines(services, kind="licence", all=True) if line.withdrawn_at is None]
    newest: dict[tuple[str, str], Line] = {}
    for line in sorted(known, key=lambda one: one.until or date.max):
        newest[line.organisation, line.body["type"]] = line
    soon = [line for line in newest.values() if line.until is not None and line.until <= on + SOON]
    return [line for line in soon if line.organisation in by.organisations]


def workload(services: Services, conn: Any, by: Principal, period: Period) -> list[Worked]:
    """By account, who finished most first."""
    accounts = {account.login: account for account in services.people.accounts()}
    rows = store.workload(conn, services.region_id, period.first, period.last)
    return [
        Worked(
            login=row["login"],
            name=accounts[row["login"]].name,
            organisation=accounts[row["login"]].organisation_id,
            finished=row["finished"],
            late=row["late"],
            women=row["women"],
        )
        for row in rows
        if row["login"] in accounts and accounts[row["login"]].organisation_id in by.organisations
    ]


def on_call(lines: Iterable[Line], on: date) -> list[Line]:
    return [line for line in lines if line.kind == "on_call" and line.since <= on <= (line.until or on)]


def _choices(kind: str, field: str) -> dict[str, Text]:
    return dict(next(one for one in directory.kinds()[kind].fields if one.id == field).choices)


def _pack(services: Services) -> Pack:
    pack: Pack = services.regions(services.settings.pack)
    return pack


def _value(pack: Pack, key: str) -> Any:
    try:
        return pack.value(key)
    except (KeyError, TypeError):
        return None
