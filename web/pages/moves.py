"""One instance to another version, or its token to another place: chosen, tried, done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, render_template, request, url_for

from engine.commands.contracts import CalledPlan, Instruction, MigrateInstance, ModifyInstance, Operate, RevertMigration
from engine.errors import EngineError
from engine.operations.suggestion import between
from engine.store import reads
from web.course import LISTENING, Course
from web.errors import STATUS
from web.pages import planning
from web.pages.blueprint import bp, services
from web.pages.instances import instance_for
from web.pages.operations import variables
from workflows import audited
from workflows.protected_places import told_lines, told_waits
from workflows.reading_cases import reading_cases

NO_PLACE = frozenset({*LISTENING, "sequenceFlow", "textAnnotation", "association", "group", "dataObject", "laneSet"})


@bp.get("/instances/<uuid:instance_id>/migration")
def instance_migration(instance_id: UUID) -> Response:
    """The plan for one instance, filled in with what is suggested."""
    return _migration_page(instance_id, request.args)


@bp.post("/instances/<uuid:instance_id>/migration")
def migrate_instance(instance_id: UUID) -> Response:
    """`try`: what would change; nothing stays. `start`: it is done."""
    given = request.form
    with services().engine.read() as conn:
        found = instance_for(conn, instance_id)
        to = _target(conn, found, given)
    key, version = found.definition_key, found.definition_version
    plan = planning.parameters(between(services().engine, key, version, to), to, given)
    called = {name: CalledPlan(**one) for name, one in plan.pop("called").items()}
    command = MigrateInstance(instance_id=instance_id, called=called, reason=_reason(given), **plan)
    try:
        effect = _operate(command, given)
    except EngineError as error:
        return _migration_page(instance_id, given, error=error)
    return _back(instance_id) if effect is None else _migration_page(instance_id, given, effect=effect)


def _migration_page(instance_id: UUID, given: Any, effect: Any = None, error: EngineError | None = None) -> Response:
    with services().engine.read() as conn:
        found = instance_for(conn, instance_id)
        to = _target(conn, found, given)
        waiting = list(reads.waiting(conn, services().region_id, instance_id))
        names = _names(conn, found, waiting)
        every = planning.versions(conn, found.definition_key)
    plan = between(services().engine, found.definition_key, found.definition_version, to)
    counts = {wait.element_id: 1 for wait in waiting}
    page = render_template(
        "instance_migration.html",
        instance=found,
        versions=every,
        to=to,
        sections=planning.sections(plan, counts, given),
        rules=planning.RULES,
        give_up=planning.GIVE_UP,
        given=given,
        effect=effect,
        names=names,
        error=error,
    )
    return make_response(page, STATUS.get(error.category, 500) if error else 200)


def _target(conn: Any, found: Any, given: Any) -> int:
    every = planning.versions(conn, found.definition_key)
    asked = given.get("to", "")
    if asked.isdecimal() and int(asked) in {d.version for d in every}:
        return int(asked)
    return next((d.version for d in every if not d.suspended), found.definition_version)


@bp.post("/instances/<uuid:instance_id>/migration/reversal")
def revert_migration(instance_id: UUID) -> Response:
    """Back to the version it came from. Raises Conflict once the instance has moved."""
    with services().engine.read() as conn:
        instance_for(conn, instance_id)
    _operate(RevertMigration(instance_id=instance_id, reason=_reason(request.form)), {"do": "start"})
    return _back(instance_id)


@bp.get("/instances/<uuid:instance_id>/moves")
def instance_moves(instance_id: UUID) -> Response:
    """Where tokens stand, and where one may begin."""
    return _moves_page(instance_id, request.args)


@bp.post("/instances/<uuid:instance_id>/moves")
def move_tokens(instance_id: UUID) -> Response:
    """`try`: what would change; nothing stays. `start`: it is done."""
    given = request.form
    with services().engine.read() as conn:
        instance_for(conn, instance_id)
    named = (("cancel", "cancel"), ("start_before", "before"), ("start_after", "after"))
    instructions = [
        Instruction(action=action, element_id=path)
        for action, field in named
        for path in given.getlist(field)
        if path.strip()
    ]
    try:
        command = ModifyInstance(
            instance_id=instance_id,
            instructions=tuple(instructions),
            variables=variables(given.get("variables", "")),
            reason=_reason(given),
        )
        effect = _operate(command, given)
    except EngineError as error:
        return _moves_page(instance_id, given, error=error)
    return _back(instance_id) if effect is None else _moves_page(instance_id, given, effect=effect)


def _moves_page(instance_id: UUID, given: Any, effect: Any = None, error: EngineError | None = None) -> Response:
    region = services().region_id
    with reading_cases(services(), g.principal) as conn:
        found = instance_for(conn, instance_id)
        care = services().people.care_of(instance_id)
        waiting = told_waits(g.principal, care, reads.waiting(conn, region, instance_id))
        passed = told_lines(g.principal, care, reads.history(conn, region, instance_id))
        course = Course(services(), conn, found, passed, waiting)
        standing = _standing(course, waiting)
        scenes = [
            course.main,
            *(course.scene(call) for call in sorted({p.split("/")[0] for p in standing if "/" in p})),
        ]
        places = {path: course.place(path).name for path in {*standing, *(w.element_id for w in waiting)}}
        scene = course.scene(request.args.get("inside", ""))
        services().people.audit(g.principal, "read", "instance", str(instance_id))
        markers = {
            "done": sorted(course.done(scene)),
            "now": sorted(course.current(scene)),
            "counts": course.counts(scene),
        }
    g.shows_diagram = True
    page = render_template(
        "moves.html",
        instance=found,
        standing=standing,
        scene=scene,
        scenes=[(one, _places(one)) for one in scenes],
        markers=markers,
        names=places,
        given=given,
        effect=effect,
        error=error,
    )
    return make_response(page, STATUS.get(error.category, 500) if error else 200)


def _standing(course: Course, waiting: list[Any]) -> list[str]:
    """Paths that can be cancelled: where a token waits, and the activities around it."""
    found: dict[str, None] = {}
    for wait in waiting:
        if course.place(wait.element_id).kind in LISTENING:
            continue
        calls = wait.element_id.split("/")
        for depth in range(1, len(calls) + 1):
            found["/".join(calls[:depth])] = None
    return sorted(found)


def _places(scene: Any) -> list[tuple[str, str]]:
    """Where a token may begin in this diagram: (path, name)."""
    before = f"{scene.path}/" if scene.path else ""
    return [(f"{before}{e.id}", e.name) for e in scene.outline.elements.values() if e.kind not in NO_PLACE]


def _names(conn: Any, found: Any, waiting: list[Any]) -> dict[str, str]:
    course = Course(services(), conn, found, [], waiting)
    return {wait.element_id: course.place(wait.element_id).name for wait in waiting}


def _operate(command: Any, given: Any) -> Any:
    """The effect of a dry run; None when it is done."""
    dry_run = given.get("do") != "start"
    operate = Operate(instance_id=command.instance_id, command=command, dry_run=dry_run)
    why = {"reason": command.reason} if command.reason else None
    action = type(command).__name__
    effect = audited.execute(services(), operate, g.principal, "instance", command.instance_id, why, action=action)
    return effect if dry_run else None


def _reason(given: Any) -> str:
    return str(given.get("reason", ""))[:1000]


def _back(instance_id: UUID) -> Response:
    return redirect(url_for("web.instance", instance_id=instance_id, done=1), 303)  # type: ignore[return-value]
