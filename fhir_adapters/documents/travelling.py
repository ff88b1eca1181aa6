"""A referral's document on its way (§8, §11.3): made where it is sent, read where it comes, the same bytes on both
sides. It travels inside the Task, so that it is there with the step or not at all."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.store import plain
from fhir_adapters.access import Viewer
from fhir_adapters.dates import local_text
from fhir_adapters.documents import making
from fhir_adapters.documents.kinds import KINDS
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.mappings.common import concept
from fhir_adapters.mappings.loops import (
    OPINION_DOCUMENT,
    REFERRAL_DOCUMENT,
    REPLY_DOCUMENT,
    TRANSFER_DOCUMENT,
    loop_of,
)
from fhir_adapters.mappings.referral import DOCUMENTS
from fhir_adapters.store import documents, patients
from fhir_adapters.store.documents import Kept
from fhir_adapters.store.everything import everything, supporting
from fhir_adapters.store.referrals import Told
from fhir_adapters.terminology import CANONICAL_BASE, CONFIDENTIALITY, TASK_IO
from fhir_adapters.types import PEOPLE_FREE, TYPES

Json = Mapping[str, Any]
FHIR_JSON = "application/fhir+json"
KINDS_OF = {  # what the Task calls it, and what it is
    **{REFERRAL_DOCUMENT: "referral", TRANSFER_DOCUMENT: "transfer"},
    **{REPLY_DOCUMENT: "reply", OPINION_DOCUMENT: "opinion"},
}
MOST = 3_000_000  # bytes of a document that travels
NEWEST = 40  # resources of a section that travels: it is for reading, not a copy of the record
READ = 3_000


def name_of(told: Told) -> str | None:
    """What the Task calls the document of this step; None for one that has none."""
    return loop_of(told.body.get("request", {})).documents.get(told.step)


def of_step(conn: Any, region_id: str, told: Told, at: datetime, *, keeps: bool = True) -> Kept | None:
    """The document that goes with this step, made and kept when it is first sent; without `keeps`, for somebody who
    looks, made as things stand now. What is restricted does not travel. None for a step that has none."""
    name = name_of(told)
    if name is None or told.patient_id is None:
        return None
    number = f"urn:yuntu:document:{region_id}:{told.referral_no}-{told.centre_no}:{name}"
    id_ = uuid5(NAMESPACE_URL, number)
    before = documents.of_referral(conn, region_id, told.referral_no, restricted=True)
    there = next((one for one in before if one.id == id_), None)
    if there is not None:
        return there
    made = _made(conn, region_id, told, KINDS_OF[name], id_, at)
    if made is None or not keeps:
        return made
    with conn.transaction():
        documents.add(conn, region_id, made)
    return made


def _made(conn: Any, region_id: str, told: Told, kind: str, id_: UUID, at: datetime) -> Kept | None:
    patient_id, by = str(told.patient_id), str(told.organisation)
    viewer = Viewer(source="engine", organisations=(by,), restricted=False)
    case = patients.newest_case(conn, region_id, patient_id)
    hers = everything(conn, region_id, patient_id, sorted(TYPES), viewer, limit=READ, episode_id=case)
    stored = [*hers, *supporting(conn, region_id, hers, PEOPLE_FREE, viewer)]
    known = [plain.read(one.text()) for one in stored] + [dict(told.body["request"]), dict(told.body["task"])]
    if not any(one["resourceType"] == "Patient" for one in known):
        return None
    author = {"reference": f"Organization/{by}"}
    made = making.of_referral(
        kind, id_, patient_id, known, base=f"{CANONICAL_BASE}/{region_id}", at=at, by=author, newest=NEWEST
    )
    return Kept(
        id=id_,
        kind=kind,
        patient_id=patient_id,
        episode_id=case,
        owner="engine",
        labels=_labels(made),
        created_at=at,
        replaces=None,
        body=plain.dumps(made).decode(),
        referral_no=told.referral_no,
    )


def attached(kept: Kept, name: str) -> dict[str, Any]:
    """As it stands in `Task.input` or `Task.output` on the way."""
    body = kept.body.encode()
    attachment = {
        "contentType": FHIR_JSON,
        "language": "zh",
        "data": base64.b64encode(body).decode(),
        "size": len(body),
        "hash": base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
        "title": KINDS[kept.kind].title,
        "creation": local_text(kept.created_at),
    }
    return {"type": concept(TASK_IO, name, DOCUMENTS[name]), "valueAttachment": attachment}


def named(name: str, id_: str) -> dict[str, Any]:
    """As it stands there once it has arrived."""
    return {
        "type": concept(TASK_IO, name, DOCUMENTS[name]),
        "valueReference": {"reference": f"DocumentReference/{id_}", "display": DOCUMENTS[name]},
    }


def arrived(
    told: list[Json],
    at: str,
    *,
    patient_id: str,
    episode_id: str | None,
    referral_no: str,
    came_from: str,
    owner: str,
    now: datetime,
) -> dict[str, Kept]:
    """The documents among a Task's inputs or outputs, by what it calls them. `at`: the expression of the list. Raises
    FhirError with every fault and its place."""
    found: dict[str, Kept] = {}
    wrong: list[Issue] = []
    for number, one in enumerate(told):
        attachment = one.get("valueAttachment")
        if not isinstance(attachment, Mapping):
            continue
        place = f"{at}[{number}]"
        name = next((n for n in KINDS_OF if _is_called(one, n)), None)
        if name is None or name in found:
            wrong.append(_fault(f"{place}.type", "须为转诊文档，各一份", "must be a referral document, one of each"))
            continue
        try:
            body, made = _read(attachment)
        except ValueError as error:
            zh, _, en = str(error).partition(" / ")
            wrong.append(_fault(f"{place}.value.data", zh, en))
            continue
        found[name] = Kept(
            id=uuid5(NAMESPACE_URL, f"urn:yuntu:document:{came_from}:{made['identifier']['value']}"),
            kind=KINDS_OF[name],
            patient_id=patient_id,
            episode_id=episode_id,
            owner=owner,
            labels=_labels(made),
            created_at=now,
            replaces=None,
            body=body,
            referral_no=referral_no,
            came_from=came_from,
        )
    if wrong:
        raise FhirError(422, wrong)
    return found


def _is_called(one: Json, name: str) -> bool:
    codings = one.get("type", {}).get("coding", ())
    return any(c.get("system") == TASK_IO and c.get("code") == name for c in codings)


def _read(attachment: Json) -> tuple[str, Json]:
    """Its text, to the letter, and what that says. Raises ValueError."""
    try:
        content = base64.b64decode(str(attachment.get("data", "")), validate=True)
        if len(content) > MOST:
            raise ValueError(f"文档大于 {MOST} 字节 / the document has more than {MOST} bytes")
        text = content.decode()
        made = plain.loads(content)
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("不是 base64 的 UTF-8 文本 / no base64 of UTF-8 text") from None
    except ValueError as error:
        raise (error if " / " in str(error) else ValueError("文档不是 JSON / the document is no JSON")) from None
    said = attachment.get("hash")
    if said and base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode() != said:
        raise ValueError("内容与 hash 不符 / the content is not what its hash says")
    if not _is_document(made):
        raise ValueError(
            "须为 document Bundle，首条为带叙述的 Composition / must be a document with a Composition first"
        )
    return text, made


def _is_document(made: Any) -> bool:
    """What a page of it needs."""
    try:
        first = made["entry"][0]["resource"]
        spoken = [first["text"]["div"], *(one["text"]["div"] for one in first["section"])]
        titles = [first["title"], made["identifier"]["value"], *(one["title"] for one in first["section"])]
        kinds = (made["resourceType"], made["type"], first["resourceType"])
    except (KeyError, IndexError, TypeError):
        return False
    return kinds == ("Bundle", "document", "Composition") and all(isinstance(one, str) for one in [*spoken, *titles])


def _labels(made: Json) -> list[str]:
    security = made.get("meta", {}).get("security", ())
    return [str(one["code"]) for one in security if one.get("system") == CONFIDENTIALITY and one.get("code")]


def _fault(expression: str, zh: str, en: str) -> Issue:
    return Issue(type="invalid", code="MCH-T-024", zh=zh, en=en, expression=expression)
