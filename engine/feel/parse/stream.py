"""The tokens of one text, read from left to right, and what to say where they do not fit."""

from __future__ import annotations

from engine.errors import Text
from engine.feel.errors import FeelSyntaxError
from engine.feel.tokens import Token, tokenize

MAX_NESTING = 64


class Stream:
    """Bounded by fuel: some tokens may be read twice, none for ever."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.nesting = 0
        self.fuel = 20 * len(self.tokens) + 200

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def advance(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        self.fuel -= 1
        if self.fuel < 0:
            raise self.wrong("表达式过于复杂", "the expression is too involved")
        return token

    def sees(self, *texts: str) -> bool:
        token = self.tokens[self.at]
        return token.text in texts and token.kind in ("op", "name")

    def takes(self, *texts: str) -> bool:
        if self.sees(*texts):
            self.advance()
            return True
        return False

    def expect(self, *texts: str) -> Token:
        if not self.sees(*texts):
            raise self.unexpected(" / ".join(texts))
        return self.advance()

    def wrong(self, zh: str, en: str, expected: Text | None = None) -> FeelSyntaxError:
        return FeelSyntaxError(
            f"第 {self.token.position + 1} 个字符：{zh}",
            f"at character {self.token.position + 1}: {en}",
            position=self.token.position,
            expected=expected,
        )

    def unexpected(self, expected: str, zh: str | None = None) -> FeelSyntaxError:
        token = self.token
        found_zh = "表达式结束" if token.kind == "end" else f"“{self.text[token.position : token.end][:40]}”"
        found_en = "the end" if token.kind == "end" else repr(self.text[token.position : token.end][:40])
        return self.wrong(
            f"遇到{found_zh}，此处应为 {zh or expected}",
            f"found {found_en}, expected {expected}",
            Text(zh=zh or expected, en=expected),
        )

    def written(self, start: int, end: int) -> str:
        """The tokens as a name: as written, with single spaces."""
        first, last = self.tokens[start], self.tokens[end - 1]
        return " ".join(self.text[first.position : last.end].split())
