"""What a process refers to must be there when it is deployed: in the same upload, or before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.commands.draft_definitions import DraftDefinition
from engine.errors import Text
from engine.interpreter import Program
from engine.model.elements import CallWork, DecisionWork, Element, UserWork
from engine.problems import Problem
from engine.store.library import Catalogue

NAMES = {"process": ("被调用流程", "called process"), "decision": ("决策", "decision"), "form": ("表单", "form")}


def missing_references(
    drafts: Sequence[DraftDefinition], catalogue: Catalogue, *, forms_are_known: bool
) -> list[Problem]:
    """Where forms are not checked (a rehearsal without forms), a missing one is only a warning."""
    uploaded = {(draft.kind, draft.key, tag) for draft in drafts for tag in (None, draft.version_tag)}
    problems = []
    for draft in drafts:
        for element, kind, key, binding, tag in _references(draft.program):
            wanted = tag if binding == "versionTag" else None
            deployed = catalogue.find(kind, key, "versionTag" if wanted else "latest", wanted, 0)
            if (kind, key, wanted) in uploaded or (deployed is not None and binding != "deployment"):
                continue
            severity = "warning" if kind == "form" and not forms_are_known else "error"
            problems.append(_missing(element, kind, key, wanted, severity))
    return problems


def _references(program: Program | None) -> Iterator[tuple[Element, str, str, str, str | None]]:
    for element in program.elements.values() if program else ():
        work = element.work
        if isinstance(work, CallWork):
            yield element, "process", work.process, work.binding, work.version_tag
        elif isinstance(work, DecisionWork):
            yield element, "decision", work.decision, work.binding, work.version_tag
        elif isinstance(work, UserWork) and work.form:
            yield element, "form", work.form, work.form_binding, work.form_version_tag


def _missing(element: Element, kind: str, key: str, tag: str | None, severity: str) -> Problem:
    zh, en = NAMES[kind]
    tagged = f"（{tag}）" if tag else ""
    return Problem(
        element_id=element.id,
        element_type=element.kind.value,
        code=f"{kind}-missing",
        message=Text(
            zh=f"{zh}“{key}”{tagged}不在本次上传的文件中，也未部署",
            en=f"the {en} {key}{f' ({tag})' if tag else ''} is neither in this upload nor deployed",
        ),
        severity=severity,
    )
