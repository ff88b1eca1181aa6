"""Rows of people, and nothing but rows: each function sends one named statement on the connection it is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from engine.errors import Conflict, NotFound
from engine.store.sql import load
from engine.store.wire import Alone, Asked, ask
from workflows.people.model import Account, Client, Organisation

SQL = load(__file__)
Row = dict[str, Any]


def rows(conn: Connection[Any], statement: str, /, **values: Any) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[statement].encode(), values).fetchall()


def row(conn: Connection[Any], statement: str, /, **values: Any) -> Row | None:
    found = rows(conn, statement, **values)
    return found[0] if found else None


def replace_client_keys(conn: Connection[Any], region_id: str, client_id: UUID, jwks: Mapping[str, Any]) -> None:
    run(conn, "replace_client_keys", region_id=region_id, client_id=client_id, jwks=Jsonb(jwks))


def run(conn: Connection[Any], statement: str, /, **values: Any) -> int:
    """How many rows the statement touched."""
    return conn.execute(SQL[statement].encode(), values).rowcount


def organisations(conn: Connection[Any], region_id: str) -> dict[str, Organisation]:
    return {r["id"]: Organisation(**r) for r in rows(conn, "organisations", region_id=region_id)}


def people_epoch(conn: Connection[Any] | Alone) -> UUID:
    """Two equal answers: nobody's rights, organisations or tokens have changed between them."""
    return UUID(str(ask(conn, SQL["people_epoch"], {})[0][0]))


def account_of(found: Mapping[str, Any]) -> Account:
    return Account(
        id=found["id"],
        login=found["login"],
        name=found["name"],
        organisation_id=found["organisation_id"],
        roles=tuple(found["roles"]),
        active=found["active"],
        device_key=found.get("device_key", b""),
    )


def client_of(found: Mapping[str, Any]) -> Client:
    sets = {name: frozenset(found[name]) for name in ("scopes", "tolerances")}
    return Client(**{**found, **sets})


def add_account(conn: Connection[Any], region_id: str, account: Account, password_hash: str, now: datetime) -> None:
    """Raises Conflict where the login is taken, NotFound for an organisation that does not exist."""
    try:
        run(
            conn,
            "add_account",
            region_id=region_id,
            id=account.id,
            login=account.login,
            name=account.name,
            organisation_id=account.organisation_id,
            password_hash=password_hash,
            now=now,
        )
    except UniqueViolation as error:
        raise Conflict(f"账号“{account.login}”已存在", f"the account {account.login} exists already") from error
    except ForeignKeyViolation as error:
        raise _no_organisation(account.organisation_id) from error


def add_client(conn: Connection[Any], region_id: str, client: Client, now: datetime) -> None:
    """Raises Conflict where the name is taken, NotFound for an organisation that does not exist."""
    try:
        run(
            conn,
            "add_client",
            region_id=region_id,
            id=client.id,
            name=client.name,
            organisation_id=client.organisation_id,
            scopes=sorted(client.scopes),
            jwks=Jsonb(client.jwks),
            now=now,
        )
    except UniqueViolation as error:
        raise Conflict(f"系统“{client.name}”已登记", f"the client {client.name} exists already") from error
    except ForeignKeyViolation as error:
        raise _no_organisation(client.organisation_id) from error


def add_audit(
    conn: Connection[Any], region_id: str, at: datetime, detail: Mapping[str, Any] | None, **values: Any
) -> None:
    document = Jsonb(dict(detail)) if detail is not None else None
    run(conn, "add_audit", region_id=region_id, at=at, detail=document, **values)


def lock_document(conn: Connection[Any], region_id: str, kind: str, number: str) -> None:
    """Until the transaction ends nobody else registers the holder of this document."""
    run(conn, "lock_document", document=f"{region_id}|{kind}|{number.strip().upper()}")


def finish_answer(conn: Connection[Any], body: Mapping[str, Any], **key: Any) -> None:
    run(conn, "finish_answer", **key, status=200, body=Jsonb(dict(body)))


def take_answer(conn: Connection[Any], plan: Mapping[str, Any], **values: Any) -> Row | None:
    """None: somebody else has it, or it is there."""
    return row(conn, "take_answer", plan=Jsonb(dict(plan)), **values)


def finish_held_answer(conn: Connection[Any], body: Mapping[str, Any], **key: Any) -> bool:
    return bool(run(conn, "finish_held_answer", **key, body=Jsonb(dict(body))))


def care_of(conn: Asked, region_id: str, instance_id: UUID) -> frozenset[str]:
    """The organisations that look after the woman of this instance; empty where it is about no woman."""
    return care_of_all(conn, region_id, [instance_id]).get(instance_id, frozenset())


def care_of_all(conn: Asked, region_id: str, instance_ids: list[UUID]) -> dict[UUID, frozenset[str]]:
    """The same for a list of instances, in one question."""
    found = ask(conn, SQL["care_of"], {"region_id": region_id, "instance_ids": instance_ids})
    return {id: frozenset(organisations) for id, organisations in found}


def _no_organisation(organisation_id: str) -> NotFound:
    return NotFound(f"没有机构“{organisation_id}”", f"no organisation {organisation_id}")
