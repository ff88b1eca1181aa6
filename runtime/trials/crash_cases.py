"""One case for each command: what stands before it, how it is asked for, what must stand at the end, by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from engine.commands import contracts as ask
from runtime.trials import diagrams as draw
from runtime.trials.diagrams import END, START, chain, diagram, service_task, user_task
from runtime.trials.engines import BEGIN, DRIVER

THROW = f'<bpmn:intermediateThrowEvent id="throw">{draw.listening("m")}</bpmn:intermediateThrowEvent>'
NOTE = draw.message("m", "note", "case")
SIGNAL = '<bpmn:signal id="s" name="{0}"/>'
BOUNDARY = (
    '<bpmn:boundaryEvent id="caught" attachedToRef="job"><bpmn:errorEventDefinition errorRef="e"/></bpmn:boundaryEvent>'
)
PAUSE = draw.catch("pause", draw.timer("timeDuration", "PT1H"))
LISTEN = draw.catch("catch", draw.listening("m"))
HEAR = draw.catch("hear", '<bpmn:signalEventDefinition signalRef="s"/>')
DIAGRAMS = {
    "main": diagram(
        "main",
        START + user_task("task_a") + service_task("job", "tell") + THROW + PAUSE + user_task("task_b") + END
        + chain("start", "task_a", "job", "throw", "pause", "task_b", "end"),
        NOTE,
    ),
    "receiver": diagram(
        "receiver", START + LISTEN + user_task("task_c") + END + chain("start", "catch", "task_c", "end"), NOTE
    ),
    "outside": diagram(
        "outside",
        START + service_task("job", "elsewhere") + BOUNDARY + user_task("task_d") + user_task("task_e") + END
        + chain("start", "job", "task_d", "end") + chain("caught", "task_e", "end"),
        '<bpmn:error id="e" errorCode="refused"/>',
    ),
}  # fmt: skip
HANDED_ON = "SELECT given_to FROM user_task_handover WHERE instance_id = %(main)s ORDER BY number"
COMMENTS = "SELECT number, body FROM user_task_comment WHERE instance_id = %(main)s"
ATTACHMENTS = "SELECT number, content FROM user_task_attachment WHERE instance_id = %(main)s"

Ends: TypeAlias = Mapping[str, tuple[str, list[str], dict[str, int]]]

MOVING = [
    diagram("moving", START + user_task(task) + END + chain("start", task, "end")) for task in ("task_old", "task_new")
]  # two versions of one process


def hearing(signal: str) -> bytes:
    """A process of its own for each cell: a signal reaches everybody."""
    return diagram(
        signal, START + HEAR + user_task("task_f") + END + chain("start", "hear", "task_f", "end"),
        SIGNAL.format(signal),
    )  # fmt: skip


@dataclass
class Cell:
    """One command at one point of death. All its ids follow from its own."""

    id: UUID
    engine: Any
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> UUID:
        return uuid5(self.id, "main")

    @property
    def other(self) -> UUID:
        return uuid5(self.id, "other")

    @property
    def case(self) -> str:
        return str(self.id)

    @property
    def key(self) -> str:
        """Of what is the cell's alone: a process, a destination."""
        return f"d-{self.id.hex}"

    def names(self) -> dict[str, Any]:
        """What a judge's query may name."""
        return {"main": self.main, "other": self.other, "case": self.case, "key": self.key}

    def do(self, command: Any) -> Any:
        return self.engine.execute(command, by=DRIVER)

    def start(self, key: str = "main", id: UUID | None = None) -> None:
        command = ask.StartInstance(definition_key=key, instance_id=id or self.main, variables={"case": self.case})
        self.do(command)

    @property
    def task(self) -> UUID:
        return self.task_of(self.main)

    def task_of(self, instance: UUID) -> UUID:
        with self.engine.read() as conn:
            query = "SELECT id FROM user_task WHERE instance_id = %s AND state IN ('created', 'claimed')"
            found: UUID = conn.execute(query, [instance]).fetchone()[0]
            return found


@dataclass(frozen=True)
class Case:
    """`prepare` may leave in `found` what the command needs; the command is made again, equal, for the repetition.
    `ends`: per instance ("main", "other") its status, its open places, and how often elements were completed."""

    prepare: Callable[[Cell], None]
    command: Callable[[Cell], Any] | None
    ends: Ends
    armed: str = ""  # the command whose transaction is watched, where it is not the one that is asked for
    keyed: bool = True  # False: who asks carries no key, and asks again until it is done
    spoilt: str = ""  # what breaks the tables between the preparation and the command
    rows: Mapping[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # of queries about the end
    hours: float = 0  # how far the clock is before the command: what is due then is run by a worker's round


def _completed(cell: Cell) -> None:
    cell.start("receiver", cell.other)
    cell.start()
    cell.do(ask.CompleteUserTask(user_task_id=cell.task))


def _started_pair(cell: Cell) -> None:
    cell.start("receiver", cell.other)
    cell.start()


def leased(cell: Cell) -> None:
    """A job of its own: the row is claimed by its id, as an outside worker's call would."""
    cell.start("outside")
    with cell.engine.read() as conn:
        cell.found["job"] = conn.execute("SELECT id FROM job WHERE instance_id = %s", [cell.main]).fetchone()[0]
    claim = ask.ClaimJobs(type="elsewhere", worker="w", only=(cell.found["job"],), lock_for=timedelta(hours=1))
    cell.found["lease"] = cell.do(claim)[0].lease


def _failed(cell: Cell) -> None:
    leased(cell)
    cell.do(ask.FailJob(job_id=cell.found["job"], message="no", retries_left=0, lease=cell.found["lease"]))
    with cell.engine.read() as conn:
        row = conn.execute("SELECT id FROM incident WHERE instance_id = %s", [cell.main]).fetchone()
    cell.found["incident"] = row[0]


def _claimed(cell: Cell) -> None:
    cell.start()
    cell.do(ask.ClaimUserTask(user_task_id=cell.task, assignee="nurse"))


def _lent(cell: Cell) -> None:
    _claimed(cell)
    command = ask.AssignUserTask(user_task_id=cell.task, assignee="midwife", held_by="nurse", goes_back=True)
    cell.do(command)


def _suspended(cell: Cell) -> None:
    cell.start()
    cell.do(ask.SuspendInstance(instance_id=cell.main))


def _terminated(cell: Cell) -> None:
    cell.start()
    cell.do(ask.TerminateInstance(instance_id=cell.main, reversible=True))


def _listener(cell: Cell) -> None:
    signal = f"signal-{cell.id.hex[:12]}"
    cell.do(ask.Deploy(files={"s.bpmn": hearing(signal)}))
    cell.start(signal)


def _leased_answer(make: Any, **more: Any) -> Callable[[Cell], Any]:
    return lambda cell: make(job_id=cell.found["job"], lease=cell.found["lease"], **more)


def _failed_once(cell: Cell) -> None:
    _failed(cell)
    cell.found.pop("incident")


def _of_old_version(cell: Cell) -> None:
    command = ask.StartInstance(
        definition_key="moving", version=1, instance_id=cell.main, variables={"case": cell.case}
    )
    cell.do(command)


def _migrate(cell: Cell) -> Any:
    return ask.MigrateInstance(instance_id=cell.main, version=2, mapping={"task_old": "task_new"})


def _migrated(cell: Cell) -> None:
    _of_old_version(cell)
    cell.do(_migrate(cell))


def _own_definition(cell: Cell) -> None:
    cell.do(ask.Deploy(files={"d.bpmn": diagram(cell.key, START + END + chain("start", "end"))}))


def _resting_definition(cell: Cell) -> None:
    _own_definition(cell)
    cell.do(ask.SuspendDefinition(key=cell.key))


def _waiting_at_pause(cell: Cell) -> None:
    _completed(cell)
    _timer_of(cell)


TO_B = (
    ask.Instruction(action="cancel", element_id="task_a"),
    ask.Instruction(action="start_before", element_id="task_b"),
)
AT_A: Ends = {"main": ("active", ["task_a"], {})}
AFTER_A: Ends = {"main": ("active", ["pause"], {"task_a": 1, "job": 1}), "other": ("active", ["task_c"], {})}
AFTER_PAUSE: Ends = {"main": ("active", ["task_b"], {"task_a": 1, "job": 1}), "other": ("active", ["task_c"], {})}


def _complete_a(cell: Cell) -> Any:
    return ask.CompleteUserTask(user_task_id=_first_task(cell))


def _first_task(cell: Cell) -> UUID:
    """Known from before, so that the repetition asks for the same."""
    if "task" not in cell.found:
        cell.found["task"] = cell.task
    found: UUID = cell.found["task"]
    return found


def _start_command(cell: Cell) -> Any:
    return ask.StartInstance(definition_key="main", instance_id=cell.main, variables={"case": cell.case})


def _note(cell: Cell) -> Any:
    return ask.PublishMessage(name="note", key=cell.case, message_id="one")


def _with_task(prepare: Callable[[Cell], None]) -> Callable[[Cell], None]:
    def prepared(cell: Cell) -> None:
        prepare(cell)
        _first_task(cell)

    return prepared


START_ONE = _with_task(lambda cell: cell.start())
CASES: Mapping[str, Case] = {
    "StartInstance": Case(lambda cell: None, _start_command, AT_A),
    "CompleteUserTask": Case(_with_task(_started_pair), _complete_a, AFTER_A),
    "ClaimJob": Case(_with_task(_started_pair), _complete_a, AFTER_A, armed="ClaimJob"),
    "CompleteJob": Case(_with_task(_started_pair), _complete_a, AFTER_A, armed="CompleteJob"),
    "DeliverMessage": Case(_with_task(_started_pair), _complete_a, AFTER_A, armed="DeliverMessage"),
    "ClaimDueWork": Case(_completed, None, AFTER_PAUSE, armed="ClaimDueWork", hours=2),
    "FireTimer": Case(_completed, None, AFTER_PAUSE, armed="FireTimer", hours=2),
    "ClaimUserTask": Case(
        START_ONE, lambda cell: ask.ClaimUserTask(user_task_id=_first_task(cell), assignee="nurse"), AT_A
    ),
    "ReleaseUserTask": Case(
        _with_task(_claimed), lambda cell: ask.ReleaseUserTask(user_task_id=_first_task(cell)), AT_A
    ),
    "SaveDraft": Case(
        START_ONE, lambda cell: ask.SaveDraft(user_task_id=_first_task(cell), draft={"half": 1}), AT_A
    ),
    "AssignUserTask": Case(
        START_ONE,
        lambda cell: ask.AssignUserTask(user_task_id=_first_task(cell), assignee="nurse", held_by=None),
        AT_A, rows={HANDED_ON: [("nurse",)]},
    ),
    "ReleaseLentUserTask": Case(
        _with_task(_lent), lambda cell: ask.ReleaseUserTask(user_task_id=_first_task(cell)), AT_A,
        armed="ReleaseUserTask", rows={HANDED_ON: [("midwife",), ("nurse",)]},
    ),
    "CommentUserTask": Case(
        START_ONE,
        lambda cell: ask.CommentUserTask(user_task_id=_first_task(cell), body="seen"),
        AT_A, rows={COMMENTS: [(1, "seen")]},
    ),
    "AttachToUserTask": Case(
        START_ONE,
        lambda cell: ask.AttachToUserTask(
            user_task_id=_first_task(cell), title="letter", content_type="text/plain", content=b"seen"
        ),
        AT_A, rows={ATTACHMENTS: [(1, b"seen")]},
    ),
    "SetVariables": Case(
        START_ONE, lambda cell: ask.SetVariables(instance_id=cell.main, variables={"seen": True}), AT_A
    ),
    "SuspendInstance": Case(
        START_ONE, lambda cell: ask.SuspendInstance(instance_id=cell.main), {"main": ("suspended", ["task_a"], {})}
    ),
    "ActivateInstance": Case(_suspended, lambda cell: ask.ActivateInstance(instance_id=cell.main), AT_A),
    "TerminateInstance": Case(
        START_ONE, lambda cell: ask.TerminateInstance(instance_id=cell.main), {"main": ("terminated", [], {})}
    ),
    "ReopenInstance": Case(
        _terminated, lambda cell: ask.ReopenInstance(instance_id=cell.main, variables={"seen": True}), AT_A
    ),
    "PublishMessage": Case(
        lambda cell: cell.start("receiver", cell.other), _note, {"other": ("active", ["task_c"], {})}
    ),
    "BroadcastSignal": Case(
        _listener,
        lambda cell: ask.BroadcastSignal(name=f"signal-{cell.id.hex[:12]}"),
        {"main": ("active", ["task_f"], {})},
    ),
    "FailJob": Case(leased, _leased_answer(ask.FailJob, message="no", retries_left=0),
                    {"main": ("active", ["incident:job"], {})}),
    "ExtendJob": Case(leased, _leased_answer(ask.ExtendJob, lock_for=timedelta(hours=2)),
                      {"main": ("active", ["job"], {})}),
    "ThrowJobError": Case(leased, _leased_answer(ask.ThrowJobError, code="refused"),
                          {"main": ("active", ["task_e"], {})}),
    "CompleteOutsideJob": Case(leased, _leased_answer(ask.CompleteJob), {"main": ("active", ["task_d"], {"job": 1})},
                               armed="CompleteJob"),
    "ClaimJobs": Case(
        lambda cell: cell.start("outside"),
        lambda cell: ask.ClaimJobs(type="elsewhere", worker="w", limit=1, lock_for=timedelta(0)),
        {"main": ("active", ["job"], {})},
    ),
    "RetryIncident": Case(
        _failed, lambda cell: ask.RetryIncident(incident_id=cell.found["incident"]), {"main": ("active", ["job"], {})}
    ),
    "FailTimer": Case(
        _completed,
        lambda cell: ask.FailTimer(instance_id=cell.main, wait_id=_timer_of(cell), attempts=1, message="no"),
        AFTER_PAUSE, hours=2,
    ),
    "Deploy": Case(
        lambda cell: None,
        lambda cell: ask.Deploy(files={"d.bpmn": diagram(cell.key, START + END + chain("start", "end"))}),
        {},
    ),
    "MigrateInstance": Case(_of_old_version, _migrate, {"main": ("active", ["task_new"], {})}),
    "RevertMigration": Case(
        _migrated, lambda cell: ask.RevertMigration(instance_id=cell.main), {"main": ("active", ["task_old"], {})}
    ),
    "ModifyInstance": Case(
        START_ONE,
        lambda cell: ask.ModifyInstance(instance_id=cell.main, instructions=TO_B),
        {"main": ("active", ["task_b"], {})},
    ),
    "Operate": Case(
        START_ONE,
        lambda cell: ask.Operate(
            instance_id=cell.main, command=ask.SetVariables(instance_id=cell.main, variables={"seen": True})
        ),
        AT_A,
    ),
    "SkipIncident": Case(
        _failed, lambda cell: ask.SkipIncident(incident_id=cell.found["incident"]), {"main": ("active", ["task_d"], {})}
    ),
    "AssignIncident": Case(
        _failed,
        lambda cell: ask.AssignIncident(incident_id=cell.found["incident"], owner="nurse"),
        {"main": ("active", ["incident:job"], {})},
    ),
    "RetryIncidents": Case(
        _failed_once, lambda cell: ask.RetryIncidents(instance_id=cell.main), {"main": ("active", ["job"], {})}
    ),
    "SuspendDefinition": Case(_own_definition, lambda cell: ask.SuspendDefinition(key=cell.key), {}),
    "ActivateDefinition": Case(_resting_definition, lambda cell: ask.ActivateDefinition(key=cell.key), {}),
    "FireTimerNow": Case(
        _waiting_at_pause,
        lambda cell: ask.FireTimerNow(instance_id=cell.main, wait_id=_timer_of(cell)),
        AFTER_PAUSE,
    ),
    "MoveTimer": Case(
        _waiting_at_pause,
        lambda cell: ask.MoveTimer(
            instance_id=cell.main, wait_id=_timer_of(cell), due_at=BEGIN + timedelta(minutes=90)
        ),
        AFTER_A,
    ),
    "SweepRegion": Case(lambda cell: cell.start(), lambda cell: ask.SweepRegion(), AT_A),
}  # fmt: skip


def _timer_of(cell: Cell) -> int:
    if "timer" not in cell.found:
        with cell.engine.read() as conn:
            row = conn.execute("SELECT wait_id FROM timer WHERE instance_id = %s", [cell.main]).fetchone()
        cell.found["timer"] = row[0]
    found: int = cell.found["timer"]
    return found
