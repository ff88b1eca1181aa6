"""Whether a registration counts as early (早孕建册), and what a pregnancy that ended is called."""

from __future__ import annotations

from datetime import date

from workflows.policies.gestational_age import days_pregnant

EARLY_UNTIL_DAYS = 12 * 7 + 6  # "孕13周前" is up to 12+6 [src:S17]
VIABLE_FROM_WEEKS = 28  # 流产 is before 28+0 [src:S42]; newer texts discuss 24: preterm.lower_limit_weeks of the pack
TERM_FROM_DAYS = 37 * 7  # [known]
POST_TERM_FROM_DAYS = 42 * 7  # [known]


def is_early_registration(
    edd: date, registered_on: date, first_check_on: date | None, until_days: int = EARLY_UNTIL_DAYS
) -> bool:
    """Registered and checked for the first time by 12+6 (journey P02, I-05 [src:S24]); `until_days`: the region's.

    >>> is_early_registration(date(2025, 10, 8), date(2025, 4, 2), date(2025, 4, 2))    # 13+0
    False
    """
    if first_check_on is None:
        return False
    return max(days_pregnant(edd, registered_on), days_pregnant(edd, first_check_on)) <= until_days


def kind_of_birth(edd: date, ended_on: date, viable_from_weeks: int = VIABLE_FROM_WEEKS) -> str:
    """abortion | preterm | term | post_term by the age at the end (journey G-11); `viable_from_weeks`: the region's."""
    days = days_pregnant(edd, ended_on)
    if days < viable_from_weeks * 7:
        return "abortion"
    if days < TERM_FROM_DAYS:
        return "preterm"
    return "term" if days < POST_TERM_FROM_DAYS else "post_term"


def outcome_of(fetus_outcomes: list[str]) -> str:
    """live_birth, mixed or stillbirth from every fetus (journey P14, P18); a newborn who died was born alive."""
    alive = [outcome in ("live_birth", "neonatal_death") for outcome in fetus_outcomes]
    if all(alive):
        return "live_birth"
    return "mixed" if any(alive) else "stillbirth"
