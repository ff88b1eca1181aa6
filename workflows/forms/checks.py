"""Rules that need more than an expression, found by the code that a Questionnaire names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from engine.errors import Fault, Text

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK_DIGITS = "10X98765432"
ID_CARD = "id_card"


def check_digit(first_17: str) -> str:
    """GB 11643, ISO 7064 MOD 11-2."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS)) % 11]


def resident_id_card(link_id: str, answers: Mapping[str, Any]) -> Iterator[Fault]:
    """18 characters whose check digit is right and whose birth date agrees; only where `id_type` says identity card."""
    number = str(answers[link_id])
    if answers.get("id_type") != ID_CARD:
        return
    if len(number) != 18 or not number[:17].isdigit() or not number[:17].isascii():
        yield _fault(link_id, "身份证号应为 18 位", "an identity card number has 18 characters")
        return
    born = _birth_date(number)
    if born is None:
        yield _fault(link_id, "身份证号中的出生日期不存在", "the birth date in the identity card number does not exist")
    if check_digit(number[:17]) != number[17]:
        yield _fault(link_id, "身份证号校验位不对，请核对", "the check digit of the identity card number is wrong")
    elif born and answers.get("birth_date") not in (None, born):
        yield _fault("birth_date", "出生日期与身份证号不一致", "the birth date differs from the identity card number")


def _birth_date(number: str) -> str | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14])).isoformat()
    except ValueError:
        return None


def _fault(path: str, zh: str, en: str) -> Fault:
    return Fault(path=path, message=Text(zh=zh, en=en))


RULES: dict[str, Callable[[str, Mapping[str, Any]], Iterator[Fault]]] = {"cn-id-card": resident_id_card}
