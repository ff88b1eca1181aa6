"""Risk colours as they are shown: shape, text and fill together, never colour alone. A colour is data of the
region pack; what stands here is the national five with the fills measured for contrast and colour blindness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.people.roles import may_know_purple


@dataclass(frozen=True, kw_only=True)
class Colour:
    """`rank`: higher is more urgent. `shape`: circle triangle diamond octagon cross."""

    code: str
    zh: str
    en: str
    rank: int
    fill: str
    ink: str
    shape: str


NATIONAL = {
    colour.code: colour
    for colour in (
        Colour(code="green", zh="绿 低风险", en="Green low", rank=1, fill="#9BD6AB", ink="#0B3D1C", shape="circle"),
        Colour(
            code="yellow", zh="黄 一般", en="Yellow moderate", rank=2, fill="#FFE680", ink="#3D3000", shape="triangle"
        ),
        Colour(code="orange", zh="橙 较高", en="Orange raised", rank=3, fill="#F58A1F", ink="#2B1500", shape="diamond"),
        Colour(code="red", zh="红 高风险", en="Red high", rank=4, fill="#A80F17", ink="#FFFFFF", shape="octagon"),
        Colour(
            code="purple", zh="紫 传染病", en="Purple infection", rank=5, fill="#4B2385", ink="#FFFFFF", shape="cross"
        ),
    )
}


def chips(variables: Mapping[str, Any], roles: frozenset[str]) -> list[Colour]:
    """The colours of a woman that the holder of `roles` may know: the primary one, and purple beside it."""
    primary = NATIONAL.get(str(variables.get("colour")))
    purple = variables.get("purple") is True and may_know_purple(roles)
    return [colour for colour in (primary, NATIONAL["purple"] if purple else None) if colour is not None]


def offered(roles: frozenset[str]) -> list[Colour]:
    """The colours that a list may be narrowed to."""
    return [c for c in NATIONAL.values() if c.code != "purple" or may_know_purple(roles)]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One grading that changed the colours; `reasons` are the codes of the criteria. `error`: it was entered in error,
    by whom that was said, when and why, as far as the reader may know."""

    on: str
    colours: list[Colour]
    reasons: list[str]
    error: Mapping[str, Any] | None = None


def changes(variables: Mapping[str, Any], roles: frozenset[str]) -> list[Change]:
    """How her colour came about, oldest first, with what the holder of `roles` may know: the criteria of purple name
    an infection, so they need the same right as purple itself."""
    known: list[Change] = []
    every = [*(variables.get("gradings") or ()), *(variables.get("gradings_in_error") or ())]
    for grading in sorted(every, key=lambda one: (str(one.get("graded_at", "")), not one.get("error"))):
        colours, error = chips(grading, roles), grading.get("error")
        if error is not None and _is_protected(grading) and not may_know_purple(roles):
            continue
        held = [one for one in known if one.error is None]
        if error is None and held and held[-1].colours == colours:
            continue
        reasons = [c for c in map(str, grading.get("criteria") or ()) if may_know_purple(roles) or c[:1] != "P"]
        known.append(
            Change(
                on=str(grading.get("graded_at", ""))[:10], colours=colours, reasons=reasons, error=_told(error, roles)
            )
        )
    return known


def _is_protected(grading: Mapping[str, Any]) -> bool:
    return grading.get("purple") is True or any(str(c).startswith("P") for c in grading.get("criteria") or ())


def _told(error: Mapping[str, Any] | None, roles: frozenset[str]) -> Mapping[str, Any] | None:
    """The reason may name an infection, so it needs the right to purple."""
    if error is None:
        return None
    said = {"on": str(error.get("at", ""))[:10], "by": error.get("by")}
    return {**said, "reason": error.get("reason")} if may_know_purple(roles) else said


def stylesheet() -> str:
    """One CSS rule per colour: pages carry no inline style."""
    return "\n".join(f".chip--{c.code} {{ background: {c.fill}; color: {c.ink}; }}" for c in NATIONAL.values())
