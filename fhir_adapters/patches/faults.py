"""What is wrong with a patch. The number says which operation; None, the patch as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.issues import FhirError, Issue

MAX_OPERATIONS = 500
MAX_NODES = 100_000  # a patch may copy what it copied: the document doubles with every line


def bad_patch(
    zh: str, en: str, number: int | None = None, *, status: int = 400, allowed: str | None = None
) -> FhirError:
    at = "operation" if number is None else f"operation[{number}]"
    type_ = "invalid" if status == 400 else "processing"
    return FhirError(status, [Issue(type=type_, code="MCH-P-001", zh=zh, en=en, expression=at, allowed=allowed)])


def nowhere(number: int) -> FhirError:
    """The place that an operation names is not in this resource."""
    return bad_patch("路径在资源中不存在", "the path leads nowhere in this resource", number, status=422)


def require_bounded(document: Any, number: int) -> None:
    """Raises when the document has grown beyond what any resource needs."""
    left, waiting = MAX_NODES, [document]
    while waiting:
        node = waiting.pop()
        left -= 1
        if left < 0:
            raise bad_patch("补丁使资源过大", "the patch makes the resource too large", number, status=413)
        if isinstance(node, Mapping):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
