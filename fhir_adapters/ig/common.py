"""What every conformance resource of the guide says of itself."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from fhir_adapters.terminology import CANONICAL_BASE

Json: TypeAlias = dict[str, Any]
VERSION, PUBLISHED, PUBLISHER = "0.1.0", "2026-01-05", "孕途 Yuntu"


def conformance(type_: str, id_: str, title: str, description: str, /, **parts: Any) -> Json:
    """`{canon}/<type>/<id>|<version>`; parts that are None are left out."""
    made = {
        "resourceType": type_,
        "id": id_,
        "url": f"{CANONICAL_BASE}/{type_}/{id_}",
        "version": VERSION,
        "name": "".join(part[:1].upper() + part[1:] for part in re.split(r"[-._]", id_)),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": PUBLISHED,
        "publisher": PUBLISHER,
        "description": description,
        **parts,
    }
    return {name: value for name, value in made.items() if value is not None}
