"""Our own search parameters and operations, as the CapabilityStatement names them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhir_adapters.documents.kinds import KINDS
from fhir_adapters.ig.common import Json, conformance
from fhir_adapters.operations import INPUTS, OPERATIONS, Input
from fhir_adapters.search.parameters import PARAMETERS
from fhir_adapters.terminology import CANONICAL_BASE

AFFECT = frozenset({"document"})  # by POST: what was made is kept
RETURNED = {"apply": "CarePlan"}  # of the others a Bundle


def search_parameters() -> Iterator[Json]:
    for type_, parameters in PARAMETERS.items():
        for name, parameter in parameters.items():
            if parameter.ours:
                expression = " | ".join(_expression(type_, path) for path in parameter.paths)
                text = f"{type_} 按 {name} 检索"
                yield conformance(
                    "SearchParameter",
                    f"{type_.lower()}-{name}",
                    text,
                    text,
                    title=None,
                    code=name,
                    base=[type_],
                    type=parameter.kind,
                    expression=expression,
                    target=list(parameter.targets) or None,
                )


def _expression(type_: str, path: str) -> str:
    """`extension[url].valueReference` -> `Type.extension.where(url='url').value`"""
    text = re.sub(r"extension\[([^\]]+)\]", r"extension.where(url='\1')", path)
    return f"{type_}." + re.sub(r"\.value[A-Z][A-Za-z]+$", ".value", text)


def operations() -> Iterator[Json]:
    for type_, named in OPERATIONS.items():
        for code, url in named.items():
            if url.startswith(CANONICAL_BASE):
                text = f"{type_}/$" + code
                yield conformance(
                    "OperationDefinition",
                    f"{type_}-{code}",
                    text,
                    text,
                    kind="operation",
                    code=code,
                    resource=[type_],
                    system=False,
                    type=False,
                    instance=True,
                    affectsState=code in AFFECT,
                    parameter=[*(_input(one) for one in INPUTS[code]), _returned(code)],
                )


def _input(one: Input) -> Json:
    said = " | ".join(KINDS) if (one.name, one.type) == ("type", "code") else one.said
    made: Json = {"name": one.name, "use": "in", "min": one.min, "max": "*" if one.many else "1", "type": one.type}
    return {**made, "documentation": said} if said else made


def _returned(code: str) -> Json:
    return {"name": "return", "use": "out", "min": 1, "max": "1", "type": RETURNED.get(code, "Bundle")}
