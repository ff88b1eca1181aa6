"""Who read an older revision must read again."""

from __future__ import annotations

from engine.errors import Stale


def require_revision(stored: int, expected: int | None) -> None:
    """Raises Stale when the caller named a revision and it is not the stored one."""
    if expected is not None and expected != stored:
        raise Stale(
            f"内容已被更新（现为第 {stored} 次修订，您读取的是第 {expected} 次）",
            f"the stored revision is {stored}, not {expected}",
        )
