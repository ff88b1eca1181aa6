"""Text to tokens. Linear in the text; names are cut into parts here and put together by the parser, who knows them."""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.errors import Text
from engine.feel.errors import FeelSyntaxError

MAX_TEXT = 32_768
MAX_TOKENS = 5_000

_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_PART = _START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
_SCANNER = re.compile(
    rf"""(?P<space>[\s\u180e\u200b\ufeff]+|//[^\n\r]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<at>@\s*"(?:[^"\\]|\\.)*")
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[{_START}][{_PART}]*)
    |(?P<op>\*\*|\.\.|<=|>=|!=|->|[-+*/<>=()\[\]{{}},.:;'^%&|!~\u0024\u0023@`\\])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r'\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(["\\/\'bfnrt]))'
)
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(NamedTuple):
    kind: str  # number, string, at, name, op, end
    text: str  # as written; for strings the value
    position: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Raises FeelSyntaxError where no token begins."""
    if len(text) > MAX_TEXT:
        raise FeelSyntaxError(
            f"表达式超过 {MAX_TEXT} 个字符", f"the expression is longer than {MAX_TEXT} characters", position=MAX_TEXT
        )
    tokens: list[Token] = []
    at = 0
    match = _SCANNER.match
    while at < len(text):
        found = match(text, at)
        if found is None:
            raise _unreadable(text, at)
        kind, end = found.lastgroup or "", found.end()
        if kind != "space":
            written = found.group()
            if kind == "string":
                written = unescape(written[1:-1])
            elif kind == "at":
                written = unescape(written[written.index('"') + 1 : -1])
            tokens.append(Token(kind, written, at, end))
            if len(tokens) > MAX_TOKENS:
                raise FeelSyntaxError("表达式过长", f"the expression has more than {MAX_TOKENS} tokens", position=at)
        at = end
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def name_parts(name: str) -> tuple[str, ...]:
    """A name as the tokens that it is written with: `date of birth` has three, `a-b` too. Empty: not a FEEL name."""
    try:
        return tuple(token.text for token in tokenize(name)[:-1])
    except FeelSyntaxError:
        return ()


def unescape(written: str) -> str:
    """The string that a literal means; an escape that the standard does not know stays (for regular expressions)."""
    return _ESCAPE.sub(_character, written) if "\\" in written else written


def _character(found: re.Match[str]) -> str:
    high, low, four, six, plain = found.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if plain:
        return _PLAIN.get(plain, plain)
    code = int(four or six, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else found.group()


def _unreadable(text: str, at: int) -> FeelSyntaxError:
    if text[at] in '"@':
        return FeelSyntaxError(
            "文本没有结束的引号",
            "a string without its closing quote",
            position=at,
            expected=Text(zh='引号 "', en='a closing "'),
        )
    return FeelSyntaxError(
        f"无法识别的字符 {text[at]!r}", f"the character {text[at]!r} means nothing here", position=at
    )
