"""Results that nobody waits with: the findings A-2, A-9, A-15 and A-23 as far as one number shows them.

What a number alone does not show (bleeding, loss of fluid, convulsions: A-14 and the rest of A-15) comes by a form or
a diagnosis, and neither waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

# name of the fact -> whether this value is an emergency; the unit is that of the form
LIMITS: dict[str, Callable[[Decimal], bool]] = {
    "sbp": lambda mmhg: mmhg >= 160,  # A-2 [src:S34] BP >= 160/110
    "dbp": lambda mmhg: mmhg >= 110,  # A-2 [src:S34]
    "fhr": lambda per_min: per_min <= 0,  # A-9 [known] absent; out of range waits for its repetition
    "spo2": lambda percent: percent < 95,  # A-15 [known]
    "temperature": lambda celsius: celsius >= Decimal("38.5"),  # A-15 [known] with signs: those are asked
    "blood_loss_birth": lambda ml: ml >= 500,  # A-23 [known] 500 mL after a vaginal birth
    "blood_loss_2h": lambda ml: ml >= 500,  # A-23 [known]
    "blood_loss_24h": lambda ml: ml >= 500,  # A-23 [known]
}


def is_emergency(facts: Mapping[str, Any]) -> bool:
    """Whether one of these values cannot wait for the others of its burst.

    >>> is_emergency({"sbp": Decimal(165)}), is_emergency({"sbp": Decimal(150), "hb": Decimal(60)})
    (True, False)
    """
    return any(name in LIMITS and _is_number(value) and LIMITS[name](Decimal(value)) for name, value in facts.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
