"""`$export`: a hospital system asks for everything it may know, asks how far it is, fetches the files, or cancels."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, request

from api.fhir import replies
from api.fhir.guard import principal, scopes, viewer
from api.fhir.reading import looking, looking_as_caller
from api.fhir.searching import searched
from api.fhir.writing import document, idempotency
from engine.store import plain
from fhir_adapters import access
from fhir_adapters.export import groups
from fhir_adapters.export.wishes import NDJSON, pairs_of, read_wish
from fhir_adapters.export.writing import GZIP, KEPT
from fhir_adapters.issues import not_found, refuse
from fhir_adapters.store import resources
from fhir_adapters.store.exports import Exports, File, Job
from workflows.people.once import made_before

MOST = 2  # of one client at a time
AGAIN_S = 5  # before the next look at a job under way, or the next request beyond the limit


def register(bp: Blueprint, services: Any) -> None:
    desk = _Desk(services)

    @bp.route("/$export", methods=["GET", "POST"])
    def export_system() -> Response:
        return desk.ask(of_patients=False)

    @bp.route("/Patient/$export", methods=["GET", "POST"])
    def export_patients() -> Response:
        return desk.ask(of_patients=True)

    @bp.route("/Group/<id_>/$export", methods=["GET", "POST"])
    def export_group(id_: str) -> Response:
        return desk.ask(of_patients=True, group_id=id_)

    @bp.get("/$export-status/<id_>")
    def export_status(id_: str) -> Response:
        return desk.status(id_)

    @bp.delete("/$export-status/<id_>")
    def export_cancel(id_: str) -> Response:
        return desk.cancel(id_)

    @bp.get("/$export-file/<id_>/<int:number>")
    def export_file(id_: str, number: int) -> Response:
        return desk.file(id_, number)

    @searched(bp, "/Group")
    def list_groups() -> Response:
        access.require(scopes(), "Group", "search")
        base, made = replies.base(services), groups.named(viewer())
        entries = [
            {"fullUrl": f"{base}/Group/{id_}", "resource": groups.resource(id_, name), "search": {"mode": "match"}}
            for id_, name in sorted(made.items())
        ]
        listed = [plain.dumps(one).decode() for one in entries]
        return replies.bundle("searchset", listed, links=[("self", f"{base}/Group")], total=len(entries))

    @bp.get("/Group/<id_>")
    def read_group(id_: str) -> Response:
        access.require(scopes(), "Group", "read")
        name = groups.named(viewer()).get(id_)
        if name is None:
            raise not_found()
        return replies.json(groups.resource(id_, name))


class _Desk:
    def __init__(self, services: Any) -> None:
        self.services = services

    @contextmanager
    def rows(self) -> Iterator[Exports]:
        with looking(self.services) as conn:
            yield Exports(conn, self.services.region_id)

    def ask(self, *, of_patients: bool, group_id: str | None = None) -> Response:
        """202 with where to ask; nothing is written here."""
        who, now = principal(), self.services.clock()
        if who.kind != "client":
            text = "只有已登记的系统可以批量导出", "only a registered system may export"
            raise refuse(403, "forbidden", "MCH-A-003", *text)
        preferences = re.split(r"[,;]\s*", request.headers.get("Prefer", "").replace(" ", ""))
        if "respond-async" not in preferences:
            text = "批量导出须带 Prefer: respond-async", "an export needs Prefer: respond-async"
            raise refuse(400, "required", "MCH-S-002", *text, expression="Prefer", allowed="respond-async")
        asked: Sequence[tuple[str, str]] = list(request.args.items(multi=True))
        if "patient" in request.args:
            text = "患者只能在 Parameters 里给出", "patients are named in Parameters only"
            raise refuse(400, "not-supported", "MCH-S-001", *text, expression="patient", allowed="POST")
        if request.method == "POST" and request.content_length:
            asked = [*asked, *pairs_of(document(self.services))]
        lenient = "handling=lenient" in preferences
        wish = read_wish(asked, scopes(), of_patients=of_patients, lenient=lenient, now=now)
        if group_id is not None and viewer().narrowing is not None:
            access.require(scopes(), "Group", "read")  # who is in it tells what the scopes may not
        if group_id is not None and group_id not in groups.named(viewer()):
            raise not_found()
        id_, base, client_id = uuid4(), replies.base(self.services), self._client_id()
        job = {"client_id": client_id, "organisation_id": who.organisation, "scopes": sorted(scopes())}
        job |= {"request": _request(base), "base": base, "types": list(wish.types), "since": wish.since}
        job |= {"until": wish.until, "filters": list(wish.filters), "elements": list(wish.elements)}
        job |= {"patients": list(wish.patients) if wish.patients is not None else None}
        self._require_known(wish.patients or ())
        with self.rows() as rows:
            before = made_before(rows.conn, self.services.region_id, idempotency(), str(id_), now)
            if before is None:
                if rows.open_of(client_id) >= MOST:
                    raise _too_many()
                rows.add(id_, now=now, of_patients=of_patients, group_id=group_id, expires_at=now + KEPT, **job)
                detail = {"group": group_id, "types": list(wish.types)}
                self.services.people.audit(who, "ask-export", "export", str(id_), detail, conn=rows.conn)
        response = Response(status=202)
        response.headers["Content-Location"] = f"{base}/$export-status/{before or id_}"
        return response

    def _require_known(self, patients: Sequence[str]) -> None:
        """Raises 400 for women whom the caller may not know of: a file without them would say that there is nothing."""
        with looking_as_caller(self.services) as conn:
            for one in patients:
                found = resources.read(conn, self.services.region_id, "Patient", one, viewer())
                if found is None or found[0].deleted:
                    text = "没有此患者", "no such patient"
                    raise refuse(400, "not-found", "MCH-S-002", *text, expression="patient")

    def status(self, id_: str) -> Response:
        """202 while it is written, 200 with the list of files, 500 where it was given up."""
        with self.rows() as rows:
            job = self._own(rows, id_)
            files = rows.files(job.id) if job.state == "done" else []
        if job.state == "open":
            response = Response(status=202)
            response.headers["X-Progress"] = f"{job.written} resources"
            response.headers["Retry-After"] = str(AGAIN_S)
            return response
        if job.state == "failed":
            zh, _, en = (job.problem or "").partition(" / ")
            raise refuse(500, "exception", "MCH-X-500", zh or "导出失败", en or "the export failed")
        response = Response(plain.dumps(_manifest(job, files)), content_type="application/json")
        response.headers["Expires"] = replies.http_date(job.expires_at)
        return response

    def cancel(self, id_: str) -> Response:
        """Its files are gone; who writes it notices at the next part."""
        with self.rows() as rows:
            rows.delete(self._own(rows, id_).id)
        return Response(status=202)

    def file(self, id_: str, number: int) -> Response:
        """Part after part as they are stored; a caller that takes gzip gets them as they are."""
        with self.rows() as rows:
            job = self._own(rows, id_)
            found = next((one for one in rows.files(job.id) if one.number == number), None)
            if job.state != "done" or found is None:
                raise not_found()
            for type_ in job.types if found.kind == "deleted" else [found.type]:
                access.require(scopes(), type_, "read")
            detail = {"file": number, "type": found.type, "lines": found.lines}
            self.services.people.audit(principal(), "fetch-export", "export", str(job.id), detail, conn=rows.conn)
        takes_gzip = request.accept_encodings.quality("gzip") > 0
        parts = self._parts(job.id, found)
        response = Response(parts if takes_gzip else _unpacked(parts), content_type=NDJSON)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Expires"] = replies.http_date(job.expires_at)
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response

    def _parts(self, job_id: UUID, file: File) -> Iterator[bytes]:
        """No transaction is held between two of them."""
        for number in range(file.parts):
            with self.services.pool.connection() as conn:
                content = Exports(conn, self.services.region_id).part(job_id, file.number, number)
            if content is None:
                raise ConnectionAbortedError("the export was deleted while it was fetched")
            yield content

    def _client_id(self) -> UUID:
        client = self.services.people.client(principal().login)
        if client is None:
            raise not_found()
        found: UUID = client.id
        return found

    def _own(self, rows: Exports, id_: str) -> Job:
        """The caller's own job that has not expired; any other is not there."""
        try:
            job = rows.one(UUID(id_)) if re.fullmatch(r"[0-9a-f-]{36}", id_) else None
        except ValueError:
            job = None
        if job is None or principal().kind != "client" or job.client_id != self._client_id():
            raise not_found()
        if job.state != "open" and job.expires_at <= self.services.clock():
            raise not_found()
        return job


def _request(base: str) -> str:
    query = request.query_string.decode("ascii", "replace")
    return f"{base}{request.path.removeprefix('/fhir')}" + (f"?{query}" if query else "")


def _manifest(job: Job, files: Sequence[File]) -> dict[str, Any]:
    assert job.moment is not None

    def listed(kind: str) -> list[dict[str, Any]]:
        return [
            {"type": one.type, "url": f"{job.base}/$export-file/{job.id}/{one.number}", "count": one.lines}
            for one in files
            if one.kind == kind
        ]

    return {
        "transactionTime": job.moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": job.request,
        "requiresAccessToken": True,
        "output": listed("output"),
        "deleted": listed("deleted"),
        "error": [],
    }


def _unpacked(parts: Iterator[bytes]) -> Iterator[bytes]:
    unpack: Callable[[bytes], bytes] = zlib.decompressobj(wbits=GZIP).decompress
    for part in parts:
        yield unpack(part)


def _too_many() -> Any:
    text = f"每个系统同时最多 {MOST} 个导出", f"at most {MOST} exports of a client at a time"
    return refuse(429, "throttled", "MCH-A-429", *text)
