"""An organisation of the region -> Organization, with our id."""

from __future__ import annotations

from fhir_adapters.mappings.common import Json, concept, reference, resource
from fhir_adapters.terminology import code_system
from workflows.people import Organisation

KINDS = {
    "county_health": "县卫生健康局",
    "county_mch": "县妇幼保健机构",
    "hospital": "医院",
    "township": "乡镇卫生院",
    "village": "村卫生室",
}


def to_organization(organisation: Organisation) -> Json:
    kind = organisation.kind
    return resource(
        "Organization",
        organisation.id,
        active=True,
        type=[concept(code_system("organization-kind"), kind.replace("_", "-"), KINDS.get(kind))],
        name=organisation.name,
        partOf=reference("Organization", organisation.parent_id),
    )
