"""`if`, `for`, `some`, `every`."""

from __future__ import annotations

from typing import Any

from engine.feel import syntax
from engine.feel.access import iterate
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.meter import Scope
from engine.feel.syntax import Node


@compiles(syntax.If)
def _if(c: Compiler, node: syntax.If) -> Closure:
    condition, then, otherwise = c.compile(node.condition), c.compile(node.then), c.compile(node.otherwise)
    return lambda s: then(s) if condition(s) is True else otherwise(s)


def _domains(c: Compiler, domains: list[tuple[str, Node]]) -> list[tuple[str, Closure]]:
    """Each domain sees the names before it; leaves the names bound (the caller pops)."""
    names: set[str] = set()
    c.bound.append(names)
    compiled = []
    for name, domain in domains:
        compiled.append((name, c.compile(domain)))
        names.add(name)
    return compiled


@compiles(syntax.For)
def _for(c: Compiler, node: syntax.For) -> Closure:
    reads_before = c.partial_reads
    domains = _domains(c, node.domains)
    body, weight = c.weighed(node.body, "partial")
    c.bound.pop()
    reads_partial = c.partial_reads > reads_before
    position = node.position

    def loop(s: Scope) -> Any:
        results: list[Any] = []
        charge = s.run.charge

        def level(index: int, scope: Scope) -> bool:
            if index == len(domains):
                charge(weight + 2)
                if len(results) >= 10_000:
                    s.run.charge_list(len(results) + 1)
                if reads_partial:
                    charge(len(results))
                    scope = Scope({"partial": results[:]}, scope, s.run)
                results.append(body(scope))
                return True
            name, domain = domains[index]
            items = iterate(domain(scope), s.run)
            if items is None:
                return False
            for item in items:
                charge(1)
                if not level(index + 1, Scope({name: item}, scope, s.run)):
                    return False
            return True

        if not level(0, s):
            return s.run.note(position, "for 的取值不能遍历", "the domain of `for` cannot be iterated")
        return results

    return loop


@compiles(syntax.Quantified)
def _quantified(c: Compiler, node: syntax.Quantified) -> Closure:
    domains = _domains(c, node.domains)
    body, weight = c.weighed(node.body)
    c.bound.pop()
    decisive, position = node.kind == "some", node.position

    def loop(s: Scope) -> bool | None:
        charge = s.run.charge
        result: bool | None = not decisive

        def level(index: int, scope: Scope) -> bool | None:
            """True: decided. None: not iterable."""
            nonlocal result
            if index == len(domains):
                charge(weight + 2)
                value = body(scope)
                if value is not True and value is not False:
                    result = None
                return value is decisive
            name, domain = domains[index]
            items = iterate(domain(scope), s.run)
            if items is None:
                return None
            for item in items:
                charge(1)
                done = level(index + 1, Scope({name: item}, scope, s.run))
                if done is not False:
                    return done
            return False

        done = level(0, s)
        if done is None:
            s.run.note(position, "some/every 的取值不能遍历", "the domain of the quantifier cannot be iterated")
            return None
        return decisive if done else result

    return loop
