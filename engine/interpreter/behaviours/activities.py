"""Tasks, sub-processes and called processes."""

from __future__ import annotations

from engine.errors import EngineError
from engine.interpreter.behaviours.user_tasks import user_task_data
from engine.interpreter.behaviours.work import open_job, publish_message
from engine.interpreter.contracts import WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.lifecycle import begin_content, complete
from engine.interpreter.listening import listen
from engine.interpreter.program import Node
from engine.interpreter.run import DEEPEST_CALL, Run
from engine.model.elements import CallWork, DecisionWork, JobWork, ScriptWork


def nothing(run: Run, at: int, node: Node, via: str | None) -> None:
    """A manual or abstract task: nobody needs to tell that it is done."""
    complete(run, at, node)


def user_task(run: Run, at: int, node: Node, via: str | None) -> None:
    """A person is to do it. Raises Failed when its schedule or assignment cannot be worked out."""
    run.open_wait(at, node, WaitKind.USER_TASK, user_task_data(run, at, node))


def job(run: Run, at: int, node: Node, via: str | None) -> None:
    """A registered service task or an outside worker does it. Raises Failed."""
    open_job(run, at, node)


def send(run: Run, at: int, node: Node, via: str | None) -> None:
    """A message by a worker where there is one, else given out by the engine. Raises Failed."""
    if node.work is not None:
        open_job(run, at, node)
        return
    publish_message(run, at, node)
    complete(run, at, node)


def receive(run: Run, at: int, node: Node, via: str | None) -> None:
    """Wait for its message. Raises Failed."""
    listen(run, at, node)


def script(run: Run, at: int, node: Node, via: str | None) -> None:
    """A FEEL expression, its value under a name. Raises Failed."""
    if isinstance(node.work, JobWork):
        open_job(run, at, node)
        return
    value = run.value(node.formulas["script"], at)
    if isinstance(node.work, ScriptWork) and node.work.result is not None:
        run.give(at, node, {node.work.result: value})
    complete(run, at, node)


def decide(run: Run, at: int, node: Node, via: str | None) -> None:
    """A decision table at the version that was pinned. Raises Failed when it has no answer that may be trusted."""
    work = node.work
    if isinstance(work, JobWork):
        open_job(run, at, node)
        return
    assert isinstance(work, DecisionWork)
    definitions = run.closure.decisions.get(work.decision)
    if definitions is None:
        raise Failed(
            "decision_unknown", f"没有部署决策“{work.decision}”", f"the decision '{work.decision}' is not deployed"
        )
    try:
        evaluation = definitions.evaluate(work.decision, run.visible(at), now=run.now, explained=False)
    except EngineError as error:
        raise Failed("decision", error.message.zh, error.message.en) from None
    if evaluation.errors:
        raise Failed("decision", evaluation.errors[0].zh, evaluation.errors[0].en)
    trace = evaluation.trace  # plain data already
    run.note(at, node.id, "decided", trace)
    run.give(at, node, {work.result: trace["output"]})
    complete(run, at, node)


def sub_process(run: Run, at: int, node: Node, via: str | None) -> None:
    """Its inside begins. Raises Failed when an event sub-process in it cannot listen."""
    assert node.body is not None and node.body.start is not None
    begin_content(run, at, node.body, node.body.start)


def call(run: Run, at: int, node: Node, via: str | None) -> None:
    """The called process begins as a scope of this instance. Raises Failed."""
    work = node.work
    assert isinstance(work, CallWork)
    program = run.closure.program(work.process)
    if program is None:
        raise Failed(
            "process_unknown", f"没有部署流程“{work.process}”", f"the process '{work.process}' is not deployed"
        )
    if program.body.start is None or program.body.start.event is not None:
        raise Failed(
            "no_none_start",
            f"流程“{work.process}”没有空开始事件",
            f"the process '{work.process}' has no none start event",
        )
    if run.path(at, "").count("/") >= DEEPEST_CALL:
        raise Failed("call_depth", "流程调用嵌套过深", "processes call each other too deeply")
    called = run.open_call(at, program.key, sees_caller=work.all_in)
    begin_content(run, called.id, program.body, program.body.start)
