"""Put definitions live: all files of one call, or none."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import Deploy, Deployed
from engine.commands.draft_definitions import DraftDefinition, read_files
from engine.commands.references import missing_references
from engine.commands.start_subscriptions import replace_starts
from engine.errors import Text
from engine.problems import Problem, Refused
from engine.store.library import Catalogue
from engine.store.transaction import Tx, as_json


def handle(command: Deploy, tx: Tx) -> list[Deployed]:
    """Raises Refused with every problem of every file."""
    drafts, problems = read_files(command.files, tx.form_check, lambda: tx.library.decision_sources(tx))
    if not command.dry_run:
        tx.send("hold_deployment_lock")
    catalogue = tx.library.catalogue(tx)
    problems += missing_references(drafts, catalogue, forms_are_known=tx.form_check is not None)
    problems += [problem for draft in drafts if (problem := _taken(draft, catalogue)) is not None]
    refused = [problem for problem in problems if problem.severity == "error"]
    if refused:
        raise Refused(refused)
    plan = [(draft, *_version(draft, catalogue)) for draft in drafts]
    if not command.dry_run and any(created for _, _, created in plan):
        _store(tx, plan)
    return [
        Deployed(
            kind=draft.kind,
            key=draft.key,
            version=version,
            sha256=draft.sha256,
            created=created,
            warnings=(*draft.warnings, *(p for p in problems if p.element_id in draft.element_ids)),
        )
        for draft, version, created in plan
    ]


def _version(draft: DraftDefinition, catalogue: Catalogue) -> tuple[int, bool]:
    """The version it has or gets, and whether that is new. The same file as the newest version makes none."""
    newest = catalogue.newest(draft.kind, draft.key)
    if newest is not None and newest.sha256 == draft.sha256:
        return newest.version, False
    following = newest.version + 1 if newest else 1
    return draft.own_version or following, True


def _taken(draft: DraftDefinition, catalogue: Catalogue) -> Problem | None:
    """A form counts its own versions: another text under a number already given, or a lower one, changes the past."""
    newest = catalogue.newest(draft.kind, draft.key)
    if draft.own_version is None or newest is None or newest.sha256 == draft.sha256:
        return None
    if draft.own_version > newest.version:
        return None
    return Problem(
        element_id=draft.key,
        element_type="form",
        code="version-taken",
        message=Text(
            zh=f"表单“{draft.key}”已有第 {newest.version} 版，内容有改动时须提高版本号",
            en=f"version {newest.version} of form {draft.key} exists: raise the version of a changed form",
        ),
    )


def _store(tx: Tx, plan: list[tuple[DraftDefinition, int, bool]]) -> None:
    deployment: Any = tx.value("insert_deployment", now=tx.now, by=tx.by.id)
    for draft, version, created in plan:
        if not created:
            continue
        tx.send(
            "insert_definition",
            kind=draft.kind,
            key=draft.key,
            version=version,
            name=draft.name,
            version_tag=draft.version_tag,
            resource=draft.resource,
            sha256=draft.sha256,
            source=draft.source,
            warnings=as_json([problem.as_json() for problem in draft.warnings]),
            deployment_id=deployment,
        )
        if draft.kind == "process":
            assert draft.program is not None
            replace_starts(tx, draft.program, version)
