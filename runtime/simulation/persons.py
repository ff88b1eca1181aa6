"""Who the women of the county are: what becomes of each follows from the seed and her number alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from runtime.demo import identity
from runtime.simulation.rates import RATES, Rates

TERM = timedelta(days=280)
AFTER_BIRTH = 42  # days that the pathway follows her
HALF_YEAR = 180
SERIALS = 500  # that an invented document number has for one day of birth

# What is found at the first visit, by what she is to become under the national table; journey §6.3.
STORIES: Mapping[str, Mapping[str, Any]] = {
    "green": {},
    "short": {"height": 144, "weight": 45, "prepregnancy_weight": 44},  # screened positive, graded green: AC-03
    "yellow": {"age": 36},  # Y-1.1
    "orange": {"age": 36, "height": 160, "weight": 75, "prepregnancy_weight": 74},  # Y-1.1 with O-1.2: AC-04
    "red": {"plt": 25},  # AC-08
}
SHARES = {"green": 55, "short": 5, "yellow": 20, "orange": 14, "red": 6}
ENDS = ("abortion", "moved", "refused", "void", "lost", "died_pregnant", "died_after_birth", "stillbirth")
CODES = {
    "abortion": "ended.abortion",
    "moved": "moved.out",
    "refused": "refused",
    "void": "void",
    "lost": "lost",
    "died_pregnant": "ended.maternal_death",
    "died_after_birth": "ended.maternal_death",
    "stillbirth": "ended.stillbirth",
    "recovered": "closed.recovered",
}
PRENATAL = {"serum": 70, "nipt": 15, "declined": 10, "undecided": 5}
SOCIAL = ("mobile", "unstable_marriage", "poor", "low_education", "hard_access")


@dataclass(frozen=True, kw_only=True)
class Person:
    """`lmp` is what she says at registration, `true_lmp` what is so. `end`: a key of CODES, on `ends_on` where it is no
    birth. `births`: what each fetus becomes. `told_by`: hospital, ward or nobody."""

    number: int
    pregnancy_id: str
    patient_id: str
    lead_id: str | None
    lead_on: date | None
    home: str
    registrar: str
    story: str
    birth: date
    lmp: date
    true_lmp: date
    arrives_on: date
    delivers_on: date
    end: str
    ends_on: date | None
    births: Sequence[Mapping[str, Any]]
    mode: str
    told_by: str
    rests_at: str | None
    prenatal: str
    is_late: bool
    happens: Mapping[str, date] = field(default_factory=dict)  # a key of EVENTS, and when
    infections: Sequence[str] = ()
    is_untested: bool = False
    social: Sequence[str] = ()
    is_near_miss: bool = False
    is_unwell: bool = False  # on the 42nd day
    is_prenatal_high: bool = False
    critical_child: int | None = None  # its order
    unheard_child: int | None = None  # fails the hearing screen
    found: Mapping[str, Any] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()  # names of BESIDE

    @property
    def name(self) -> str:
        return identity.name(self.number)

    @property
    def document(self) -> str:
        return identity.identity_number(self.birth, self.number)

    @property
    def delivers(self) -> bool:
        """Whether she gives birth in care, to a living or a dead child."""
        return self.end in ("recovered", "stillbirth", "died_after_birth")

    @property
    def keys(self) -> list[str]:
        return [self.pregnancy_id, *([self.lead_id] if self.lead_id else [])]


# What people begin for her that the pathway does not ask for, and what they find on rare ways.
BESIDE = (
    *("admitted", "consulted", "noted", "booked", "asks_away", "new_doctor", "taught", "bled", "disposed", "passed_on"),
    *("newborn_dies", "regraded"),
    *("unasked", "ungraded", "ill_at_home", "gone_from_home", "unfit_to_travel", "stays", "unanswered", "closed_early"),
    *("unreported", "unscreened", "unplanned", "told_late"),
)
EVENTS = ("scan_disagrees", "date_corrected", "anaemic_later", "diagnosis_later", "referred", "emergency")


def draw(number: int, seed: int, arrives_on: date, homes: Sequence[tuple[str, str]], rates: Rates = RATES) -> Person:
    chance = Random(f"{seed}/{number}")
    story = chance.choices(list(SHARES), list(SHARES.values()))[0]
    true_lmp = arrives_on - timedelta(days=chance.randint(6, 13) * 7 + chance.randint(0, 6))
    end = _end(chance, rates)
    term = chance.randint(200, 258) if chance.random() < rates.preterm else chance.randint(262, 289)
    delivers_on = true_lmp + timedelta(days=max(term, 200 if end == "stillbirth" else 0))
    happens = {name: day for name in EVENTS if (day := _day(name, chance, rates, arrives_on, true_lmp, delivers_on))}
    lmp = true_lmp + timedelta(days=10 if "scan_disagrees" in happens else 30 if "date_corrected" in happens else 0)
    is_lead = chance.random() < rates.reported_as_lead
    home, registrar = homes[number % len(homes)]
    infections = [name for name in ("syphilis", "hepatitis_b", "hiv") if chance.random() < getattr(rates, name)]
    untested = not infections and chance.random() < rates.untested
    return Person(
        number=number,
        pregnancy_id=_identity(chance),
        patient_id=_identity(chance),
        lead_id=_identity(chance) if is_lead else None,
        lead_on=arrives_on - timedelta(days=chance.randint(1, 30)) if is_lead else None,
        home=home,
        registrar=registrar,
        story=story,
        birth=_birth(STORIES[story].get("age") or chance.randint(21, 32), number, arrives_on),
        lmp=min(lmp, arrives_on - timedelta(days=35)),
        true_lmp=true_lmp,
        arrives_on=arrives_on,
        delivers_on=delivers_on,
        end=end,
        ends_on=_ends_on(end, chance, arrives_on, true_lmp, delivers_on),
        births=_births(end, chance, rates, term),
        mode=_mode(chance, rates),
        told_by=_one_of(chance, {"ward": rates.told_by_ward, "nobody": rates.told_by_nobody}, "hospital"),
        rests_at=homes[(number + 1) % len(homes)][0] if chance.random() < rates.rests_elsewhere else None,
        prenatal=chance.choices(list(PRENATAL), list(PRENATAL.values()))[0],
        is_late=chance.random() < rates.late_habit,
        happens=happens,
        infections=infections,
        is_untested=untested,
        social=[chance.choice(SOCIAL)] if chance.random() < rates.social_factor else [],
        is_near_miss=chance.random() < rates.near_miss,
        is_unwell=chance.random() < rates.not_recovered,
        is_prenatal_high=chance.random() < rates.prenatal_high,
        critical_child=1 if chance.random() < rates.critical_newborn else None,
        unheard_child=1 if chance.random() < rates.hearing_failed else None,
        found={name: value for name, value in STORIES[story].items() if name != "age"},
        beside=_beside(Random(f"{seed}/{number}/beside"), rates),
    )


def arrivals(births: int, seed: int, begin: date, over_days: int) -> list[date]:
    chance = Random(f"{seed}/arrivals")
    return sorted(begin + timedelta(days=chance.randrange(over_days)) for _ in range(births))


def _beside(chance: Random, rates: Rates) -> frozenset[str]:
    return frozenset([name for name in BESIDE if chance.random() < getattr(rates, name)])


def _end(chance: Random, rates: Rates) -> str:
    return _one_of(chance, {name: getattr(rates, name) for name in ENDS}, "recovered")


def _one_of(chance: Random, shares: Mapping[str, float], otherwise: str) -> str:
    rest = 1 - sum(shares.values())
    return chance.choices([*shares, otherwise], [*shares.values(), rest])[0]


def _ends_on(end: str, chance: Random, arrives_on: date, lmp: date, delivers_on: date) -> date | None:
    """Of an end before birth, or after it; never before she has been in care for some days."""
    after = arrives_on + timedelta(days=chance.randint(3, 40))
    if end == "abortion":
        return min(max(after, lmp + timedelta(days=chance.randint(60, 190))), lmp + timedelta(days=195))
    if end in ("moved", "refused", "void", "lost", "died_pregnant"):
        return min(max(after, lmp + timedelta(days=chance.randint(80, 250))), delivers_on - timedelta(days=3))
    return delivers_on + timedelta(days=chance.randint(6, 35)) if end == "died_after_birth" else None


def _day(name: str, chance: Random, rates: Rates, arrives_on: date, lmp: date, delivers_on: date) -> date | None:
    happens, part = chance.random() < getattr(rates, name), chance.random()
    if not happens:
        return None
    first = max(arrives_on + timedelta(days=20), lmp + timedelta(days=100))
    return first + timedelta(days=int(part * max(1, (delivers_on - first).days - 20)))


def _births(end: str, chance: Random, rates: Rates, term: int) -> tuple[Mapping[str, Any], ...]:
    how_many = 2 if chance.random() < rates.twins else 1
    weight = 3300 - max(0, 280 - term) * 22 - (500 if how_many == 2 else 0)
    found = []
    for order in range(1, how_many + 1):
        dies, sex = chance.random() < rates.neonatal_death, chance.choice(("female", "male"))
        outcome = "stillbirth_iufd" if end == "stillbirth" else "neonatal_death" if dies else "live_birth"
        grams = max(600, weight + chance.randint(-300, 300))
        found.append({"order": order, "outcome": outcome, "sex": sex, "weight_g": grams})
    return tuple(found)


def _mode(chance: Random, rates: Rates) -> str:
    if chance.random() >= rates.caesarean:
        return "spontaneous"
    return "cs_emergency" if chance.random() < rates.emergency_of_caesareans else "cs_elective"


def _birth(age: int, number: int, on: date) -> date:
    """Of this age in the first half of the year. No two women have one document: five hundred share a day."""
    return date(on.year - age - 1, 7, 2) + timedelta(days=number // SERIALS % HALF_YEAR)


def _identity(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
