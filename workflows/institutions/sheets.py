"""The rows of the monthly sheet F-18 from one month to the next. Pure rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

AGES = (15, 49)  # [seed:002 附件4 注1]; the region's own: `sweep.age`


def ages_of(policy: Mapping[str, Any]) -> tuple[int, int]:
    """From and to which completed year the region sweeps."""
    low, high = (policy.get("sweep") or {}).get("age") or AGES
    return int(low), int(high)


def scope_of(policy: Mapping[str, Any]) -> str:
    """Whom the sheet is about, in the region's words."""
    low, high = ages_of(policy)
    groups = "、".join(str(one) for one in (policy.get("sweep") or {}).get("groups") or ())
    return "；".join(part for part in (f"{low}–{high} 岁妇女", groups) if part)


def too_young_or_old(rows: Sequence[Mapping[str, Any]], ages: tuple[int, int]) -> list[int]:
    """Which rows, counted from 0, are of a woman whom this sheet is not about."""
    low, high = ages
    return [at for at, row in enumerate(rows) if row.get("sweep_age") and not low <= int(row["sweep_age"]) <= high]


def carried_on(rows: Sequence[Mapping[str, Any]], on: date, ages: tuple[int, int] = AGES) -> list[dict[str, Any]]:
    """Next month's sheet: who is not pregnant stays, a year older in her month, no longer new."""
    kept = [dict(row) for row in rows if row.get("sweep_pregnant") != "yes"]
    for row in kept:
        row["sweep_remarks"] = str(row.get("sweep_remarks") or "").replace("新增", "").strip(" ，,；;、") or None
        if (month := month_of(row.get("sweep_birth"))) is not None:
            row["sweep_age"] = on.year - int(month[:4]) - (on.month < int(month[5:]))
    return [{name: value for name, value in row.items() if value is not None} for row in kept if _of_age(row, ages)]


def marked_new(rows: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The rows with "新增" in the remarks of whoever was not on last month's sheet; without one nobody is new."""
    if before is None:
        return [dict(row) for row in rows]
    known = {_who(row) for row in before}
    found = []
    for row in rows:
        remarks = str(row.get("sweep_remarks") or "")
        is_new = _who(row) not in known and "新增" not in remarks
        found.append({**row, "sweep_remarks": f"{remarks}；新增".strip("；")} if is_new else dict(row))
    return found


def _who(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row.get("sweep_name"), month_of(row.get("sweep_birth")) or row.get("sweep_birth")


def _of_age(row: Mapping[str, Any], ages: tuple[int, int]) -> bool:
    low, high = ages
    return low <= int(row.get("sweep_age") or low) <= high


def month_of(text: Any) -> str | None:
    """`YYYY-MM` of what was written for the month of birth."""
    digits = "".join(letter if letter.isascii() and letter.isdigit() else " " for letter in str(text or "")).split()
    if not digits:
        return None
    if len(digits) == 1 and len(digits[0]) in (6, 8):
        digits = [digits[0][:4], digits[0][4:6]]
    if len(digits) < 2 or len(digits[0]) != 4 or not 1 <= int(digits[1]) <= 12:
        return None
    return f"{digits[0]}-{int(digits[1]):02}"
