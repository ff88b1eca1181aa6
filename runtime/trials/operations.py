"""Random diagrams under random operations: people work, time passes, operators move tokens, migrate, suspend, retry,
skip, change values, terminate. After each: whoever has not ended waits for something or is an incident, who is late has
an owner, what was refused has changed nothing; in the end every case can be brought to its end.

The oracle is a few sentences about the tables; of the interpreter it asks only whether a condition is waited for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from engine.commands.contracts import (
    ActivateInstance,
    BroadcastSignal,
    CompleteJob,
    CompleteUserTask,
    Deploy,
    FailJob,
    Instruction,
    MigrateInstance,
    ModifyInstance,
    PublishMessage,
    RetryIncident,
    RevertMigration,
    SetVariables,
    SkipIncident,
    StartInstance,
    SuspendInstance,
    TerminateInstance,
    ThrowJobError,
)
from engine.engine import Engine
from engine.errors import EngineError
from engine.operations.reconcile import reconcile
from engine.store import reads
from engine.store.unattended_reads import incident_list
from runtime.trials.engines import DRIVER, REGION, SetClock, engine_on
from runtime.trials.richer_diagrams import richer_diagram
from runtime.trials.verdict import at_least, none_of, verdict

OPERATIONS = 18  # on one case, before it is brought to its end
ENOUGH = 400  # answers after which every sound case has ended
FIRST_TOLD = 5
RECONCILED_EVERY = 50
USER_TASK = re.compile(r'(<userTask id="\w+"[^>]*>)(<extensionElements>)?')
OWNED = (
    '<zeebe:assignmentDefinition candidateGroups="nurses"/>'
    '<zeebe:taskSchedule dueDate="=now() + duration(&quot;P2D&quot;)"/>'
)
UNATTENDED = """
SELECT i.status::text, i.revision,
       EXISTS (SELECT FROM user_task t WHERE t.instance_id = i.id AND t.state IN ('created', 'claimed'))
       OR EXISTS (SELECT FROM timer r WHERE r.instance_id = i.id)
       OR EXISTS (SELECT FROM message_subscription s WHERE s.instance_id = i.id)
       OR EXISTS (SELECT FROM signal_subscription g WHERE g.instance_id = i.id)
       OR EXISTS (SELECT FROM job j WHERE j.instance_id = i.id),
       EXISTS (SELECT FROM incident n WHERE n.instance_id = i.id AND n.resolved_at IS NULL),
       (SELECT count(*) FROM user_task t WHERE t.instance_id = i.id AND t.state IN ('created', 'claimed')
           AND t.due_at IS NOT NULL AND coalesce(array_length(t.candidate_roles, 1), 0) = 0 AND t.assignee IS NULL)
  FROM instance i WHERE i.id = %s
"""
ASIDE = "aside"  # what event sub-processes are told: they listen for ever, and would take every other message
STARTED_BY_MESSAGE = re.compile(r'(<startEvent [^>]*><messageEventDefinition messageRef=")m(?=")')
JOBS = "SELECT id FROM job WHERE instance_id = %s AND state = 'waiting' ORDER BY wait_id"


class Wrong(AssertionError):
    """`kind` is the figure that it counts for."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(f"{kind}: {said}")
        self.kind = kind


@dataclass
class Case:
    """One instance of a random diagram, and everything done to it."""

    engine: Engine
    clock: SetClock
    random: Random
    look: Any
    seed: int
    done: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    moved: bool = False  # a token was put where the diagram would not have put it

    def __post_init__(self) -> None:
        self.key = f"case_{self.seed}"
        self.text = USER_TASK.sub(_owned, richer_diagram(self.seed, self.random.choice((2, 3))).decode())
        self.text = self.text.replace('<process id="main"', f'<process id="{self.key}"')
        self.text = re.sub(r"\bchild(\d+)\b", rf"child_{self.seed}_\1", self.text)
        self.text = self.text.replace("=&quot;k&quot;", f"=&quot;{self.key}&quot;")
        self.text = STARTED_BY_MESSAGE.sub(rf"\1{ASIDE}", _with_message(self.text, ASIDE))
        self._deploy(self.text)
        started = self._tell(StartInstance(definition_key=self.key, variables={"x": self.random.randint(1, 3)}))
        self.id: UUID = started.instance_id
        self.check()

    # --- what is done ---

    def _tell(self, command: Any) -> Any:
        return self.engine.execute(command, by=DRIVER)

    def _deploy(self, text: str) -> None:
        self._tell(Deploy(files={"main.bpmn": text.encode()}))

    def operate(self) -> None:
        """One of everything that may be asked; a refusal leaves the case as it was."""
        name = self.random.choices(list(ASKED), [weight for weight, _ in ASKED.values()])[0]
        command = ASKED[name][1](self)
        if command is None:
            return
        before = self.look.execute(UNATTENDED, [self.id]).fetchone()
        self.done.append(f"{name} {command}"[:300])
        try:
            self._tell(command)
            self.counts[name] += 1
        except EngineError as refused:
            self.counts["refused"] += 1
            self.done[-1] += f" refused: {refused.message.en}"[:120]
            if self.look.execute(UNATTENDED, [self.id]).fetchone() != before:
                raise Wrong("refused_yet_changed", self.story()) from refused
        else:
            self.moved = self.moved or name in ("move", "migrate")
        if command is NOBODY:
            self._time_passes()
        self.check()

    def _time_passes(self) -> None:
        until = self.clock.now + self.random.choice((timedelta(hours=7), timedelta(days=1), timedelta(days=4)))
        self.engine.drive(until)
        self.clock.now = until

    def bring_to_its_end(self) -> None:
        """x is 1: loops end. A case whose tokens somebody moved may stand still instead, as an incident."""
        for _ in range(ENOUGH):
            status = self.check()
            if status in ("completed", "terminated"):
                self.counts[status] += 1
                return
            incidents = self._incidents()
            if any(one.kind == "zombie" for one in incidents):
                self.counts["stands_still"] += 1
                if not self.moved:
                    raise Wrong("stuck", self.story())
                return
            self._help(status, incidents)
        raise Wrong("never_ended", self.story())

    def _help(self, status: str, incidents: list[Any]) -> None:
        if status == "suspended":
            self._tell(ActivateInstance(instance_id=self.id))
        elif incidents:
            self._tell(RetryIncident(incident_id=incidents[0].id))
        elif tasks := self._tasks():
            self._tell(CompleteUserTask(user_task_id=tasks[0].id, variables={"x": 1}))
        elif jobs := self.jobs():
            self._tell(CompleteJob(job_id=jobs[0], variables={"x": 1}))
        else:
            self._tell(PublishMessage(name="m", key=self.key, payload={"x": 1}, ttl=timedelta(0)))
            self._tell(BroadcastSignal(name="sig"))
            self._time_passes()

    # --- what is there ---

    def _tasks(self) -> list[Any]:
        with self.engine.read() as conn:
            return list(reads.user_tasks(conn, REGION, instance_id=self.id, state="open").items)

    def _incidents(self) -> list[Any]:
        with self.engine.read() as conn:
            return incident_list(conn, REGION, instance_id=self.id)

    def places(self) -> list[str]:
        with self.engine.read() as conn:
            return [wait.element_id for wait in reads.waiting(conn, REGION, self.id)] + [
                one.path for one in self._incidents() if one.path
            ]

    def check(self) -> str:
        status, _, attended, incident, unowned = self.look.execute(UNATTENDED, [self.id]).fetchone()
        if status == "active" and not attended and not incident and not self._waits_for_a_condition():
            raise Wrong("unattended", self.story())
        if status in ("completed", "terminated") and attended:
            raise Wrong("ended_with_work_open", self.story())
        if unowned:
            raise Wrong("late_without_an_owner", self.story())
        return str(status)

    def _waits_for_a_condition(self) -> bool:
        with self.engine.read() as conn:
            return any(wait.kind == "condition" for wait in reads.waiting(conn, REGION, self.id))

    def jobs(self) -> list[UUID]:
        return [row[0] for row in self.look.execute(JOBS, [self.id]).fetchall()]

    def story(self) -> str:
        return f"diagram {self.seed}: " + " | ".join(self.done[-8:])


def _with_message(text: str, name: str) -> str:
    """One more, declared as the first one is."""
    declared = text[text.index("<message ") : text.index("</message>") + len("</message>")]
    return text.replace(declared, declared + re.sub(r'(id|name)="m"', rf'\1="{name}"', declared), 1)


def _owned(found: re.Match[str]) -> str:
    if found[1].endswith("/>"):
        return found[0]
    return found[1] + (f"<extensionElements>{OWNED}" if found[2] else f"<extensionElements>{OWNED}</extensionElements>")


# --- what may be asked ------------------------------------------------------------------------------------------------


def _complete(case: Case) -> Any:
    tasks = case._tasks()
    if not tasks:
        return None
    return CompleteUserTask(user_task_id=case.random.choice(tasks).id, variables={"x": case.random.randint(1, 3)})


def _job(case: Case) -> Any:
    jobs = case.jobs()
    if not jobs:
        return None
    job, chance = case.random.choice(jobs), case.random.random()
    if chance < 0.25:
        return FailJob(job_id=job, message="broken", retries_left=0)
    if chance < 0.4:
        return ThrowJobError(job_id=job, code="err")
    return CompleteJob(job_id=job, variables={"x": case.random.randint(1, 3)})


def _incident(case: Case) -> Any:
    incidents = case._incidents()
    if not incidents:
        return None
    kind = SkipIncident if case.random.random() < 0.3 else RetryIncident
    return kind(incident_id=case.random.choice(incidents).id, variables={"x": case.random.randint(1, 3)})


def _move(case: Case) -> Any:
    elements = re.findall(r'<(?:\w+Task|task|\w+Gateway|\w+Event|subProcess|callActivity) id="(\w+)"', case.text)
    places = case.places() or elements
    calls = sorted({place.rpartition("/")[0] + "/" for place in places if "/" in place} | {""})
    instructions = []
    for _ in range(case.random.randint(1, 3)):
        action = case.random.choice(("cancel", "cancel", "start_before", "start_after"))
        place = case.random.choice(places)
        if action != "cancel":
            place = case.random.choice(calls) + case.random.choice(elements)
        instructions.append(Instruction(action=action, element_id=place))
    return ModifyInstance(instance_id=case.id, instructions=tuple(instructions), reason="trial")


def _message(case: Case, name: str) -> Any:
    return PublishMessage(name=name, key=case.key, payload={"x": case.random.randint(1, 3)}, ttl=timedelta(days=2))


def _migrate(case: Case) -> Any:
    """To a version with other deadlines, or with a task between."""
    text = case.text.replace("P2D</", "P5D</") if case.random.random() < 0.4 else _with_a_task_between(case)
    try:
        case._deploy(text)
    except EngineError:
        return None  # no diagram: a task after an event gateway
    case.text = text
    rules: dict[str, str] = case.random.choice(({}, {"*": "restart"}, {"*": "recompute"}))
    return MigrateInstance(instance_id=case.id, timers=rules, reason="trial")


def _with_a_task_between(case: Case) -> str:
    found = re.findall(r'<sequenceFlow id="\w+" sourceRef="\w+" targetRef="\w+"></sequenceFlow>', case.text)
    if not found:
        return case.text
    flow = case.random.choice(found)
    identity, target = re.findall(r'(?:id|targetRef)="(\w+)"', flow)
    between = f'<userTask id="t_{identity}"><extensionElements>{OWNED}</extensionElements></userTask>'
    onward = f'<sequenceFlow id="n_{identity}" sourceRef="t_{identity}" targetRef="{target}"></sequenceFlow>'
    return case.text.replace(
        flow, flow.replace(f'targetRef="{target}"', f'targetRef="t_{identity}"') + between + onward
    )


NOBODY = BroadcastSignal(name="nobody listens for this")  # told while time passes
Make = Callable[[Case], Any]
ASKED: dict[str, tuple[int, Make]] = {
    "complete": (30, _complete),
    "job": (10, _job),
    "time": (8, lambda case: NOBODY),
    "message": (6, lambda case: _message(case, "m")),
    "aside": (3, lambda case: _message(case, ASIDE)),
    "signal": (3, lambda case: BroadcastSignal(name="sig")),
    "values": (4, lambda case: SetVariables(instance_id=case.id, variables={"x": case.random.randint(1, 3)})),
    "incident": (8, _incident),
    "move": (16, _move),
    "migrate": (6, _migrate),
    "back": (2, lambda case: RevertMigration(instance_id=case.id)),
    "suspend": (5, lambda case: SuspendInstance(instance_id=case.id)),
    "activate": (9, lambda case: ActivateInstance(instance_id=case.id)),
    "terminate": (1, lambda case: TerminateInstance(instance_id=case.id, reason="trial")),
}


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n` diagrams, one case of each."""
    kinds = (
        "unattended",
        "ended_with_work_open",
        "late_without_an_owner",
        "refused_yet_changed",
        "stuck",
        "never_ended",
    )
    figures: dict[str, Any] = {"cases": 0, "operations": 0, **dict.fromkeys(kinds, 0), "raised": 0, "differences": 0}
    counts: Counter[str] = Counter()
    told: list[str] = []
    clock = SetClock()
    with engine_on(url, clock) as engine, psycopg.connect(url, autocommit=True) as look:
        for number in range(n):
            case = None
            try:
                case = _lived_through(engine, clock, look, seed * 1_000_003 + number)
            except Wrong as wrong:
                figures[wrong.kind] += 1
                told.append(str(wrong))
            except Exception as error:
                figures["raised"] += 1
                told.append(f"diagram {seed * 1_000_003 + number}: {error!r}"[:600])
            figures["cases"] += 1
            if case is not None:
                counts += case.counts
                figures["operations"] += len(case.done)
            if (number + 1) % RECONCILED_EVERY == 0 or number + 1 == n:
                with engine.read() as conn:
                    # that nothing moves a case is an incident already, and no difference between rows and states
                    found = [one for one in reconcile(conn, REGION)[1] if one.kind != "stuck"]
                    figures["differences"] = len(found)
                    told += [str(one) for one in found[:FIRST_TOLD]]
                say(f"{number + 1} cases, {figures['operations']} operations")
    limits = none_of(*kinds, "raised", "differences") | {"operations": at_least(n)}
    return verdict("operations", figures, limits, did=dict(counts.most_common()), first=told[:FIRST_TOLD])


def _lived_through(engine: Engine, clock: SetClock, look: Any, seed: int) -> Case:
    case = Case(engine, clock, Random(seed), look, seed)
    for _ in range(OPERATIONS):
        if case.check() in ("completed", "terminated"):
            break
        case.operate()
    case.bring_to_its_end()
    return case
