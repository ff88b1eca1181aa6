"""How wide words are and where a line of them ends, as the viewer of the product breaks them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

LINE = 1.2  # of the size, from one line to the next


@dataclass(frozen=True)
class Font:
    size: int

    BESIDE: ClassVar[Font]
    INSIDE: ClassVar[Font]

    def width(self, text: str) -> float:
        """An ideograph takes its full height, a digit or Latin letter a good half of it."""
        return sum(self.size * (1.0 if ord(letter) > 0x2E7F else 0.64) for letter in text)


Font.BESIDE = Font(size=11)
Font.INSIDE = Font(size=12)


def lines_of(text: str, font: Font, room: float) -> tuple[str, ...]:
    """Broken where a line of this room ends: at a space or hyphen, else after as many letters as probably fit."""
    lines, rest = [], text
    while rest:
        line = rest
        while len(line) > 1 and font.width(line) >= int(room + 0.5):
            line = _shorter(line, max(len(line) * room / font.width(line), 1))
        lines.append(line.strip())
        rest = rest[len(line) :].strip()
    return tuple(lines) or ("",)


def _shorter(line: str, letters: float) -> str:
    kept = ""
    for part in re.split(r"(\s|-)", line):
        if len(kept) + len(part) >= letters:
            break
        kept += part
    return kept or line[: max(int(letters - 0.5), 1)]
