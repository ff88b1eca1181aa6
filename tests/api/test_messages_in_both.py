"""What the schemas refuse is said in Chinese and in English."""

from __future__ import annotations

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from api.requests import in_both
from engine.errors import Text


class Everything(Schema):
    short = fields.String(validate=validate.Length(min=2, max=3))
    least = fields.String(validate=validate.Length(min=2))
    most = fields.String(validate=validate.Length(max=1))
    between = fields.Float(validate=validate.Range(min=0, min_inclusive=False, max=10))
    above = fields.Integer(validate=validate.Range(min=1))
    below = fields.Integer(validate=validate.Range(max=1, max_inclusive=False))
    one = fields.String(validate=validate.OneOf(("a", "b")))
    number = fields.Float()
    whole = fields.Integer(strict=True)
    several = fields.List(fields.String())
    day = fields.Date()
    flag = fields.Boolean()
    code = fields.String(validate=validate.Regexp("x"))


GIVEN = {
    **{"short": "a", "least": "a", "most": "ab", "between": 11, "above": 0, "below": 1, "one": "c", "number": "x"},
    **{"whole": 1.5, "several": 1, "day": "soon", "flag": "maybe", "code": "y"},
}


def test_each_sentence_of_the_library_has_a_chinese_one():
    with pytest.raises(ValidationError) as refused:
        Everything().load(GIVEN)

    assert refused.value.messages.keys() == GIVEN.keys()
    for name, [message] in refused.value.messages.items():
        said = in_both(message)
        assert said.en == message and not said.zh.isascii(), (name, said)


def test_the_numbers_stand_in_the_chinese_sentence_too():
    message = "Must be greater than 0 and less than or equal to 10."

    assert in_both(message) == Text(zh="应大于 0 且不大于 10", en=message)


def test_a_sentence_of_ours_is_parted_into_its_languages():
    assert in_both("应为时刻。 Not an instant.") == Text(zh="应为时刻。", en="Not an instant.")
