"""Names and numbers that are visibly nobody's: the division code 999999 is given to no place in China."""

from __future__ import annotations

from datetime import date

DIVISION = "999999"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"


def identity_number(birth: date, serial: int) -> str:
    """18 digits with the right check digit; the serial of a woman is even."""
    body = f"{DIVISION}{birth:%Y%m%d}{serial % 500 * 2:03d}"
    return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS)) % 11]


def name(number: int) -> str:
    """测试甲子, 测试乙丑 …: sixty of them, then with a number."""
    pair = _STEMS[number % 10] + _BRANCHES[number % 12]
    return f"测试{pair}" if number < 60 else f"测试{pair}{number // 60 + 1}"


def phone(number: int) -> str:
    return f"1380000{number % 10_000:04d}"
