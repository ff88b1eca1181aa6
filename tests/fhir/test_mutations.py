"""Whatever a sender's bug makes of a good document: an answer that names the place, soon, and never a fault of ours."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from engine.store import plain
from fhir_adapters.formats import xml
from tests.fhir.fhir_kit import entry, observation, registration, transaction

SEED, ROUNDS = 20260105, 250
ODD: list[Any] = [
    *(None, True, False, 0, -1, 2**70, Decimal("1E+30"), Decimal("0.10"), "", " ", "x", "2026-02-30", "\U0001f600"),
    *(
        "Patient/1",
        "urn:uuid:00000000-0000-4000-8000-000000000001",
        "#a",
        "Patient?identifier=a|b",
        "Patient?",
        "\u202e",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        {"a": {}},
        {"coding": "x"},
        {"reference": "Task/x"},
        {"reference": 5},
        ["x", 1],
        "a" * 70_000,
    ),
    *({"resourceType": "Patient"}, {"contained": [{"resourceType": "Bundle"}]}, {"url": "u", "valueString": 1}),
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(value, (*path, key))


def mutated(document: Any, chance: random.Random) -> Any:
    """The document with one to three of its places changed."""
    changed = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3))):
        path = chance.choice(list(places(changed))[1:] or [()])
        if not path:
            return chance.choice(ODD)
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        _change(holder, path[-1], chance)
    return changed


def _change(holder: Any, key: Any, chance: random.Random) -> None:
    way = chance.randrange(6)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, dict):
        holder[chance.choice(("extension", "value", "_" + str(key), "id", "valueQuantity", "名", "resourceType"))] = (
            holder[key]
        )
    elif way == 2:
        holder[key] = [copy.deepcopy(holder[key])] * chance.choice((1, 2, 30))
    elif way == 3 and isinstance(holder, list):
        holder.insert(0, copy.deepcopy(chance.choice(ODD)))
    else:
        holder[key] = copy.deepcopy(chance.choice(ODD))


def broken(text: bytes, chance: random.Random) -> bytes:
    """The bytes with one changed, cut short, or said twice."""
    at = chance.randrange(max(len(text), 1))
    return chance.choice(
        (text[:at], text[:at] + b"\x00" + text[at:], text[:at] + text[at // 2 :], text.replace(b":", b"::", 1))
    )


GOOD = [
    registration(),
    transaction(entry(observation("718-7", "Patient/none", valueQuantity={"value": Decimal("110.0"), "unit": "g/L"}))),
    registration()["entry"][0]["resource"],
    registration()["entry"][1]["resource"],
    registration()["entry"][2]["resource"],
]


def attempts(seed: int, rounds: int) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    chance = random.Random(seed)
    for _ in range(rounds):
        good = chance.choice(GOOD)
        path = "" if good["resourceType"] == "Bundle" else f"/{good['resourceType']}"
        path = path and chance.choice((path, path, f"{path}/a1"))
        document = mutated(good, chance)
        headers = {"Content_Type": "application/fhir+json"}
        try:
            body = plain.dumps(document)
            if chance.random() < 0.3 and isinstance(document, dict):
                body, headers = xml.dumps(document), {"Content_Type": "application/fhir+xml"}
        except Exception:  # what cannot be written as XML is sent as JSON
            body = plain.dumps(document)
        if chance.random() < 0.15:
            body = broken(body, chance)
        yield "PUT" if path.endswith("/a1") else "POST", path, body, headers


@pytest.mark.parametrize("seed", [SEED])
def test_a_mutated_document_is_taken_or_refused_with_its_place(hospital, seed):
    kinds: dict[int, int] = {}
    for method, path, body, headers in attempts(seed, ROUNDS):
        before = time.process_time()
        answer = hospital.ask(method, path, body, **headers)
        took = time.process_time() - before  # the machine's other work is not ours

        kinds[answer.status_code] = kinds.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (method, path, body[:2000])
        assert took < 2, (took, body[:500])
        if answer.status_code >= 400:
            outcome = answer.get_json(force=True)
            assert outcome["resourceType"] == "OperationOutcome" and outcome["issue"], body[:500]
            assert all(" / " in issue["details"]["text"] for issue in outcome["issue"]), body[:500]
    assert kinds[422] > ROUNDS / 4, kinds


def test_what_is_refused_leaves_nothing_behind(quiet):
    for method, path, body, headers in attempts(SEED + 1, 40):
        if b"999999199706150027" not in body:
            continue
        wrong = body.replace(b'"gender":"female"', b'"gender":"none"').replace(
            b'gender value="female"', b'gender value="none"'
        )
        if wrong != body:
            assert quiet.ask(method, path, wrong, **headers).status_code >= 400
    assert set(quiet.count()) == {"Organization"}
