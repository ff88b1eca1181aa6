"""What fuzzing once found worth keeping still ends well."""

from __future__ import annotations

import json

import pytest

from tests.unit.feel.fuzz import CORPUS, exercise

TEXTS = json.loads(CORPUS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_text_is_read_or_refused_and_nothing_else(text):
    exercise(text)
