"""`Practitioner/account-<id>`: who signed in to an app, as `fhirUser` names them. Of a person no more is told than a
colleague reads on every page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.fhir import replies
from api.fhir.guard import principal, scopes
from fhir_adapters import access
from fhir_adapters.issues import not_found
from fhir_adapters.terminology import sid


def register(bp: Blueprint, services: Any) -> None:
    @bp.get("/Practitioner/account-<uuid:id_>")
    def user(id_: UUID) -> Response:
        """The person herself by whatever token she has; others of the organisations that the caller may know of."""
        caller = principal()
        if caller.id != str(id_):
            access.require(scopes(), "Practitioner", "read")
        account = services.people.account_by_id(id_)
        if account is None or (caller.id != str(id_) and account.organisation_id not in caller.organisations):
            raise not_found()
        return replies.json(
            {
                "resourceType": "Practitioner",
                "id": f"account-{account.id}",
                "identifier": [{"system": sid("account"), "value": account.login}],
                "active": True,
                "name": [{"text": account.name}],
            }
        )
