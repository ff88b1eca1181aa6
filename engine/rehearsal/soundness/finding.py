"""One thing that is not sound: what kind, which elements, and the shortest way there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import Text
from engine.problems import Problem

# kind -> (severity, 中文, English); `where` are the elements
KINDS: dict[str, tuple[str, str, str]] = {
    "deadlock": ("error", "令牌停在 {where} 再也走不动", "tokens stand at {where} and can never go on"),
    "dead-join": ("error", "汇合 {where} 永远等不齐", "the join {where} can never fire"),
    "cannot-end": ("error", "从 {where} 再也到不了任何结束", "from {where} no end can be reached any more"),
    "unreachable": ("error", "没有任何路径能到达 {where}", "no path ever reaches {where}"),
    "incident": ("error", "{where} 必然出现异常事项：{detail_zh}", "an incident arises at {where}: {detail_en}"),
    "two-tokens": (
        "error",
        "{where} 处会同时有两个令牌，同一件事会做两遍",
        "two tokens can be at {where} at once: the same work is done twice",
    ),
    "ends-with-work-open": (
        "warning",
        "{where} 结束时还有未完成的工作被取消",
        "{where} ends while work is still open, which is cancelled",
    ),
    "loop-without-wait": (
        "warning",
        "循环 {where} 中没有等待，可能在一步内无休止地运行",
        "the loop {where} has no wait in it and may run without end in one step",
    ),
    "unbounded": (
        "error",
        "非中断事件 {where} 会使令牌无限增加",
        "the non-interrupting event {where} can add tokens without bound",
    ),
    "piles-up": (
        "warning",
        "非中断的周期定时 {where} 没有次数限制，每次都会留下等待处理的工作",
        "the non-interrupting cycle {where} has no bound and leaves work waiting each time",
    ),
    "no-role": ("warning", "用户任务 {where} 没有角色", "no role is named for the user task {where}"),
    "no-clock": (
        "warning",
        "用户任务 {where} 没有期限",
        "the user task {where} has no clock: nobody notices it is late",
    ),
}


@dataclass(frozen=True)
class Finding:
    """`path`: the moves, in words. `scenario`: they as a scenario file, None where nothing has to be played.

    `confirmed`: the scenario was played with real values and came to the finding.
    """

    kind: str
    element_ids: tuple[str, ...]
    path: tuple[str, ...] = ()
    scenario: dict[str, Any] | None = None
    confirmed: bool = False
    detail: Text | None = None

    @property
    def severity(self) -> str:
        return KINDS[self.kind][0]

    @property
    def message(self) -> Text:
        _, zh, en = KINDS[self.kind]
        detail = self.detail or Text(zh="", en="")
        facts = {"detail_zh": detail.zh, "detail_en": detail.en}
        return Text(
            zh=zh.format(where="、".join(self.element_ids), **facts),
            en=en.format(where=", ".join(self.element_ids), **facts),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "element_ids": list(self.element_ids),
            "message": {"zh": self.message.zh, "en": self.message.en},
            "path": list(self.path),
            "scenario": self.scenario,
            "confirmed": self.confirmed,
        }

    def as_problem(self) -> Problem:
        """For the warnings of a deployment. A finding never keeps a diagram from going live: people decide."""
        place = self.element_ids[0].rpartition("/")[2] if self.element_ids else None
        return Problem(
            element_id=place,
            element_type=None,
            code=f"soundness-{self.kind}",
            message=self.message,
            severity="warning",
        )


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Each place and kind once, errors first."""
    kept: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.kind, finding.element_ids), finding)
    return sorted(kept.values(), key=lambda finding: finding.severity != "error")
