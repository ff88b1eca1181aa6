"""A document as a page: its narratives, as they stand in it, with a style for the screen and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#111}
h1{font-size:1.4rem}h2{font-size:1.1rem;border-bottom:1px solid #999;margin-top:1.5rem}ul{padding-left:1.2rem}
footer{margin-top:2rem;color:#444;font-size:.85rem}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}li{break-inside:avoid}}
"""


def page(bundle: Mapping[str, Any]) -> str:
    """HTML without scripts and without anything from elsewhere; a browser prints it to paper or PDF."""
    composition = bundle["entry"][0]["resource"]
    title = escape(composition["title"])
    sections = "".join(
        f"<section><h2>{escape(one['title'])}</h2>{one['text']['div']}</section>" for one in composition["section"]
    )
    number = escape(bundle["identifier"]["value"])
    return (
        '<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><h1>{title}</h1>{composition['text']['div']}{sections}<footer>文档编号 {number}</footer></body></html>"
    )
