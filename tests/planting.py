"""A capability done less well than it has to be: the test of its row in docs/engine-audit.md turns red.

For rooms whose tests need their own fixtures: each has a `test_plants.py` beside them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]
RED = (Exception, pytest.fail.Exception)


def turns_red(request: pytest.FixtureRequest, test: Callable[..., None], plant: Plant, **case: Any) -> None:
    """The same test, without the bug, is green in its own file. `case`: its parameters, where it has some."""
    given = {name: request.getfixturevalue(name) for name in inspect.signature(test).parameters if name not in case}
    plant(request.getfixturevalue("monkeypatch"))
    with pytest.raises(RED) as red:
        test(**given, **case)
    assert not isinstance(red.value, TypeError | AttributeError | NameError), "the plant itself is broken"
