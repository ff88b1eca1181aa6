"""The implementation guide: made from the tables that the product works by, complete in itself, its examples good."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from fhir.resources.R4B import get_fhir_model_class

from fhir_adapters.capability import PROFILES as PROMISED
from fhir_adapters.ig import codes, extensions, package, page, profiles
from fhir_adapters.ig.examples import written
from fhir_adapters.ig.profile_table import PROFILES
from fhir_adapters.rules.check import check
from fhir_adapters.terminology import CANONICAL_BASE
from runtime.cli import main
from tests.fhir.fhir_kit import expressions

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = Path(__file__).with_name("validator")
COLOUR = f"{CANONICAL_BASE}/ValueSet/risk-colour"


def nodes(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


@pytest.mark.parametrize("key", package.resources(), ids="/".join)
def test_each_is_a_resource_of_its_type(key):
    made = package.resources()[key]
    get_fhir_model_class(key[0]).model_validate(json.loads(json.dumps(made)))
    assert made["url"] == f"{CANONICAL_BASE}/{key[0]}/{key[1]}"


def test_each_profile_has_an_example_and_each_example_is_good():
    shown = written()
    assert {url for one in shown for url in one["meta"]["profile"]} == {one.url for one in PROFILES}
    for one in shown:
        assert check(one, type_=one["resourceType"]) == [], one["id"]


PLURAL = (list, tuple)


def _at(node, steps):
    """Everything at a path; `x[x]` is any choice of it, an element of a list each."""
    if not steps:
        return [node]
    name = steps[0]
    if name.endswith("[x]"):
        stem = name[:-3]
        found = [v for key, v in node.items() if key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()]
    else:
        found = [node[key] for key in (name, f"_{name}") if key in node]
    flat = [one for value in found for one in (value if isinstance(value, PLURAL) else [value])]
    if len(steps) == 1:
        return flat
    return [inner for one in flat if isinstance(one, dict) for inner in _at(one, steps[1:])]


def broken_rules(profile, resource):
    """The rules of the profile's table that this resource breaks; one below an element counts in each that is there."""
    for rule in profile.rules:
        *before, last = rule.path.split(".")
        for parent in _at(resource, before) if before else [resource]:
            there = _at(parent, [last]) if isinstance(parent, dict) else []
            if rule.extension:
                there = [one for one in there if one.get("url") == rule.extension]
            if rule.system:
                there = [one for one in there if one.get("system") == rule.system and one.get("value")]
            fixed = rule.pattern[1] if rule.pattern else None
            others = [
                one
                for one in (there if rule.pattern else ())
                if not (one.items() >= fixed.items() if isinstance(fixed, dict) else one == fixed)
            ]
            is_at_most = rule.max in (None, "*") or len(there) <= int(rule.max)
            if len(there) < (rule.min or 0) or not is_at_most or others:
                yield rule.path


def test_each_example_keeps_the_rules_of_its_profile():
    by_url = {one.url: one for one in PROFILES}
    for one in written():
        for url in one["meta"]["profile"]:
            assert list(broken_rules(by_url[url], one)) == [], (url, one["id"])


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
def test_an_example_without_what_its_profile_needs_is_seen(profile):
    example = next(one for one in written() if one["meta"]["profile"] == [profile.url])
    needed = next(rule.path for rule in profile.rules if rule.min and "." not in rule.path)
    stem = needed.removesuffix("[x]")
    spoilt = {name: value for name, value in example.items() if not name.startswith(stem)}
    assert needed in set(broken_rules(profile, spoilt))


def test_each_profile_that_the_server_promises_is_there():
    promised = {name for names in PROMISED.values() for name in names}
    assert promised <= {one.id for one in PROFILES}


def test_every_code_and_extension_of_ours_in_an_example_is_defined():
    systems, urls = codes.systems(), {one.url for one in extensions.EXTENSIONS}
    for node in (node for one in written() for node in nodes(one) if isinstance(node, dict)):
        if str(node.get("system", "")).startswith(codes.PREFIX) and "code" in node:
            assert node["code"] in systems[node["system"].removeprefix(codes.PREFIX)].codes, node
        if str(node.get("url", "")).startswith(f"{CANONICAL_BASE}/StructureDefinition"):
            assert node["url"] in urls


def test_every_error_code_is_in_the_code_system():
    sources = [path for room in ("fhir_adapters", "api/fhir") for path in (ROOT / room).rglob("*.py")]
    used = {code for path in sources for code in re.findall(r'"(MCH-[A-Z]-[0-9]+)"', path.read_text(encoding="utf-8"))}
    assert used <= set(codes.systems()["issue"].codes), "fhir_adapters/issue_codes.py says what each code means"


def test_bindings_lead_to_value_sets_of_the_guide():
    bound = [
        n["valueSet"]
        for one in package.resources().values()
        for n in nodes(one)
        if isinstance(n, dict) and "valueSet" in n
    ]
    assert bound and {url.rpartition("/")[2] for url in bound} <= {
        id_ for type_, id_ in package.resources() if type_ == "ValueSet"
    }


def test_each_map_leads_to_codes_that_are_defined():
    defined = {f"{codes.PREFIX}{id_}": set(one.codes) for id_, one in codes.systems().items()}
    for one in codes.concept_maps():
        for group in one["group"]:
            targets = {target["code"] for element in group["element"] for target in element["target"]}
            assert targets and targets <= defined.get(group["target"], targets), one["id"]


def test_the_differential_stands_in_the_order_of_the_type():
    episode = next(profiles.structure(one) for one in PROFILES if one.id == "mch-pregnancy-episode")
    ids = [element["id"] for element in episode["differential"]["element"]]
    at = ids.index("EpisodeOfCare.identifier:pregnancy")
    assert ids[at : at + 4] == [
        "EpisodeOfCare.identifier:pregnancy",
        "EpisodeOfCare.identifier:pregnancy.system",
        "EpisodeOfCare.identifier:pregnancy.value",
        "EpisodeOfCare.identifier:process-instance",
    ]


def test_the_package_is_laid_out_as_npm_does(tmp_path):
    done = CliRunner().invoke(main, ["fhir", "ig", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output

    about = json.loads((tmp_path / "package/package.json").read_text())
    index = json.loads((tmp_path / "package/.index.json").read_text())
    assert about["name"] == package.NAME and about["fhirVersions"] == ["4.0.1"]
    assert len(index["files"]) == len(package.resources())
    for file in index["files"]:
        one = json.loads((tmp_path / "package" / file["filename"]).read_text())
        assert (one["resourceType"], one["id"], one["url"]) == (file["resourceType"], file["id"], file["url"])
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as archive:
        assert sorted(archive.getnames()) == sorted(package.files())


def test_the_page_is_what_the_tables_say():
    """After a change: yuntu fhir ig --page docs/ig/README.md"""
    assert (ROOT / "docs/ig/README.md").read_text(encoding="utf-8") == page.page()


def test_it_is_read_and_searched_over_fhir(quiet):
    url = f"{CANONICAL_BASE}/StructureDefinition/mch-patient"
    assert quiet.get("/StructureDefinition/mch-patient").json["url"] == url
    assert [one["id"] for one in quiet.search(f"/StructureDefinition?url={url}")] == ["mch-patient"]
    assert quiet.search(f"/StructureDefinition?url={url}|9") == []
    assert len(quiet.search("/CodeSystem")) == len(codes.systems())
    assert expressions(quiet.get("/ValueSet?x=1", Prefer="handling=strict"), 400) == ["x"]
    assert quiet.get("/StructureDefinition/none").status_code == 404
    assert quiet.get("/StructureDefinition/mch-patient", None).status_code == 401


def test_what_the_capability_statement_names_of_ours_can_be_read(quiet):
    promised = quiet.get("/metadata", who=None).json["rest"][0]["resource"]
    named = [p["definition"] for one in promised for p in one.get("searchParam", ()) if "definition" in p]
    named += [o["definition"] for one in promised for o in one.get("operation", ())]
    named += [url for one in promised for url in one.get("supportedProfile", ()) if "Measure" not in one["type"]]
    for url in (url for url in named if url.startswith(CANONICAL_BASE)):
        type_, id_ = url.removeprefix(f"{CANONICAL_BASE}/").split("/")
        assert quiet.get(f"/{type_}/{id_}").status_code == 200, url


def test_a_value_set_is_expanded_in_pages_and_filtered(quiet):
    whole = quiet.get(f"/ValueSet/$expand?url={COLOUR}").json["expansion"]
    assert {one["code"] for one in whole["contains"]} >= {"green", "red", "purple"}
    red = quiet.get("/ValueSet/risk-colour/$expand?filter=红").json["expansion"]["contains"]
    assert {one["code"] for one in red} == {"red", "pink"}
    assert len(quiet.get("/ValueSet/observation/$expand?count=5&offset=5").json["expansion"]["contains"]) == 5
    assert quiet.get("/ValueSet/$expand?url=urn:x").status_code == 404
    assert expressions(quiet.get("/ValueSet/risk-colour/$expand?count=-1"), 400) == ["count"]


def test_a_code_is_validated_and_looked_up(quiet):
    system = f"{codes.PREFIX}risk-colour"
    said = quiet.get(f"/ValueSet/risk-colour/$validate-code?system={system}&code=red").json["parameter"]
    assert said[0] == {"name": "result", "valueBoolean": True}
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "url", "valueUri": COLOUR},
            {"name": "coding", "valueCoding": {"system": "urn:x", "code": "red"}},
        ],
    }
    assert quiet.post("/ValueSet/$validate-code", body).json["parameter"][0]["valueBoolean"] is False
    assert (
        quiet.get(f"/CodeSystem/$lookup?system={system}&code=red").json["parameter"][1]["valueString"]
        == "红色（高风险）"
    )
    assert quiet.get(f"/CodeSystem/$lookup?system={system}&code=blue").status_code == 404


@pytest.mark.skipif(
    not os.environ.get("YUNTU_FHIR_VALIDATOR"), reason="set YUNTU_FHIR_VALIDATOR=1; needs Java 17 and Maven"
)
def test_an_independent_validator_finds_no_error_and_sees_a_spoilt_example(tmp_path):
    """HAPI's, with the R4 definitions of its own jars: every resource of the guide against R4, every example
    against its profile too. It knows no LOINC and no national lists: codes of those are not looked up."""
    assert shutil.which("mvn"), "Maven is needed"
    for name, content in package.files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = ["mvn", "-q", "-B", "-f", str(VALIDATOR / "pom.xml"), f"-DbuildDirectory={tmp_path / 'target'}"]
    command += ["compile", "org.codehaus.mojo:exec-maven-plugin:3.5.0:java", "-Dexec.mainClass=Check"]

    good = subprocess.run(
        [*command, f"-Dexec.args={tmp_path / 'package'}"], capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stdout[-3000:] + good.stderr[-1000:]
    assert f"errors\t0\tunable\t{len(extensions.EXTENSIONS)}" in good.stdout

    example = next((tmp_path / "package/example").glob("EpisodeOfCare-*.json"))
    spoilt = json.loads(example.read_text())
    spoilt["identifier"] = spoilt["identifier"][:1]  # R4 is content, the profile is not
    example.write_text(json.dumps(spoilt))
    bad = subprocess.run([*command, f"-Dexec.args={tmp_path / 'package'}"], capture_output=True, text=True, check=False)
    assert bad.returncode != 0 and "identifier:process-instance" in bad.stdout
