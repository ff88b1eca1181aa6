"""Where the R4B models are not asked, our own rules of structure refuse whatever the models would: every element of the
type filled in, every choice taken, and broken at random."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from fhir_adapters.rules import check
from fhir_adapters.rules.check import PROVEN, own_issues, second_opinion
from fhir_adapters.rules.shapes import Element, shape
from tests.fhir.test_mutations import mutated

SEED, ROUNDS, CHOICES = 20260105, 120, 12
DEPTH = 2  # data types within elements; deeper only what is required
GOOD: dict[str, Any] = {
    **{"boolean": True, "integer": -1, "positiveInt": 1, "unsignedInt": 0, "decimal": Decimal("1.50")},
    **{"date": "2026-01-05", "dateTime": "2026-01-05T08:00:00+08:00", "instant": "2026-01-05T08:00:00.000Z"},
    **{"time": "08:00:00", "base64Binary": "YQ==", "id": "a", "code": "a", "string": "甲", "markdown": "甲"},
    **dict.fromkeys(("uri", "url", "canonical"), "http://a.example/x"),
    **{"oid": "urn:oid:1.2.3", "uuid": "urn:uuid:00000000-0000-4000-8000-000000000001"},
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>',
}


def filled(name: str, choice: int, depth: int = DEPTH) -> dict[str, Any]:
    """Every element; of those that exclude each other one."""
    elements = [e for e in shape(name).elements.values() if e.name != "contained"]
    groups: dict[str, list[Element]] = {}
    for element in elements:
        groups.setdefault(element.choice or element.name, []).append(element)
    chosen = [group[choice % len(group)] for group in groups.values()]
    deep = [e for e in chosen if e.primitive or e.required or (depth and "xtension" not in e.name)]
    return {e.name: [value] if e.many else value for e in deep for value in [_value(e, choice, depth)]}


def _value(element: Element, choice: int, depth: int) -> Any:
    if element.primitive:
        return sorted(element.codes)[choice % len(element.codes)] if element.codes else GOOD[element.type]
    if element.type == "Reference":
        targets = sorted((element.targets or {"Patient"}) - {"Resource"} or {"Patient"})
        return {"reference": f"{targets[choice % len(targets)]}/1", "display": "甲"}
    return filled(element.type, choice, max(depth - 1, 0))


def structural(resource: Any, type_: str) -> list[Any]:
    return [issue for issue in own_issues(resource, type_, type_) if issue.type not in ("invariant", "code-invalid")]


@pytest.mark.parametrize("type_", sorted(PROVEN))
def test_what_the_models_refuse_our_own_rules_refuse(type_):
    chance = random.Random(f"{SEED}{type_}")
    whole = [{"resourceType": type_, **filled(type_, choice)} for choice in range(CHOICES)]
    assert [issue for one in whole for issue in structural(one, type_)] == []
    refused = 0
    for _ in range(ROUNDS):
        broken = mutated(chance.choice(whole), chance)
        if not isinstance(broken, dict) or broken.get("resourceType") != type_:
            continue
        models = list(second_opinion(broken, type_, type_))
        refused += bool(models)
        assert not models or own_issues(broken, type_, type_), (models[0].expression, broken)
    assert refused > ROUNDS / 4


@pytest.mark.parametrize("type_", sorted(PROVEN))
def test_what_is_known_to_be_faultless_hides_no_fault(type_):
    """Each document is looked at with everything before it remembered, and with nothing remembered."""
    chance = random.Random(f"{SEED + 1}{type_}")
    whole = [{"resourceType": type_, **filled(type_, choice)} for choice in range(CHOICES)]
    lost = {**whole[0], "subject": {"reference": "#nobody"}}
    documents = [*whole, lost, {**lost, "contained": [{"resourceType": "Patient", "id": "nobody"}]}, lost]
    documents += [mutated(chance.choice(whole), chance) for _ in range(ROUNDS)]
    documents = [one for one in documents if isinstance(one, dict) and one.get("resourceType") == type_]

    later = [own_issues(one, type_, type_) for one in documents]
    assert check._faultless
    for document, issues in zip(documents, later, strict=True):
        check._faultless.clear()
        assert own_issues(document, type_, type_) == issues, document
    assert any("ref-1" in issue.en for issue in later[CHOICES])
