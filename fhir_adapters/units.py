"""Units of what is measured here: which ones say the same kind of thing, and how one becomes the other.

A table instead of a library: the forms measure in some forty units of a dozen kinds, and mass is never turned into
amount of substance (glucose in mg/dL has another LOINC number than glucose in mmol/L). Factors are those of UCUM
(ucum-essence 2.1), exact where UCUM's are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from fhir_adapters.terminology import UCUM

_KPA = Decimal(1000) / Decimal("133.322")  # of mm[Hg]: UCUM defines m[Hg] as 133.3220 kPa


def _table(text: str) -> dict[str, Decimal]:
    return {unit: Decimal(factor) for unit, _, factor in (pair.partition("=") for pair in text.split())}


KINDS: dict[str, dict[str, Decimal]] = {  # kind -> unit -> how much of the first one it is
    "pressure": {"mm[Hg]": Decimal(1), "kPa": _KPA},
    "length": _table("cm=1 mm=0.1 dm=10 m=100 [in_i]=2.54"),
    "mass": _table("g=1 kg=1000 mg=0.001 ug=0.000001 [lb_av]=453.59237"),
    "volume": _table("mL=1 L=1000 dL=100 cm3=1"),
    "days": _table("d=1 wk=7"),
    "minutes": _table("min=1 h=60 d=1440"),
    "rate": _table("/min=1 1/min=1 {beats}/min=1 {breaths}/min=1 /s=60"),
    "mass concentration": _table(
        "g/L=1 g/dL=10 mg/mL=1 mg/L=0.001 mg/dL=0.01 ug/mL=0.001 ug/dL=0.00001 ug/L=0.000001 ng/mL=0.000001 "
        "ng/L=0.000000001 pg/mL=0.000000001"
    ),
    "substance concentration": _table("mmol/L=1 mol/L=1000 umol/L=0.001 nmol/L=0.000001 umol/mL=1 umol/dL=0.01"),
    "number concentration": _table(
        "10*9/L=1 10*3/uL=1 10*6/mL=1 10*3/mm3=1 10*6/L=0.001 /uL=0.001 /mm3=0.001 10*12/L=1000 10*6/uL=1000"
    ),
    "catalytic concentration": _table("U/L=1 [IU]/L=1 U/mL=1000 kU/L=1000 ukat/L=60 nkat/L=0.06"),
    "arbitrary concentration": _table("m[IU]/L=1 u[IU]/mL=1 [IU]/L=1000 [IU]/mL=1000000"),
    "excretion": _table("g/(24.h)=1 g/d=1 mg/(24.h)=0.001 mg/d=0.001"),
    "share": _table("%=1 1=100"),
    "area density": _table("kg/m2=1 g/cm2=10"),
    "score": _table("{score}=1 1=1"),
}
DEGREES: dict[str, Callable[[Decimal], Decimal]] = {  # of a temperature: what it is in Cel
    "Cel": lambda value: value,
    "K": lambda value: value - Decimal("273.15"),
    "[degF]": lambda value: (value - 32) * 5 / 9,
}
UNITLESS = frozenset({"{score}"})  # a figure without a unit says the same

UNIT_TEXT = {  # how hospitals write them, where they send no code
    **{"mmHg": "mm[Hg]", "毫米汞柱": "mm[Hg]", "厘米": "cm", "毫米": "mm", "米": "m"},
    **{"公斤": "kg", "千克": "kg", "克": "g", "毫升": "mL", "ml": "mL"},
    **{"天": "d", "周": "wk", "分钟": "min", "小时": "h"},
    **{"次/分": "/min", "次/min": "/min", "bpm": "/min", "℃": "Cel", "°C": "Cel", "摄氏度": "Cel", "分": "{score}"},
    **{"10^9/L": "10*9/L", "10E9/L": "10*9/L", "×10^9/L": "10*9/L", "x10^9/L": "10*9/L", "10⁹/L": "10*9/L"},
    **{"μmol/L": "umol/L", "µmol/L": "umol/L", "μg/L": "ug/L", "µg/L": "ug/L", "IU/L": "[IU]/L"},
    **{"mIU/L": "m[IU]/L", "mU/L": "m[IU]/L", "μIU/mL": "u[IU]/mL", "uIU/mL": "u[IU]/mL", "g/24h": "g/(24.h)"},
    **{"mg/24h": "mg/(24.h)", "kg/m²": "kg/m2", "kg/m^2": "kg/m2"},
}


def unit_of(quantity: Mapping[str, Any]) -> str | None:
    """The unit in UCUM, by its code, else by what people write; as it stands where neither is known."""
    code, system, text = (quantity.get(name) for name in ("code", "system", "unit"))
    if isinstance(code, str) and code and system in (None, UCUM):
        return code
    return UNIT_TEXT.get(text, text) if isinstance(text, str) and text.strip() else None


def commensurable(wanted: str) -> list[str]:
    """The units that can be turned into this one, itself first."""
    if wanted == "Cel":
        return list(DEGREES)
    found = [unit for kind in KINDS.values() if wanted in kind for unit in kind if unit != wanted]
    return [wanted, *dict.fromkeys(found)]


def converted(value: Decimal | int, unit: str, wanted: str) -> Decimal | int | None:
    """The value in another unit; None where the two say different things. As it is where they are the same."""
    if unit == wanted:
        return value
    if unit in DEGREES and wanted == "Cel":
        made = DEGREES[unit](Decimal(value))
        return made if unit != "[degF]" else _rounded(made, value)
    for kind in KINDS.values():
        if unit in kind and wanted in kind:
            factor = kind[unit] / kind[wanted]
            if factor == 1:
                return value
            made = Decimal(value) * factor
            return made if kind[unit] is not _KPA and kind[wanted] is not _KPA else _rounded(made, value)
    return None


def _rounded(made: Decimal, sent: Decimal | int) -> Decimal:
    """To two places more than were sent: no more is known than was measured."""
    sent_places = Decimal(sent).as_tuple().exponent
    places = (-sent_places if isinstance(sent_places, int) else 0) + 2
    return made.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
