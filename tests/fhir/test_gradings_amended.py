"""Whatever is amended later, a RiskAssessment, a colour and a label stay what they were given out as."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import CHINA
from fhir_adapters.mappings import risk
from fhir_adapters.rules.check import check
from tests.fhir.samples import PREGNANCY, case
from workflows.policies.gradings import numbered

BEGIN = datetime(2026, 1, 5, 9, tzinfo=CHINA)
RESULT = st.tuples(st.sampled_from(["green", "yellow", "orange", "red"]), st.booleans())
ACTS = st.lists(st.tuples(st.sampled_from(["grade", "in force", "earlier"]), RESULT, st.integers(0, 9)), max_size=9)


class Sequence:
    """What the pathway keeps of the gradings of a case. `old`: as before results had numbers."""

    def __init__(self) -> None:
        self.right: list[dict[str, Any]] = []
        self.wrong: list[dict[str, Any]] = []
        self.now = BEGIN

    def variables(self) -> dict[str, Any]:
        return {"gradings": list(self.right), "gradings_in_error": list(self.wrong)}

    def grade(self, result: tuple[str, bool], **more: Any) -> None:
        self.right.append({"graded_at": self.now.isoformat(), "colour": result[0], "purple": result[1], **more})

    def numbers(self, old: bool) -> dict[str, int]:
        return {} if old else {"number": len(self.right) + len(self.wrong) + 1}

    def amend(self, place: int, result: tuple[str, bool], old: bool) -> None:
        number = next(one.number for one in numbered(self.variables()) if one.place == place)
        named, wrong = self.numbers(old), self.right[place]
        self.wrong.append({**wrong, "error": {"reason": "x"}} | ({} if old else {"number": number}))
        right = {"colour": result[0], "purple": result[1], "amends": wrong["graded_at"], **named}
        right |= {} if old else {"replaces": number}
        is_last = place == len(self.right) - 1
        self.right[place] = {**right, "graded_at": self.now.isoformat() if is_last else wrong["graded_at"]}

    def act(self, kind: str, result: tuple[str, bool], which: int, old: bool) -> None:
        self.now += timedelta(hours=2)
        if kind == "grade" or not self.right:
            self.grade(result, **self.numbers(old))
        elif kind == "in force" or old or len(self.right) == 1:
            self.amend(len(self.right) - 1, result, old)
        else:
            self.amend(which % (len(self.right) - 1), result, old)


def given_out(sequence: Sequence) -> dict[str, Any]:
    """By id what each resource says, apart from when it ended and whether it was an error."""
    of = case(variables=sequence.variables())
    every = zip(risk.numbers_of(of), risk.gradings_of(of), strict=True)
    made = [m for n, g in every for m in (risk.to_grading(of, n, g, None), risk.to_colour(of, n, g))]
    made += risk.to_flags(of)
    assert len({one["id"] for one in made}) == len(made)
    for one in made:
        assert check(one, type_=one["resourceType"]) == [], one
    return {one["id"]: one.get("prediction") or one.get("valueCodeableConcept") or one.get("code") for one in made}


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["grade", "in force"]), RESULT), max_size=4), ACTS)
def test_what_was_given_out_keeps_its_id_and_what_it_says(before, after):
    sequence = Sequence()
    known: dict[str, Any] = {}
    for old, acts in ((True, [(*act, 0) for act in before]), (False, after)):
        for kind, result, which in acts:
            sequence.act(kind, result, which, old)
            found = given_out(sequence)
            assert {name: found.get(name) for name in known} == known
            known = found


def made(*acts):
    sequence = Sequence()
    for act in acts:
        sequence.act(*act, False)
    return case(variables=sequence.variables())


def test_an_earlier_result_in_error_is_the_parent_of_what_took_its_place():
    of = made(("grade", ("orange", False), 0), ("grade", ("yellow", False), 0), ("earlier", ("red", False), 0))

    told = {number: risk.to_grading(of, number, said, None) for number, said in risk.amended_of(of)}

    assert {number: one["status"] for number, one in told.items()} == {1: "entered-in-error", 3: "corrected"}
    assert told[3]["parent"]["reference"] == f"RiskAssessment/risk-{PREGNANCY}-1"
    assert told[3]["occurrenceDateTime"] == told[1]["occurrenceDateTime"]
    assert risk.to_grading(of, 2, risk.gradings_of(of)[-1], None)["parent"]["reference"].endswith("-3")


def test_the_labels_say_what_she_was_and_which_was_an_error():
    of = made(("grade", ("orange", False), 0), ("grade", ("yellow", False), 0), ("earlier", ("red", False), 0))

    labels = {one["id"].rpartition("-")[2]: one for one in risk.to_flags(of)}

    assert {n: (one["code"]["coding"][0]["code"], one["status"]) for n, one in labels.items()} == {
        "1": ("orange", "entered-in-error"),
        "2": ("yellow", "active"),
        "3": ("red", "inactive"),
    }
    assert labels["3"]["period"] == {"start": labels["1"]["period"]["start"], "end": labels["2"]["period"]["start"]}
