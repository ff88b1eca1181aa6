"""No expression takes a worker down: it ends by its budget, as a syntax error, or as null, always within the steps."""

from __future__ import annotations

import resource

import pytest

from engine.feel import FeelError, FeelSyntaxError, compile_expression, to_plain
from tests.unit.feel.bombs import BOMBS

FINISH = {"shifting far", "a tower of powers", "a quantifier over pairs"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_as_an_error_or_as_null(name):
    try:
        result = compile_expression(BOMBS[name], names=["a"]).evaluate({"a": 1})
        plain = to_plain(result)
    except FeelSyntaxError:
        return
    except FeelError as error:
        assert error.code == "budget"
        return
    assert plain is None or name in FINISH, plain


def test_there_are_fifty_bombs_and_they_leave_no_memory_behind():
    assert len(BOMBS) >= 50

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in BOMBS.values():
        try:
            to_plain(compile_expression(text).evaluate({"a": 1}))
        except FeelError:
            continue
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert after - before < 20_000, "kilobytes"
