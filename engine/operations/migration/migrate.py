"""Take a running instance to another version of its process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.interpreter import Closure, State, decode, encode
from engine.interpreter.contracts import Happened, Step
from engine.interpreter.program import Program
from engine.interpreter.run import Run
from engine.interpreter.step import CIVIL, TABLES, finish
from engine.operations import starvation
from engine.operations.migration.plan import Outcome, Plan, Since, refusal
from engine.operations.migration.relocate import relocate
from engine.operations.migration.route import Route, routes
from engine.operations.migration.settle import Settling, fill_joins, look_at_conditions
from engine.problems import Problem


def migrate(
    old: Closure,
    new: Closure,
    state: State,
    plan: Plan,
    now: datetime,
    *,
    since: Since = lambda _: None,
    moves: bool = True,
    detail: Mapping[str, Any] | None = None,
) -> Outcome:
    """The state in the new version, after what follows at once: a full join goes on, a condition that holds fires.

    Nothing else moves: who works on a task goes on working on it, timers keep their due time unless the plan says
    otherwise. `moves` False: of an instance that is suspended, nothing moves before it is activated. `state` is not
    changed. Every reason why it cannot be is found at once.
    """
    ways = routes(_programs(old), _programs(new), plan.mappings)
    problems = list(_unknown_names(plan, old, new))
    moved = relocate(state, ways)
    problems += moved.problems
    if problems:
        return Outcome(step=Step(state, (), {}), problems=tuple(problems))
    run = Run(new, moved.state, now.astimezone(CIVIL), TABLES)
    run.happened.append(Happened("", new.root.key, "migrated", detail))
    moved.problems = problems
    Settling(run, moved, ways, plan, since).settle()
    if problems:
        return Outcome(step=Step(state, (), {}), problems=tuple(problems))
    if moves:
        fill_joins(run)
        look_at_conditions(run)
        step = finish(run)
    else:
        run.touched.clear()
        step = run.step()
    already = _starved_before(old, state, ways)
    problems += starvation.problems(already, starvation.starved(new, step.state))
    problems += damage(new, step.state)
    return Outcome(step=step, problems=tuple(problems), notes=tuple(moved.notes))


def _starved_before(old: Closure, state: State, ways: Mapping[str, Route]) -> set[str]:
    """By the names that they have in the new version."""
    found = starvation.starved(old, state)
    targets = [ways[state.scopes[scope].process].target(join.id) for (scope, _), join in found.items()]
    return {target.id for target in targets if target is not None}


def damage(closure: Closure, state: State) -> list[Problem]:
    """What must never be stored: a state that cannot be read back, or that stands where the diagram has nothing."""
    found = []
    if decode(encode(state), state.variables) != state:
        found.append(
            refusal(closure.root.key, None, "round-trip", "状态无法原样存取", "the state does not survive storing")
        )
    for scope in state.scopes.values():
        program = closure.program(scope.process)
        if program is None or (scope.element not in program.nodes and scope.element != program.key):
            found.append(_nowhere(scope.element))
    for wait in state.waits.values():
        scope_of = state.scopes.get(wait.scope)
        program = None if scope_of is None else closure.program(scope_of.process)
        if program is None or wait.element_id not in program.nodes:
            found.append(_nowhere(wait.element_id))
    return found


def _nowhere(element_id: str) -> Problem:
    return refusal(
        element_id, None, "nowhere", f"“{element_id}”不在新版本中", f"'{element_id}' is not in the new version"
    )


def _programs(closure: Closure) -> dict[str, Program]:
    return {**closure.programs, closure.root.key: closure.root}


def _unknown_names(plan: Plan, old: Closure, new: Closure) -> list[Problem]:
    """A misspelt id must not pass for one that needs no mapping."""
    found = []
    before, after = _programs(old), _programs(new)
    for process, mapping in plan.mappings.items():
        sources = before[process].nodes if process in before else {}
        targets = after[process].nodes if process in after else {}
        found += [_unknown(name) for name in mapping if name not in sources]
        found += [_unknown(name) for name in mapping.values() if name is not None and name not in targets]
    known = {name for program in after.values() for name in program.nodes} | {"*"}
    return found + [_unknown(name) for name in plan.timers if name not in known]


def _unknown(name: str) -> Problem:
    return refusal(name, None, "element-unknown", f"图中没有“{name}”", f"the diagram has no '{name}'")
