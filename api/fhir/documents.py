"""Documents of a case: `$document` shows one, or makes one that is kept; kept ones are read as Bundle,
DocumentReference, Binary, and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, g, request

from api.fhir import replies
from api.fhir.guard import known_type, principal, scopes, viewer
from api.fhir.overlooking import HEADER
from api.fhir.reading import looking_as_caller, trace
from api.fhir.searching import parameters, searched
from api.fhir.writing import document as body_of
from api.fhir.writing import idempotency
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.cda.page import page as page_of_cda
from fhir_adapters.documents import came as coming
from fhir_adapters.documents import making
from fhir_adapters.documents.kinds import KINDS
from fhir_adapters.documents.page import page
from fhir_adapters.issues import FhirError, Issue, not_found, refuse
from fhir_adapters.store import came, documents, resources
from fhir_adapters.store.came import Came
from fhir_adapters.store.documents import Kept
from fhir_adapters.store.everything import everything, supporting
from fhir_adapters.tolerances.kinds import DOCUMENTS
from fhir_adapters.types import PEOPLE_FREE, TYPES
from workflows.people.once import made_before

MOST = 5000  # resources of a case that a document is made of
MOST_CHILDREN = 9
TYPE = "DocumentReference"


def register(bp: Blueprint, services: Any) -> None:
    desk = _Desk(services)

    @bp.route("/EpisodeOfCare/<id_>/$document", methods=["GET", "POST"])
    def make_document(id_: str) -> Response:
        return desk.make(id_)

    @searched(bp, "/DocumentReference")
    def list_documents() -> Response:
        return desk.search()

    @bp.get("/DocumentReference/<id_>")
    def document_reference(id_: str) -> Response:
        found = desk.that_came(id_, TYPE)
        return replies.json(desk.pointer_to(found) if found else desk.pointer(desk.one(id_, TYPE)))

    @bp.post("/Bundle")
    def take_document() -> Response:
        """A document as a vendor makes them, from a system whose registration says so; to any other this type is none
        that can be written."""
        if DOCUMENTS not in principal().tolerances:
            known_type("Bundle")
        return taken(services)

    @bp.get("/Bundle/<id_>")
    def document_bundle(id_: str) -> Response:
        return replies.json(desk.one(id_, "Bundle").body)

    @bp.get("/Binary/<id_>")
    def document_bytes(id_: str) -> Response:
        """Of a document that came the bytes themselves."""
        found = desk.that_came(id_, "Binary")
        if found is not None:
            return Response(found.body, content_type=coming.CDA)
        return replies.json(desk.one(id_, "Binary").body)

    @bp.get("/DocumentReference/<id_>/$page")
    def document_page(id_: str) -> Response:
        found = desk.that_came(id_, TYPE)
        made = page_of_cda(found.body, found.number) if found else page(plain.read(desk.one(id_, TYPE).body))
        response = Response(made, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response


def taken(services: Any) -> Response:
    """Kept as it came before anybody reads it. 201 where it was understood; 422 with every fault and its place where it
    waits for a person."""
    access.require(scopes(), "Observation", "create")
    outcome = Receiver(services).receive(
        request.get_data(), client=principal().login, channel="document", origin="fhir", kind="document"
    )
    if outcome.state == "not-understood":
        raise FhirError(422, [_fault(one) for one in outcome.problems])
    said = {"zh": "已保存并提取", "en": "kept, and read as far as it is known"}
    note = Issue(type="informational", code=f"MCH-X-{DOCUMENTS}", **said, severity="information", expression="Bundle")
    response = replies.json({"resourceType": "OperationOutcome", "issue": [note.as_fhir()]}, 201)
    g.tolerated = [(DOCUMENTS, "Bundle", "Bundle")]
    response.headers[HEADER] = f"{DOCUMENTS}=1"
    report = next((one for one in outcome.became if one.startswith("DiagnosticReport/")), None)
    if report:
        response.headers["Location"] = f"{replies.base(services)}/{report}"
    return response


def _fault(problem: Mapping[str, str]) -> Issue:
    return Issue(
        type="processing", code=problem["code"], zh=problem["zh"], en=problem["en"], expression=problem["at"] or None
    )


class _Desk:
    def __init__(self, services: Any) -> None:
        self.services = services
        self.region_id = services.region_id

    def make(self, episode_id: str) -> Response:
        """GET: 200 with the document, which nobody keeps. POST: 201 with one that is kept."""
        access.require(scopes(), "EpisodeOfCare", "read")
        access.require_open(viewer(), TYPES)
        asked, keeps = self._asked(), request.method == "POST"
        if keeps:
            access.require(scopes(), TYPE, "create")
        kind, id_, now = asked.get("type", ""), uuid4(), self.services.clock()
        if kind not in KINDS:
            said = "须给出文档种类", "the kind of document is needed"
            raise refuse(400, "required", "MCH-S-002", *said, expression="type", allowed=" | ".join(KINDS))
        with looking_as_caller(self.services) as conn:
            before = made_before(conn, self.region_id, idempotency(), str(id_), now) if keeps else None
            if before is not None:
                return self._given_out(documents.find(conn, self.region_id, viewer(), id_=UUID(before)))
            patient_id, known = self._known(conn, episode_id[:64])
            replaces = self._replaced(conn, asked.get("replaces"), kind, episode_id)
            by = {"reference": f"Organization/{principal().organisation}"}
            base = replies.base(self.services)
            made = making.document(kind, id_, known, base=base, at=now, by=by, replaces=replaces)
            text = plain.dumps(made).decode()
            if keeps:
                kept = Kept(
                    id=id_,
                    kind=kind,
                    patient_id=patient_id,
                    episode_id=episode_id,
                    owner=viewer().source,
                    labels=[one["code"] for one in made["meta"].get("security", ())],
                    created_at=now,
                    replaces=replaces,
                    body=text,
                )
                documents.add(conn, self.region_id, kept)
            trace(self.services, conn, "document", "EpisodeOfCare", episode_id, [patient_id])
        return self._given_out([kept]) if keeps else replies.json(text, 200)

    def _given_out(self, found: Sequence[Kept]) -> Response:
        if not found:
            raise not_found()
        response = replies.json(found[0].body, 201)
        response.headers["Location"] = f"{replies.base(self.services)}/DocumentReference/{found[0].id}"
        return response

    def _asked(self) -> dict[str, str]:
        found = dict(request.args.items())
        if request.method == "POST" and request.content_length:
            body = body_of(self.services)
            listed = body.get("parameter") if isinstance(body, Mapping) else None
            for one in listed if isinstance(listed, list) else ():
                value = one.get("valueCode") or one.get("valueString") if isinstance(one, Mapping) else None
                if isinstance(value, str) and isinstance(one.get("name"), str):
                    found[one["name"]] = value
        return found

    def _known(self, conn: Any, episode_id: str) -> tuple[str, list[dict[str, Any]]]:
        """The case as the caller may know of it, with who and what it names. Raises 404."""
        who = viewer()
        found = resources.read(conn, self.region_id, "EpisodeOfCare", episode_id, who)
        if found is None or found[0].deleted or found[1] is None:
            raise not_found()
        readable = [type_ for type_ in TYPES if access.allows(scopes(), type_, "read")]
        hers = everything(conn, self.region_id, found[1], readable, who, limit=MOST, episode_id=episode_id)
        children = [self._child(conn, f"newborn-{episode_id}-{number}") for number in range(1, MOST_CHILDREN + 1)]
        stored = [*hers, *(child for child in children if child is not None)]
        free = [type_ for type_ in readable if type_ in PEOPLE_FREE]
        stored += supporting(conn, self.region_id, stored, free, who)
        own = resources.read(conn, self.region_id, "Organization", principal().organisation, who)
        stored += [own[0]] if own and not own[0].deleted and "Organization" in readable else []
        if not any(one.type == "Patient" and one.id == found[1] for one in stored):
            raise access.missing_scope("Patient", "read")
        return found[1], [plain.read(one.text()) for one in {(one.type, one.id): one for one in stored}.values()]

    def _child(self, conn: Any, id_: str) -> Any:
        found = resources.read(conn, self.region_id, "Patient", id_[:64], viewer())
        return found[0] if found is not None and not found[0].deleted else None

    def _replaced(self, conn: Any, text: str | None, kind: str, episode_id: str) -> UUID | None:
        """The document that this one corrects: of the same kind and case."""
        if not text:
            return None
        found = documents.find(conn, self.region_id, viewer(), id_=_uuid(text))
        if not found or (found[0].kind, found[0].episode_id) != (kind, episode_id):
            raise not_found("replaces")
        return found[0].id

    def one(self, id_: str, type_: str) -> Kept:
        access.require(scopes(), type_, "read")
        with looking_as_caller(self.services) as conn:
            found = documents.find(conn, self.region_id, viewer(), id_=_uuid(id_))
            if not found:
                raise not_found()
            trace(self.services, conn, "read", type_, id_, [found[0].patient_id])
        return found[0]

    def that_came(self, id_: str, type_: str) -> Came | None:
        access.require(scopes(), type_, "read")
        with looking_as_caller(self.services) as conn:
            found = came.find(conn, self.region_id, viewer(), id_=_uuid(id_))
            if found:
                trace(self.services, conn, "read", type_, id_, [found[0].patient_id])
        return found[0] if found else None

    def pointer_to(self, kept: Came) -> dict[str, Any]:
        return coming.pointer(kept, base=replies.base(self.services))

    def pointer(self, kept: Kept) -> dict[str, Any]:
        return making.pointer(kept, base=replies.base(self.services))

    def search(self) -> Response:
        """By patient: a document is looked for by whom it is about."""
        access.require(scopes(), TYPE, "search")
        given = parameters()
        patient = (given.get("patient") or given.get("subject") or "").removeprefix("Patient/")
        if not patient:
            text = "须给出 patient", "patient is needed"
            raise refuse(400, "required", "MCH-S-002", *text, expression="patient")
        with looking_as_caller(self.services) as conn:
            found = documents.find(conn, self.region_id, viewer(), patient_id=patient[:64])
            others = came.find(conn, self.region_id, viewer(), patient_id=patient[:64])
            about = [one.patient_id for one in found] + [one.patient_id for one in others]
            trace(self.services, conn, "search", TYPE, None, about)
        base = replies.base(self.services)
        entries = [
            {"fullUrl": f"{base}/{TYPE}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in (*map(self.pointer, found), *map(self.pointer_to, others))
        ]
        listed = [plain.dumps(one).decode() for one in entries]
        return replies.bundle("searchset", listed, links=[("self", f"{base}/{TYPE}")], total=len(entries))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
