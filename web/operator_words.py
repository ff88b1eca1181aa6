"""Words for those who keep the engine running: what waits, what differs, what may be done, what the audit says."""

from __future__ import annotations

from typing import Any

from engine.errors import Text
from web.language import gettext as _
from web.language import pick


def wait_name(kind: str) -> str:
    """What a token waits for."""
    names = {
        "user_task": _("任务"),
        "timer": _("定时器"),
        "message": _("消息"),
        "signal": _("信号"),
        "condition": _("条件"),
        "job": _("作业"),
        "incident": _("异常"),
    }
    return names.get(kind, kind)


def operation_name(operation: str) -> str:
    """What a batch does to each instance."""
    names = {
        "migrate": _("迁移"),
        "revert": _("撤回迁移"),
        "modify": _("移动令牌"),
        "suspend": _("挂起"),
        "activate": _("恢复运行"),
        "terminate": _("终止"),
        "variables": _("修改变量"),
        "retry": _("重试异常"),
    }
    return names.get(operation, operation)


def operation_hint(operation: str) -> str:
    """What it means, in one sentence."""
    return {
        "suspend": _("实例保留一切，但任务不能办结、定时不触发，直到恢复运行。"),
        "activate": _("挂起的实例继续；挂起期间到期的定时立即到期，按各自的错过策略处理。"),
        "variables": _("给流程变量赋值；条件事件随即重新判断。"),
        "retry": _("每个实例的未处理异常各重试一次。"),
        "modify": _("取消一处的令牌，并在另一处开始；会永远等不齐的移动被拒绝。"),
        "revert": _("回到迁移之前的版本；迁移之后动过的实例保持原样，并记为失败。"),
        "terminate": _("实例立即结束，不能恢复。"),
    }.get(operation, "")


def rule_name(rule: str) -> str:
    """What becomes of a running deadline."""
    return {
        "keep": _("保留原到期时间"),
        "recompute": _("按新时长，从进入该环节时起算"),
        "restart": _("按新时长，从现在起算"),
    }[rule]


def fate_name(fate: str) -> str:
    """What becomes of an element in the new version."""
    return {"gone": _("已删除"), "renamed": _("标识改变"), "changed": _("内容改变"), "kept": _("不变")}[fate]


def difference_name(what: str) -> str:
    """In what two versions of an element differ."""
    names = {
        "name": _("名称"),
        "work": _("内容"),
        "event": _("事件"),
        "loop": _("循环"),
        "mappings": _("变量映射"),
        "scope": _("所在子流程"),
        "flows": _("后续流向"),
        "conditions": _("流向条件"),
    }
    return names.get(what, what)


def kind_name(kind: str) -> str:
    """The kind of an element, as it stands in the XML."""
    names = {
        "startEvent": _("开始事件"),
        "endEvent": _("结束事件"),
        "intermediateThrowEvent": _("抛出事件"),
        "intermediateCatchEvent": _("捕获事件"),
        "boundaryEvent": _("边界事件"),
        "task": _("任务"),
        "userTask": _("人工任务"),
        "serviceTask": _("服务任务"),
        "sendTask": _("发送任务"),
        "receiveTask": _("接收任务"),
        "businessRuleTask": _("决策任务"),
        "scriptTask": _("脚本任务"),
        "exclusiveGateway": _("排他网关"),
        "parallelGateway": _("并行网关"),
        "inclusiveGateway": _("包容网关"),
        "eventBasedGateway": _("事件网关"),
        "subProcess": _("子流程"),
        "eventSubProcess": _("事件子流程"),
        "transaction": _("事务"),
        "callActivity": _("调用流程"),
    }
    return names.get(kind, kind)


def effect_name(part: str) -> str:
    """What a change comes to for a wait."""
    return {"opened": _("新增"), "closed": _("取消"), "changed": _("改变"), "kept": _("保留")}[part]


def result_name(state: str) -> str:
    """What became of one instance of a batch."""
    return {"": _("全部"), "done": _("成功"), "failed": _("失败"), "waiting": _("尚未轮到")}[state]


def action_name(action: str) -> str:
    """What somebody did, as the audit keeps it."""
    names = {
        "read": _("查看"),
        "search": _("查询"),
        "sign-in": _("登录"),
        "sign-out": _("退出登录"),
        "deploy": _("发布"),
        "print": _("打印"),
        "export": _("导出"),
        "create": _("新建"),
        "update": _("更改"),
        "MigrateInstance": _("迁移"),
        "RevertMigration": _("撤回迁移"),
        "ModifyInstance": _("移动令牌"),
        "SetVariables": _("修改变量"),
        "SuspendInstance": _("挂起"),
        "ActivateInstance": _("恢复运行"),
        "TerminateInstance": _("终止"),
        "SuspendDefinition": _("暂停启动"),
        "ActivateDefinition": _("恢复启动"),
        "CreateBatch": _("新建批次"),
        "ControlBatch": _("控制批次"),
        "RetryIncident": _("重试异常"),
        "SkipIncident": _("跳过异常"),
        "AssignIncident": _("指定负责人"),
        "RetryMessage": _("重新投递"),
        "DecideInboxItem": _("决定资料归属"),
        "replay": _("重发"),
        "MoveTimer": _("更改到期时间"),
        "FireTimerNow": _("立即触发"),
    }
    return names.get(action, action)


def subject_name(kind: str) -> str:
    """What it was done to."""
    names = {
        "instance": _("流程实例"),
        "history": _("历史"),
        "definition": _("流程定义"),
        "batch": _("批次"),
        "incident": _("异常"),
        "message": _("消息"),
        "audit": _("审计记录"),
        "account": _("账号"),
        "pregnancy": _("孕产妇档案"),
        "user-task": _("任务"),
        "form": _("表单"),
    }
    return names.get(kind, kind)


def told(detail: Any) -> list[tuple[str, str]]:
    """What a row of history or audit says beside who and when: names in the reader's language, values as they are."""
    names = {
        "reason": _("原因"),
        "batch": _("批次"),
        "from": _("原版本"),
        "to": _("新版本"),
        "version": _("版本"),
        "decision": _("决策"),
        "operation": _("操作"),
        "action": _("操作"),
        "rules": _("规则"),
        "matched": _("规则"),
        "instructions": _("移动"),
        "due": _("到期"),
        "was": _("原为"),
        "problem": _("原因"),
    }
    said = [(names.get(name, name), _said(value)) for name, value in (detail or {}).items()]
    return [(name, value) for name, value in said if value]


def _said(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return pick(Text(**value))
    if isinstance(value, list):
        return " · ".join(filter(None, (_said(item) for item in value)))
    if isinstance(value, dict):
        return ", ".join(f"{name} {inside}" for name, item in value.items() if (inside := _said(item)))
    return str(value)


FOR_TEMPLATES = {
    "wait_name": wait_name,
    "operation_name": operation_name,
    "operation_hint": operation_hint,
    "rule_name": rule_name,
    "fate_name": fate_name,
    "difference_name": difference_name,
    "kind_name": kind_name,
    "effect_name": effect_name,
    "result_name": result_name,
    "action_name": action_name,
    "subject_name": subject_name,
    "told": told,
}
