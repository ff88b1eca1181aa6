"""`python -m engine.model.support`: writes docs/bpmn-support.md from the tables that the reader itself uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.model.elements import Kind
from engine.model.events import PLACES
from engine.model.extensions import UNDERSTOOD
from engine.model.foreign import DIFFERENT, SAME
from engine.model.names import YUNTU, ZEEBE
from engine.model.sentences import KIND_NAMES, SENTENCES
from engine.rehearsal.soundness.finding import KINDS

PAGE = Path("docs/bpmn-support.md")
ACTIVITIES, DIFFERENCES = "test_activities", "test_where_engines_differ"
SILENT, VALUES = "test_known_silent_errors", "test_calls_and_values"

# How each kind executes, and the test that shows it: (sentence, test file, test).
ELEMENTS: dict[Kind, tuple[str, str, str]] = {
    Kind.START: (
        "流程：空、消息、定时（含周期）、信号、条件开始，可有多个；子流程：空开始；事件子流程：带事件定义的开始",
        "test_start_events",
        "test_each_start_event_begins_its_own_path",
    ),
    Kind.END: (
        "令牌到此为止；可抛出消息、信号、错误、升级、补偿、取消，或终止本作用域",
        VALUES,
        "test_terminate_ends_the_instance_with_everything_in_it",
    ),
    Kind.THROW: ("抛出后继续；链接直接跳到同名的捕获端", SILENT, "test_s12_a_link_goes_on_at_its_catching_side"),
    Kind.CATCH: (
        "等到事件发生；条件已成立时立即继续",
        ACTIVITIES,
        "test_a_conditional_event_fires_at_once_when_it_is_true_already",
    ),
    Kind.BOUNDARY: (
        "中断或不中断；不中断的可反复触发；多实例活动上的边界事件属于整个活动",
        SILENT,
        "test_s15_a_non_interrupting_message_boundary_event_fires_again_and_again",
    ),
    Kind.TASK: ("不等待，直接通过", ACTIVITIES, "test_manual_and_abstract_tasks_pass"),
    Kind.MANUAL_TASK: ("不等待，直接通过", ACTIVITIES, "test_manual_and_abstract_tasks_pass"),
    Kind.USER_TASK: (
        "等人完成；角色来自分派或所在泳道，时间窗来自时间安排",
        ACTIVITIES,
        "test_a_user_task_says_who_may_and_in_which_window",
    ),
    Kind.SERVICE_TASK: (
        "交给登记的服务任务或外部工作者",
        ACTIVITIES,
        "test_a_service_task_is_a_job_that_is_given_what_can_be_seen",
    ),
    Kind.SEND_TASK: (
        "有任务类型时同服务任务；否则由引擎发出所引用的消息，输入映射即消息内容",
        ACTIVITIES,
        "test_a_send_task_without_a_job_gives_its_message_out",
    ),
    Kind.RECEIVE_TASK: ("等到消息到达", ACTIVITIES, "test_a_receive_task_waits_for_its_message"),
    Kind.BUSINESS_RULE_TASK: (
        "决策表，版本在流程启动时固定；出错即为异常事项",
        SILENT,
        "test_s24_a_unique_table_with_two_matches_is_an_incident",
    ),
    Kind.SCRIPT_TASK: ("一个 FEEL 表达式", DIFFERENCES, "test_two_scripts_that_append_in_one_step_see_each_other"),
    Kind.EXCLUSIVE: (
        "按文件顺序取第一条成立的流；条件须为真或假",
        DIFFERENCES,
        "test_of_several_true_conditions_the_first_in_the_file_is_taken",
    ),
    Kind.PARALLEL: (
        "每条流入各有一个令牌时合并，再分到每条流出",
        DIFFERENCES,
        "test_a_spare_token_at_a_parallel_join_stays_and_keeps_the_scope_alive",
    ),
    Kind.INCLUSIVE: (
        "取所有成立的流；汇合时等所有还可能到达的令牌",
        DIFFERENCES,
        "test_an_inclusive_join_waits_only_for_branches_that_were_taken",
    ),
    Kind.EVENT_GATEWAY: (
        "每个后继各自等待，先发生者取走令牌",
        SILENT,
        "test_s18_each_timer_of_an_event_gateway_has_its_own_due_time",
    ),
    Kind.SUB_PROCESS: ("内部全部结束后继续；可多实例、可循环", ACTIVITIES, "test_each_newborn_has_its_own_sub_process"),
    Kind.EVENT_SUB_PROCESS: (
        "中断或不中断；消息、定时、信号、条件、错误、升级开始",
        DIFFERENCES,
        "test_a_non_interrupting_event_sub_process_listens_while_only_its_own_occurrence_is_left",
    ),
    Kind.TRANSACTION: (
        "同子流程；取消结束时先停下未完成的，再补偿已完成的，再走取消边界事件；多实例时整个取消",
        "test_compensation",
        "test_cancelling_one_of_several_transactions_stops_and_undoes_them_all",
    ),
    Kind.CALL_ACTIVITY: (
        "被调用流程与调用者同属一个实例，版本在启动时固定；看到的是调用那一刻的值",
        VALUES,
        "test_a_called_process_goes_on_seeing_the_value_that_was_there_when_it_was_called",
    ),
}

EVENT_NAMES = {
    "messageEventDefinition": "消息",
    "timerEventDefinition": "定时",
    "signalEventDefinition": "信号",
    "errorEventDefinition": "错误",
    "escalationEventDefinition": "升级",
    "conditionalEventDefinition": "条件",
    "linkEventDefinition": "链接",
    "terminateEventDefinition": "终止",
    "compensateEventDefinition": "补偿",
    "cancelEventDefinition": "取消",
}
# The test that shows each event at work: (test file, test).
TRACES = "test_reference_traces"
EVENT_TESTS = {
    "messageEventDefinition": (ACTIVITIES, "test_a_process_is_started_by_a_message"),
    "timerEventDefinition": ("test_start_events", "test_a_timer_start_is_first_due"),
    "signalEventDefinition": (ACTIVITIES, "test_a_signal_reaches_every_wait_for_it"),
    "errorEventDefinition": (
        ACTIVITIES,
        "test_an_error_thrown_by_a_worker_is_caught_with_its_values_the_exact_code_first",
    ),
    "escalationEventDefinition": (
        VALUES,
        "test_an_escalation_goes_to_the_boundary_event_and_the_sub_process_goes_on",
    ),
    "conditionalEventDefinition": (SILENT, "test_s7_a_conditional_boundary_event_sees_what_another_branch_sets"),
    "linkEventDefinition": (SILENT, "test_s12_a_link_goes_on_at_its_catching_side"),
    "terminateEventDefinition": (VALUES, "test_terminate_in_a_sub_process_ends_only_the_sub_process"),
    "compensateEventDefinition": (
        "test_compensation",
        "test_what_ran_inside_a_sub_process_is_undone_with_it_the_last_first",
    ),
    "cancelEventDefinition": (
        "test_compensation",
        "test_a_cancelled_transaction_stops_what_is_open_before_it_undoes",
    ),
}
# What is no element of its own: (name, how it executes, test file, test).
PARTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "顺序流的条件、默认流、隐式分支",
        "活动流出多条即分支；条件成立的都走，都不成立时走默认流",
        ACTIVITIES,
        "test_an_implicit_split_takes_every_flow_and_a_conditional_one_only_when_true",
    ),
    (
        "`multiInstanceLoopCharacteristics`",
        "并行或依次，对集合中每一项一次；也认 loopCardinality、loopDataInputRef",
        ACTIVITIES,
        "test_sequential_runs_come_one_after_the_other",
    ),
    (
        "`completionCondition`",
        "每次完成后判断，成立即取消其余",
        DIFFERENCES,
        "test_a_true_completion_condition_cancels_the_rest_and_leaves_their_results_null",
    ),
    (
        "`standardLoopCharacteristics`",
        "先判断或后判断，可限次数",
        ACTIVITIES,
        "test_a_standard_loop_goes_on_while_its_condition_holds_up_to_its_maximum",
    ),
    (
        "`lane`",
        "泳道是角色，由外到内",
        ACTIVITIES,
        "test_lanes_give_roles_from_the_outermost_to_the_innermost_and_the_organisation",
    ),
    (
        "`collaboration`、`messageFlow`、多个池",
        "作说明；可执行的池各自部署，其余列出",
        ACTIVITIES,
        "test_of_several_pools_the_executable_ones_run_and_the_rest_is_listed",
    ),
    (
        "`ioMapping`",
        "输入为局部值，输出合并到外层",
        VALUES,
        "test_input_mappings_are_local_and_see_each_other",
    ),
)
POSITIONS = (Kind.START, Kind.CATCH, Kind.BOUNDARY, Kind.THROW, Kind.END)
REFUSED = (
    "complexGateway",
    "adHocSubProcess",
    "choreographyTask",
    "多重与并行多重事件",
)

# Where engines answer differently: (case, our answer, test in tests/process/test_where_engines_differ.py or beside it).
CASES: tuple[tuple[str, str, str, str], ...] = (
    (
        "条件结果为空、文本或数字",
        "网关处出现异常事项，绝不误走默认流",
        DIFFERENCES,
        "test_a_condition_that_is_neither_true_nor_false_is_an_incident_and_not_the_default_flow",
    ),
    (
        "既汇合又分支的并行网关",
        "始终先汇合",
        DIFFERENCES,
        "test_a_parallel_gateway_with_two_incoming_flows_is_a_join_even_for_a_loop",
    ),
    (
        "包容汇合的某分支提前结束",
        "随即重新判断，不会永远等待",
        DIFFERENCES,
        "test_an_inclusive_join_fires_when_a_branch_ends_early",
    ),
    (
        "没有等待的循环",
        "一步超过 1000 个元素即为异常事项",
        DIFFERENCES,
        "test_a_loop_without_a_wait_becomes_an_incident_when_the_step_budget_is_spent",
    ),
    (
        "错误事件子流程内又抛出错误",
        "向外寻找；无人捕获即为异常事项",
        DIFFERENCES,
        "test_an_error_thrown_inside_an_error_event_sub_process_goes_outward",
    ),
    (
        "事件子流程与边界事件都能捕获",
        "事件子流程优先",
        DIFFERENCES,
        "test_the_event_sub_process_catches_before_the_boundary_event",
    ),
    (
        "关联键为空或不是文本、数字",
        "等待处出现异常事项",
        DIFFERENCES,
        "test_a_correlation_key_that_is_neither_text_nor_number_is_an_incident",
    ),
    (
        "多实例完成条件成立",
        "其余取消，结果集合中为空值，顺序不变",
        DIFFERENCES,
        "test_a_true_completion_condition_cancels_the_rest_and_leaves_their_results_null",
    ),
    (
        "有输出映射",
        "只有映射的值离开；a.b 并入已有的上下文",
        DIFFERENCES,
        "test_only_mapped_values_leave_where_there_are_output_mappings",
    ),
    (
        "没有输出映射",
        "值写到已有此名的作用域，否则写到流程",
        DIFFERENCES,
        "test_without_output_mappings_values_go_to_the_scope_that_has_the_name_else_to_the_process",
    ),
    ("并行分支写不同的变量", "互不覆盖", SILENT, "test_s6_parallel_branches_do_not_overwrite_each_others_values"),
    (
        "补偿",
        "已完成的活动，后完成者先补偿，逐个进行；多实例活动的补偿活动只运行一次，其内部的各按自己的一项运行",
        DIFFERENCES,
        "test_compensation_runs_handlers_of_completed_activities_last_first_and_no_others",
    ),
    (
        "边界事件上的周期定时",
        "从上一个到期时刻起算，随活动结束",
        DIFFERENCES,
        "test_a_cycle_on_a_boundary_event_counts_from_the_last_due_time_and_ends_with_the_activity",
    ),
    (
        "条件事件",
        "由不成立变为成立时触发，其间须再次不成立才会再触发",
        ACTIVITIES,
        "test_a_non_interrupting_conditional_event_fires_each_time_it_becomes_true",
    ),
    (
        "从外部设置变量",
        "被调用流程内也看到新值",
        VALUES,
        "test_a_value_set_from_outside_is_seen_inside_called_processes_too",
    ),
)


def page() -> str:
    """The text of the page."""
    return "\n".join(
        [
            "# BPMN：支持到哪里",
            "",
            "本页由 `python -m engine.model.support` 从读图器自己的表生成。每个元素要么按 BPMN 2.0 执行，",
            "要么在部署时带着元素标识被拒绝；没有哪个元素部署之后什么也不做。右列是说明它的测试。",
            "",
            "## 1. 元素",
            "",
            *_table(("元素", "", "怎样执行", "测试"), (_element_row(kind) for kind in Kind)),
            "",
            *_table(("其他", "怎样执行", "测试"), ((n, how, _link(file, test)) for n, how, file, test in PARTS)),
            "",
            f"目前拒绝：{'、'.join(KIND_NAMES.get(name, name) for name in REFUSED)}。",
            "",
            "## 2. 事件定义可以放在哪里",
            "",
            *_table(("事件", *(KIND_NAMES[kind.value] for kind in POSITIONS), "测试"), _event_rows()),
            "",
            "周期定时只用于流程的开始事件、不中断的边界事件与事件子流程；错误边界事件总是中断。",
            "",
            "## 3. 扩展",
            "",
            *_table(("扩展", "可用于"), _extension_rows()),
            "",
            "定时可写 ISO 8601 日期、时长、周期或 cron（五段，或以秒开头的六段），也可写 FEEL；",
            "没有时区的时刻按北京时间读。时长最长十年，周期最短 60 秒。",
            "`yuntu:misfire policy`：`fire_once`（缺省，错过的只补一次）、",
            "`fire_all`（逐个补）、`skip`（错过即过）。",
            '`yuntu:calendar id="cn-workdays"`：天数按工作日算，落在休息日的顺延；',
            "尚未公布节假日的年份按周一至周五。`zone` 可另指时区。",
            "用户任务的到期与截止只写日期时算到当日 23:59:59；也可写时长，从任务出现时起算。",
            "监听器会改变执行结果，因此拒绝；其余扩展保留在文件中并列为警告。",
            "",
            "## 4. 其他工具的文件",
            "",
            "`camunda:`（7）与 `flowable:` 的下列属性含义相同，读入时换成上面的扩展；",
            "依赖程序代码的（class、delegateExpression 等）拒绝；没有对应、略去会改变结果的也拒绝：",
            "、".join(f"`{name}`" for name in sorted(DIFFERENT)) + "。",
            "",
            *_table(("元素", "属性"), ((name, "、".join(f"`{a}`" for a in same)) for name, same in SAME.items())),
            "",
            "## 5. 各引擎回答不同之处，我们怎样回答",
            "",
            *_table(("情形", "我们", "测试"), ((case, ours, _link(file, test)) for case, ours, file, test in CASES)),
            "",
            "SpiffWorkflow 能运行的，两个解释器走同样的随机路径互相核对（`yuntu bar R03`）；",
            "它不能运行的，按 BPMN 2.0.2 的条款逐条写成[应有的轨迹](../tests/process/test_reference_traces.py)。",
            "",
            "## 6. 部署前的穷举：健全性",
            "",
            "条件、消息、定时与回答各取每一种可能，在预算内走遍所有状态",
            "（`yuntu bpmn check`、部署、`yuntu bench soundness`）。",
            "状态太多时分成互不相干的部分：被调用的流程单独搜索，在调用处当作一件会办完的事；",
            "开始时就在等待、不中断、不向外抛出的事件子流程逐个搜索，其余令牌站着不动。",
            "各部分合起来就是全部；会取消别处未完成工作的结束事件照样列出。",
            "`deadlock`、`dead-join`、`cannot-end` 使 `yuntu bpmn check` 以 1 结束。",
            "每个发现都给出元素和最短路径，写成可以重放的场景文件；没有走遍时说明停在哪里。",
            "",
            *_table(("种类", "程度", "含义"), _finding_rows()),
            "",
            "## 7. 拒绝与警告的理由",
            "",
            *_table(("代码", "说明"), ((f"`{code}`", zh) for code, (zh, _) in sorted(SENTENCES.items()))),
            "",
        ]
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def _element_row(kind: Kind) -> tuple[str, ...]:
    sentence, file, test = ELEMENTS[kind]
    return f"`{kind.value}`", KIND_NAMES[kind.value], sentence, _link(file, test)


def _event_rows() -> Iterable[tuple[str, ...]]:
    for local, name in EVENT_NAMES.items():
        marks = ("●" if kind in PLACES[local] else "" for kind in POSITIONS)
        yield (name, *marks, _link(*EVENT_TESTS[local]))


def _extension_rows() -> Iterable[tuple[str, ...]]:
    for namespace, prefix in ((ZEEBE, "zeebe"), (YUNTU, "yuntu")):
        for local, places in UNDERSTOOD[namespace].items():
            yield f"`{prefix}:{local}`", "、".join(KIND_NAMES.get(place, f"`{place}`") for place in sorted(places))


def _finding_rows() -> Iterable[tuple[str, ...]]:
    for kind, (severity, zh, _) in KINDS.items():
        grade = {"error": "错误", "warning": "警告"}[severity]
        yield f"`{kind}`", grade, zh.format(where="…", detail_zh="…")


def _link(file: str, test: str) -> str:
    return f"[{test}](../tests/process/{file}.py)"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
