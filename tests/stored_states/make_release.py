"""Makes `release_1.sql.xz`: a database as the first release (schema 0003) left it, with live instances in every state.

Run with that release's code, not with this one's:
    git archive f4f079d | tar -x -C OLD
    PYTHONPATH=OLD python tests/stored_states/make_release.py OLD tests/stored_states

Beside it `release_1_statements.sql`, the statements which that release sends: every later schema must understand them.
"""

import lzma
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from engine.commands.contracts import (
    Actor,
    ClaimJobs,
    ClaimUserTask,
    CompleteJob,
    CompleteUserTask,
    Deploy,
    FailJob,
    FireTimer,
    PublishMessage,
    SaveDraft,
    StartInstance,
    SuspendInstance,
    TerminateInstance,
)
from engine.engine import Engine
from engine.store.connections import open_pool
from runtime.database import embedded, migrate

REGION, BY = "trial", Actor(id="nurse")
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
EACH = 42
NAMESPACE = UUID("3f0e7f0e-8f5c-4a52-9d0c-0f3d5a2b7c11")
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">'
)
KEY = '<bpmn:extensionElements><zeebe:subscription correlationKey="=case"/></bpmn:extensionElements>'


def flows(*pairs):
    return "".join(f'<bpmn:sequenceFlow id="f_{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairs)


def timer(duration):
    return f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"


OUTER = f"""{HEAD}<bpmn:message id="m" name="note">{KEY}</bpmn:message><bpmn:process id="outer" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:userTask id="task_first"/>
<bpmn:boundaryEvent id="late" attachedToRef="task_first" cancelActivity="false">{timer("PT12H")}</bpmn:boundaryEvent>
<bpmn:userTask id="task_remind"/><bpmn:endEvent id="reminded"/>
<bpmn:parallelGateway id="fork"/><bpmn:intermediateCatchEvent id="wait">{timer("P1D")}</bpmn:intermediateCatchEvent>
<bpmn:userTask id="task_late"/>
<bpmn:intermediateCatchEvent id="catch"><bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>
<bpmn:serviceTask id="job">
<bpmn:extensionElements><zeebe:taskDefinition type="tell" retries="3"/></bpmn:extensionElements>
</bpmn:serviceTask><bpmn:parallelGateway id="join"/>
<bpmn:callActivity id="call"><bpmn:extensionElements><zeebe:calledElement processId="inner"/></bpmn:extensionElements>
</bpmn:callActivity><bpmn:endEvent id="end"/>
{
    flows(
        ("start", "task_first"),
        ("task_first", "fork"),
        ("late", "task_remind"),
        ("task_remind", "reminded"),
        ("fork", "wait"),
        ("wait", "task_late"),
        ("task_late", "join"),
        ("fork", "catch"),
        ("catch", "job"),
        ("job", "join"),
        ("join", "call"),
        ("call", "end"),
    )
}</bpmn:process></bpmn:definitions>"""
INNER = f"""{HEAD}<bpmn:message id="m" name="answer">{KEY}</bpmn:message><bpmn:process id="inner" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:userTask id="task_inner"><bpmn:multiInstanceLoopCharacteristics>
<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1,2,3]" inputElement="n"/>
</bpmn:extensionElements>
</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask><bpmn:eventBasedGateway id="either"/>
<bpmn:intermediateCatchEvent id="answered"><bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>
<bpmn:intermediateCatchEvent id="tired">{timer("P3D")}</bpmn:intermediateCatchEvent><bpmn:endEvent id="end"/>
<bpmn:endEvent id="gave_up"/>
{
    flows(
        ("start", "task_inner"),
        ("task_inner", "either"),
        ("either", "answered"),
        ("either", "tired"),
        ("answered", "end"),
        ("tired", "gave_up"),
    )
}</bpmn:process></bpmn:definitions>"""


class Clock:
    now = BEGIN

    def __call__(self):
        return self.now


class Maker:
    def __init__(self, pool):
        self.clock, self.pool = Clock(), pool
        self.engine = Engine(pool, clock=self.clock, region_id=REGION)

    def do(self, command):
        return self.engine.execute(command, by=BY)

    def task(self, instance, element):
        query = (
            "SELECT id FROM user_task WHERE instance_id = %s AND element_id = %s AND state IN ('created', 'claimed')"
        )
        with self.pool.connection() as conn:
            return [row[0] for row in conn.execute(query, [instance, element]).fetchall()]

    def complete(self, instance, element):
        for task in self.task(instance, element):
            self.do(CompleteUserTask(user_task_id=task))

    def note(self, instance, name="note"):
        self.do(PublishMessage(name=name, key=str(instance)))

    def job(self, instance):
        """The lease of this instance's job, and that of nobody else's."""
        claimed = self.do(ClaimJobs(type="tell", worker="w", limit=1, lock_for=timedelta(hours=1)))
        assert [job.instance_id for job in claimed] == [instance]
        return claimed[0]

    def pass_time(self, instance, **time):
        """Only this instance's timers: the others wait where they are meant to."""
        self.clock.now = BEGIN + timedelta(**time)
        with self.pool.connection() as conn:
            due = conn.execute(
                "SELECT wait_id FROM timer WHERE instance_id = %s AND due_at <= %s", [instance, self.clock.now]
            )
            waits = [row[0] for row in due.fetchall()]
        for wait in waits:
            self.do(FireTimer(instance_id=instance, wait_id=wait))
        self.clock.now = BEGIN

    # Each kind of state, from a new instance on.
    def first(self, i):
        pass

    def claimed(self, i):
        self.do(ClaimUserTask(user_task_id=self.task(i, "task_first")[0], assignee="nurse"))

    def drafted(self, i):
        self.do(SaveDraft(user_task_id=self.task(i, "task_first")[0], draft={"half": 1}))

    def reminded(self, i):
        self.pass_time(i, hours=13)

    def suspended(self, i):
        self.do(SuspendInstance(instance_id=i))

    def terminated(self, i):
        self.do(TerminateInstance(instance_id=i))

    def forked(self, i):
        self.complete(i, "task_first")

    def buffered(self, i):
        self.note(i)

    def running(self, i):
        self.forked(i)
        self.note(i)
        self.job(i)

    def failed(self, i):
        self.forked(i)
        self.note(i)
        job = self.job(i)
        self.do(FailJob(job_id=job.id, message="no", retries_left=0, lease=job.lease))

    def half_joined(self, i):
        self.forked(i)
        self.pass_time(i, days=2)
        self.complete(i, "task_late")

    def inner(self, i):
        self.half_joined(i)
        self.note(i)
        job = self.job(i)
        self.do(CompleteJob(job_id=job.id, lease=job.lease))

    def partly_inner(self, i):
        self.inner(i)
        self.do(CompleteUserTask(user_task_id=self.task(i, "task_inner")[0]))

    def either(self, i):
        self.inner(i)
        self.complete(i, "task_inner")

    def completed(self, i):
        self.either(i)
        self.note(i, "answer")

    def waiting_job(self, i):
        """Last: a job that waits would be the next one's to claim."""
        self.forked(i)
        self.note(i)


KINDS = [
    name for name, value in vars(Maker).items() if callable(value) and value.__code__.co_varnames[:2] == ("self", "i")
]


def main(old, folder):
    import engine

    assert Path(engine.__file__).is_relative_to(Path(old).resolve()), engine.__file__
    with embedded.throw_away() as url:
        migrate.migrate(url)
        with open_pool(url) as pool:
            maker = Maker(pool)
            maker.do(Deploy(files={"outer.bpmn": OUTER.encode(), "inner.bpmn": INNER.encode()}))
            for kind in KINDS:
                for number in range(EACH):
                    instance = uuid5(NAMESPACE, f"{kind}/{number}")
                    variables = {"case": str(instance)}
                    key = f"{kind}/{number}"
                    maker.do(
                        StartInstance(
                            definition_key="outer", business_key=key, instance_id=instance, variables=variables
                        )
                    )
                    getattr(maker, kind)(instance)
        target = Path(folder) / "release_1.sql.xz"
        dump = [embedded.program("pg_dump"), "--no-owner", "--no-privileges", url]
        target.write_bytes(lzma.compress(subprocess.run(dump, check=True, capture_output=True).stdout))
    texts = [path.read_text() for path in sorted((Path(old) / "engine/store/sql").glob("*.sql"))]
    (Path(folder) / "release_1_statements.sql").write_text("\n".join(texts))
    print(KINDS, target.stat().st_size)


if __name__ == "__main__":
    main(*sys.argv[1:])
