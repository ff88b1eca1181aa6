"""Whether a LOINC number can be one: its form and its check digit (LOINC Users' Guide, appendix on check digits)."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?:L[APG])?([1-9][0-9]{0,6})-([0-9])")
INVENTED = "99999"  # vendors number what LOINC lacks from here on


def is_possible(code: str) -> bool:
    found = _NUMBER.fullmatch(code)
    return found is not None and found[1] != INVENTED and check_digit(found[1]) == int(found[2])


def check_digit(number: str) -> int:
    """Mod 10: every second digit from the right is doubled."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
