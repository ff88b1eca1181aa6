"""The roles people hold, and what a role lets its holder know. A right that no row gives does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Role:
    """`clinical`: reads the records of women in care. `purple`: may know of the infectious-disease flag.
    `reach`: whose women and tasks: "own" organisation and those below it, or the whole "region"."""

    id: str
    zh: str
    clinical: bool = False
    purple: bool = False
    reach: str = "own"


ROLES: dict[str, Role] = {
    role.id: role
    for role in (
        Role(id="R-VDOC", zh="村医", clinical=True),
        Role(id="R-MCHW", zh="乡镇妇幼专干", clinical=True, purple=True),
        Role(id="R-MIDW", zh="助产士", clinical=True, purple=True),
        Role(id="R-OB", zh="产科医师", clinical=True, purple=True),
        Role(id="R-OB-AC", zh="副主任医师以上", clinical=True, purple=True),
        Role(id="R-PM-P", zh="兼职孕管员", clinical=True),
        Role(id="R-MED", zh="医务科", clinical=True),
        Role(id="R-PM-F", zh="专职孕管员", clinical=True, purple=True, reach="region"),
        Role(id="R-DIR", zh="分管院领导", clinical=True),
        Role(id="R-HCADM", zh="卫健委妇幼股", clinical=True, reach="region"),
        Role(id="R-MSO", zh="母婴安全管理办公室", clinical=True, reach="region"),
        Role(id="R-DESIGN", zh="流程设计"),
        Role(id="R-ITADM", zh="院方信息科"),
        Role(id="auditor", zh="审计", reach="region"),
    )
}

CARE = frozenset({"R-VDOC", "R-MCHW", "R-MIDW", "R-OB", "R-OB-AC", "R-PM-F"})  # finish the tasks of the pathway
# Finish what is meant for them alone: urging, checking, reporting for an institution. No task of the pathway is theirs.
OVERSEE = frozenset({"R-PM-P", "R-MED", "R-DIR", "R-HCADM", "R-MSO"})
READERS = frozenset(role.id for role in ROLES.values() if role.clinical)
KNOW_PURPLE = frozenset(role.id for role in ROLES.values() if role.purple)
OWNERS_OF_DIAGRAMS = frozenset({"R-DESIGN", "R-ITADM"})  # finish tasks whose role exists nowhere in this county
EVERYONE = frozenset(ROLES)

# Whose tasks a role may hand to somebody else; everybody may hand on what they hold themselves.
LEADS: dict[str, frozenset[str]] = {
    "R-MCHW": frozenset({"R-VDOC"}),
    "R-OB-AC": frozenset({"R-OB-AC", "R-OB", "R-MIDW"}),
    "R-PM-F": CARE,
    "R-HCADM": CARE,
    "R-ITADM": OWNERS_OF_DIAGRAMS,
}


def may_know_purple(roles: Iterable[str]) -> bool:
    """Whether one of these roles may see that a woman has an infectious disease."""
    return bool(KNOW_PURPLE & set(roles))


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """What people may do over FHIR: who cares for women reads and sends, who only reads records reads them, and
    whoever draws diagrams, keeps machines or audits has no business with a woman's record."""
    held = frozenset(roles)
    if held & CARE:
        return frozenset({"user/*.cruds"})
    return frozenset({"user/*.rs"}) if held & READERS else frozenset()
