"""Regular expressions are those of XPath, and none of them backtracks without end."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.regex import compile_pattern


def finds(pattern, text, flags=""):
    return compile_pattern(pattern, flags, Run()).search(text, 0, Run()) is not None


@pytest.mark.parametrize(
    "pattern, flags, text, expected",
    [
        ("^fo*b", "", "foobar", True),
        ("[a-z-[aeiou]]+$", "", "xyz", True),
        ("^[a-z-[aeiou]]+$", "", "xaz", False),
        (r"^\p{Lu}\p{Ll}+$", "", "Anna", True),
        (r"^\p{IsCJKUnifiedIdeographs}+$", "", "孕途", True),
        (r"\w", "", "…", False),
        (".", "", "\n", False),
        (".", "s", "\n", True),
        ("^b$", "m", "a\nb\nc", True),
        ("A.C", "i", "abc", True),
        ("a b c", "x", "abc", True),
        ("a.c", "q", "abc", False),
        (r"(a)(b)?\2c", "", "ac", True),
        (r"^(..)\1$", "", "abab", True),
        ("a{2,3}$", "", "aaaa", True),
        ("^a{2,3}$", "", "aaaa", False),
        ("^(a|ab)(c|bcd)$", "", "abcd", True),
        ("^(a*)*$", "", "aaa", True),
        ("(?:ab)+c", "", "ababc", True),
    ],
)
def test_patterns(pattern, flags, text, expected):
    assert finds(pattern, text, flags) is expected


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a**", "*a", "[", "[]", "a{3,1}", r"\2(a)", r"\q", "(?=a)", r"\p{Nope}", "[z-a]", "a{", "^*"]
)
def test_what_xpath_does_not_allow_is_an_error(pattern):
    with pytest.raises(Fail):
        compile_pattern(pattern, "", Run())


PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{1,2}"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
        inner.map(lambda p: f"({p})"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(PIECES, st.text("abc", max_size=8))
def test_a_match_begins_and_ends_where_python_finds_it(pattern, text):
    assume(not re.search(r"\*\?.*\)[*+{?]", pattern))  # engines differ on a lazy nothing that is repeated
    found = compile_pattern(pattern, "", Run()).search(text, 0, Run())
    expected = re.search(pattern, text)

    assert (found[:2] if found else None) == (list(expected.span()) if expected else None)
