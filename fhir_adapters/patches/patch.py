"""A change to a resource in one of three languages, and what the resource is afterwards."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError
from engine.store import plain
from fhir_adapters.patches.faults import bad_patch
from fhir_adapters.patches.fhirpath_patch import apply_fhirpath_patch
from fhir_adapters.patches.json_patch import apply_json_patch, apply_merge_patch

JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
FHIRPATH_PATCH = ("application/fhir+json", "application/json", "application/fhir+xml", "application/xml")
KINDS = (JSON_PATCH, MERGE_PATCH, *FHIRPATH_PATCH)


@dataclass(frozen=True, slots=True)
class Patch:
    """`kind` is the media type that it came with; `content` the document."""

    kind: str
    content: Any


def from_entry(resource: Any) -> Patch | None:
    """The patch of a Bundle's entry: Parameters as they are, the others inside a Binary. None for neither."""
    if not isinstance(resource, Mapping):
        return None
    if resource.get("resourceType") == "Parameters":
        return Patch(FHIRPATH_PATCH[0], resource)
    kind, data = resource.get("contentType"), resource.get("data")
    if resource.get("resourceType") != "Binary" or kind not in (JSON_PATCH, MERGE_PATCH) or not isinstance(data, str):
        return None
    try:
        return Patch(kind, plain.loads(base64.b64decode(data, validate=True)))
    except (EngineError, binascii.Error, ValueError):
        return None


def apply(patch: Patch, resource: Mapping[str, Any]) -> dict[str, Any]:
    """The patched resource, not yet checked against anything but its type and id. Raises FhirError."""
    document = dict(resource)
    if patch.kind == JSON_PATCH:
        found = apply_json_patch(document, patch.content)
    elif patch.kind == MERGE_PATCH:
        found = apply_merge_patch(document, patch.content)
    else:
        found = apply_fhirpath_patch(document, patch.content)
    if not isinstance(found, Mapping) or any(found.get(k) != resource[k] for k in ("resourceType", "id")):
        raise bad_patch("补丁不能改变类型和 id", "a patch cannot change type and id", status=422)
    return dict(_without_empty(found))


def _without_empty(node: Any) -> Any:
    """What a patch has emptied is gone: FHIR knows no empty lists and objects."""
    if isinstance(node, Mapping):
        cleaned = {name: _without_empty(value) for name, value in node.items()}
        return {name: value for name, value in cleaned.items() if value != {} and value != []}
    if isinstance(node, list):
        return [item for item in map(_without_empty, node) if item != {} and item != []]
    return node
