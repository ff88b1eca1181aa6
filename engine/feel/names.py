"""Names with spaces and symbols: the longest one in sight wins, as the standard says."""

from __future__ import annotations

from collections.abc import Iterable

from engine.feel.tokens import Token, name_parts


class Names:
    """Names of more than one token, found by their first."""

    __slots__ = ("by_first",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        if name.isalnum():
            return
        parts = name_parts(name)
        if len(parts) > 1:
            known = self.by_first.setdefault(parts[0], [])
            if all(other != parts for other, _ in known):
                known.append((parts, name))

    def longest(self, tokens: list[Token], at: int) -> tuple[int, str]:
        """(how many tokens, the name as it is known); (0, "") when none begins here."""
        best, found = 0, ""
        for parts, name in self.by_first.get(tokens[at].text, ()):
            size = len(parts)
            if (
                size > best
                and all(
                    token.text == part and token.kind != "string"
                    for token, part in zip(tokens[at : at + size], parts, strict=False)
                )
                and at + size < len(tokens)
            ):
                best, found = size, name
        return best, found
