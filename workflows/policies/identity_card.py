"""The resident identity number of GB 11643-1999: 17 digits and a check character; birth date and sex are inside."""

from __future__ import annotations

import re
from datetime import date

_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))  # GB 11643: 2^(i-1) mod 11 from the right
_CHARACTERS = "10X98765432"


def check_character(first_17: str) -> str:
    """The 18th character that belongs to 17 digits (ISO 7064 MOD 11-2).

    >>> check_character("11010519491231002")
    'X'
    """
    return _CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS)) % 11]


def is_valid(number: str) -> bool:
    """18 characters, a real birth date, and the right check character."""
    number = number.strip().upper()
    return (
        bool(_SHAPE.fullmatch(number)) and birth_date(number) is not None and check_character(number[:17]) == number[17]
    )


def birth_date(number: str) -> date | None:
    """Characters 7-14; None when they are no date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_female(number: str) -> bool:
    """The 17th digit is even for women."""
    return int(number[16]) % 2 == 0
