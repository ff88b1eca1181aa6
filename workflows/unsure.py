"""What an installation has to confirm before real use: values of a pack and rows of the tables that rest on
professional knowledge or on a local setting, and where the sources contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows import tables
from workflows.forms import forms_on_disk
from workflows.regions import Pack, Source
from workflows.routing import CRITERION, SCREENING_ITEM, code_of

MARKS = ("known", "default")
FORMS = (("risk-screening", SCREENING_ITEM), ("risk-grading", CRITERION))


# rows of the tables that look computable, and are ticked: what the sources do not let a form ask, or no number decides
TICKED = (
    ("S-4.1", "家族高血压史在国家表（F-02）中无单独选项，由筛查者问后勾选；血压一半由 S-7.1.5 自动算"),
    ("S-6.5", "尿蛋白、尿潜血两天及以上 ≥1+ 自动算；管型、红白细胞计数各表均不采集，由筛查者勾选"),
    (
        "O-2.1.6",
        "肺动脉收缩压高于本地上限（risk.pasp_normal_until_mmhg）且 <50 mmHg 预勾，余由医师勾选",
    ),
    ("O-2.5.2", "24 小时尿量各表均不采集，且须先有肾性尿崩症诊断，由医师勾选"),
    ("R-1.1.2", "有心脏病史且血氧饱和度 <90% 预勾；是否紫绀型、是否手术、Fontan 术后由医师勾选"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A screening item or grading criterion whose official wording has not been compared yet. `verified`: ◐ or ○."""

    form: str
    code: str
    text: str
    verified: str


def values(pack: Pack) -> list[tuple[str, Any, Source]]:
    """The values of a pack that are professional knowledge or local settings, in the order of the file."""
    return [(key, value, source) for key, value, source in pack.leaves() if source.mark in MARKS]


def rows() -> list[Row]:
    """The rows of the screening and grading tables that are not verified, in the order of the forms."""
    found = []
    for form, pattern in FORMS:
        for item in forms_on_disk()[form].by_link_id:
            row = tables.row_of(code_of(item)) if pattern.fullmatch(item) else None
            if row is not None and row["verified"] != "✔":
                found.append(Row(form=form, code=code_of(item), text=str(row["text"]), verified=str(row["verified"])))
    return found


def kind_of(contradiction: Any) -> str:
    """Whether the county still has to be asked."""
    return "open" if contradiction.get("question") else "decided"
