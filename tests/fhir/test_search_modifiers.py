"""Every modifier of every kind of parameter is refused or true: held against an oracle that filters in Python."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_adapters.ig.codes import systems
from fhir_adapters.issues import FhirError
from fhir_adapters.search.query import modifiers_of, read_query
from fhir_adapters.terminology import CANONICAL_BASE, ICD10, ICD10_CN, RISK_COLOUR, RISK_CRITERION
from tests.fhir.conftest import opened
from tests.fhir.fhir_kit import expressions, patient, transaction

SETS = {name: f"{CANONICAL_BASE}/ValueSet/{name}" for name in ("risk-colour", "risk-criterion", "finding")}
CODES = [
    *((ICD10, code) for code in ("O24", "O24.4", "O24.41", "O25", "O2", "O99.0")),
    *((ICD10_CN, code) for code in ("O24.400x001", "O24.4", "O25")),
    *((RISK_CRITERION, code) for code in ("R-1.1.1", "R-1.1.2", "R-1.2", "R-2.1", "R-1.1")),
    *((RISK_COLOUR, code) for code in ("red", "green")),
    *(("urn:other", code) for code in ("red", "R-1.1.1", "O24.4")),
]
PROFILES = ["https://a.example/p", "https://a.example/p/q", "https://a.example/pq", "urn:x:y"]
FHIR_MODIFIERS = ("missing", "exact", "contains", "not", "text", "in", "not-in", "above", "below", "identifier",
                  "of-type", "Patient", "Flag", "nonsense")  # fmt: skip
KINDS = [  # type, parameter, a value that is right for it
    ("DiagnosticReport", "code", f"{ICD10}|O24"),
    ("Observation", "fetus", "1"),
    ("Observation", "patient", "Patient/p"),
    ("Observation", "episode", "EpisodeOfCare/e"),
    ("Observation", "date", "2026-01-01"),
    ("Patient", "name", "x"),
    ("Observation", "value-quantity", "gt5"),
    ("RiskAssessment", "probability", "lt0.5"),
    ("Observation", "code-value-quantity", "718-7$gt5"),
    ("Observation", "_profile", "https://a.example/p"),
    ("Observation", "_tag", "x"),
    ("Observation", "_id", "x"),
    ("Observation", "_lastUpdated", "2026-01-01"),
]


def report(number):
    """Each has another choice of the codes; some have none, some a text alone."""
    chosen = [CODES[number % len(CODES)], CODES[number * 7 % len(CODES)]][: 1 + number % 2]
    codings = [{"system": system, "code": code} for system, code in dict.fromkeys(chosen)]
    category = {} if number % 4 == 0 else {"category": [{"coding": codings, "text": f"类 {number % 3}"}]}
    return {
        "resourceType": "DiagnosticReport",
        "meta": {"profile": [PROFILES[number % len(PROFILES)]]},
        "status": "final",
        "code": {"text": "检查"},
        **category,
    }


REPORTS = [report(number) for number in range(48)]


@pytest.fixture(scope="module")
def stored(server, hospital_template):
    """The reports by the ids that they were given."""
    with opened(server, hospital_template) as hospital:
        woman = hospital.post("/Patient", patient()).json["id"]
        entries = [
            {
                "resource": {**one, "subject": {"reference": f"Patient/{woman}"}},
                "request": {"method": "POST", "url": one["resourceType"]},
            }
            for one in REPORTS
        ]
        done = hospital.post("", transaction(*entries)).json["entry"]
        ids = [one["response"]["location"].split("/DiagnosticReport/")[1].split("/")[0] for one in done]
        yield hospital, dict(zip(ids, REPORTS, strict=True))


def codings_of(one):
    return {(c["system"], c["code"]) for concept in one.get("category", ()) for c in concept["coding"]}


def over(system, code):
    """Every code over this one, with itself, by the rules of the two systems that have a hierarchy."""
    if system == RISK_CRITERION:
        return {".".join(code.split(".")[:n]) for n in range(1, code.count(".") + 2)}
    if system in (ICD10, ICD10_CN):
        return {code[:n] for n in range(3, len(code) + 1) if not code[:n].endswith(".")} | {code}
    return {code}


def oracle(one, modifier, value):
    has = codings_of(one)
    if modifier in ("in", "not-in"):
        name = value.rpartition("/")[2]
        is_in = any(s == f"{CANONICAL_BASE}/CodeSystem/{name}" and c in systems()[name].codes for s, c in has)
        return is_in == (modifier == "in")
    if modifier == "missing":
        return (not one.get("category")) == (value == "true")
    if modifier == "text":
        return any(concept["text"].startswith(value) for concept in one.get("category", ()))
    if "," in value:
        combined = all if modifier == "not" else any
        return combined(oracle(one, modifier, alternative) for alternative in value.split(","))
    system, _, code = value.partition("|")
    if modifier == "below":
        return any(s == system and code in over(s, c) for s, c in has)
    if modifier == "above":
        return any(s == system and c in over(system, code) for s, c in has)
    return ((system, code) in has) == (modifier == "")


def asked():
    known = [(s, c) for s, c in CODES if s != "urn:other" and (s, c) != (ICD10, "O2")]
    token = st.lists(st.sampled_from(known).map("|".join), min_size=1, max_size=3).map(",".join)
    return st.one_of(
        st.tuples(st.sampled_from(["", "not", "above", "below"]), token),
        st.tuples(st.sampled_from(["in", "not-in"]), st.sampled_from(sorted(SETS.values()))),
        st.tuples(st.just("missing"), st.sampled_from(["true", "false"])),
        st.tuples(st.just("text"), st.sampled_from(["类", "类 1", "x"])),
    )


@settings(deadline=None, max_examples=60, database=None)
@given(st.lists(asked(), min_size=1, max_size=2))
@example([("below", f"{ICD10}|O24,{RISK_CRITERION}|R-1.1,{RISK_COLOUR}|red")])
@example([("below", f"{RISK_CRITERION}|R-1.1")])  # a heading, which is no code of the list
def test_a_search_by_modifiers_finds_what_a_filter_in_python_finds(stored, conditions):
    hospital, reports = stored
    query = "&".join(f"category{':' if m else ''}{m}={v.replace('+', '%2B')}" for m, v in conditions)

    found = {one["id"] for one in hospital.search(f"/DiagnosticReport?_count=500&{query}")}

    assert found == {id_ for id_, one in reports.items() if all(oracle(one, *condition) for condition in conditions)}


@pytest.mark.parametrize("uri", [*PROFILES, "https://a.example", "https://a.example/p/q/r", "https://b.example"])
def test_a_uri_is_over_and_under_another_by_whole_segments(stored, uri):
    hospital, reports = stored
    for modifier, is_so in (
        ("below", lambda one: one == uri or one.startswith(f"{uri}/")),
        ("above", lambda one: uri == one or uri.startswith(f"{one}/")),
    ):
        found = {one["id"] for one in hospital.search(f"/DiagnosticReport?_count=500&_profile:{modifier}={uri}")}
        assert found == {id_ for id_, one in reports.items() if is_so(one["meta"]["profile"][0])}, modifier


@pytest.mark.parametrize("modifier", FHIR_MODIFIERS)
@pytest.mark.parametrize("type_, name, value", KINDS)
def test_a_modifier_is_kept_or_refused_with_what_is_allowed(type_, name, value, modifier):
    given_value = {"missing": "true", "in": SETS["finding"], "not-in": SETS["finding"]}.get(modifier, value)
    asked_for = [(f"{name}:{modifier}", given_value)]
    if modifier in modifiers_of(type_, name):
        assert read_query(type_, asked_for).conditions
        return
    with pytest.raises(FhirError) as refused:
        read_query(type_, asked_for)  # also where handling is lenient: the answer would be another
    [issue] = refused.value.issues
    assert refused.value.status == 400 and issue.expression == f"{name}:{modifier}" and issue.allowed


@pytest.mark.parametrize(
    "query, place",
    [
        ("code:in=urn:none", "code:in"),
        ("code:not-in=ValueSet/none", "code:not-in"),
        (f"code:in={SETS['finding']}|9", "code:in"),
        ("code:below=red", "code:below"),
        ("code:below=http://loinc.org|718-7", "code:below"),
        (f"code:above={RISK_COLOUR}|blue", "code:above"),
        (f"code:below={ICD10}|O2", "code:below"),
        ("_filter=code eq x", "_filter"),
        ("patient:Flag.name=x", "patient:Flag.name"),
    ],
)
def test_what_is_not_known_of_codes_is_refused_and_not_guessed(quiet, query, place):
    assert expressions(quiet.get(f"/Observation?{query}"), 400) == [place]


def test_the_capability_statement_says_which_modifiers_are_kept(quiet):
    for resource in quiet.get("/metadata", who=None).json["rest"][0]["resource"]:
        for parameter in resource.get("searchParam", ()):
            if "documentation" in parameter:
                said = parameter["documentation"].partition(": ")[2].replace(":", "").split()
                assert tuple(said) == modifiers_of(resource["type"], parameter["name"])
