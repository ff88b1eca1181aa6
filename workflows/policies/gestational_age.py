"""Due date and gestational age, to the day, on calendar dates where the woman lives.

One date rules all arithmetic: the confirmed due date (`edd`). The LMP only proposes it.
"""

from __future__ import annotations

from datetime import date, timedelta

from engine.errors import Incorrect

PREGNANCY_LENGTH = timedelta(days=280)  # LMP to due date; journey G-4
FERTILISATION_TO_DUE = 266  # days; journey G-7 [known]
LONGEST = 320  # days since LMP beyond which a date is a slip of the pen [default]


class ImplausibleDate(Incorrect):
    """A date that no pregnancy can have."""

    code = "implausible-date"


def due_date_280(lmp: date) -> date:
    """LMP + 280 days (journey G-4).

    >>> due_date_280(date(2025, 5, 25))
    datetime.date(2026, 3, 1)
    """
    return lmp + PREGNANCY_LENGTH


def due_date_naegele(lmp: date) -> date:
    """Month + 9, day + 7, as the national form has it; a day that the month lacks runs on into the next (G-3, S20).

    >>> due_date_naegele(date(2025, 5, 25))
    datetime.date(2026, 3, 4)
    """
    month = lmp.month + 9
    first = date(lmp.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    return first + timedelta(days=lmp.day - 1 + 7)


NAEGELE = "naegele"
RULES = ("lmp_280", NAEGELE)  # `edd.rule` of a pack: by which the due date follows from the LMP (G-5)


def due_date(lmp: date, rule: str | None = None) -> date:
    """The due date that an LMP proposes by the region's rule; LMP + 280 days unless it says otherwise.

    >>> due_date(date(2025, 5, 25)), due_date(date(2025, 5, 25), "naegele")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 4))
    """
    return due_date_naegele(lmp) if rule == NAEGELE else due_date_280(lmp)


def due_date_by_ultrasound(scanned_on: date, age_days: int) -> date:
    """The due date when a scan found the pregnancy `age_days` old (G-6, G-7)."""
    return scanned_on + PREGNANCY_LENGTH - timedelta(days=age_days)


def due_date_by_transfer(transferred_on: date, embryo_days: int) -> date:
    """IVF: transfer + (266 - age of the embryo in days) (G-7 [known])."""
    return transferred_on + timedelta(days=FERTILISATION_TO_DUE - embryo_days)


def days_pregnant(edd: date, on: date) -> int:
    """Completed days: 280 - (edd - on) (G-9). Negative before the LMP, beyond 280 after the due date."""
    return 280 - (edd - on).days


def gestational_age(edd: date, on: date) -> tuple[int, int]:
    """Completed weeks and days. Raises ImplausibleDate when the pregnancy has not begun or is far beyond its end.

    >>> gestational_age(date(2025, 10, 8), on=date(2025, 4, 1))
    (12, 6)
    """
    days = days_pregnant(edd, on)
    if not 0 <= days <= LONGEST:
        raise ImplausibleDate(
            f"预产期 {edd} 与日期 {on} 不相符（相差 {days} 天）",
            f"the due date {edd} does not fit the date {on} ({days} days pregnant)",
        )
    return divmod(days, 7)


def written(days: int) -> str:
    """W+D as the forms write it.

    >>> written(90)
    '12+6'
    """
    return f"{days // 7}+{days % 7}"


def completed_years(birth: date, on: date) -> int:
    """周岁: completed years, never from the year alone (G-12)."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def completed_months(since: date, on: date) -> int:
    """Completed calendar months between two dates.

    >>> completed_months(date(2024, 3, 31), date(2024, 4, 30))
    0
    """
    return (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)
