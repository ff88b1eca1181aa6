"""A compiled decision model and its evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.dmn import model
from engine.dmn.boxed import Closure, compile_box, local_names, typed
from engine.dmn.environment import Environment, Problems, conforming
from engine.dmn.evaluation import Decision, Evaluation, Record
from engine.dmn.graph import check_graph
from engine.dmn.reader import read_model
from engine.dmn.session import Session
from engine.dmn.tables import CompiledTable
from engine.dmn.types import Types
from engine.errors import NotFound
from engine.feel.errors import Diagnostics, Exhausted
from engine.feel.invoke import invoke
from engine.feel.meter import Run, Scope
from engine.feel.types import ANY, FunctionType, Type, bare
from engine.feel.values import Function
from engine.problems import Problem, Refused


class Definitions:
    """A decision model, compiled. Immutable; may be shared between threads."""

    def __init__(self, source: model.Model, imported: Mapping[str, Definitions]) -> None:
        self.id, self.name, self.namespace = source.id, source.name, source.namespace
        self.model = source
        self._found = Problems()
        check_graph(source, self._found)
        self._imports = self._resolve_imports(imported)
        self.types: Types = Types(
            source.items, {name: other.types for name, other in self._imports.items()}, self._found.report
        )
        self.declared = frozenset(
            item.name
            for group in (source.decisions, source.inputs, source.knowledge, source.services)
            for item in group.values()  # type: ignore[attr-defined]
        )
        self._members = self.types.members() | set(_every_name(source))
        for other in self._imports.values():
            self._members |= other._members
        self._functions: dict[str, Function] = {}
        self.input_types = {item.id: self.types.resolve(item.type_ref, item.id) for item in source.inputs.values()}
        self.plans = {identity: self._plan(item) for identity, item in source.decisions.items()}
        self.closures = {identity: self._decision(item) for identity, item in source.decisions.items()}
        for item in source.knowledge.values():
            self._function(item.id)
        for service in source.services.values():
            self._function(service.id)
        self.decisions = {
            identity: Decision(identity, item.name, tuple(sorted(self._needs(identity, set()))), item.version_tag)
            for identity, item in source.decisions.items()
        }

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found while compiling; warnings only, unless read leniently."""
        return tuple(self._found.found)

    @property
    def tables(self) -> list[CompiledTable]:
        """Every decision table of the model, for those who look for gaps."""
        return self._found.tables

    @property
    def unknown_names(self) -> list[tuple[str, frozenset[str]]]:
        """Where an expression reads names that its decision neither requires nor gives."""
        return self._found.unknown

    # --- compiling ---

    def _resolve_imports(self, imported: Mapping[str, Definitions]) -> dict[str, Definitions]:
        found = {}
        for item in self.model.imports:
            other = imported.get(item.namespace)
            if other is not None:
                found[item.name] = other
            elif "DMN" in item.namespace or not item.namespace.startswith("http://www.w3.org"):
                self._found.report(
                    item.name,
                    "import",
                    "import",
                    f"找不到被引用的模型 {item.namespace}",
                    f"the imported model {item.namespace} is not at hand",
                    "warning",
                )
        return found

    def split(self, href: str) -> tuple[str, Definitions, str]:
        """import name ("" for own), the model, the id"""
        namespace, _, identity = href.rpartition("#")
        if namespace and namespace != self.namespace:
            for name, other in self._imports.items():
                if other.namespace == namespace:
                    return name, other, identity
        return "", self, identity

    def _environment(self, requirements: Sequence[model.Requirement], box: model.Box | None) -> Environment:
        names = local_names(box) | {name for name in self._imports if name}
        variables: dict[str, Type] = {}
        for requirement in requirements:
            prefix, home, identity = self.split(requirement.href)
            element = home.element(identity)
            if element is None:
                self._found.report(
                    identity, "requirement", "unknown-element", f"引用的“{identity}”不存在", f"there is no {identity!r}"
                )
            elif home is self:
                names.add(element.name)
                if requirement.kind != "knowledge":
                    variables[element.name] = self.types.resolve(element.type_ref, element.name)
            else:
                names |= {element.name, f"{prefix}.{element.name}"} if not prefix else {prefix}
        return Environment(names, self._members, self.types, self._found, variables)

    def element(self, identity: str) -> model.Element | None:
        source = self.model
        for group in (source.decisions, source.inputs, source.knowledge, source.services):
            if identity in group:
                return group[identity]  # type: ignore[index]
        return None

    def _plan(self, item: model.DecisionElement) -> list[tuple[str | None, model.Requirement]]:
        """What a decision needs: names of untyped own inputs, which are taken as they come, or the requirement."""
        plan: list[tuple[str | None, model.Requirement]] = []
        for requirement in item.requirements:
            _, home, identity = self.split(requirement.href)
            simple = requirement.kind == "input" and home is self and self.input_types.get(identity) is ANY
            plan.append((self.model.inputs[identity].name if simple else None, requirement))
        return plan

    def _decision(self, item: model.DecisionElement) -> Closure:
        environment = self._environment(item.requirements, item.box)
        closure = compile_box(item.box, environment)
        return typed(closure, item.type_ref, item.name, environment)

    def _needs(self, identity: str, seen: set[str]) -> set[str]:
        """Names of the input data below a decision."""
        found: set[str] = set()
        item = self.model.decisions.get(identity)
        if item is None or identity in seen:
            return found
        seen.add(identity)
        for requirement in item.requirements:
            _, home, other = self.split(requirement.href)
            if requirement.kind == "input" and other in home.model.inputs:
                found.add(home.model.inputs[other].name)
            elif requirement.kind == "decision":
                found |= home._needs(other, seen if home is self else set())
        return found

    # --- functions: knowledge models and decision services ---

    def _function(self, identity: str) -> Function | None:
        if identity not in self._functions:
            if identity in self.model.knowledge:
                self._knowledge(self.model.knowledge[identity])
            elif identity in self.model.services:
                self._service(self.model.services[identity])
        return self._functions.get(identity)

    def _knowledge(self, item: model.KnowledgeElement) -> None:
        box = item.function or model.FunctionBox(item.id, None, "FEEL", [], None)
        environment = self._environment(item.requirements, box)
        environment = Environment(
            environment.names | {item.name}, self._members, self.types, self._found
        )  # it may call itself
        scope_names: dict[str, Any] = {}
        made = compile_box(box, environment)(Scope(scope_names, None, Run()))
        result = environment.types.resolve(item.type_ref, item.id)
        if isinstance(bare(result), FunctionType):
            result = ANY
        function = Function(item.name, made.parameters, _held(made.call, result, item.name), result)
        self._functions[item.id] = function
        scope_names[item.name] = function
        for requirement in item.requirements:
            self.put(scope_names, requirement, None)

    def _service(self, item: model.ServiceElement) -> None:
        parameters: list[tuple[str, Type]] = []
        targets: list[tuple[str, str, str]] = []  # kind, id, name
        for kind, hrefs in (("input", item.input_data), ("decision", item.input_decisions)):
            for href in hrefs:
                _, home, identity = self.split(href)
                element = home.element(identity)
                if element is not None:
                    parameters.append((element.name, home.types.resolve(element.type_ref, item.id)))
                    targets.append((kind, identity, element.name))
        result = self.types.resolve(item.type_ref, item.id)
        if isinstance(bare(result), FunctionType):
            result = ANY

        def call(run: Run, arguments: list[Any]) -> Any:
            run.charge(10)
            run.enter()
            given = {name: value for (_, _, name), value in zip(targets, arguments)}
            known = {identity: value for (kind, identity, _), value in zip(targets, arguments) if kind == "decision"}
            session = Session(self, given, run, dict(known))
            outputs = {}
            for href in item.outputs:
                _, home, identity = self.split(href)
                element = home.element(identity)
                if element is not None:
                    outputs[element.name] = session.decide(identity)
            run.depth -= 1
            return next(iter(outputs.values()), None) if len(item.outputs) == 1 else outputs

        self._functions[item.id] = Function(item.name, parameters, _held(call, result, item.name), result)

    def put(self, names: dict[str, Any], requirement: model.Requirement, session: Session | None) -> None:
        """The required thing under its name; imported things inside the context that bears the import's name."""
        prefix, home, identity = self.split(requirement.href)
        element = home.element(identity)
        if element is None:
            return
        if requirement.kind == "knowledge":
            value: Any = home._function(identity)
        elif session is None:
            return
        elif requirement.kind == "input":
            value = session.input(home, prefix, identity)
        else:
            value = session.decide_in(home, prefix, identity)
        if home is self or not prefix:
            names[element.name] = value
        else:
            names[prefix] = {**names.get(prefix, {}), element.name: value}

    # --- evaluating ---

    def evaluate(
        self, decision_id: str, context: Mapping[str, Any], *, now: datetime | None = None, explained: bool = True
    ) -> Evaluation:
        """The decision for that data (names of the input data to plain values). `explained`: with notes why something
        is null, which cost a fifth of the whole where most facts are not there.

        Raises NotFound, DecisionError (rules contradict each other), FeelError "budget".
        """
        if decision_id not in self.closures:
            raise NotFound(f"没有决策“{decision_id}”", f"there is no decision {decision_id!r}")
        diagnostics = Diagnostics() if explained else None
        run = Run(now, diagnostics)
        session = Session(self, context, run, {})
        try:
            value = session.decide(decision_id)
        except RecursionError:
            raise Exhausted("决策嵌套过深", "the decision is nested too deep") from None
        record = session.records[-1]
        notes = [note.message for note in diagnostics.notes] if diagnostics else []
        return Evaluation(value, record, run.faults or [], notes)

    def invoke(self, service_id: str, context: Mapping[str, Any], *, now: datetime | None = None) -> Evaluation:
        """A decision service or knowledge model, its parameters by name."""
        function = self._function(service_id)
        if function is None:
            raise NotFound(f"没有决策服务“{service_id}”", f"there is no decision service {service_id!r}")
        diagnostics = Diagnostics()
        run = Run(now, diagnostics)
        names = [name for name, _ in function.parameters]
        value = invoke(run, function, [context.get(name) for name in names], None, 0)
        record = Record(service_id, dict(context), [], value)
        return Evaluation(value, record, run.faults or [], [note.message for note in diagnostics.notes])


def _held(call: Any, kind: Type, name: str) -> Any:
    """A function whose result is held to what it promises."""
    if kind is ANY:
        return call
    return lambda run, arguments: conforming(call(run, arguments), kind, name, run)[1]


def _every_name(source: model.Model) -> set[str]:
    found: set[str] = set()
    for group in (source.decisions, source.inputs, source.knowledge, source.services):
        found.update(item.name for item in group.values())  # type: ignore[attr-defined]
    for item in source.decisions.values():
        found |= local_names(item.box)
    for knowledge in source.knowledge.values():
        found |= local_names(knowledge.function)
    return found


def read_decisions(xml: bytes, *, imported: Sequence[Definitions] = (), lenient: bool = False) -> Definitions:
    """Read and compile a DMN file. Raises Refused with every problem at once.

    imported: models that this one may import. lenient: what cannot be read is null instead (for conformance tests).
    """
    made = Definitions(read_model(xml), {other.namespace: other for other in imported})
    errors = [problem for problem in made.problems if problem.severity == "error"]
    if errors and not lenient:
        raise Refused(errors)
    return made
