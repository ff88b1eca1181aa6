"""Names: with spaces and symbols, the longest one in sight wins, as the standard says."""

from __future__ import annotations

from engine.feel.names import Names
from engine.feel.parse.stream import Stream

KEYWORDS = frozenset(
    "for return in if then else some every satisfies and or between instance true false null".split()  # noqa: SIM905
)
NAME_SYMBOLS = frozenset(".'/-+*")


class NameReader(Stream):
    """`names`: variables and functions in sight; `members`: names that may follow a dot."""

    def __init__(self, text: str, names: Names, members: Names) -> None:
        super().__init__(text)
        self.names = names
        self.local: list[Names] = []  # given by the text itself: entries, parameters, iterator variables
        self.members = members
        self.own_members = Names()

    def known_name(self) -> tuple[int, str]:
        """The longest name of several tokens that begins here."""
        best = self.names.longest(self.tokens, self.at)
        for scope in self.local:
            found = scope.longest(self.tokens, self.at)
            if found[0] > best[0]:
                best = found
        return best

    def variable_name(self) -> str:
        if self.token.text in KEYWORDS and not self.known_name()[0]:
            raise self.unexpected("an expression", "表达式")
        return self.joined(*self.known_name())

    def member_name(self) -> str:
        if self.token.kind != "name":
            raise self.unexpected("a name", "名称")
        best = max(
            self.members.longest(self.tokens, self.at),
            self.own_members.longest(self.tokens, self.at),
            key=lambda found: found[0],
        )
        return self.joined(*best)

    def joined(self, size: int, name: str) -> str:
        """That known name, or, since two names side by side are never anything else, all that follow as one."""
        start = self.at
        self.at += max(size, 1)
        while True:
            token = self.token
            if (token.kind == "name" and token.text not in KEYWORDS and not self.begins_literal()) or (
                token.kind == "number" and token.text.isdigit()
            ):
                self.at += 1
            else:
                break
        self.fuel -= 1
        if name and self.at == start + size:
            return name
        return self.written(start, self.at)

    def begins_literal(self) -> bool:
        return self.token.text == "external" and self.tokens[self.at + 1].text == "{"

    def fresh_name(self, *ends: str) -> str:
        """A name that is being given here: everything up to one of `ends`."""
        start = self.at
        while not self.sees(*ends):
            token = self.token
            if token.kind not in ("name", "number") and not (token.kind == "op" and token.text in NAME_SYMBOLS):
                raise self.unexpected("a name", "名称")
            self.advance()
        if self.at == start or self.tokens[start].kind != "name":
            self.at = start
            raise self.unexpected("a name", "名称")
        return self.written(start, self.at)
