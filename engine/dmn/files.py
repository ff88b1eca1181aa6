"""A model with the models beside it that it imports."""

from __future__ import annotations

from pathlib import Path

from engine.dmn.definitions import Definitions, read_decisions
from engine.dmn.reader import read_model
from engine.errors import EngineError


def load(path: Path, *, lenient: bool = False) -> Definitions:
    """Raises Refused, OSError."""
    return _load(path, frozenset(), lenient)


def _load(path: Path, above: frozenset[Path], lenient: bool) -> Definitions:
    xml = path.read_bytes()
    wanted = {item.namespace for item in read_model(xml).imports}
    imported = []
    for other in sorted(path.parent.glob("*.dmn")) if wanted else []:
        if other != path and other not in above and _namespace(other) in wanted:
            imported.append(_load(other, above | {path}, lenient))
    return read_decisions(xml, imported=imported, lenient=lenient)


def _namespace(path: Path) -> str | None:
    try:
        return read_model(path.read_bytes()).namespace
    except EngineError:
        return None
