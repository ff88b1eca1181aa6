"""One evaluation of a model: inputs held to their types, each decision decided once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.dmn.environment import conforming
from engine.dmn.evaluation import Record
from engine.feel.meter import Run, Scope
from engine.feel.types import ANY, from_text

if TYPE_CHECKING:
    from engine.dmn.definitions import Definitions


class Session:
    """One evaluation: each decision is decided once."""

    def __init__(self, home: Definitions, context: Mapping[str, Any], run: Run, known: dict[str, Any]) -> None:
        self.home = home
        self.context = context
        self.run = run
        self.known = known
        self.records: list[Record] = []
        self.open: set[str] = set()
        self.foreign: dict[tuple[str, str], Session] = {}  # imported models, by namespace and import name
        # what the model does not declare is in sight everywhere: many tables are drawn without their input data
        self.undeclared: dict[str, Any] = {}
        if not context.keys() <= home.declared:
            self.undeclared = {name: value for name, value in context.items() if name not in home.declared}

    def decide(self, identity: str) -> Any:
        if identity in self.known:
            return self.known[identity]
        if identity in self.open:
            return self.run.fault(f"决策“{identity}”依赖自身", f"decision {identity!r} requires itself")
        self.open.add(identity)
        home, run = self.home, self.run
        item = home.model.decisions.get(identity)
        if item is None:
            return None
        record = Record(identity, {}, [])
        before, self.records = self.records, record.required
        names = record.inputs
        for name, requirement in home.plans[identity]:
            if name is not None:
                names[name] = self.context.get(name)
            else:
                home.put(names, requirement, self)
        outer, run.trace = run.trace, record.tables
        value = home.closures[identity](Scope(names, Scope(self.undeclared, None, run), run))
        run.trace = outer
        record.output = value
        self.records = before
        self.records.append(record)
        self.open.discard(identity)
        self.known[identity] = value
        return value

    def input(self, home: Definitions, prefix: str, identity: str) -> Any:
        """An input as given, held to its type."""
        name = home.model.inputs[identity].name if identity in home.model.inputs else identity
        given = self.context
        if prefix and isinstance(given.get(prefix), Mapping):
            given = given[prefix]
        value = given.get(name)
        kind = home.input_types.get(identity, ANY)
        if kind is ANY:
            return value
        return conforming(from_text(value, kind) if type(value) is str else value, kind, name, self.run)[1]

    def decide_in(self, home: Definitions, prefix: str, identity: str) -> Any:
        """A decision of this or of an imported model."""
        if home is self.home:
            return self.decide(identity)
        given = self.context
        if prefix and isinstance(given.get(prefix), Mapping):
            given = {**given, **given[prefix]}
        session = self.foreign.setdefault((home.namespace, prefix), Session(home, given, self.run, {}))
        before = len(session.records)
        value = session.decide(identity)
        self.records.extend(session.records[before:])
        return value
