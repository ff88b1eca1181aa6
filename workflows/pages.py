"""One page per process for clinicians, written from the diagram itself, and lists: what is still to be confirmed, where
sources contradict each other, how indicators are counted.

`python -m workflows.pages docs/pathway` writes them with a picture of every plane; a test holds that they are those of
the diagrams.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from workflows import catalogue, coverage, indicators, unsure
from workflows.drawings import Plane, picture, planes
from workflows.processes import process, values
from workflows.regions import Pack, load_pack, pack_ids

DIAGRAMS = Path(__file__).parents[1] / "bpmn"
BASELINE = "cn-baseline"
PICTURES = "pictures"  # the folder beside the pages


def page_of(xml: bytes) -> str:
    """A process as Markdown: what it is, its pictures, who does what by when, which clocks run, how it ends."""
    told = process(xml)
    steps = [(one.name, _code(one.who), _code(one.form), _when(one.due), one.clock, one.source) for one in told.steps]
    timers = [(one.name, _when(one.value), one.source) for one in told.timers]
    parts = [
        f"# {told.name} `{told.key}`",
        told.chinese,
        told.english,
        f"来源 Source: {told.source}",
        *_pictures(told.key, planes(xml)),
        _table("步骤 Steps", ("任务", "由谁", "表单", "期限", "时钟", "依据"), steps),
        _table("计时 Timers", ("事件", "时间", "依据"), timers),
        _table("消息 Messages", ("事件", "消息"), [(one.name, _code(one.value)) for one in told.messages]),
        _table("调用 Called processes", ("环节", "流程"), [(one.name, _link(one.value)) for one in told.calls]),
        _table("结束 Ends", ("结束", "代码"), [(one.name, _code(one.value)) for one in told.ends if one.name]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def marks_page() -> str:
    """Every value and every row that an installation has to confirm, pack by pack and table by table."""
    parts = ["# 待确认的数字与条目 To be confirmed", "由参数包与决策表生成。每一项在真实使用前须由临床与行政签字。"]
    parts += [_pack_marks(load_pack(pack_id)) for pack_id in pack_ids()]
    for form, _ in unsure.FORMS:
        rows = [(row.code, row.text, row.verified) for row in unsure.rows() if row.form == form]
        parts.append(_table(f"`{form}` ◐ ○", ("代码", "条目", "核对"), rows))
    parts.append(_table("须勾选的条目与原因", ("代码", "为何不能全由数据得出"), list(unsure.TICKED)))
    return "\n\n".join(part for part in parts if part) + "\n"


def contradictions_page() -> str:
    """Every contradiction between sources with what was decided, and the packs that it is shown with."""
    told: dict[str, tuple[Any, list[str]]] = {}
    for pack_id in pack_ids():
        for one in load_pack(pack_id).contradictions:
            told.setdefault(one["id"], (one, []))[1].append(f"`{pack_id}`")
    rows = [
        (one["id"], one["says"], one["other"], one["decided"], one.get("question", ""), " ".join(packs))
        for one, packs in sorted(told.values(), key=lambda row: int(row[0]["id"].removeprefix("C-")))
    ]
    about = "由参数包生成；页面“地区规则”显示本安装所用参数包的部分。"
    table = _table("出入", ("编号", "一处", "另一处", "处理", "请县里确认", "参数包"), rows)
    return f"# 来源之间的出入与处理 Contradictions and decisions\n\n{about}\n\n{table}\n"


def indicators_page() -> str:
    """Every indicator as it is counted, and what is due when."""
    rows = [
        (
            *(one.id, f"{one.name.zh}<br>{one.name.en}", f"{one.numerator.zh} / {one.denominator.zh}", one.rule.zh),
            *(f"[{one.mark}] {one.source}", "" if one.missing is None else f"尚未记录：{one.missing.zh}"),
        )
        for one in indicators.definitions().values()
    ]
    head = ("编号", "指标", "分子 / 分母", "计数规则", "依据", "状态")
    about = (
        "由 `workflows/indicators/definitions.yaml` 生成。数字由数据库函数 `indicator_rows` 逐人计数，"
        "每个数字都能下钻到名单与不计的原因；没有过程产生的事实写作“尚未记录”，不写作 0。\n\n"
        "Counted by the database function `indicator_rows`, one row for each woman, birth, report or referral; what no "
        "process records yet is shown as not yet recorded, never as nought.\n\n"
        "- 页面 Page: `/indicators`, `/reports`, `/reports/submitted`, `/region`\n"
        "- 命令 Command: `yuntu indicators --period 2026Q3 [--organisation ID] [--json] [--xlsx FILE]`\n"
        "- HTTP: `GET /api/indicators?period=2026Q3`, `GET /api/indicators/I-12/women?period=2026Q3`\n"
        "- 上报 Hand in: `POST /api/indicators/reports`，数字冻结为 MeasureReport（`GET /fhir/MeasureReport`），"
        "`GET /api/indicators/reports/{id}` 并列今日复算；更正另报一份并写明原因\n"
        "- 时期 Period: `2026`, `2026Q3`, `2026-07`, `S2026`（统计年度，上年 10 月 1 日至当年 9 月 30 日）"
    )
    return f"# 指标 Indicators\n\n{about}\n\n{_table('定义 Definitions', head, rows)}\n"


def coverage_page() -> str:
    """Every core and supporting row of the source documents, with its place and its tests, or what is open."""
    every = coverage.rows()
    counted = [(scope, *(states[state] for state in coverage.STATES)) for scope, states in coverage.counts().items()]
    parts = [
        "# 来源文件逐条对照 Coverage",
        coverage.NOTE,
        _table("合计 Sum", ("范围", *coverage.STATES.values()), counted),
    ]
    for scope in ("core", "supporting"):
        lines = [_covered(row) for row in every if row.scope == scope]
        parts.append(_table(scope, ("编号", "条款", "软件做什么", "状态", "在哪里", "测试", "缺什么"), lines))
    return "\n\n".join(parts) + "\n"


def _covered(row: coverage.Row) -> tuple[str, ...]:
    places = "<br>".join(f"{one.zh} `{one.place}`" for one in row.by)
    tests = "<br>".join(dict.fromkeys(f"`{test.rpartition('/')[2]}`" for one in row.by for test in one.tests))
    return (row.id, row.clause, row.what, coverage.STATES[row.state], places, tests, row.lacks or "")


def _pack_marks(pack: Pack) -> str:
    base = {key: value for key, value, _ in load_pack(pack.base).leaves()} if pack.base else {}
    own = [(key, value, source) for key, value, source in pack.leaves() if base.get(key, "…") != value]
    rows = [(f"`{key}`", f"`{value}`", f"[{s.mark}]", s.text) for key, value, s in own if s.mark in unsure.MARKS]
    asked = [(told["id"], told["says"], told["other"], told["decided"]) for told in pack.contradictions]
    own_told = [row for row in asked if not pack.base or row[0] not in _told(pack.base)]
    title = f"{pack.name} `{pack.id}`"
    both = [
        _table(title, ("参数", "值", "标记", "说明"), rows),
        _table(f"{title} 来源之间的出入", ("编号", "一处", "另一处", "处理"), own_told),
    ]
    return "\n\n".join(part for part in both if part)


def _told(pack_id: str) -> set[str]:
    return {told["id"] for told in load_pack(pack_id).contradictions}


def _pictures(key: str, drawn: list[Plane]) -> list[str]:
    """The whole first, then each sub-process that the picture before only names."""
    shown = ["## 图 Picture"]
    for plane in drawn:
        title = [] if plane.main else [f"### {plane.name} `{plane.id}`"]
        shown += [*title, f"![{plane.name}]({PICTURES}/{_picture_name(key, plane)})"]
    return shown


def _picture_name(key: str, plane: Plane) -> str:
    return f"{key}.svg" if plane.main else f"{key}.{plane.id}.svg"


def _when(expression: str) -> str:
    """As the diagram writes it, and what the national baseline puts in for the rules it reads."""
    lines = [
        f"{rule}：{value.zh}" + ("" if value.zh == value.en else f" · {value.en}")
        for rule, value in values(expression, load_pack(BASELINE).policy())
    ]
    return "<br>".join([_code(expression), *lines])


def _link(key: str) -> str:
    """To the page of a called process; an expression names no file."""
    return f"[`{key}`]({key}.md)" if (DIAGRAMS / f"{key}.bpmn").exists() else _code(key)


def _code(text: str) -> str:
    return f"`{' '.join(text.split())}`" if text else ""


def _table(title: str, head: tuple[str, ...], rows: list[Any]) -> str:
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    body = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"## {title}\n\n{body}"


def messages_page() -> str:
    """Every message and every clock of the pathway, with the test that shows it."""
    told = [(row.id, *row.says, _shown_by(row)) for row in catalogue.messages()]
    timed = [(row.id, *row.says, _shown_by(row)) for row in catalogue.clocks()]
    parts = [
        "# 消息与时钟 Messages and clocks",
        "由 `messages.yaml` 生成；测试核对每一行都有测试。 Written from `messages.yaml`; a row without a test fails.",
        _table("消息 Messages", ("编号", "消息", "发出", "接收", "触发", "内容", "时限", "测试"), told),
        _table("时钟 Clocks", ("编号", "起点", "时限", "到期后", "测试"), timed),
    ]
    return "\n\n".join(parts) + "\n"


def _shown_by(row: catalogue.Row) -> str:
    return "<br>".join(f"`{test.rpartition('/')[2]}`" for test in row.tests)


def pages() -> dict[str, str]:
    """File name to text: a page for every diagram with its pictures, and the lists."""
    found = {}
    for path in sorted(DIAGRAMS.glob("*.bpmn")):
        xml = path.read_bytes()
        found[f"{path.stem}.md"] = page_of(xml)
        for plane in planes(xml):
            found[f"{PICTURES}/{_picture_name(path.stem, plane)}"] = picture(plane)
    lists = {"marks.md": marks_page(), "contradictions.md": contradictions_page(), "indicators.md": indicators_page()}
    lists["coverage.md"] = coverage_page()
    lists["messages.md"] = messages_page()
    return {**found, **lists}


if __name__ == "__main__":
    target, written = Path(sys.argv[1]), pages()
    (target / PICTURES).mkdir(exist_ok=True)
    for left_over in {path.name for path in (target / PICTURES).glob("*.svg")}:
        if f"{PICTURES}/{left_over}" not in written:
            (target / PICTURES / left_over).unlink()
    for name, text in written.items():
        (target / name).write_text(text, encoding="utf-8")
