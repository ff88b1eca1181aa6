"""The bug: what listens already is begun once more."""

from engine.operations.migration import settle as module


def plant(monkeypatch):
    known = module.Settling._new_listeners

    def again(self, scope):
        yield from known(self, scope)
        old = self.moved.scopes_were.get(scope.id)
        if old is not None and scope.kind.value == "activity" and self.run.node_of(scope, scope.element).loop is None:
            node = self.run.node_of(scope, scope.element)
            yield from ((b, node) for b in node.boundaries if isinstance(b.event, module.LISTENED))

    monkeypatch.setattr(module.Settling, "_new_listeners", again)
