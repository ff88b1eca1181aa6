"""The description as a page: one table per audience, no script, no style from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

NAMES = {
    "tasks": "用户任务",
    "definitions": "流程定义",
    "evaluation": "试算",
    "operations": "流程实例",
    "batches": "批量操作",
    "messages": "消息与信号",
    "clock": "手动时钟",
    "pregnancies": "孕产妇",
    "health": "健康状况",
    "openapi": "接口说明",
}


def page(description: dict[str, Any]) -> str:
    """HTML whose every text is escaped."""
    rows: dict[str, list[str]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            rows.setdefault(operation["tags"][0], []).append(_row(path, method, operation))
    tables = "".join(_table(tag, found) for tag, found in rows.items())
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>孕途 JSON 接口</title>'
        '<meta name="viewport" content="width=device-width"></head><body><main><h1>孕途 JSON 接口</h1>'
        '<p>机器可读的版本：<a href="/api/openapi.json">/api/openapi.json</a>。除健康状况外，每个请求都须带'
        "<code>Authorization: Bearer …</code>。出错时回答 <code>application/problem+json</code>。</p>"
        f"{tables}</main></body></html>"
    )


def _table(tag: str, rows: list[str]) -> str:
    head = "<tr><th scope=col>方法</th><th scope=col>路径</th><th scope=col>作用</th><th scope=col>角色</th></tr>"
    return f"<h2>{escape(NAMES.get(tag, tag))}</h2><table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _row(path: str, method: str, operation: dict[str, Any]) -> str:
    cells = (method.upper(), path, operation["summary"], " ".join(operation["x-roles"]))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
