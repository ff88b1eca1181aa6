"""Every refusal and warning about a diagram, as the sentence that its designer reads, in both languages."""

from __future__ import annotations

from typing import Any

from engine.errors import Text
from engine.model.names import split
from engine.problems import Problem

SENTENCES: dict[str, tuple[str, str]] = {
    # the file
    "too_large": ("文件超过 {megabytes} MB", "the file is larger than {megabytes} MB"),
    "not_xml": ("文件不是有效的 XML：{detail}", "the file is not well-formed XML: {detail}"),
    "doctype": ("文件含有 DOCTYPE 声明，不予接受", "the file has a DOCTYPE declaration, which is not accepted"),
    "too_deep": ("元素嵌套超过 {levels} 层", "elements are nested deeper than {levels} levels"),
    "too_many_processes": (
        "文件中可执行的流程超过 {most} 个",
        "the file has more than {most} executable processes",
    ),
    "too_many_elements": (
        "流程的元素超过 {most} 个，请拆成被调用的流程",
        "the process has more than {most} elements; divide it into called processes",
    ),
    "too_many_inclusive": (
        "流程的包容网关超过 {most} 个",
        "the process has more than {most} inclusive gateways",
    ),
    "not_bpmn": ("根元素不是 BPMN 2.0 的 definitions", "the root element is not the definitions of BPMN 2.0"),
    "no_process": (
        '图中没有可执行的流程（isExecutable="true"）',
        'the diagram has no executable process (isExecutable="true")',
    ),
    "not_executable": (
        "此流程未标为可执行，仅作说明",
        "this process is not marked executable and is kept as documentation",
    ),
    "no_id": ("元素缺少 id", "the element has no id"),
    "duplicate_id": ("id“{id}”出现多次", "the id '{id}' occurs more than once"),
    # elements
    "unsupported_element": (
        "不支持“{what}”，请改用受支持的元素",
        "'{what_en}' is not supported; use an element that is",
    ),
    "unsupported_event": ("此处不支持“{what}”事件", "a {what} is not supported here"),
    "multiple_events": ("一个事件只能有一个事件定义", "an event may have one event definition only"),
    "event_missing": ("此事件缺少事件定义", "this event has no event definition"),
    "unknown_extension": (
        "扩展“{what}”在此无作用，已保留在文件中",
        "the extension '{what}' has no effect here and is kept in the file",
    ),
    "listener": (
        "监听器“{what}”会改变执行结果，本引擎不运行监听器，请改为服务任务",
        "the listener '{what}' would change what happens and is not run here; use a service task",
    ),
    "foreign_behaviour": (
        "“{what}”依赖其他引擎的程序代码，无法执行",
        "'{what}' depends on program code of another engine and cannot run here",
    ),
    "foreign_difference": (
        "“{what}”在此没有对应，略去会改变执行结果",
        "'{what}' has no counterpart here, and leaving it out would change what happens",
    ),
    "ignored_part": (
        "“{what}”对执行没有作用，已保留在文件中",
        "'{what}' has no effect on execution and is kept in the file",
    ),
    "data_assignment": (
        "数据关联中的赋值或转换不受支持，请改用变量映射（zeebe:ioMapping）",
        "assignments and transformations in data associations are not supported; use mappings (zeebe:ioMapping)",
    ),
    # flows
    "flow_end_missing": ("顺序流的“{end}”端指向不存在的元素", "the {end} of the sequence flow names no element"),
    "flow_crosses": (
        "顺序流跨越了子流程或池的边界",
        "the sequence flow crosses the border of a sub-process or pool",
    ),
    "flow_not_allowed": ("此元素不能有{which}的顺序流", "this element may not have {which_en} sequence flows"),
    "start_with_incoming": ("开始事件不能有流入的顺序流", "a start event may not have an incoming sequence flow"),
    "end_with_outgoing": ("结束事件不能有流出的顺序流", "an end event may not have an outgoing sequence flow"),
    "default_unknown": (
        "默认流“{flow}”不是此元素流出的顺序流",
        "the default flow '{flow}' does not leave this element",
    ),
    "default_with_condition": ("默认流不能带条件", "the default flow may not have a condition"),
    "condition_missing": (
        "顺序流“{flow}”既无条件也不是默认流",
        "the sequence flow '{flow}' has neither a condition nor is it the default",
    ),
    "condition_not_allowed": ("此处的顺序流不能带条件", "a sequence flow may not have a condition here"),
    "unreachable": ("没有任何路径能到达此元素", "no path leads to this element"),
    # events
    "no_start": ("没有开始事件", "there is no start event"),
    "several_none_starts": ("只能有一个空开始事件", "there may be one none start event only"),
    "sub_process_start": (
        "嵌入子流程必须且只能有一个空开始事件",
        "an embedded sub-process needs exactly one none start event",
    ),
    "event_sub_process_start": (
        "事件子流程必须且只能有一个带事件定义的开始事件",
        "an event sub-process needs exactly one start event with an event definition",
    ),
    "event_sub_process_flow": ("事件子流程不能有顺序流", "an event sub-process may not have sequence flows"),
    "start_not_supported": (
        "流程只能由空、消息、定时、信号或条件开始事件启动",
        "a process starts by a none, message, timer, signal or conditional start event",
    ),
    "must_interrupt": ("{what}事件必须是中断型", "a {what_en} event must be interrupting"),
    "boundary_unattached": ("边界事件没有附着在任何活动上", "the boundary event is attached to no activity"),
    "boundary_without_flow": ("边界事件没有流出的顺序流", "the boundary event has no outgoing sequence flow"),
    "message_missing": ("消息事件没有引用消息", "the message event refers to no message"),
    "message_without_name": ("消息没有名称", "the message has no name"),
    "message_without_key": (
        "消息“{name}”缺少关联键（zeebe:subscription correlationKey）",
        "the message '{name}' has no correlation key (zeebe:subscription correlationKey)",
    ),
    "start_twice": (
        "另一个开始事件已在等待同一消息或信号",
        "another start event waits for the same message or signal already",
    ),
    "start_signal_dynamic": (
        "流程开始信号的名称不能是表达式",
        "the name of a signal that starts a process may not be an expression",
    ),
    "start_message_dynamic": (
        "流程开始消息的名称不能是表达式",
        "the name of a message that starts a process may not be an expression",
    ),
    "signal_missing": ("信号事件没有引用信号", "the signal event refers to no signal"),
    "signal_without_name": ("信号没有名称", "the signal has no name"),
    "error_missing": ("抛出的错误没有错误代码", "the error that is thrown has no code"),
    "error_code_dynamic": (
        "捕获的错误代码不能是表达式",
        "the code of an error that is caught may not be an expression",
    ),
    "escalation_missing": ("抛出的升级没有升级代码", "the escalation that is thrown has no code"),
    "condition_event_missing": ("条件事件没有条件", "the conditional event has no condition"),
    "link_without_name": ("链接事件没有名称", "the link event has no name"),
    "link_without_catch": ("链接“{name}”没有对应的捕获事件", "the link '{name}' has no catching event in this scope"),
    "link_without_throw": ("链接“{name}”没有对应的抛出事件", "the link '{name}' has no throwing event in this scope"),
    "link_catch_twice": ("链接“{name}”有多个捕获事件", "the link '{name}' has more than one catching event"),
    "event_gateway_target": (
        "事件网关之后只能是消息、定时、信号、条件捕获事件或接收任务",
        "only message, timer, signal or conditional catching events or receive tasks may follow an event-based gateway",
    ),
    "event_gateway_target_shared": (
        "事件网关的后继元素只能有这一条流入",
        "an element after an event-based gateway may have that one incoming flow only",
    ),
    "event_gateway_boundary": (
        "事件网关之后的接收任务不能有边界事件",
        "a receive task after an event-based gateway may not have boundary events",
    ),
    "attribute": ('不支持属性 {name}="{value}"', 'the attribute {name}="{value}" is not supported'),
    "cancel_without_boundary": (
        "事务子流程有取消结束事件，但没有取消边界事件",
        "the transaction has a cancel end event but no cancel boundary event",
    ),
    "event_gateway_narrow": ("事件网关至少要有两条流出", "an event-based gateway needs at least two outgoing flows"),
    "event_gateway_instantiate": ("不支持由事件网关启动流程", "a process may not be started by an event-based gateway"),
    "compensation_handler_missing": (
        "补偿边界事件没有用关联线指向补偿活动",
        "the compensation boundary event has no association to a compensation activity",
    ),
    "compensation_handler_unbound": (
        "补偿活动没有与补偿边界事件关联",
        "the compensation activity is associated with no compensation boundary event",
    ),
    "compensation_activity_unknown": (
        "补偿事件引用的活动“{activity}”不在此作用域或没有补偿活动",
        "the compensation event refers to '{activity}', which is not in this scope or has no compensation activity",
    ),
    "cancel_outside_transaction": ("取消事件只能用于事务子流程", "a cancel event belongs to a transaction only"),
    # timers
    "timer_missing": ("定时事件没有日期、时长或周期", "the timer event has no date, duration or cycle"),
    "timer_several": ("定时事件只能有日期、时长、周期之一", "a timer event has one of date, duration and cycle"),
    "timer_invalid": ("定时“{text}”无效：{detail_zh}", "the timer '{text}' is not valid: {detail_en}"),
    "timer_cycle_not_allowed": (
        "周期定时只能用于流程的开始事件、非中断的边界事件或事件子流程",
        "a timer cycle belongs to the start of a process or to a non-interrupting boundary event or event sub-process",
    ),
    "misfire_unknown": ("未知的错过策略“{policy}”", "unknown misfire policy '{policy}'"),
    "calendar_unknown": ("未知的日历“{calendar}”", "unknown calendar '{calendar}'"),
    # tasks
    "job_type_missing": (
        "缺少任务类型（zeebe:taskDefinition type）",
        "the task has no job type (zeebe:taskDefinition type)",
    ),
    "decision_missing": (
        "业务规则任务缺少决策（zeebe:calledDecision decisionId、resultVariable）",
        "the business rule task names no decision (zeebe:calledDecision decisionId and resultVariable)",
    ),
    "decision_dynamic": ("决策标识必须是固定值", "the id of the decision must be a fixed text"),
    "script_missing": (
        "脚本任务缺少 FEEL 表达式（zeebe:script expression）",
        "the script task has no FEEL expression (zeebe:script expression)",
    ),
    "script_language": (
        "脚本语言“{language}”不受支持，仅支持 FEEL",
        "the script language '{language}' is not supported, only FEEL is",
    ),
    "called_missing": (
        "调用活动缺少被调用的流程（zeebe:calledElement processId）",
        "the call activity names no process (zeebe:calledElement processId)",
    ),
    "called_dynamic": ("被调用的流程必须是固定值", "the called process must be a fixed text"),
    "binding_unknown": ("未知的绑定方式“{binding}”", "unknown binding '{binding}'"),
    "mapping_incomplete": ("变量映射缺少 source 或 target", "a variable mapping lacks its source or target"),
    "mapping_target": ("“{target}”不是有效的变量名", "'{target}' is not a valid variable name"),
    "loop_collection_missing": (
        "多实例缺少集合（zeebe:loopCharacteristics inputCollection）",
        "the multi-instance activity has no collection (zeebe:loopCharacteristics inputCollection)",
    ),
    "loop_behaviour": ("不支持多实例的“{what}”", "'{what}' of a multi-instance activity is not supported"),
    "loop_not_allowed": ("此元素不能循环或多实例", "this element may not loop or run several times"),
    "loop_twice": (
        "不能同时是标准循环和多实例",
        "an activity is a standard loop or multi-instance, not both",
    ),
    "mapping_input_not_allowed": (
        "此事件没有输入映射，只有输出映射",
        "this event has no input mappings, only output mappings",
    ),
    "loop_endless": (
        "标准循环既无条件也无最大次数",
        "the standard loop has neither a condition nor a maximum",
    ),
    # expressions
    "feel_invalid": (
        "{where_zh}的 FEEL 表达式“{text}”有误（第 {position} 个字符）：{detail_zh}",
        "the FEEL expression '{text}' of the {where} is not valid at character {position}: {detail_en}",
    ),
}

KIND_NAMES = {
    "startEvent": "开始事件",
    "endEvent": "结束事件",
    "intermediateThrowEvent": "中间抛出事件",
    "intermediateCatchEvent": "中间捕获事件",
    "boundaryEvent": "边界事件",
    "task": "任务",
    "manualTask": "手工任务",
    "userTask": "用户任务",
    "serviceTask": "服务任务",
    "sendTask": "发送任务",
    "receiveTask": "接收任务",
    "businessRuleTask": "业务规则任务",
    "scriptTask": "脚本任务",
    "exclusiveGateway": "排他网关",
    "parallelGateway": "并行网关",
    "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关",
    "complexGateway": "复杂网关",
    "subProcess": "子流程",
    "eventSubProcess": "事件子流程",
    "adHocSubProcess": "自由子流程",
    "transaction": "事务子流程",
    "callActivity": "调用活动",
    "sequenceFlow": "顺序流",
}


class Unreadable(Exception):
    """A part of an element cannot be read; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message.en)
        self.problem = problem


def problem(
    element_id: str | None, element_type: str | None, code: str, *, severity: str = "error", **facts: Any
) -> Problem:
    """The finding `code` at an element, in words. `facts` fill the gaps of its sentence."""
    zh, en = SENTENCES[code]
    return Problem(
        element_id=element_id,
        element_type=element_type,
        code=code,
        message=Text(zh=zh.format(**facts), en=en.format(**facts)),
        severity=severity,
    )


def at(xml: Any, code: str, *, severity: str = "error", **facts: Any) -> Problem:
    """The finding `code` at an XML element, or at the nearest one around it that has an id."""
    named = xml
    while named.get("id") is None and named.getparent() is not None:
        named = named.getparent()
    return problem(named.get("id"), split(named.tag)[1], code, severity=severity, **facts)
