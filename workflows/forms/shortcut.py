"""A short way for the expressions that forms consist of: limits and differences of single numbers, days between dates,
which of a few words were chosen, and how many.

What the text says is still the library's to read; here its tree becomes closures. A closure that meets anything but
one plain number where it wants one gives up (`Unsure`), and the library answers instead: it alone knows what FHIRPath
says of what is missing, repeated or of another kind. A test compares both over every form.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeAlias

Environment: TypeAlias = Mapping[str, Any]
Closure: TypeAlias = Callable[[Environment], Any]
Functions: TypeAlias = Mapping[str, Callable[..., list[Any]]]

_COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_NUMBERS = frozenset({int, Decimal})
_PLAIN = _NUMBERS | {str}
_WRAPPERS = frozenset({"TermExpression", "LiteralTerm", "ParenthesizedTerm", "ExternalConstantTerm", "InvocationTerm"})


class Unsure(Exception):
    """Not what this way is made for."""


EMPTY: Any = object()  # the empty collection, of what is not answered


def shorten(tree: Mapping[str, Any], functions: Functions) -> Closure | None:
    """A closure that answers the one value of the expression or EMPTY, or raises Unsure; None: there is no short way.
    `functions`: our own, by name, of collections."""
    try:
        return _compile(tree["children"][0], functions)
    except Unsure:
        return None


def _compile(node: Mapping[str, Any], functions: Functions) -> Closure:
    type_, children = node["type"], node.get("children", [])
    sign = (node.get("terminalNodeText") or [""])[0]
    if type_ in _WRAPPERS and len(children) == 1:
        return _compile(children[0], functions)
    if type_ == "ExternalConstant":
        return _name(children[0]["text"])
    if type_ in _LITERALS:
        literal = _LITERALS[type_](node["text"])
        return lambda environment: literal
    if type_ == "NullLiteral":
        return lambda environment: EMPTY
    if type_ == "InequalityExpression":
        left, right = (_compile(child, functions) for child in children)
        return _compared(_COMPARE[sign], left, right)
    if (type_, sign) in _OPERATORS:
        left, right = (_compile(child, functions) for child in children)
        return _joined(_OPERATORS[type_, sign], left, right)
    if (type_, sign) == ("OrExpression", "or"):  # `xor` is another of the kind
        one, other = (_compile(child, functions) for child in children)
        return _decided(one, other, by=True)
    if type_ == "AndExpression":
        one, other = (_compile(child, functions) for child in children)
        return _decided(one, other, by=False)
    if (type_, sign) == ("PolarityExpression", "-"):
        (of,) = (_compile(child, functions) for child in children)
        return lambda environment: -_number(of(environment))
    if type_ == "EqualityExpression" and sign in ("=", "!="):
        left, right = children
        return _equal(left, right, functions, positive=sign == "=")
    if type_ == "InvocationExpression":
        return _called(children, functions)
    if type_ == "FunctionInvocation":
        return _chosen(children[0]["children"], functions)
    raise Unsure


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Unsure
    return int(text)


def _word(text: str) -> str:
    """Between quotes; nothing that could be a date, a time or an escape."""
    if any(letter.isdigit() or letter == "\\" for letter in text):
        raise Unsure
    return text[1:-1]


_LITERALS: Mapping[str, Callable[[str], Any]] = {
    "NumberLiteral": _whole,
    "StringLiteral": _word,
    "BooleanLiteral": lambda text: text == "true",
}


def _name(name: str) -> Closure:
    def read(environment: Environment) -> Any:
        value = environment.get(name, EMPTY)
        if type(value) in _PLAIN:
            return value
        if value is EMPTY or value == []:
            return EMPTY
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise Unsure
        return value

    return read


def _joined(join: Callable[[Any, Any], Any], left: Closure, right: Closure) -> Closure:
    return lambda environment: join(left(environment), right(environment))


def _compared(compare: Callable[[Any, Any], bool], left: Closure, right: Closure) -> Closure:
    def answer(environment: Environment) -> Any:
        one, other = left(environment), right(environment)
        if type(one) in _NUMBERS and type(other) in _NUMBERS:
            return compare(one, other)
        if one is EMPTY or other is EMPTY:
            return EMPTY if _is_plain(one) and _is_plain(other) else _give_up()
        return compare(_number(one), _number(other))

    return answer


def _is_plain(value: Any) -> bool:
    return value is EMPTY or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def _give_up() -> Any:
    raise Unsure


def _decided(one: Closure, other: Closure, *, by: bool) -> Closure:
    """`or` is decided by true, `and` by false; otherwise what is not answered leaves it open."""

    def answer(environment: Environment) -> Any:
        left, right = _truth_or_empty(one(environment)), _truth_or_empty(other(environment))
        if left is by or right is by:
            return by
        return EMPTY if left is EMPTY or right is EMPTY else not by

    return answer


def _equal(left: Mapping[str, Any], right: Mapping[str, Any], functions: Functions, *, positive: bool) -> Closure:
    """Something and a word, a number of things and a whole number, or an answer and a truth."""
    stated, name = _stated(right), _named(left)
    if stated is not None and name is not None:
        return _is_stated(name, stated is positive)
    wanted = _literal(right)
    if wanted is None:
        raise Unsure
    alike, found = _text if isinstance(wanted, str) else _natural, _compile(left, functions)

    def answer(environment: Environment) -> Any:
        value = found(environment)
        return EMPTY if value is EMPTY else (alike(value) == wanted) is positive

    return answer


def _stated(node: Mapping[str, Any]) -> bool | None:
    while node["type"] in _WRAPPERS and len(node["children"]) == 1:
        node = node["children"][0]
    return node["text"] == "true" if node["type"] == "BooleanLiteral" else None


def _is_stated(name: str, wanted: bool) -> Closure:
    def answer(environment: Environment) -> Any:
        value = environment.get(name, [])
        if value == []:
            return EMPTY
        if not isinstance(value, bool):
            raise Unsure
        return value is wanted

    return answer


def _literal(node: Mapping[str, Any]) -> str | int | None:
    while node["type"] in _WRAPPERS and len(node["children"]) == 1:
        node = node["children"][0]
    if node["type"] not in ("StringLiteral", "NumberLiteral"):
        return None
    found: str | int = _LITERALS[node["type"]](node["text"])
    return found


def _words(node: Mapping[str, Any]) -> Callable[[Environment], list[str]]:
    """What was chosen: `%name`, or those of them that are one word, `%name.where($this = 'word')`."""
    while node["type"] in _WRAPPERS and len(node["children"]) == 1:
        node = node["children"][0]
    if node["type"] == "ExternalConstant":
        name = node["children"][0]["text"]
        return lambda environment: _all_words(environment.get(name, []))
    if node["type"] != "InvocationExpression" or node["children"][1]["type"] != "FunctionInvocation":
        raise Unsure
    among = _words(node["children"][0])
    name, *rest = node["children"][1]["children"][0]["children"]
    if name["text"] != "where" or len(rest) != 1 or len(rest[0]["children"]) != 1:
        raise Unsure
    (condition,) = rest[0]["children"]
    if (condition["type"], condition.get("terminalNodeText")) != ("EqualityExpression", ["="]):
        raise Unsure
    this, wanted = condition["children"][0], _literal(condition["children"][1])
    if this["text"] != "$this" or not isinstance(wanted, str):
        raise Unsure
    return lambda environment: [word for word in among(environment) if word == wanted]


def _truths(node: Mapping[str, Any]) -> list[str]:
    """The names of `(%a | %b).where($this = true)`."""
    if node["type"] != "InvocationExpression" or node["children"][1]["type"] != "FunctionInvocation":
        raise Unsure
    name, *rest = node["children"][1]["children"][0]["children"]
    if name["text"] != "where" or len(rest) != 1 or len(rest[0]["children"]) != 1:
        raise Unsure
    (condition,) = rest[0]["children"]
    if (condition["type"], condition.get("terminalNodeText")) != ("EqualityExpression", ["="]):
        raise Unsure
    if [side.get("text") for side in condition["children"]] != ["$this", "true"]:
        raise Unsure
    return _united(node["children"][0])


def _united(node: Mapping[str, Any]) -> list[str]:
    while node["type"] in _WRAPPERS and len(node["children"]) == 1:
        node = node["children"][0]
    if node["type"] == "UnionExpression":
        return [name for child in node["children"] for name in _united(child)]
    if node["type"] != "ExternalConstant":
        raise Unsure
    return [str(node["children"][0]["text"])]


def _any_true(names: list[str], environment: Environment) -> bool:
    found = [value for name in names for value in _listed(environment.get(name, []))]
    if not all(isinstance(value, bool) for value in found):
        raise Unsure
    return True in found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _all_words(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    for word in found:
        if not isinstance(word, str) or not word or any(letter.isdigit() for letter in word):
            raise Unsure
    return found


_OF_ANYTHING = {"empty": False, "exists": True}  # whether it asks for an answer


def _named(node: Mapping[str, Any]) -> str | None:
    """Of `%name` alone the name."""
    while node["type"] in _WRAPPERS and len(node["children"]) == 1:
        node = node["children"][0]
    return str(node["children"][0]["text"]) if node["type"] == "ExternalConstant" else None


def _is_answered(value: Any) -> bool:
    if value is None or value == []:
        return False
    for one in value if isinstance(value, list) else (value,):
        if not isinstance(one, int | Decimal) and not (isinstance(one, str) and one):
            raise Unsure
    return True


_OF_WORDS: Mapping[str, Callable[[list[str]], Any]] = {"empty": lambda words: not words, "exists": bool, "count": len}


def _called(children: list[Any], functions: Functions) -> Closure:
    """`toString` of a whole number, `not` of a truth, `empty` and `exists` of an answer, of truths and of what can be
    worked out, these and `count` of words, or one of our own functions, of one value."""
    subject, invoked = children
    if invoked["type"] != "FunctionInvocation":
        raise Unsure
    name, *rest = invoked["children"][0]["children"]
    if name["text"] in _OF_ANYTHING and not rest and (answered := _named(subject)) is not None:
        is_there = _OF_ANYTHING[name["text"]]
        return lambda environment: _is_answered(environment.get(answered)) is is_there
    if name["text"] in _OF_WORDS and not rest:
        return _told(subject, name["text"], functions)
    of = _compile(subject, functions)
    if name["text"] == "not" and not rest:
        return _turned(of)
    if name["text"] == "toString" and not rest:
        return lambda environment: str(_natural(of(environment)))
    if name["text"] not in functions or len(rest) > 1:
        raise Unsure
    function = functions[name["text"]]
    given = [_compile(argument, functions) for part in rest for argument in part["children"]]

    def answer(environment: Environment) -> Any:
        value, others = of(environment), [each(environment) for each in given]
        if EMPTY in others:
            raise Unsure
        if value is EMPTY:
            return EMPTY
        found = function([value], *([other] for other in others))
        if len(found) > 1:
            raise Unsure
        return found[0] if found else EMPTY

    return answer


def _told(subject: Mapping[str, Any], asked: str, functions: Functions) -> Closure:
    told = _OF_WORDS[asked]
    with suppress(Unsure):
        words = _words(subject)
        return lambda environment: told(words(environment))
    if asked == "count":
        raise Unsure
    is_there = _OF_ANYTHING[asked]
    with suppress(Unsure):
        names = _truths(subject)
        return lambda environment: _any_true(names, environment) is is_there
    of = _compile(subject, functions)
    return lambda environment: (of(environment) is not EMPTY) is is_there


def _turned(of: Closure) -> Closure:
    def answer(environment: Environment) -> Any:
        value = _truth_or_empty(of(environment))
        return EMPTY if value is EMPTY else not value

    return answer


def _chosen(parts: list[Any], functions: Functions) -> Closure:
    """`iif(condition, this, that)`: that also where nobody can say."""
    if parts[0]["text"] != "iif" or len(parts) != 2 or len(parts[1]["children"]) != 3:
        raise Unsure
    condition, chosen = (_compile(part, functions) for part in parts[1]["children"][:2])
    try:
        other = _compile(parts[1]["children"][2], functions)
    except Unsure:
        other = None

    def answer(environment: Environment) -> Any:
        if _truth_or_empty(condition(environment)) is True:
            return chosen(environment)
        if other is None:
            raise Unsure
        return other(environment)

    return answer


def _truth_or_empty(value: Any) -> Any:
    if value is not EMPTY and not isinstance(value, bool):
        raise Unsure
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unsure
    return value


def _natural(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Unsure
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unsure
    return value


def _of_numbers(join: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: join(_number(left), _number(right))


_OPERATORS: Mapping[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("AdditiveExpression", "+"): _of_numbers(operator.add),
    ("AdditiveExpression", "-"): _of_numbers(operator.sub),
    ("AdditiveExpression", "&"): lambda left, right: _text(left) + _text(right),
    ("MultiplicativeExpression", "*"): _of_numbers(operator.mul),
    ("MultiplicativeExpression", "/"): _of_numbers(operator.truediv),
    ("MultiplicativeExpression", "div"): lambda left, right: _natural(left) // _natural(right),
    ("MultiplicativeExpression", "mod"): lambda left, right: _natural(left) % _natural(right),
}
