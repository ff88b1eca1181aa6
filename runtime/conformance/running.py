"""All checks in order, each in both languages, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote

from runtime.conformance import describing, refusing, searching, telling, writing
from runtime.conformance.session import Session, Skip, both


@dataclass(frozen=True, slots=True)
class Check:
    """`ask`: None where it holds, else what is wrong. `writes`: makes resources of its own."""

    name: str
    zh: str
    area: str
    ask: Callable[[Session], str | None]
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    state: str  # ok | failed | skipped
    detail: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.check.name,
            "zh": self.check.zh,
            "area": self.check.area,
            "ok": self.state != "failed",
            "state": self.state,
            "detail": self.detail,
            "seconds": round(self.seconds, 3),
        }


AREAS = {
    "metadata": "自我说明",
    "sign-in": "登录与令牌",
    "errors": "拒绝与错误",
    "strict": "严格 JSON",
    "versions": "写入与版本",
    "conditions": "条件与幂等",
    "transactions": "事务与批处理",
    "search": "检索与分页",
    "subscriptions": "订阅",
    "afterwards": "收尾",
}
CLEANED = Check("cleaned up", "自检资源已删除", "afterwards", lambda it: None)


def _read(name: str, zh: str, area: str, ask: Callable[[Session], str | None]) -> Check:
    return Check(name, zh, area, ask, writes=False)


CHECKS: tuple[Check, ...] = (
    _read("metadata", "能力声明", "metadata", describing.metadata),
    _read("capability and behaviour", "声明与行为一致", "metadata", describing.capability),
    _read("XML", "XML", "metadata", describing.xml),
    _read("closed without a token", "无令牌不可读", "sign-in", describing.closed),
    _read("unknown token", "无效令牌", "sign-in", describing.unknown_token),
    _read("smart-configuration", "SMART 配置", "sign-in", describing.discovery),
    _read("no token for nothing", "未签名的断言被拒绝", "sign-in", describing.unsigned),
    _read("token by a signed assertion", "签名断言换取令牌", "sign-in", describing.signed),
    _read("unknown id", "未知 id", "errors", refusing.refuses("/Patient/no-such-id", 404)),
    _read("unknown type", "未知类型", "errors", refusing.refuses("/NoSuchType/1", 404)),
    _read(
        "unknown media type", "未知内容类型", "errors",
        refusing.refuses("/Patient/$validate", 415, b"x", {"Content-Type": "text/plain"}),
    ),
    _read(
        "unknown format", "未知输出格式", "errors",
        refusing.refuses("/Patient", 406, headers={"Accept": "text/turtle"}),
    ),
    _read("unknown parameters", "未知检索参数", "errors", refusing.unknown_parameters),
    _read("too large", "超过 5 MB", "errors", refusing.too_large),
    _read("malformed JSON", "JSON 有误", "strict", refusing.refuses("/Patient/$validate", 400, b'{"resourceType":')),
    _read(
        "a key twice", "重复的键", "strict",
        refusing.refuses("/Patient/$validate", 400, b'{"resourceType":"Patient","active":true,"active":false}'),
    ),
    _read(
        "NaN", "NaN", "strict",
        refusing.refuses("/Observation/$validate", 400, b'{"resourceType":"Observation","valueInteger":NaN}'),
    ),
    _read("every fault with its place", "一次指出全部错误及位置", "strict", refusing.every_fault),
    *(
        _read(name, zh, "strict", refusing.validates(text, place))
        for name, (zh, text, place) in refusing.STRICT.items()
    ),
    Check("create", "新建", "versions", writing.create),
    Check("exact digits and times", "数字与时间原样读回", "versions", writing.exact),
    Check("versions", "版本、If-Match、历史", "versions", writing.versions),
    Check("304", "未变化 304", "versions", writing.known_already),
    Check("patch", "JSON Patch", "versions", writing.patch),
    Check("return=minimal", "return=minimal", "versions", writing.prefer),
    Check("engine-owned", "引擎维护的资源不可直接写", "versions", writing.foreign),
    Check("delete", "删除、410、历史", "versions", writing.deletion),
    Check("conditional create", "条件新建", "conditions", writing.conditional_create),
    Check("conditional creates at once", "并发条件新建", "conditions", writing.at_once),
    Check("conditional update", "条件更新", "conditions", writing.conditional_update),
    Check("idempotency key", "幂等键", "conditions", writing.idempotency),
    Check("transaction", "事务", "transactions", writing.transaction),
    Check("all or nothing", "事务整体成败", "transactions", writing.all_or_nothing),
    Check("one resource twice", "同一资源两次", "transactions", writing.identity_twice),
    Check("batch", "批处理", "transactions", writing.batch),
    _read("self link", "self 链接", "search", searching.self_link),
    Check("search by patient and code", "按患者与代码检索", "search",
          searching.finds("patient={id}&code=http://loinc.org|8867-4&date=2025-12-31", 3)),
    Check("search by POST", "POST 检索", "search", searching.by_post),
    Check("prefix ge", "前缀 ge", "search",
          searching.finds("patient={id}&date=ge2025-12-31T09:00:00%2B08:00&date=lt2026-01-01", 2)),
    Check("prefix lt", "前缀 lt", "search", searching.finds("patient={id}&date=lt2025-12-31T09:00:00%2B08:00", 1)),
    Check(":not", ":not", "search", searching.finds("patient={id}&date=2025-12-31&status:not=preliminary", 0)),
    Check(":missing", ":missing", "search", searching.finds("patient={id}&date=2025-12-31&encounter:missing=true", 3)),
    Check(":exact", ":exact", "search", searching.names("{condition}&name:exact=" + quote("符合性"), 0)),
    Check(":contains", ":contains", "search", searching.names("{condition}&name:contains=" + quote("合性自"), 1)),
    Check("chain", "链式检索", "search",
          searching.finds("patient.birthdate=1990-01-01&patient={id}&date=2025-12-31", 3)),
    Check("_include", "_include", "search", searching.comes_along),
    Check("_sort", "_sort", "search", searching.sorted_down),
    Check("_elements", "_elements", "search", searching.part_of),
    Check("_summary=count", "_summary=count", "search", searching.counted),
    Check("paging", "分页", "search", searching.pages),
    Check("address of a stranger", "未登记的通知地址", "subscriptions", telling.stranger),
    Check("handshake", "握手", "subscriptions", telling.handshake),
    Check("event", "通知", "subscriptions", telling.event),
    _read("nothing of the machine", "不泄露服务器路径", "afterwards", describing.nothing_of_the_machine),
)  # fmt: skip


def run(
    it: Session,
    *,
    read_only: bool = False,
    only: Iterable[str] = (),
    told: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Every check; what was made is taken away whatever happens. Raises OSError where nobody answers at all."""
    it.server.ask("/metadata", with_token=False)
    wanted, found = set(only), []
    try:
        for check in CHECKS:
            if wanted and check.name not in wanted:
                continue
            if check.writes and read_only:
                result = Result(check, "skipped", both("只读", "read only"), 0.0)
            else:
                result = _one(check, it)
            found.append(result)
            told(result)
    finally:
        left = it.clean() if not read_only else []
    if not read_only:
        detail = both(f"留下 {', '.join(left)}", f"left behind: {', '.join(left)}") if left else ""
        found.append(Result(CLEANED, "failed" if left else "ok", detail, 0.0))
        told(found[-1])
    return found


def _one(check: Check, it: Session) -> Result:
    began = monotonic()
    try:
        problem = check.ask(it)
    except Skip as why:
        return Result(check, "skipped", str(why), monotonic() - began)
    except OSError as error:
        problem = both(f"没有应答：{type(error).__name__}", f"no answer: {type(error).__name__}")
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        problem = both("回答的形状不对", f"the answer has another shape than FHIR's ({type(error).__name__})")
    return Result(check, "failed" if problem else "ok", problem or "", monotonic() - began)
