"""Decision files by namespace, for the files that import them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from engine.dmn.definitions import Definitions, read_decisions
from engine.dmn.reader import read_model
from engine.errors import EngineError


class Shelf:
    """What may be imported, asked for only when something is. Of two files with one namespace the first counts."""

    def __init__(self, files: Callable[[], Iterable[bytes]]) -> None:
        self._files = files
        self._made: dict[str, Definitions | None] = {}

    def imports_of(self, xml: bytes) -> list[Definitions]:
        """The models that a file imports, each with its own imports. Raises Refused when it is no DMN file."""
        wanted = [item.namespace for item in read_model(xml).imports]
        return [made for namespace in wanted if (made := self._model(namespace)) is not None]

    def _model(self, namespace: str) -> Definitions | None:
        if namespace not in self._made:
            self._made[namespace] = None  # a model that imports back does without
            source = self._by_namespace.get(namespace)
            if source is not None:
                self._made[namespace] = read_decisions(source, imported=self.imports_of(source), lenient=True)
        return self._made[namespace]

    @cached_property
    def _by_namespace(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for source in self._files():
            try:
                found.setdefault(read_model(source).namespace, source)
            except EngineError:
                continue  # whoever deploys it is told; here it is not there
        return found
