"""Diagrams and decision tables as they lie in folders: what is named, and what it calls beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from engine.problems import Refused
from engine.rehearsal import Library

OTHER_NAME = ".bpmn20.xml"  # what Activiti and Flowable call a diagram


def files_of(paths: Sequence[str], ending: str) -> list[Path]:
    """Files as given; a folder stands for every file in it with this ending, deeper ones too, in order of name."""
    also = (OTHER_NAME,) if ending == ".bpmn" else ()
    found: list[Path] = []
    for given in map(Path, paths):
        inside = [path for one in (ending, *also) for path in given.rglob(f"*{one}")]
        found += sorted(inside) if given.is_dir() else [given]
    return list(dict.fromkeys(found))


class PlainLoader(yaml.SafeLoader):
    """YAML without binary fractions and without dates of its own."""


PlainLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(str(node.value).replace("_", "")))
PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: str(node.value))


class Shelf:
    """A library filled from files on demand: `closure` looks beside the given files for what is called."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.library = Library()
        self.xml_by_process: dict[str, bytes] = {}
        self.folders: list[Path] = []
        self._tried: set[Path] = set()
        for path in files:
            self.add(path)

    def add(self, path: Path) -> None:
        """Put one diagram on the shelf. Raises `Refused`; OSError when it cannot be read."""
        self._tried.add(path.resolve())
        if path.parent not in self.folders:
            self.folders.append(path.parent)
        xml = path.read_bytes()
        _, programs = self.library.add_diagram(xml)
        self.xml_by_process |= {program.key: xml for program in programs}

    def complete(self, process_id: str) -> None:
        """Look beside the files, and one folder deeper, for what `process_id` reaches and is not there yet."""
        for ending in (".bpmn", ".dmn"):
            for path in self._beside(ending):
                processes, decisions = self.library.missing(process_id)
                if not (processes if ending == ".bpmn" else decisions):
                    break
                self._take(path, processes | decisions)

    def diagrams(self, keys: Iterable[str]) -> list[bytes]:
        """The files that hold these processes, each once."""
        return list(dict.fromkeys(self.xml_by_process[key] for key in keys))

    def _beside(self, ending: str) -> list[Path]:
        found = [
            p
            for folder in self.folders
            for p in (*sorted(folder.glob(f"*{ending}")), *sorted(folder.glob(f"*/*{ending}")))
        ]
        return [p for p in dict.fromkeys(found) if p.resolve() not in self._tried]

    def _take(self, path: Path, wanted: set[str]) -> None:
        content = path.read_bytes()
        if not any(f'"{key}"'.encode() in content for key in wanted):
            return
        self._tried.add(path.resolve())
        try:
            if path.suffix == ".dmn":
                self.library.add_decisions(content)
            else:
                self.add(path)
        except Refused:
            return  # what is refused is simply not there; the caller names what is missing


def values_beside(diagram: Path) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """`values.yaml` beside a diagram: `start`, what its instances begin with; `answers`, values to try for a name."""
    path = diagram.parent / "values.yaml"
    if not path.is_file():
        return {}, {}
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)  # a SafeLoader
    return content.get("start") or {}, content.get("answers") or {}
