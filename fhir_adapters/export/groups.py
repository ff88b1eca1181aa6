"""The groups that an export can be limited to. They are made by us, from what is stored; nobody keeps lists."""

from __future__ import annotations

import re
from typing import Any

from fhir_adapters.access import Viewer
from fhir_adapters.search.index import hashed
from fhir_adapters.store.exports import Membership
from fhir_adapters.terminology import CANONICAL_BASE, COLOURS, RISK_COLOUR

OPEN_CASES = ("active", "onhold", "planned")
CASE_FILE_FORM = f"{CANONICAL_BASE}/Questionnaire/case-file"
_NAME = re.compile(r"(org|colour)-([A-Za-z0-9.\-]{1,60})")


def named(viewer: Viewer) -> dict[str, str]:
    """Every group that this caller may know of, with its name."""
    organisations = {f"org-{one}": f"机构 {one} 管理的妇女" for one in viewer.organisations}
    colours = {f"colour-{code}": f"{words}妇女" for code, words in COLOURS.items() if _may_know(code, viewer)}
    return {**organisations, **colours, "case-file": "已建高危专案且未结案的妇女"}


def membership(region_id: str, group_id: str, viewer: Viewer) -> Membership | None:
    """How the women of a group are found; None for one that is not there, or that the caller may not know of."""
    if group_id == "case-file":
        return Membership(
            kind="case-file",
            tokens=[hashed(region_id, "QuestionnaireResponse", "questionnaire", CASE_FILE_FORM)],
            open_tokens=[hashed(region_id, "EpisodeOfCare", "status", code) for code in OPEN_CASES],
        )
    found = _NAME.fullmatch(group_id)
    if found is None or group_id not in named(viewer):
        return None
    if found[1] == "org":
        return Membership(kind="organisation", of=found[2])
    tokens = [hashed(region_id, "Flag", "code", f"{RISK_COLOUR}|{found[2]}")]
    return Membership(kind="flag", tokens=[*tokens, hashed(region_id, "Flag", "status", "active")])


def _may_know(code: str, viewer: Viewer) -> bool:
    return code != "purple" or viewer.restricted


def resource(group_id: str, name: str) -> dict[str, Any]:
    """Without its members: who they are is said by an export, in which each leaves a trace."""
    return {"resourceType": "Group", "id": group_id, "active": True, "type": "person", "actual": True, "name": name}
