"""Every place of a diagram where FEEL or a timer may stand, and whether what stands there can be read."""

from __future__ import annotations

from collections.abc import Iterator

from engine.feel import FeelSyntaxError, compile_expression
from engine.model.elements import (
    ConditionalEvent,
    Element,
    ErrorEvent,
    EscalationEvent,
    JobWork,
    MessageEvent,
    MultiInstance,
    ProcessModel,
    ScriptWork,
    SignalEvent,
    StandardLoop,
    TimerEvent,
    UserWork,
)
from engine.model.sentences import problem
from engine.problems import Problem
from engine.timers import CALENDARS, TimerFault, check

Site = tuple[str, str | None, bool]  # what it is, in words; the text; FEEL even without a leading "="


def check_expressions(process: ProcessModel) -> Iterator[Problem]:
    """FEEL that cannot be parsed, with its position, and timers that can never be due."""
    for element in process.every():
        for where, text, always in sites(element):
            yield from _check(element.id, element.kind.value, where, text, always=always)
        if isinstance(element.event, TimerEvent):
            yield from _check_timer(element, element.event)
        for flow in element.outgoing:
            yield from _check(flow.id, "sequenceFlow", "condition", flow.condition, always=True)


def sites(element: Element) -> Iterator[Site]:
    """The texts of one element that are or may be FEEL, its flows apart."""
    for mapping in (*element.inputs, *element.outputs):
        yield "mapping", mapping.source, False
    yield from _event_sites(element)
    yield from _loop_sites(element)
    yield from _work_sites(element)


def _event_sites(element: Element) -> Iterator[Site]:
    event = element.event
    if isinstance(event, MessageEvent):
        yield "message name", event.name, False
        yield "correlation key", event.key, False
    elif isinstance(event, SignalEvent):
        yield "signal name", event.name, False
    elif isinstance(event, ErrorEvent | EscalationEvent):
        yield "code", event.code, False
    elif isinstance(event, ConditionalEvent):
        yield "condition", event.condition, True
    elif isinstance(event, TimerEvent):
        yield "timer", event.text, False


def _loop_sites(element: Element) -> Iterator[Site]:
    loop = element.loop
    if isinstance(loop, MultiInstance):
        yield "input collection", loop.collection, True
        yield "output element", loop.output_item, True
        yield "completion condition", loop.completion, True
    elif isinstance(loop, StandardLoop):
        yield "loop condition", loop.condition, True


def _work_sites(element: Element) -> Iterator[Site]:
    work = element.work
    if isinstance(work, UserWork):
        for text in (work.assignee, work.candidate_groups, work.candidate_users, work.organisation):
            yield "assignment", text, False
        for text in (work.follow_up, work.due, work.until, work.priority):
            yield "schedule", text, False
        for lane in work.lanes:
            yield "lane", lane.organisation, False
    elif isinstance(work, JobWork):
        yield "job type", work.type, False
        yield "retries", work.retries, False
    elif isinstance(work, ScriptWork):
        yield "script", work.expression, True


WHERE = {
    "mapping": "变量映射",
    "message name": "消息名称",
    "correlation key": "关联键",
    "signal name": "信号名称",
    "code": "代码",
    "condition": "条件",
    "timer": "定时",
    "input collection": "输入集合",
    "output element": "输出元素",
    "completion condition": "完成条件",
    "loop condition": "循环条件",
    "assignment": "分派",
    "schedule": "时间安排",
    "lane": "泳道",
    "job type": "任务类型",
    "retries": "重试次数",
    "script": "脚本",
}


def _check(identity: str, kind: str, where: str, text: str | None, *, always: bool) -> Iterator[Problem]:
    if text is None or not (always or text.startswith("=")):
        return
    try:
        compile_expression(text.removeprefix("="))
    except FeelSyntaxError as error:
        yield problem(
            identity,
            kind,
            "feel_invalid",
            where=where,
            where_zh=WHERE[where],
            text=text[:80],
            position=error.position,
            detail_zh=error.message.zh,
            detail_en=error.message.en,
        )


def _check_timer(element: Element, timer: TimerEvent) -> Iterator[Problem]:
    if timer.calendar is not None and timer.calendar not in CALENDARS:
        yield problem(element.id, element.kind.value, "calendar_unknown", calendar=timer.calendar)
        return
    text = timer.text
    if text.startswith("="):
        return
    try:
        check(timer.sort, text, timer.zone, timer.calendar)
    except TimerFault as fault:
        yield problem(
            element.id,
            element.kind.value,
            "timer_invalid",
            text=text,
            detail_zh=fault.message.zh,
            detail_en=fault.message.en,
        )
