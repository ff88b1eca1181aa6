"""Uploaded files read into definitions, with everything that is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from engine.commands.decision_files import DecisionFiles
from engine.errors import EngineError, Text
from engine.interpreter import Program, read_diagram
from engine.problems import Problem, Refused
from engine.store import plain
from engine.store.transaction import FormCheck


@dataclass(frozen=True, kw_only=True)
class DraftDefinition:
    """A definition that may be deployed. `own_version`: the number that a form gives itself."""

    kind: str
    key: str
    name: str | None
    resource: str
    source: bytes
    version_tag: str | None = None
    own_version: int | None = None
    program: Program | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.source).hexdigest()

    @property
    def element_ids(self) -> frozenset[str]:
        return frozenset(self.program.elements) if self.program else frozenset({self.key})


def read_files(
    files: Mapping[str, bytes], form_check: FormCheck | None, deployed: Callable[[], Iterable[bytes]]
) -> tuple[list[DraftDefinition], list[Problem]]:
    """What the files define; a file that is refused defines nothing and adds its problems. `deployed`: the decision
    files that are live, which the files may import."""
    drafts: list[DraftDefinition] = []
    problems: list[Problem] = []
    beside = DecisionFiles(files, deployed)
    readers = READERS | {".dmn": partial(_decisions, beside), ".csv": partial(_cases, beside)}
    for name, source in files.items():
        reader = readers.get(PurePosixPath(name).suffix.lower())
        try:
            if reader is None:
                raise Refused([_unknown_kind(name)])
            drafts += reader(name, source, form_check)
        except Refused as refused:
            problems += refused.problems
    return drafts, problems + _twice(drafts)


def _processes(name: str, source: bytes, _: FormCheck | None) -> list[DraftDefinition]:
    diagram = read_diagram(source)
    return [
        DraftDefinition(
            kind="process",
            key=program.key,
            name=program.name,
            resource=name,
            source=source,
            version_tag=program.version_tag,
            program=program,
            warnings=(*diagram.model.warnings, *diagram.model.ignored),
        )
        for program in diagram.programs.values()
    ]


def _decisions(beside: DecisionFiles, name: str, source: bytes, _: FormCheck | None) -> list[DraftDefinition]:
    report = beside.check(name)
    return [
        DraftDefinition(
            kind="decision",
            key=decision.id,
            name=decision.name,
            resource=name,
            source=source,
            version_tag=decision.version_tag,
            warnings=tuple(report.warnings),
        )
        for decision in (report.definitions.decisions.values() if report.definitions else ())
    ]


def _cases(beside: DecisionFiles, name: str, source: bytes, _: FormCheck | None) -> list[DraftDefinition]:
    beside.require_table(name)
    return []


def _form(name: str, source: bytes, form_check: FormCheck | None) -> list[DraftDefinition]:
    try:
        form: Any = plain.loads(source)
    except EngineError as error:
        raise Refused([_problem(name, "json", error.message)]) from error
    if not isinstance(form, dict) or not isinstance(form.get("id"), str):
        text = Text(zh=f"“{name}”不是带 id 的表单", en=f"{name} is no form with an id")
        raise Refused([_problem(name, "form", text)])
    found = form_check(source) if form_check else []
    if any(problem.severity == "error" for problem in found):
        raise Refused([problem for problem in found if problem.severity == "error"])
    number = str(form.get("version") or "")
    return [
        DraftDefinition(
            kind="form",
            key=form["id"],
            name=form.get("title"),
            resource=name,
            source=source,
            version_tag=number or None,
            own_version=int(number) if number.isdecimal() and int(number) > 0 else None,
            warnings=tuple(found),
        )
    ]


Reader = Callable[[str, bytes, FormCheck | None], list[DraftDefinition]]
READERS: dict[str, Reader] = {".bpmn": _processes, ".json": _form}


def _twice(drafts: list[DraftDefinition]) -> list[Problem]:
    seen: set[tuple[str, str]] = set()
    problems = []
    for draft in drafts:
        if (draft.kind, draft.key) in seen:
            text = Text(zh=f"“{draft.key}”在上传的文件中出现两次", en=f"{draft.key} is in two of the files")
            problems.append(_problem(draft.key, "duplicate", text))
        seen.add((draft.kind, draft.key))
    return problems


def _unknown_kind(name: str) -> Problem:
    text = Text(zh=f"“{name}”不是 .bpmn、.dmn 或 .json 文件", en=f"{name} is no .bpmn, .dmn or .json file")
    return _problem(name, "file-type", text)


def _problem(element_id: str, code: str, message: Text) -> Problem:
    return Problem(element_id=element_id, element_type=None, code=code, message=message)
