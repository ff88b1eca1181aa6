"""The marshmallow schema of a form, built from its items: the shape and kind of every answer, nothing unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.experimental.context import Context

from engine.errors import Fault, Text
from workflows.forms.items import DATES, NUMBERS, Item, columns
from workflows.forms.layout import Layout
from workflows.forms.limits import beyond
from workflows.forms.reading import Unreadable, read

_UNKNOWN = Text(zh="表单没有这一项", en="the form has no such item")
_NO_LIST = Text(zh="应为列表", en="must be a list")
_NO_ROW = Text(zh="每一行应为对象", en="each row must be an object")
MAX_ROWS = 50
MAX_ANSWERS = 300  # to one question: more than any table has criteria, all of which a form may be filled in with
LIMITED = DATES | NUMBERS  # whose answers can lie beyond a limit


class _FormSchema(Schema):
    error_messages = {"unknown": _UNKNOWN, "type": _NO_ROW}  # type: ignore[dict-item]

    class Meta:
        unknown = RAISE


class AnswerField(fields.Field[Any]):
    """One answer to one question. The day of asking comes through the schema's context, for `-7` and for the future."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        on: date = Context[date].get()
        try:
            answer = read(self.item, value, on)
        except Unreadable as error:
            raise ValidationError([error.text]) from None  # type: ignore[list-item]
        faults = list(beyond(self.item, answer, on))
        if faults:
            raise ValidationError(faults)  # type: ignore[arg-type]
        return answer


class ListField(fields.List[Any]):
    """Several answers to one question; one bare answer is a list of one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        answers = value if isinstance(value, list) else [value]
        most = MAX_ROWS if isinstance(self.inner, fields.Nested) else MAX_ANSWERS
        if len(answers) > most:
            raise ValidationError([Text(zh=f"最多 {most} 项", en=f"at most {most}")])  # type: ignore[list-item]
        found, faults = [], {}
        for number, each in enumerate(answers):
            try:
                if not blank(each):
                    found.append(self.inner.deserialize(each, **kwargs))
            except ValidationError as error:
                faults[number] = error.messages
                if error.valid_data is not None:
                    found.append(error.valid_data)
        if faults:
            raise ValidationError(faults, valid_data=found)  # type: ignore[arg-type]
        return found


def build_schema(items: tuple[Item, ...]) -> type[Schema]:
    found: dict[str, fields.Field[Any]] = {}
    for item in columns(items):
        if item.is_table:
            row = fields.Nested(build_schema(item.items), error_messages={"type": _NO_ROW})  # type: ignore[dict-item]
            found[item.link_id] = ListField(row, error_messages={"invalid": _NO_LIST})  # type: ignore[dict-item]
        else:
            answer: fields.Field[Any] = AnswerField(item)
            found[item.link_id] = ListField(answer) if item.repeats else answer
    return _FormSchema.from_dict(found)  # type: ignore[arg-type]


def load(schema: Schema, layout: Layout, answers: Any, on: date) -> tuple[dict[str, Any], list[Fault]]:
    """What could be read, and what could not, by path. Blank answers are no answers; nothing is guessed. The schema is
    asked only where something is wrong: it says what."""
    if not isinstance(answers, Mapping) or not all(isinstance(key, str) for key in answers):
        return {}, [Fault(path="", message=Text(zh="答案应为对象", en="answers must be an object"))]
    given = without_blanks(answers)
    accepted = faultless(layout, given, on)
    if accepted is not None:
        return accepted, []
    with Context[date](on):
        try:
            return schema.load(given), []
        except ValidationError as error:
            read_so_far = error.valid_data if isinstance(error.valid_data, dict) else {}
            return dict(read_so_far), list(_faults(error.messages, ""))


def faultless(layout: Layout, given: Mapping[str, Any], on: date) -> dict[str, Any] | None:
    """What the schema would make of these answers; None where it would find anything wrong with them."""
    found: dict[str, Any] = {}
    for item in layout.columns:
        value = given.get(item.link_id)
        if value is None:
            continue
        if item.is_table:
            read_ = _rows(layout.rows[item.link_id], value, on)
        elif item.repeats:
            read_ = _several(item, value if isinstance(value, list) else [value], on)
        else:
            read_ = _one(item, value, on)
        if read_ is None:
            return None
        found[item.link_id] = read_
    return found if len(found) == len(given) else None  # else one is none of the form's


def _one(item: Item, value: Any, on: date) -> Any:
    try:
        answer = read(item, value, on)
    except Unreadable:
        return None
    if item.type in LIMITED and any(True for _ in beyond(item, answer, on)):
        return None
    return answer


def _several(item: Item, values: list[Any], on: date) -> list[Any] | None:
    answers = [_one(item, value, on) for value in values if not blank(value)]
    return None if len(values) > MAX_ANSWERS or None in answers else answers


def _rows(layout: Layout, value: Any, on: date) -> list[Any] | None:
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        return None
    rows = [row for row in value if not blank(row)]
    if not all(isinstance(row, Mapping) for row in rows):
        return None
    found = [faultless(layout, row, on) for row in rows]
    return None if None in found else found


def without_blanks(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [without_blanks(row) if isinstance(row, Mapping) else row for row in value]
        if isinstance(value, list)
        else value
        for key, value in answers.items()
        if not blank(value)
    }


def blank(value: Any) -> bool:
    if type(value) is str:
        return not value or value.isspace()
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _faults(messages: Any, path: str) -> Iterator[Fault]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _faults(inner, _below(path, key))
    else:
        for message in messages:
            text = message if isinstance(message, Text) else Text(zh="填写有误", en=str(message))
            yield Fault(path=path, message=text)


def _below(path: str, key: Any) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key == "_schema":
        return path
    return f"{path}.{key}" if path else str(key)
