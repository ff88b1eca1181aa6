"""One page per process for clinicians, written from the diagram itself, and the list of what is still to be confirmed.

`python -m workflows.pages docs/pathway` writes them; a test holds that they are those of the diagrams.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring  # our own files, never an upload

from workflows import tables
from workflows.forms import forms_on_disk
from workflows.regions import Pack, load_pack, pack_ids
from workflows.routing import CRITERION, SCREENING_ITEM, code_of

DIAGRAMS = Path(__file__).parents[1] / "bpmn"
B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
Z = "{http://camunda.org/schema/zeebe/1.0}"
Y = "{urn:yuntu:bpmn:1}"
UNSURE = ("known", "default")


def page_of(xml: bytes) -> str:
    """A process as Markdown: what it is, who does what by when, which clocks run, how it ends."""
    process = next(iter(fromstring(xml).iter(f"{B}process")))
    chinese, _, english = _text(process, "documentation").partition("\n\n")
    parts = [
        f"# {process.get('name')} `{process.get('id')}`",
        chinese,
        english,
        f"来源 Source: {_source(process)}",
        _table("步骤 Steps", ("任务", "由谁", "表单", "期限", "时钟", "依据"), _steps(process)),
        _table("计时 Timers", ("事件", "时间", "依据"), _timers(process)),
        _table("消息 Messages", ("事件", "消息"), _messages(process)),
        _table("结束 Ends", ("结束", "代码"), _ends(process)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def marks_page() -> str:
    """Every value and every row that an installation has to confirm, pack by pack and table by table."""
    parts = ["# 待确认的数字与条目 To be confirmed", "由参数包与决策表生成。每一项在真实使用前须由临床与行政签字。"]
    parts += [_pack_marks(load_pack(pack_id)) for pack_id in pack_ids()]
    for form, pattern in (("risk-screening", SCREENING_ITEM), ("risk-grading", CRITERION)):
        codes = [code_of(item) for item in forms_on_disk()[form].by_link_id if pattern.fullmatch(item)]
        rows = [(code, tables.row_of(code) or {}) for code in codes]
        unsure = [
            (code, str(row["text"]), str(row["verified"])) for code, row in rows if row and row["verified"] != "✔"
        ]
        parts.append(_table(f"`{form}` ◐ ○", ("代码", "条目", "核对"), unsure))
    return "\n\n".join(part for part in parts if part) + "\n"


def _pack_marks(pack: Pack) -> str:
    base = {key: value for key, value, _ in load_pack(pack.base).leaves()} if pack.base else {}
    own = [(key, value, source) for key, value, source in pack.leaves() if base.get(key, "…") != value]
    rows = [(f"`{key}`", f"`{value}`", f"[{s.mark}]", s.text) for key, value, s in own if s.mark in UNSURE]
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


def _steps(process: Element) -> list[tuple[str, ...]]:
    lanes = _lanes(process)
    found: list[tuple[str, ...]] = []
    for task in process.iter(f"{B}userTask"):
        form, schedule = task.find(f".//{Z}formDefinition"), task.find(f".//{Z}taskSchedule")
        roles = task.find(f".//{Z}assignmentDefinition")
        who = roles.get("candidateGroups", "") if roles is not None else lanes.get(task.get("id", ""), "")
        due = schedule.get("dueDate", "") if schedule is not None else ""
        clock = task.find(f".//{Y}clock")
        found.append(
            (
                task.get("name", ""),
                _code(who),
                _code(form.get("formId", "")) if form is not None else "",
                _code(due.removeprefix("=")),
                clock.get("id", "") if clock is not None else "",
                _source(task),
            )
        )
    return found


def _lanes(process: Element) -> dict[str, str]:
    found = {}
    for lane in process.iter(f"{B}lane"):
        given = lane.find(f".//{Y}lane")
        for node in lane.iter(f"{B}flowNodeRef"):
            found[(node.text or "").strip()] = given.get("role", "") if given is not None else lane.get("name", "")
    return found


def _timers(process: Element) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for event in process.iter():
        timer = event.find(f"{B}timerEventDefinition")
        if timer is not None:
            when = next((child.text or "" for child in timer), "")
            found.append((event.get("name", ""), _code(when.removeprefix("=")), _source(event)))
    return found


def _messages(process: Element) -> list[tuple[str, ...]]:
    return [
        (event.get("name", ""), _code(found.get("messageRef", "")))
        for event in process.iter()
        if (found := event.find(f"{B}messageEventDefinition")) is not None
    ]


def _ends(process: Element) -> list[tuple[str, ...]]:
    return [(end.get("name", ""), _code(end.get("id", ""))) for end in process.iter(f"{B}endEvent") if end.get("name")]


def _source(element: Element) -> str:
    return " ".join((element.findtext(f"{B}extensionElements/{Y}source") or "").split())


def _text(element: Element, tag: str) -> str:
    return (element.findtext(f"{B}{tag}") or "").strip()


def _code(text: str) -> str:
    return f"`{' '.join(text.split())}`" if text else ""


def _table(title: str, head: tuple[str, ...], rows: list[Any]) -> str:
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    body = "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"## {title}\n\n{body}"


def pages() -> dict[str, str]:
    """File name to text: a page for every diagram, and `marks.md`."""
    found = {f"{path.stem}.md": page_of(path.read_bytes()) for path in sorted(DIAGRAMS.glob("*.bpmn"))}
    return {**found, "marks.md": marks_page()}


if __name__ == "__main__":
    for name, text in pages().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
