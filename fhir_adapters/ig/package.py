"""The guide as a whole: every resource of it, and the files of its package as npm lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fhir_adapters.formats import pretty
from fhir_adapters.ig import codes, extensions, profiles, searching
from fhir_adapters.ig.common import PUBLISHED, PUBLISHER, VERSION, Json, conformance
from fhir_adapters.ig.examples import written
from fhir_adapters.ig.profile_table import PROFILES
from fhir_adapters.terminology import CANONICAL_BASE

NAME, TITLE = "yuntu.fhir.mch", "孕途 FHIR 实施指南"
TYPES = (
    "CodeSystem",
    "ConceptMap",
    "ImplementationGuide",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
)


@lru_cache(maxsize=1)
def resources() -> Mapping[tuple[str, str], Json]:
    """By type and id."""
    made: list[Json] = [profiles.structure(one) for one in PROFILES]
    made += [extensions.structure(one) for one in extensions.EXTENSIONS]
    made += [codes.code_system(one) for one in codes.systems().values()]
    made += [codes.value_set(one) for one in codes.systems().values()] + [codes.measured(), codes.documents()]
    made += [*codes.concept_maps(), *searching.search_parameters(), *searching.operations()]
    made.append(_guide([*made, *written()]))
    return {(one["resourceType"], one["id"]): one for one in made}


def _guide(listed: list[Json]) -> Json:
    example = {one["id"]: one["meta"]["profile"][0] for one in listed if "url" not in one}
    return conformance(
        "ImplementationGuide",
        NAME,
        TITLE,
        "孕产妇全程管理：资源、代码、扩展、检索参数和操作，全部由程序所用的表生成。",
        packageId=NAME,
        license="not-open-source",
        fhirVersion=["4.0.1"],
        definition={
            "resource": [
                {
                    "reference": {"reference": f"{one['resourceType']}/{one['id']}"},
                    "name": one.get("title") or one["id"],
                    **({"exampleCanonical": example[one["id"]]} if one["id"] in example else {"exampleBoolean": False}),
                }
                for one in listed
            ]
        },
    )


def files() -> dict[str, bytes]:
    """Path in the package to content."""
    made = {f"package/{one['resourceType']}-{one['id']}.json": one for one in resources().values()}
    shown = {f"package/example/{one['resourceType']}-{one['id']}.json": one for one in written()}
    found = {path: pretty.dumps(one) for path, one in {**made, **shown}.items()}
    found["package/package.json"] = pretty.dumps(
        {
            "name": NAME,
            "version": VERSION,
            "canonical": CANONICAL_BASE,
            "title": TITLE,
            "description": TITLE,
            "type": "IG",
            "date": PUBLISHED.replace("-", "") + "000000",
            "fhirVersions": ["4.0.1"],
            "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
            "author": PUBLISHER,
            "directories": {"lib": "package", "example": "example"},
        }
    )
    found["package/.index.json"] = pretty.dumps(
        {"index-version": 1, "files": [_indexed(p, one) for p, one in made.items()]}
    )
    return found


def _indexed(path: str, one: Json) -> Json:
    names = ("resourceType", "id", "url", "version", "kind", "type")
    return {"filename": path.removeprefix("package/"), **{name: one[name] for name in names if name in one}}
