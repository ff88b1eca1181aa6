"""Decision files of one upload: each with what it imports, checked, and tried on the cases that lie beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from engine.dmn import Report, check_decisions
from engine.dmn.imports import Shelf
from engine.errors import Text
from engine.problems import Problem, Refused

CASES = ".cases.csv"


class DecisionFiles:
    """`deployed` answers the sources of the decision files that are live: an upload may import them."""

    def __init__(self, files: Mapping[str, bytes], deployed: Callable[[], Iterable[bytes]]) -> None:
        self._files = files
        uploaded = [source for name, source in files.items() if PurePosixPath(name).suffix.lower() == ".dmn"]
        self._shelf = Shelf(lambda: [*uploaded, *deployed()])

    def check(self, name: str) -> Report:
        """Everything that speaks for or against one file. Raises Refused when it must not be deployed."""
        source = self._files[name]
        report = check_decisions(source, cases=self._cases(name), imported=self._shelf.imports_of(source))
        if report.refused:
            raise Refused(report.refused)
        return report

    def require_table(self, name: str) -> None:
        """Cases without their table would never be run. Raises Refused."""
        if not name.endswith(CASES) or f"{name.removesuffix(CASES)}.dmn" not in self._files:
            zh, en = f"“{name}”旁边没有它的决策表（.dmn）", f"{name} has no decision table (.dmn) beside it"
            raise Refused([_problem(name, zh, en)])

    def _cases(self, name: str) -> str | None:
        beside = f"{name[: -len('.dmn')]}{CASES}"
        try:
            return self._files[beside].decode() if beside in self._files else None
        except UnicodeDecodeError:
            raise Refused([_problem(beside, f"“{beside}”不是 UTF-8 文本", f"{beside} is not UTF-8 text")]) from None


def _problem(name: str, zh: str, en: str) -> Problem:
    return Problem(element_id=name, element_type="case", code="case", message=Text(zh=zh, en=en))
