"""The type that the body of a function has, as far as the text shows it."""

from __future__ import annotations

from engine.feel import syntax
from engine.feel.types import ANY, SIMPLE, ContextType, FunctionType, ListType, RangeType, Type
from engine.feel.values import kind_of


def infer(node: syntax.Node) -> Type:
    """Any where nothing is known."""
    if isinstance(node, syntax.Literal):
        return SIMPLE.get(kind_of(node.value), ANY)
    if isinstance(node, syntax.ContextOf):
        return ContextType({name: infer(value) for name, value in node.entries})
    if isinstance(node, syntax.ListOf):
        kinds = [infer(item) for item in node.items]
        alike = bool(kinds) and all(kind == kinds[0] for kind in kinds)
        return ListType(kinds[0] if alike else ANY)
    if isinstance(node, syntax.RangeOf):
        return RangeType(infer(node.start)) if node.start else RangeType()
    if isinstance(node, syntax.FunctionOf) and node.body is not None:
        return FunctionType(tuple(kind for _, kind in node.parameters), infer(node.body))
    if isinstance(node, syntax.Comparison | syntax.Logic | syntax.Between | syntax.In | syntax.InstanceOf):
        return SIMPLE["boolean"]
    if isinstance(node, syntax.If):
        then = infer(node.then)
        return then if then == infer(node.otherwise) else ANY
    return ANY
