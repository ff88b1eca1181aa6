"""What is agreed with a client, for one request: read only where its registration overlooks anything at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fhir_adapters.arrivals import agreed as agreements
from fhir_adapters.entries import Entry
from fhir_adapters.issues import Issue
from fhir_adapters.store import tolerances
from fhir_adapters.tolerances.kinds import CODES, INSTITUTION, INVENTED, TOLERANCES, Use
from fhir_adapters.tolerances.reading import Agreed, asked_codes, put_right
from workflows.people.model import Principal


def tolerant(services: Any, who: Principal, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with what is overlooked put right; of a client without tolerances the same entries."""
    if not who.tolerances:
        return list(entries)
    numbers = agreements.profiles(services).of(who.login).mrn_system if INSTITUTION in who.tolerances else ""
    agreed = Agreed(names=who.tolerances, mrn_system=numbers)
    wanted = {key for entry in entries for key in asked_codes(entry.resource, who.tolerances)}
    if wanted:
        with services.pool.connection() as conn:
            known = tolerances.codes_of(conn, services.region_id, who.login, wanted)
        agreed = replace(agreed, codes=known)
    return [put_right(entry, agreed) for entry in entries]


def issue_of(use: Use) -> Issue:
    """What the sender is told: which tolerance, and where; never a value."""
    kind = TOLERANCES[use.tolerance]
    zh, en = f"已按容差处理：{kind.zh}", f"tolerated: {kind.en}"
    if use.tolerance == CODES and use.what is not None:
        zh, en = "没有对照的代码：已保存文字，不进规则", "a code that is not mapped: its text is kept, it feeds no rule"
    if use.tolerance == INVENTED:
        zh, en = "不是 LOINC 号：不匹配任何项目", "no LOINC number: it matches nothing"
    return Issue(
        type="informational", code=f"MCH-X-{use.tolerance}", zh=zh, en=en, expression=use.at, severity="information"
    )
