"""D5: the place of care that is advised. Advice is recorded as given; the woman decides (journey §6.5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """Levels of institution by the codes of the grading form; `source` marks how sure the row is."""

    antenatal: str
    delivery: str
    evaluate: str | None
    source: str


ADVICE = {
    "green": Advice("township", "county", None, "[known N35]"),
    "yellow": Advice("county", "county", None, "[seed:003 3] 二级以上"),
    "orange": Advice("county_centre", "tertiary", None, "[src:S49] [known N35]"),
    "red": Advice("county_centre", "tertiary", "tertiary", "[src:S14] [known N35]"),
}
PURPLE = Advice("designated", "designated", None, "[seed:003 3] [known N35]")


def advice(colour: str, purple: bool) -> tuple[Advice, ...]:
    """The row of the primary colour, and that of the infectious-disease flag beside it."""
    return (ADVICE[colour], PURPLE) if purple else (ADVICE[colour],)
