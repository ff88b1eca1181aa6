"""The public keys that a hospital's system publishes at an address that it was registered with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.errors import EngineError, Incorrect
from engine.store import plain
from fhir_adapters import delivery
from fhir_adapters.delivery import NotTaken


def read(address: str, network: str, at: datetime) -> dict[str, Any]:
    """A JSON Web Key Set. Raises Incorrect where there is none: nobody answers, the address may not be spoken to, or
    what is said is no key set."""
    try:
        answer = delivery.exchange("GET", address, "", network=network, headers={"Accept": "application/json"}, at=at)
        found = plain.loads(answer.body) if answer.status == 200 else None
    except (NotTaken, EngineError, OSError) as error:
        raise _no_keys(type(error).__name__) from error
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise _no_keys(f"HTTP {answer.status}")
    return found


def _no_keys(why: str) -> Incorrect:
    return Incorrect(
        f"登记的地址没有给出公钥集（{why}）", f"the registered address gives no key set ({why})", code="jwks-uri"
    )
